"""Public texts that lead people away from the desk, or pose as the desk.

For advertisements and nicknames only: what the parties write to each other is never read. Words of
payment (IBAN, WeChat Pay, amounts, hours) and warnings ("no Telegram") are no contact.
"""

import re
import unicodedata

# Letters of other scripts that look Latin, and signs that stand for letters inside a word.
LOOK_ALIKE = str.maketrans("аеорсхуікмтвнѕјαορνι", "aeopcxyikmtbhsjaopvi")
STAND_IN = str.maketrans("013457@$!", "oleastasi")
# A nickname has no sentences: in so short a text words are looked for inside words.
LONGEST_NICKNAME = 40

DOMAINS = "com|net|org|io|cc|cn|ru|xyz|vip|gg|ly|biz|tk|ws|im|pw|su|me|co\\.uk"
# Domains that also begin sentences, as in `by bank.Online all day`.
WORDY_DOMAINS = "info|top|app|link|club|site|online|shop|chat|live"
MESSENGER = (
    r"telegram+|telegrm|telegr[aá]f|whats?\s?app+|watsapp?|wassap|viber|skype|discord|facebook|"
    r"instagram|snapchat|wickr|icq"
)
CHINESE_MESSENGER = "微信|薇信|威信|电报|纸飞机|飞机|扣扣|蝙蝠"
SEPARATORS = r"[\s._*|/\\~·,-]"

WARNINGS = re.compile(
    rf"\b(?:no|never use|(?:do|will|does) not use|don't use|not on|not via|without)\s+"
    rf"(?:{MESSENGER}|wechat)(?:\s*(?:,|/|\bor\b|\band\b|\bnor\b)\s*(?:no\s+)?(?:{MESSENGER}|wechat))*"
    rf"|(?:不加|不用|勿加|禁止|拒绝|不要加|谢绝)(?:{CHINESE_MESSENGER}|qq)"
    r"|\b(?:wechat|weixin|zalo|kakao|line|qq|facebook|viber|telegram|whatsapp|skype)\s?(?:pay|wallet)\b"
    r"|\b[a-z]{2}\d{2}(?:\s?[a-z0-9]{4}){2,7}(?:\s?[a-z0-9]{1,4})?\b"
)
CONTACT = re.compile(
    rf"\b(?:{MESSENGER})\b|\b(?:telegram|whatsapp)"
    # Messengers whose names are also words or ways to pay: only as a place to talk.
    r"|\b(?:add|on|via|by|my|use|through|at|contact)\s+(?:me\s+(?:on\s+)?)?"
    r"(?:wechat|weixin|signal|line|kakao(?:talk)?|zalo|imo|threema|messenger)\b(?!\s*(?:with|of|to))"
    r"|\b(?:wechat|weixin|line|kakao(?:talk)?|zalo|signal|snap|insta|session)\s*(?:id\b|[:@=]\s*\w)"
    r"|\b(?:tg|wx|vx|wsp|wapp)\b|\bv\s?信|\bqq\b(?!\s*(?:钱包|支付|wallet|pay))|\bqq\s*[:号]"
    rf"|加\s*(?:我|v|微|薇|威|q|tg|{CHINESE_MESSENGER}|好友)|\+\s?(?:v|微|薇|vx|wx)(?![a-z])"
    rf"|(?:{CHINESE_MESSENGER})\s*(?:号|id|[:@]|联系|聊|群|沟通|详谈|[a-z]\w{{4,}}|\d{{5,}})"
    r"|电报|纸飞机|私聊|私信|私下(?:交易|联系)|场外联系|(?:平台|站)外联系"
    # Addresses of the web and of mail.
    rf"|https?:|\bwww\.|[a-z0-9-]\.(?:{DOMAINS})\b|[a-z0-9-]\s\.\s?(?:com|net|org)\b"
    rf"|[a-z0-9-]\.(?:{WORDY_DOMAINS})\b(?!\s[a-z])"
    r"|\S@\w[\w-]*\.[a-z]{2,}|@\s?(?:gmail|hotmail|outlook|yahoo|proton(?:mail)?|qq|163|mail)\b"
    r"|\b(?:gmail|hotmail|protonmail)\b|\be-?mail\s*(?:me|:)"
    r"|(?:^|[^\w.@])@(?!(?:market|price|spot|rate|bank)\b)[a-z][\w.]{3,}"
    # Numbers of telephones.
    r"|\+\s?[1-9][\d\s().-]{6,}\d|(?<!\d)1[3-9]\d[\s.-]?\d{4}[\s.-]?\d{4}(?!\d)"
    r"|(?<![\d,.])0\d{1,4}[\s./-]?\d{3,4}[\s.-]?\d{3,4}(?![\d,])|(?<![\d,.])(?:\d[\s.*_-]+){7,}\d"
    r"|\b(?:tel|phone|call|mobile|cell|sms|text)\b\D{0,12}\d[\d\s.-]{5,}\d"
    r"|(?:电话|手机|致电|短信)\D{0,6}\d[\d\s-]{5,}\d"
    r"|[零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖幺]{7,}"
    r"|(?:\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b[\s,.-]*){7,}"
    # The wish itself.
    r"|\b(?:add|dm|pm|whats|inbox)\s+me\b|\b(?:text|call|ring|phone)\s+me\b"
    r"|\b(?:contact|message|reach|write|find)\s+(?:to\s+)?(?:me|us)\s+"
    r"(?:outside|off|elsewhere|privately|directly|in private)\b"
)
# Whole words of messengers once the signs between their letters are gone.
HIDDEN = re.compile(r"telegram|whatsapp|wechat|weixin|viber|skype|discord|instagram|gmail")
SPELT_OUT = re.compile(rf"(?<!\w)(?:\w{SEPARATORS}{{1,3}}){{3,}}\w(?!\w)")
DOT = re.compile(
    rf"\s*(?:[(\[{{]\s*(?:dot|\.|点)\s*[)\]}}]|\bdot\b|点|。)\s*(?=(?:{DOMAINS}|{WORDY_DOMAINS})\b)"
)
AT = re.compile(r"\s*(?:[(\[{]\s*(?:at|@)\s*[)\]}]|\bat\b)\s*(?=[\w-]+\.[a-z]{2,})")

