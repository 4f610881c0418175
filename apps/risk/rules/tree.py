"""The checked expression: immutable, typed nodes, and how they are written down for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from apps.risk.rules.language import Type

Value = float | str | None


@dataclass(frozen=True, slots=True)
class Number:
    """A number written in the rule."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text written in the rule."""

    value: str


@dataclass(frozen=True, slots=True)
class Truth:
    """True or False written in the rule."""

    value: bool


@dataclass(frozen=True, slots=True)
class Name:
    """A fact or feature."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Negative:
    """-item; missing when the item is."""

    item: "Node"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """left + - * / right; missing when a side is, or when the divisor is 0."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """abs, min or max of numbers; missing when any of them is."""

    function: str
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Known:
    """known(item): whether a number or text is there; never UNKNOWN."""

    item: "Node"


@dataclass(frozen=True, slots=True)
class Comparison:
    """left < <= > >= == != right; UNKNOWN when a side is missing."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Membership:
    """item in (members): one of fixed values, sorted; UNKNOWN when the item is missing."""

    item: "Node"
    members: tuple[float, ...] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """not item."""

    item: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """All items; never an And within an And."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any item; never an Or within an Or."""

    items: tuple["Node", ...]


Node = (
    Number | Text | Truth | Name | Negative | Arithmetic | Call
    | Known | Comparison | Membership | Not | And | Or
)  # fmt: skip


def type_of(node: Node) -> Type:
    """Return what the node yields."""
    match node:
        case Name():
            return node.type
        case Text():
            return Type.TEXT
        case Number() | Negative() | Arithmetic() | Call():
            return Type.NUMBER
    return Type.BOOL


# How tightly each construct binds, loosest first; a looser part inside a tighter one gets brackets.
_OR, _AND, _NOT, _COMPARE, _ADD, _MULTIPLY, _SIGN, _ATOM = range(8)
_ARITHMETIC: Final = {"+": _ADD, "-": _ADD, "*": _MULTIPLY, "/": _MULTIPLY}


def write(node: Node) -> str:
    """Return the rule text of a tree: one spelling for every way of writing the same tree."""
    return _Writer().write(node)


def explain(node: Node, values: Mapping[str, Value]) -> str:
    """Return the expression for a reader, with the actual value behind every name."""
    return _Explainer(values).write(node)


class _Writer:
    signs: ClassVar[Mapping[str, str]] = {}

    def name(self, node: Name) -> str:
        return node.name

    def number(self, value: float) -> str:
        return str(int(value)) if value == int(value) else repr(value)

    def write(self, node: Node, at_least: int = _OR) -> str:
        level, text = self.part(node)
        return text if level >= at_least else f"({text})"

    def part(self, node: Node) -> tuple[int, str]:
        match node:
            case Number(value):
                return _ATOM, self.number(value)
            case Text(value):
                return _ATOM, quoted(value)
            case Truth(value):
                return _ATOM, str(value)
            case Name():
                return _ATOM, self.name(node)
            case Negative(item):
                return _SIGN, self.sign("-") + self.write(item, _SIGN)
            case Arithmetic(operator, left, right):
                level = _ARITHMETIC[operator]
                return level, (
                    f"{self.write(left, level)} {self.sign(operator)} "
                    f"{self.write(right, level + 1)}"
                )
            case Call(function, items):
                return _ATOM, f"{function}({', '.join(map(self.write, items))})"
            case Known(item):
                return _ATOM, f"known({self.write(item)})"
            case Comparison(operator, left, right):
                sides = self.write(left, _ADD), self.write(right, _ADD)
                return _COMPARE, f"{sides[0]} {self.sign(operator)} {sides[1]}"
            case Membership():
                return _COMPARE, self.membership(node, "in")
            case Not(Membership() as item):
                return _COMPARE, self.membership(item, "not in")
            case Not(item):
                return _NOT, f"not {self.write(item, _NOT)}"
            case And(items):
                return _AND, " and ".join(self.write(item, _NOT) for item in items)
            case Or(items):
                return _OR, " or ".join(self.write(item, _AND) for item in items)

    def membership(self, node: Membership, word: str) -> str:
        members = ", ".join(
            quoted(member) if isinstance(member, str) else self.signed(member)
            for member in node.members
        )
        comma = "," if len(node.members) == 1 else ""
        return f"{self.write(node.item, _ADD)} {word} ({members}{comma})"

    def sign(self, operator: str) -> str:
        return self.signs.get(operator, operator)

    def signed(self, value: float) -> str:
        return (self.sign("-") if value < 0 else "") + self.number(abs(value))


class _Explainer(_Writer):
    signs: ClassVar = {"*": "×", "/": "÷", "-": "−", "<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values = values

    def number(self, value: float) -> str:
        return readable(value)

    def name(self, node: Name) -> str:
        value = self.values.get(node.name)
        if value is None or value != value:
            shown = "unknown"
        elif isinstance(value, str):
            shown = quoted(value)
        elif node.type is Type.BOOL:
            shown = "yes" if value else "no"
        else:
            shown = readable(value)
        return f"{node.name} ({shown})"


def quoted(value: str) -> str:
    """Return a text in single quotes, or in double quotes when it holds a single one."""
    return f'"{value}"' if "'" in value else f"'{value}'"


def readable(value: float) -> str:
    """Return a number with thousands marked and at most four decimals: 12,500 or 0.85.

    More decimals only where fewer would tell the reader something false (23.99999 is not 24).
    """
    value = float(value)
    rounded = round(value, 4) if abs(value) >= 1 else float(f"{value:.4g}")
    if rounded.is_integer():
        return f"{rounded:,.0f}" if rounded == value else f"{value:,}"
    return f"{rounded:,}"
