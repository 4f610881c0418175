"""The rules' trees as one list of steps over registers, run once for every chunk of columns.

A condition is a pair of boolean arrays: where it holds and where its contrary does; what is neither
is UNKNOWN. A part that stands in several rules is calculated once, and a register is emptied after
its last use, so that its memory serves the next step while it is still near the processor.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.risk.rules.check import Rule
from apps.risk.rules.chunk import Chunk
from apps.risk.rules.language import Type
from apps.risk.rules.tree import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Known,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Or,
    Text,
    Truth,
    type_of,
)

# Arrays, or numpy scalars where a part of a rule is constant.
_Values = Any
_Planes = tuple[Any, Any]


class _Step(NamedTuple):
    apply: Callable[..., Any]
    needs: tuple[int, ...]
    result: int
    emptied: tuple[int, ...]


class Plan:
    """What to do with a chunk so that every rule's states are written into it."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = len(rules)
        self.names: frozenset[str] = frozenset().union(*(rule.names for rule in rules))
        self.words: dict[str, int] = {}  # the code of every text that the rules mention
        self._registers: dict[Node, int] = {}
        self._steps: list[tuple[Callable[..., Any], tuple[int, ...]]] = []
        for row, rule in enumerate(rules):
            self._add(partial(_write, row), _CHUNK, self._register(rule.tree))
        self.steps = _with_ends(self._steps)

    def run(self, chunk: Chunk) -> None:
        """Evaluate all rules on one chunk."""
        registers: list[Any] = [chunk, *[None] * len(self.steps)]
        with np.errstate(all="ignore"):  # threads don't inherit it; overflow is an ordinary answer
            for apply, needs, result, emptied in self.steps:
                registers[result] = apply(*[registers[need] for need in needs])
                for register in emptied:
                    registers[register] = None

    def _add(self, apply: Callable[..., Any], *needs: int) -> int:
        self._steps.append((apply, needs))
        return len(self._steps)  # register 0 holds the chunk

    def _register(self, node: Node) -> int:
        if node not in self._registers:
            self._registers[node] = self._compile(node)
        return self._registers[node]

    def _compile(self, node: Node) -> int:
        match node:
            case Number(value):
                return self._add(partial(np.float64, value))
            case Text(value):
                return self._add(partial(np.int32, self._code(value)))
            case Truth(value):
                return self._add(partial(_constant, value))
            case Name(name, Type.NUMBER):
                return self._add(partial(_numbers, name), _CHUNK)
            case Name(name, Type.TEXT):
                return self._add(partial(_texts, name), _CHUNK)
            case Name(name):
                return self._add(_truth, self._numbers_of(name))
            case Negative(item):
                return self._add(np.negative, self._register(item))
            case Arithmetic("/", left, right) if not isinstance(right, Number):
                return self._add(_divide, self._register(left), self._register(right))
            case Arithmetic(operator, left, right):
                return self._add(_ARITHMETIC[operator], self._register(left), self._register(right))
            case Call("abs", (item,)):
                return self._add(np.absolute, self._register(item))
            case Call(function, items):
                return self._add(partial(_pick, _PICKS[function]), *map(self._register, items))
            case Known(item):
                return self._add(
                    _known_text if type_of(item) is Type.TEXT else _known, self._raw(item)
                )
            case Membership(item, members):
                texts = type_of(item) is Type.TEXT
                wanted = np.array([self._code(m) if isinstance(m, str) else m for m in members])
                return self._add(
                    partial(_text_member if texts else _member, wanted), self._register(item)
                )
            case Comparison(operator, left, right):
                texts = type_of(left) is Type.TEXT
                compare = (_TEXT_COMPARISONS if texts else _COMPARISONS)[operator]
                return self._add(compare, self._raw(left), self._raw(right))
            case Not(item):
                return self._add(_contrary, self._register(item))
            case And(items):
                return self._add(_all, *map(self._register, items))
            case Or(items):
                return self._add(_any, *map(self._register, items))

    def _raw(self, node: Node) -> int:
        """Return where the values of a node are: a yes-or-no name as numbers, not as planes."""
        if isinstance(node, Name) and node.type is Type.BOOL:
            return self._numbers_of(node.name)
        return self._register(node)

    def _numbers_of(self, name: str) -> int:
        return self._register(Name(name, Type.NUMBER))

    def _code(self, word: str) -> int:
        return self.words.setdefault(word, len(self.words))


