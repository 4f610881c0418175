"""A name taken apart: the words of a person or a firm, each in every spelling it is known to take.

Letters of all scripts end as Latin ones (anyascii). Where banks spell the same letter in several
ways, a word carries several readings. Chinese signs and Arabic words keep what they were.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

import opencc
from anyascii import anyascii

from apps.core.names.arabic import is_arabic

# Longer names are cut: no bank prints more, and nobody waits for a longer comparison.
LONGEST = 200
MOST_WORDS = 40

GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
SLAVIC = str.maketrans({"š": "sh", "č": "ch", "ž": "zh", "ё": "yo", "х": "h"})
UKRAINIAN = str.maketrans({"г": "h", "и": "y", "й": "i", "х": "kh"})

TITLES = frozenset({
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "madam", "herr", "frau", "senor",
    "senora", "don", "dona", "monsieur", "mme", "mlle", "gospodin", "gospozha", "ing", "phd",
})  # fmt: skip
# Small words that come and go between a passport and a bank statement.
QUIET = frozenset({
    "de", "da", "dos", "das", "del", "della", "von", "van", "der", "den", "zu", "bin", "ibn",
    "bint", "ben", "al", "el", "and", "und",
})  # fmt: skip
# What says that a name is a firm's. Forms of two letters are left alone: they are also surnames.
FORMS = frozenset({
    "ltd", "limited", "llc", "llp", "inc", "incorporated", "corp", "corporation", "company",
    "gmbh", "mbh", "plc", "pte", "pty", "srl", "sarl", "sas", "spa", "bvba", "sro", "doo", "kft",
    "eood", "ooo", "oao", "zao", "pao",
})  # fmt: skip
LONG_FORMS = (
    (re.compile(r"\bgesellschaft mit beschr(ä|ae)nkter haftung\b"), " gmbh "),
    (re.compile(r"\bобщество с ограниченной ответственностью\b"), " ooo "),
    (re.compile(r"\baktiengesellschaft\b"), " ag "),
    (re.compile(r"\bco\W{1,3}(ltd|limited)\b"), " ltd "),
    (re.compile("股份有限公司|有限责任公司|有限公司|株式会社|주식회사"), " ltd "),
    (re.compile("先生|女士|小姐|太太"), " "),
)

# Chinese surnames that are read differently from the same character elsewhere.
SURNAMES = {
    "曾": "zeng", "单": "shan", "解": "xie", "查": "zha", "仇": "qiu", "任": "ren", "朴": "piao",
    "盖": "ge", "覃": "qin", "翟": "zhai", "区": "ou", "冼": "xian", "缪": "miao", "乐": "yue",
}  # fmt: skip
# Korean surnames as their bearers write them; given names follow the official rules or nearly so.
KOREAN = {
    "gim": ("kim",), "i": ("lee", "yi", "rhee"), "bag": ("park", "pak"), "coe": ("choi",),
    "choe": ("choi",), "jeong": ("jung", "chung"), "jo": ("cho",), "gang": ("kang",),
    "im": ("lim",), "gwon": ("kwon",), "sin": ("shin",), "an": ("ahn",), "yu": ("yoo", "ryu"),
    "seo": ("suh",),
}  # fmt: skip
KOREAN_VOWELS = (("yeo", "you"), ("yeo", "yu"), ("eo", "u"), ("ui", "ee"))
# Spellings of one sound, first to last; what is left of two spellings of a name is mostly equal.
SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("shch|sch", "sh"), ("tch", "ch"), ("ch(?=[rl])", "k"), ("ck|q|c(?![hieyj])", "k"),
        ("kh", "h"), ("gh", "g"), ("ph", "f"), ("th", "t"), ("x", "ks"), ("w", "v"), ("tz|ts", "c"),
        ("oo|ou", "u"), ("ee", "i"), ("[jy]", "i"), (r"(.)\1", r"\1"),
    )
)  # fmt: skip
MUHAMMAD = re.compile(r"m[uo]h?a?mm?[aei]d")
SURNAMES_OF_WOMEN = ((re.compile("(?<=..[oe]v)a$"), ""), (re.compile("sk(aia|a|ii|ij)$"), "ski"))


@dataclass(frozen=True, slots=True)
class Word:
    """One word: its Latin readings in lower case, and what it was written in."""

    readings: tuple[str, ...]
    sign: str = ""
    """The Chinese character or Korean syllable that it was, else empty."""
    arabic: str = ""
    """The Arabic letters that it was, else empty."""

    @property
    def is_initial(self) -> bool:
        """A letter that stands for a name."""
        return not self.sign and not self.arabic and len(self.readings[0]) == 1

    @property
    def is_quiet(self) -> bool:
        """A small word that says nothing about who is meant."""
        return not self.sign and self.readings[0] in QUIET


@dataclass(frozen=True, slots=True)
class Name:
    """The words of a name in the order given, titles and legal forms dropped."""

    words: tuple[Word, ...]
    is_firm: bool


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@lru_cache(maxsize=1 << 16)
def sound(reading: str) -> str:
    """The reading without the differences that romanisation makes; names share most words."""
    for pattern, replacement in SOUNDS:
        reading = pattern.sub(replacement, reading)
    if MUHAMMAD.fullmatch(reading):
        return "muhamad"
    for pattern, replacement in SURNAMES_OF_WOMEN:
        reading = pattern.sub(replacement, reading)
    return reading


def take_apart(name: str) -> Name:
    """The words of a name as a person or a bank wrote it."""
    text = unicodedata.normalize("NFKC", name[:LONGEST]).casefold()
    text = _simplifier().convert(text)
    for pattern, short in LONG_FORMS:
        text = pattern.sub(short, text)
    apart = "".join(map(_spaced, text)).split()[:MOST_WORDS]
    words = tuple(_word(written) for written in _joined_letters(apart))
    forms = [word for word in words if word.readings[0] in FORMS]
    kept = tuple(word for word in words if word.readings[0] not in FORMS | TITLES)
    return Name(words=kept or words, is_firm=bool(forms) and bool(kept))


def _spaced(letter: str) -> str:
    """The letter as it stands in a text of words apart: signs alone, marks and quotes gone."""
    if _is_sign(letter):
        return f" {letter} "
    if letter in "'’`´ʼʹʺьъ\u0640" or "\u064b" <= letter <= "\u065f":
        return ""
    return letter if unicodedata.category(letter)[0] in "LMN" else " "


def _is_sign(letter: str) -> bool:
    return "\u3400" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7af"


def _joined_letters(written: list[str]) -> list[str]:
    """`g m b h` and `l l c` become one word again; initials of persons stay apart."""
    joined: list[str] = []
    at = 0
    while at < len(written):
        run = at
        while run < len(written) and len(written[run]) == 1 and not _is_sign(written[run]):
            run += 1
        if "".join(written[at:run]) in FORMS:
            joined.append("".join(written[at:run]))
            at = run
        else:
            joined.append(written[at])
            at += 1
    return joined


def _word(written: str) -> Word:
    latin = anyascii(written).casefold().replace("'", "").replace("`", "") or written
    if _is_sign(written[0]):
        others = _korean(latin) if written >= "\uac00" else _chinese(written, latin)
        return Word(readings=(latin, *others), sign=written)
    if is_arabic(written[0]):
        return Word(readings=(latin,), arabic=written)
    readings = [latin]
    for spelling in (GERMAN, SLAVIC, UKRAINIAN):
        other = anyascii(written.translate(spelling)).casefold().replace("'", "")
        if other not in readings:
            readings.append(other)
    if "ου" in written:
        readings.append(latin.replace("oy", "ou"))
    return Word(readings=tuple(readings))


def _korean(latin: str) -> tuple[str, ...]:
    respelt = tuple(latin.replace(*vowels) for vowels in KOREAN_VOWELS if vowels[0] in latin)
    return KOREAN.get(latin, ()) + respelt


def _chinese(sign: str, latin: str) -> tuple[str, ...]:
    surname = (SURNAMES[sign],) if sign in SURNAMES else ()
    return surname + ((latin[0] + "v", latin[0] + "yu") if latin in ("lu", "nu") else ())
