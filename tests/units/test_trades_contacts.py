"""Public texts that lead away from the desk or pose as it, and the honest ones beside them."""

import pytest

from apps.trades.contacts import has_contact, poses_as_support

CONTACTS = """
Add me on Telegram for a better price
telegram: fastotc
T e l e g r a m  fastotc
t.e.l.e.g.r.a.m fastotc
t-e-l-e-g-r-a-m
T3legr4m fastotc
Теlеgrаm fastotc
ＷｈａｔｓＡｐｐ only
Wh4tsApp me
whats app +1 555 010 0199
wa.me/15550100199
t.me/fastotc
Best price, tg fastotc88
WeChat ID fastotc
add my wechat
Contact me via WeChat
Weixin: fastotc
Write to fast@example.com
fast at example dot com
fast (at) gmail (dot) com
visit www.example.com
https://example.org/otc
our site is example[.]com
bestrates.xyz
find us @fastotc_desk
call +49 151 0000 0000
phone 0151 000 0000
My number is 0 1 5 1 0 0 0 0 0 0 0
nine one two five five five zero one nine nine
138 0013 8000
DM me for bulk
text me before paying
contact me outside the platform
Skype live.fastotc
my signal is fastotc
Line ID: fastotc
Discord fastotc
加我微信
加 微 信 详 聊
加微信 fastotc88
微信号 fastotc88
微信：fastotc88
加V详聊
+vx fastotc88
VX fastotc88
v信fastotc
加QQ 123456789
QQ:123456789
大额请私聊
加飞机详谈
电报 fastotc
手机 13800138000
一三八零零一三八零零零
电话：010-8000 0000
价格好商量，平台外联系
t\u200be\u200bl\u200begram fastotc
""".strip().splitlines()
HONEST = """
Payment within 15 minutes, no third-party payments
Bank transfer only, SEPA Instant
IBAN starts with DE89 3704 0044 0532 0130 00
Online daily 09:00-22:00 UTC+8
Limits 10,000-500,000 CNY per order
Limits 15000-500000 INR
Minimum 1 000 000 VND
More than 1500 orders, 98.5% completion
Rate @ 1.02
Sell @market price
WeChat Pay and Alipay accepted
Payments by WeChat Pay, Zalo Pay or LINE Pay
Please pay from an account in your own name
Do not write crypto, USDT or BTC in the reference
No Telegram, no WhatsApp, all talk in the order chat
I do not use Telegram or WhatsApp
Contact me in the order chat if anything is unclear
Please send the receipt in chat
Revolut, Wise, N26, Monzo, HSBC, Sberbank, Tinkoff, Kaspi
I release in 5 minutes after the money arrives
Weekends: release may take up to 24 h
Account opened 2019-03-01, verified since 01.03.2020
KYC level 2 required, 30+ completed orders
Large amounts welcome: 50k, 100k, 250k
Only personal accounts. Company payments are returned.
Chinese New Year: closed 16.02.2026 - 22.02.2026
Card ending in 1234
Call your bank if the transfer is delayed
Fee 0.1% + 0.5 EUR
First-time buyers: max. 500 EUR
Signal your payment with the button
Next in line is served first
Please pay in full. Net amounts only
Payment by bank.Online all day
Deutsche Bank, BIC DEUTDEFF500, UPI, IMPS, PIX, M-Pesa, Cash App
Please e.g. use instant transfer.No cash.
支持支付宝、微信、银行卡
微信支付、支付宝均可
微信收款，秒放币
不加微信，只在平台聊天
请在15分钟内付款，谢绝第三方付款
必须实名付款，姓名与平台认证一致
在线时间 09:00-22:00
限额 10000-500000 元
请勿备注 USDT、比特币等字样
招商银行、工商银行、建设银行
大额请分批付款
最低五千元，最高五十万元
付款后请点击已付款
QQ钱包、云闪付可用
有问题请联系客服申诉
""".strip().splitlines()
POSING = """
Official Support
official_support
0fficial Supp0rt
OfficialSupport24
S u p p o r t
Customer Service
CustomerCare_OTC
OTC Admin
admin01
Helpdesk
Moderator_Anna
Escrow Service
I am the official escrow agent of this platform
This is customer support, send your code
We are the security team
Contact our support before you pay
Official merchant of the exchange
Platform staff, verified agent
Оfficiаl Suppоrt
ＳＵＰＰＯＲＴ
kefu_01
客服
在线客服01
官方客服
官方认证商家
平台管理员
我是工作人员，请先付款
平台担保交易
风控专员
客 服
""".strip().splitlines()
PLAIN = """
alice_trades
FastSeller88
Badminton_Bob
SupportiveSam
Stafford OTC
Kim's Desk
Crypto Corner
老王数字
诚信商家
快速放币
北京小李
If there is a problem, contact support and open an appeal
Disputes are decided by the platform's support team
Ask customer support if your payment is stuck
Fast release and good customer service
Official exchange rate plus 1%
Unofficial rates are not accepted
有问题请联系平台客服
如有争议请找客服介入
按官方汇率加1%
""".strip().splitlines()


def unescaped(lines: list[str]) -> list[str]:
    return [line.replace("\\u200b", "\u200b") for line in lines]


@pytest.mark.parametrize("text", unescaped(CONTACTS))
def test_a_way_to_talk_elsewhere_is_found(text: str) -> None:
    assert has_contact(text)
    assert has_contact(f"Fast and honest. {text} Thank you!")


@pytest.mark.parametrize("text", HONEST + PLAIN)
def test_honest_terms_give_no_contact(text: str) -> None:
    assert not has_contact(text)


@pytest.mark.parametrize("text", POSING)
def test_who_poses_as_the_desk_is_found(text: str) -> None:
    assert poses_as_support(text)


@pytest.mark.parametrize("text", PLAIN + HONEST)
def test_other_names_and_terms_pose_as_nobody(text: str) -> None:
    assert not poses_as_support(text)


@pytest.mark.parametrize(
    "piece", ["a ", "1 ", "1.", "@a", "+1(", "no telegram or ", "de89 ", "one ", "零", "."]
)
def test_a_long_text_is_read_to_its_end(piece: str) -> None:
    # A pattern that backtracks without bound would never come back.
    filler = piece * (10_000 // len(piece))
    assert has_contact(f"{filler}, write to t.me/fastotc")
    assert poses_as_support(f"{filler}, this is customer support")
