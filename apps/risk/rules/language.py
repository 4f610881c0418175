"""The words of the rule language: types, states, limits and the one error it knows."""

from enum import IntEnum, StrEnum
from typing import Final

MAX_CHARACTERS: Final = 2_000
MAX_PARTS: Final = 200
MAX_DEPTH: Final = 40
# Above this a float no longer tells every whole number from the next one with room to spare.
MAX_NUMBER: Final = 1_000_000_000_000_000

FUNCTIONS: Final = ("abs", "known", "max", "min")


class Type(StrEnum):
    """What a fact or feature holds."""

    NUMBER = "NUMBER"
    BOOL = "BOOL"
    TEXT = "TEXT"


class State(IntEnum):
    """How one rule answered for one row; the compilers give the first three, policy adds the rest.

    MISS: the condition is false. HIT: it is true. UNKNOWN: a missing value leaves it open.
    SNOOZED: staff silenced the rule for this subject. ERROR: evaluating it failed.
    """

    MISS = 0
    HIT = 1
    UNKNOWN = 2
    SNOOZED = 3
    ERROR = 4


class RuleError(ValueError):
    """Says what is wrong with a rule's text, at which character (from 1), and what may be meant."""

    def __init__(self, message: str, column: int = 1, suggestion: str | None = None) -> None:
        super().__init__(message, column, suggestion)
        self.message = message
        self.column = column
        self.suggestion = suggestion

    def __str__(self) -> str:
        return f"Column {self.column}: {self.message}"
