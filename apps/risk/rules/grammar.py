"""Text to Python's own expression tree, with errors that an analyst can act on.

Words are read first, one by one, so that every slip is named at its place; only a text whose words
and brackets are in order is handed to `ast`. Nothing is ever evaluated here.
"""

import ast
import keyword
import re
import threading
from collections.abc import Iterator
from typing import Final, NamedTuple

from apps.risk.rules.language import MAX_CHARACTERS, MAX_DEPTH, MAX_PARTS, RuleError

# Signs of other languages and of other habits: what they mean here, and what to write instead.
_FOREIGN: Final[dict[str, tuple[str, str | None]]] = {
    "**": ("There are no powers.", None),
    "//": ("There is no whole-number division: write '/'.", "/"),
    "<<": ("There is no '<<': write '<'.", "<"),
    ">>": ("There is no '>>': write '>'.", ">"),
    "<>": ("There is no '<>': write '!='.", "!="),
    "=>": ("There is no '=>': write '>='.", ">="),
    "=<": ("There is no '=<': write '<='.", "<="),
    "===": ("There is no '===': write '=='.", "=="),
    "!==": ("There is no '!==': write '!='.", "!="),
    "&&": ("There is no '&&': write 'and'.", "and"),
    "||": ("There is no '||': write 'or'.", "or"),
    ":=": ("A rule only asks; it stores nothing. To compare, write '=='.", "=="),
    "=": ("A single '=' compares nothing: write '=='.", "=="),
    "!": ("There is no '!': write 'not'.", "not"),
    "&": ("There is no '&': write 'and'.", "and"),
    "|": ("There is no '|': write 'or'.", "or"),
    "^": ("There are no powers.", None),
    "%": ("There is no percent sign: write 3 % as 0.03.", None),
    "#": ("Comments have no place in a rule.", None),
    ".": ("A name has no parts: nothing may follow it after a dot.", None),
    ";": ("A rule is one expression: join its parts with 'and' or 'or'.", None),
    "\\": ("A backslash has no place in a rule.", None),
    "≥": ("Write '>='.", ">="),
    "≤": ("Write '<='.", "<="),
    "≠": ("Write '!='.", "!="),
    "×": ("Write '*'.", "*"),
    "÷": ("Write '/'.", "/"),
    "−": ("Write '-'.", "-"),
    "–": ("Write '-'.", "-"),
    "‘": ("Put a text in straight quotes: 'DE'.", "'"),
    "’": ("Put a text in straight quotes: 'DE'.", "'"),
    "“": ("Put a text in straight quotes: 'DE'.", "'"),
    "”": ("Put a text in straight quotes: 'DE'.", "'"),
    "„": ("Put a text in straight quotes: 'DE'.", "'"),
}
_SIGNS: Final = ("<=", ">=", "==", "!=", *"-+*/<>()[]{},")
_LONGEST_FIRST = sorted([*_SIGNS, *_FOREIGN], key=len, reverse=True)
_WORD: Final = re.compile(
    "|".join(
        (
            r"(?P<space>[ \t\r\n]+)",
            r"(?P<number>\.?[0-9](?:[0-9A-Za-z_.]|(?<=[0-9][eE])[+-])*)",
            r"(?P<text>'[^']*'|\"[^\"]*\")",
            r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)",
            f"(?P<sign>{'|'.join(map(re.escape, _LONGEST_FIRST))})",
        )
    )
)
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_NUMBER: Final = re.compile(rf"(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?[0-9]+)?")
_OPENERS: Final = {"(": ")", "[": "]", "{": "}"}
_CONNECTIVES: Final = frozenset({"and", "or", "not", "in"})


class _Word(NamedTuple):
    kind: str  # number, text, name, sign, or connective
    text: str
    column: int


#: CPython keeps one count of the depth for all threads that parse: two at once fail at random.
_PARSING = threading.Lock()


def parse(text: str) -> ast.expr:
    """Return the expression of a rule; a node's column (`column_of`) counts from 1.

    Raises RuleError on anything that is not one complete expression.
    """
    if len(text) > MAX_CHARACTERS:
        raise RuleError(
            f"The rule is {len(text):,} characters long; at most {MAX_CHARACTERS:,} are allowed.",
            MAX_CHARACTERS + 1,
        )
    words = list(_words(text))
    if not words:
        raise RuleError("The rule is empty.")
    _check_order(words, end=len(text) + 1)
    # Round brackets let line breaks through; they are safe, as the brackets inside are balanced.
    source = "(" + re.sub(r"[\t\r\n]", " ", text) + ")"
    try:
        with _PARSING:
            expression = ast.parse(source, mode="eval").body
    except SyntaxError as error:
        raise RuleError("This can't be read as one expression.", error.offset or 1) from error
    except (ValueError, MemoryError, RecursionError) as error:
        raise RuleError("This can't be read as one expression.") from error
    _check_size(expression, text)
    return expression


def column_of(node: ast.expr, text: str) -> int:
    """Return the character, from 1, at which a node of `parse(text)` begins."""
    # ast counts bytes; the bracket that parse() put in front makes its 0-based count 1-based.
    return len(("(" + text).encode()[: node.col_offset].decode())


