"""How errors speak of the parts of a rule."""

import difflib
from collections.abc import Iterable
from typing import Final

from apps.risk.rules.language import Type
from apps.risk.rules.tree import Node, Number, Text, Truth, quoted, readable, type_of, write

KIND: Final = {Type.NUMBER: "a number", Type.BOOL: "yes or no", Type.TEXT: "text"}
EXAMPLE: Final = {
    Type.NUMBER: "a number such as 100",
    Type.BOOL: "True or False",
    Type.TEXT: "text such as 'DE'",
}


def described(node: Node) -> str:
    """Return "country is text", "3 is a number"."""
    return f"{write(node)} is {KIND[type_of(node)]}"


def named(node: Node) -> str:
    """Return "the number 3", "the text 'DE'", "amount_usd, which is a number"."""
    match node:
        case Number(value):
            return f"the number {readable(value)}"
        case Text(value):
            return f"the text {quoted(value)}"
        case Truth(value):
            return str(value)
    return f"{write(node)}, which is {KIND[type_of(node)]}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that the reader most likely meant."""
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1)), None)
