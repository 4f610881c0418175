"""What every format comes to: a subject of a list, its names, dates, countries, addresses."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from apps.screening.models import Category, SubjectKind

#: A list names nobody at greater length, and carries no more of each.
LONGEST_NAME, LONGEST_CODE, MOST_NAMES, MOST_PARTS = 300, 120, 500, 200
YEAR = re.compile(r"\b(1[89]\d\d|20[0-4]\d)\b")


class Broken(Exception):
    """The file is not what its format promises; the text is a sentence for whoever loads it."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A name, and what it is: PRIMARY, ALIAS or WEAK."""

    text: str
    kind: str = "PRIMARY"


@dataclass(frozen=True, slots=True)
class Address:
    """An address as the list writes it, and the chain that it names (the list's own word)."""

    text: str
    chain: str = ""


@dataclass(slots=True, kw_only=True)
class Listed:
    """One subject of a list. `born` are ISO dates or years, `countries` two letters."""

    ref: str
    kind: str = SubjectKind.ORGANISATION
    category: str = ""
    names: list[Alias] = field(default_factory=list)
    born: list[str] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)
    programmes: list[str] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)

    def tidy(self, *, category: str) -> "Listed":
        """Itself without blanks, doubles and excess; Broken if nothing can be found of it."""
        self.ref = self.ref.strip()[:LONGEST_CODE]
        names = {}
        for alias in self.names:
            text = " ".join(alias.text.split())[:LONGEST_NAME]
            if any(letter.isalnum() for letter in text):
                names.setdefault(text, alias.kind)
        self.names = [Alias(text, kind) for text, kind in list(names.items())[:MOST_NAMES]]
        addresses = {"".join(one.text.split())[:200]: one.chain[:20] for one in self.addresses}
        self.addresses = [Address(text, chain) for text, chain in addresses.items() if text]
        self.born = _few(one[:10] for one in self.born)
        self.countries = _few(one.upper() for one in self.countries if len(one) == 2)
        self.programmes = _few(" ".join(one.split())[:LONGEST_CODE] for one in self.programmes)
        self.category = self.category or category
        if self.category not in Category.values or self.kind not in SubjectKind.values:
            raise Broken(f"Record {self.ref} is of a kind that is not known here.")
        if not self.ref or not (self.names or self.addresses):
            raise Broken("A record has neither a name nor an address.")
        return self

    def digest(self) -> bytes:
        """16 bytes that change with anything that is said of the subject."""
        said = [
            self.kind, self.category, [(one.text, one.kind) for one in self.names], self.born,
            self.countries, self.programmes, [(one.text, one.chain) for one in self.addresses],
        ]  # fmt: skip
        text = json.dumps(said, ensure_ascii=False).encode()
        return hashlib.blake2b(text, digest_size=16).digest()


Reader = Callable[[BinaryIO], Iterator[Listed]]


def years(text: str) -> list[str]:
    """The years in a text, such as `circa 1965`; a range is both of its ends."""
    return YEAR.findall(text)


def _few(texts: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))[:MOST_PARTS]