_CHUNK: Final = 0


def _with_ends(steps: list[tuple[Callable[..., Any], tuple[int, ...]]]) -> list[_Step]:
    """Add to every step which registers nobody reads after it."""
    last = {need: index for index, (_, needs) in enumerate(steps) for need in needs}
    emptied: dict[int, list[int]] = {}
    for register, index in last.items():
        emptied.setdefault(index, []).append(register)
    return [
        _Step(apply, needs, index + 1, tuple(emptied.get(index, ())))
        for index, (apply, needs) in enumerate(steps)
    ]


def _numbers(name: str, chunk: Chunk) -> NDArray[np.float64]:
    return chunk.numbers(name)


def _texts(name: str, chunk: Chunk) -> NDArray[np.int32]:
    return chunk.texts(name)


def _constant(value: bool) -> _Planes:
    return np.bool_(value), np.bool_(not value)


def _write(row: int, chunk: Chunk, planes: _Planes) -> None:
    hit, miss = planes
    states = chunk.states[row]
    # Byte by byte: decided is 1, then undecided is 1, then undecided is UNKNOWN, and a hit HIT.
    np.bitwise_or(hit, miss, out=states.view(np.bool_))
    states ^= 1
    states *= 2
    states |= hit.view(np.int8)


def _contrary(planes: _Planes) -> _Planes:
    return planes[1], planes[0]


def _all(first: _Planes, second: _Planes, *more: _Planes) -> _Planes:
    hit, miss = first[0] & second[0], first[1] | second[1]
    for planes in more:
        hit &= planes[0]
        miss |= planes[1]
    return hit, miss


def _any(first: _Planes, second: _Planes, *more: _Planes) -> _Planes:
    hit, miss = first[0] | second[0], first[1] & second[1]
    for planes in more:
        hit |= planes[0]
        miss &= planes[1]
    return hit, miss


def _truth(values: _Values) -> _Planes:
    return values == 1.0, values == 0.0


def _known(values: _Values) -> _Planes:
    return values == values, values != values


def _known_text(codes: _Values) -> _Planes:
    return codes >= 0, codes < 0


def _member(wanted: _Values, values: _Values) -> _Planes:
    inside = np.isin(values, wanted)[()]  # [()] makes a scalar of an array without a dimension
    return inside, ~inside & (values == values)


def _text_member(wanted: _Values, codes: _Values) -> _Planes:
    inside = np.isin(codes, wanted)[()]
    return inside, ~inside & (codes >= 0)


def _divide(left: _Values, right: _Values) -> _Values:
    return np.where(right == 0.0, np.nan, left / right)[()]


def _pick(choose: Callable[..., Any], first: _Values, *more: _Values) -> _Values:
    for values in more:
        first = choose(first, values)
    return first


def _equal(left: _Values, right: _Values) -> _Planes:
    return left == right, (left < right) | (left > right)


def _equal_text(left: _Values, right: _Values) -> _Planes:
    there = (left >= 0) & (right >= 0)
    equal = left == right
    return equal & there, ~equal & there


_ARITHMETIC: Final[dict[str, Callable[..., Any]]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide,
}  # fmt: skip
_PICKS: Final[dict[str, Callable[..., Any]]] = {"min": np.minimum, "max": np.maximum}
_COMPARISONS: Final[dict[str, Callable[[Any, Any], _Planes]]] = {
    "<": lambda left, right: (left < right, left >= right),
    "<=": lambda left, right: (left <= right, left > right),
    ">": lambda left, right: (left > right, left <= right),
    ">=": lambda left, right: (left >= right, left < right),
    "==": _equal,
    "!=": lambda left, right: _contrary(_equal(left, right)),
}
_TEXT_COMPARISONS: Final[dict[str, Callable[[Any, Any], _Planes]]] = {
    "==": _equal_text,
    "!=": lambda left, right: _contrary(_equal_text(left, right)),
}