def _words(text: str) -> Iterator[_Word]:
    at = 0
    while at < len(text):
        column = at + 1
        found = _WORD.match(text, at)
        if found is None:
            character = text[at]
            if character in "'\"":
                raise RuleError("The text that begins here has no closing quote.", column)
            raise RuleError(f"The character {character!r} has no place in a rule.", column)
        at = found.end()
        kind, word = found.lastgroup or "", found.group()
        if kind == "space":
            continue
        if kind == "sign" and word in _FOREIGN:
            message, instead = _FOREIGN[word]
            raise RuleError(message, column, instead)
        if kind == "number":
            _check_number(word, column)
        elif kind == "text" and ("\\" in word or not word.isprintable()):
            raise RuleError(
                "A text may hold no line break, backslash or invisible character.", column
            )
        elif kind == "name" and word in _CONNECTIVES:
            kind = "connective"
        elif kind == "name" and keyword.iskeyword(word) and word not in ("True", "False"):
            raise _about_keyword(word, column)
        yield _Word(kind, word, column)


def _check_number(word: str, column: int) -> None:
    if not _NUMBER.fullmatch(word):
        digits = re.match(r"[0-9]+", word)
        raise RuleError(f"{word} is not a number.", column, digits and digits.group())
    whole = re.split(r"[.eE]", word)[0].replace("_", "")
    if len(whole) > 1 and whole.startswith("0"):
        raise RuleError(f"{word} begins with 0. Write thousands as 1_000, without a comma.", column)


def _about_keyword(word: str, column: int) -> RuleError:
    if word == "None":
        asked = "To ask whether a value is there, write known(name)."
        return RuleError(f"Nothing equals None. {asked}", column, "known()")
    if word == "is":
        return RuleError("There is no 'is': write '=='.", column, "==")
    return RuleError(f"'{word}' has no place in a rule.", column)


def _check_order(words: list[_Word], *, end: int) -> None:
    """Refuse what does not alternate between values and operators, or leaves a bracket open."""
    open_brackets: list[_Word] = []
    value_next = True
    before: _Word | None = None
    for index, word in enumerate(words):
        if word.text in _OPENERS and word.kind == "sign":
            called = word.text == "(" and before is not None and before.kind == "name"
            if not value_next and not called:
                raise _missing_operator(word)
            open_brackets.append(word)
            if len(open_brackets) > MAX_DEPTH:
                raise RuleError(f"Brackets are nested deeper than {MAX_DEPTH}.", word.column)
            value_next = True
        elif word.kind == "sign" and word.text in _OPENERS.values():
            _close(word, open_brackets)
            if value_next and before is not None and before.text not in (*_OPENERS, ","):
                raise _missing_value(word)
            value_next = False
        elif word.kind in ("number", "text", "name"):
            if not value_next:
                raise _missing_operator(word, before)
            value_next = False
        elif word.text == "not":
            negates_in = index + 1 < len(words) and words[index + 1].text == "in"
            if not value_next and not negates_in:
                raise _missing_operator(word)
            value_next = not negates_in
        elif word.text == "-" and value_next:
            pass
        elif value_next:
            raise _missing_value(word)
        elif word.text == "," and not open_brackets:
            raise RuleError(
                "A comma only separates list members. Write thousands as 1_000.", word.column
            )
        else:
            value_next = True
        before = word
    if open_brackets:
        opened = open_brackets[-1]
        raise RuleError(f"This '{opened.text}' is never closed.", opened.column)
    if value_next:
        raise RuleError("The rule ends where a value is expected.", end)


def _close(word: _Word, open_brackets: list[_Word]) -> None:
    if not open_brackets:
        raise RuleError(f"This '{word.text}' closes nothing.", word.column)
    opened = open_brackets.pop()
    if _OPENERS[opened.text] != word.text:
        raise RuleError(
            f"'{opened.text}' is closed by '{_OPENERS[opened.text]}', not by '{word.text}'.",
            word.column,
            _OPENERS[opened.text],
        )


def _missing_value(word: _Word) -> RuleError:
    return RuleError(f"A value is missing before '{word.text}'.", word.column)


def _missing_operator(word: _Word, before: _Word | None = None) -> RuleError:
    for candidate in (word, before):
        if candidate and candidate.text.lower() in _CONNECTIVES and candidate.kind == "name":
            small = candidate.text.lower()
            return RuleError(f"Write '{small}' in small letters.", candidate.column, small)
    return RuleError(
        f"An operator such as 'and', '>' or ',' is missing before {word.text}.", word.column
    )


def _check_size(expression: ast.expr, text: str) -> None:
    parts = 0
    waiting: list[tuple[ast.expr, int]] = [(expression, 1)]
    while waiting:
        node, depth = waiting.pop()
        parts += 1
        if depth > MAX_DEPTH:
            raise RuleError(f"The rule is nested deeper than {MAX_DEPTH}.", column_of(node, text))
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            continue  # the members of a list are one part together
        waiting.extend(
            (child, depth + 1)
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.expr)
        )
    if parts > MAX_PARTS:
        raise RuleError(
            f"The rule has {parts} parts; at most {MAX_PARTS} are allowed: split it into two rules."
        )
