"""One chunk of columns at work: numbers as float64, texts as small codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

States = NDArray[np.int8]


@runtime_checkable
class Coded(Protocol):
    """A text column as codes into categories, -1 missing: ours below, or a pandas.Categorical."""

    @property
    def codes(self) -> Any: ...
    @property
    def categories(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Categories:
    """A text column in little room: each row's code is a place in `categories`; -1 is missing."""

    codes: NDArray[Any]
    categories: Sequence[str]


Column = NDArray[Any] | Coded


class Chunk:
    """The rows from `start` to `stop` of some columns, and where their states go."""

    def __init__(
        self,
        columns: Mapping[str, Column],
        start: int,
        stop: int,
        words: Mapping[str, int],
        states: States,
    ) -> None:
        self.columns = columns
        self.rows = slice(start, stop)
        self.code_of = _Codes(words)
        self.states = states

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return the rows of a number or yes-or-no column; None becomes NaN."""
        column = self.columns[name]
        if isinstance(column, Coded):
            raise TypeError(f"{name} holds numbers, not categories.")
        return np.ascontiguousarray(column[self.rows], dtype=np.float64)

    def texts(self, name: str) -> NDArray[np.int32]:
        """Return the rows of a text column as codes, the same code for the same text; -1 missing.

        The rules' own texts have the codes that the plan gave them; others come after.
        """
        column = self.columns[name]
        if isinstance(column, Coded):
            # The last place answers for code -1.
            translated = np.array([*map(self.code_of.__getitem__, column.categories), -1], np.int32)
            codes: NDArray[np.int32] = translated[column.codes[self.rows]]
            return codes
        values = column[self.rows]
        listed = values if values.dtype == object else values.tolist()
        return np.fromiter(map(self.code_of.__getitem__, listed), np.int32, count=len(values))


class _Codes(dict[Any, int]):
    """Gives every new text the next code; whatever is no text is missing."""

    def __missing__(self, word: Any) -> int:
        code = self[word] = len(self) if isinstance(word, str) else -1
        return code