# Chinese is written without spaces; whoever puts some hides a word.
BETWEEN_SIGNS = re.compile(r"(?<=[\u4e00-\u9fff])[\s._*|·-]+(?=[\u4e00-\u9fff])")

REFERRALS = re.compile(
    r"\b(?:contact|ask|tell|inform|call|report (?:it )?to|write to|through|via|with|to|by|from)\s+"
    r"(?:the\s+)?(?:(?:platform|exchange|desk|bank|site)(?:'s)?\s+)?(?:customer\s+|live\s+)?"
    r"(?:support|service|helpdesk|staff|admins?|moderators?)(?:\s+(?:team|staff|service|desk))?\b"
    r"|\b(?:good|great|best|excellent|friendly|fast|nice|polite|quick)\s+(?:customer\s+)?(?:service|support)"
    r"|\b(?:un)?official\s+(?:exchange\s+)?rates?\b"
    r"|(?:联系|找|咨询|问|申请|通过|向|请)(?:平台|交易所|网站|银行)?的?(?:官方)?(?:在线|人工)?客服"
)  # fmt: skip
POSING = re.compile(
    r"\b(?:official|platform|exchange|customer|technical|live|online|verified)\s+"
    r"(?:customer\s+)?(?:support|service|care|help ?desk|agent|staff|team|"
    r"representative|admin\w*)\b"
    r"|\bofficial\s+(?:account|merchant|store|partner|dealer|escrow|desk|channel)\b"
    r"|\b(?:support|security|escrow|appeals?|dispute|help)\s+"
    r"(?:team|department|desk|officer|agent|staff)\b"
    r"|\b(?:i am|i'm|we are|we're|this is|my role is)\s+(?:the\s+|an?\s+|your\s+)?"
    r"(?:official|admin\w*|(?:customer\s+)?support|moderator|staff|employee|arbitrator|escrow)\b"
    r"|\b(?:our|my)\s+(?:customer\s+)?(?:support|helpdesk)\b|\bescrow\s+(?:by|with)\s+me\b"
    r"|客服|管理员|工作人员|仲裁员|审核员"
    r"|官方(?!汇率|价|牌价|渠道|网站|公布)|平台(?:担保|认证员|专员)|风控(?:部|专员)"
)  # fmt: skip
POSING_NAME = re.compile(
    r"support(?!ive)|official|customerservice|customercare|helpdesk|moderator|(?<!b)admin|escrow|"
    r"staff(?!ord)|otcteam|kefu|guanfang|arbitrator"
)


def has_contact(text: str) -> bool:
    """Whether a public text gives, or asks for, a way to talk outside the desk."""
    plain = _plain(text)
    plain = AT.sub("@", DOT.sub(".", plain))
    if HIDDEN.search(_spelt_out(plain)) or _hides_a_word(WARNINGS.sub(" ", plain)):
        return True
    return CONTACT.search(WARNINGS.sub(" ", plain)) is not None


def poses_as_support(text: str) -> bool:
    """Whether a public text, such as a nickname, claims to be the desk's staff."""
    plain = REFERRALS.sub(" ", _plain(text))
    if POSING.search(plain):
        return True
    is_name = len(text) <= LONGEST_NICKNAME
    squeezed = re.sub(r"[\W_]+", "", plain.translate(STAND_IN)) if is_name else ""
    return POSING_NAME.search(squeezed) is not None


def _plain(text: str) -> str:
    """Small letters of one width, nothing invisible, look-alikes of Latin letters as Latin ones."""
    text = unicodedata.normalize("NFKC", text).casefold()
    visible = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    plain = visible.translate(LOOK_ALIKE).replace("’", "'")
    return BETWEEN_SIGNS.sub("", plain)


def _spelt_out(plain: str) -> str:
    """The words that are written letter by letter, `t e l e g r a m`, each in one piece."""
    pieces = SPELT_OUT.findall(plain)
    return " ".join(re.sub(r"[\W_]+", "", piece).translate(STAND_IN) for piece in pieces)


def _hides_a_word(plain: str) -> bool:
    """Messengers in digits and signs, `t3legr4m`."""
    words = [word for word in plain.split() if re.search(r"[a-z]", word)]
    return any(
        HIDDEN.search(word.translate(STAND_IN)) for word in words if HIDDEN.search(word) is None
    )
