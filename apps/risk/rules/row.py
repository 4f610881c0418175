"""All rules of a policy as one generated Python function over one row.

Every condition is written twice: when it is false (`miss`) and when it is true (`hit`); what is
neither is UNKNOWN. A missing number is NaN, which makes each of <, <=, >, >=, == false, so most
conditions need no test for missing values at all. Misses are asked first: they are the common case.

The source holds generated names, float and text literals from the checked tree, and nothing else.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, cast

from apps.risk.rules.check import Rule
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
    Value,
    type_of,
)

RowRules = Callable[[Sequence[Value]], list[int]]

_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def compile_rows(rules: Sequence[Rule], names: Sequence[str]) -> RowRules:
    """Return a function from a row, its values in the order of `names`, to one State per rule.

    A row is a list or tuple: float for numbers (NaN missing), 1.0, 0.0 or NaN for yes or no, str
    for text (None missing). The states come in the order of the rules, as plain ints.
    """
    scope: dict[str, object] = {"nan": math.nan}
    # The checked tree leaves no user text in the source but quoted literals.
    exec(compile(row_source(rules, names), "<rules>", "exec"), scope)
    return cast(RowRules, scope["evaluate"])


def row_source(rules: Sequence[Rule], names: Sequence[str]) -> str:
    """Return the source of the function that `compile_rows` gives."""
    if len(set(names)) < len(names):
        raise ValueError("A name stands twice in the row.")
    used = frozenset().union(*(rule.names for rule in rules))
    if lacking := used - set(names):
        raise ValueError(f"The row has no {', '.join(sorted(lacking))}.")
    local = {name: f"v{index}" for index, name in enumerate(names) if name in used}
    writer = _RowWriter(local)
    shared = writer.share(rules)
    states = [
        f"        0 if {writer.miss(rule.tree)} else 1 if {writer.hit(rule.tree)} else 2,"
        for rule in rules
    ]
    return "\n".join(
        (
            "def evaluate(row):",
            f"    [{', '.join(local.get(name, '_') for name in names)}] = row",
            *shared,
            "    return [",
            *states,
            "    ]",
        )
    )


class _RowWriter:
    def __init__(self, local: dict[str, str]) -> None:
        self.local = local
        self.shared: dict[Node, str] = {}
        self.temporaries = 0

    def share(self, rules: Iterable[Rule]) -> list[str]:
        """Return the assignments of the calculations that stand in more than one place."""
        uses: Counter[Node] = Counter()
        found: list[Node] = []  # inner before outer
        for rule in rules:
            _count(rule.tree, uses, found)
        lines = []
        for part in found:
            if uses[part] > 1:
                source = self.number(part)
                self.shared[part] = f"c{len(self.shared)}"
                lines.append(f"    {self.shared[part]} = {source}")
        return lines

    def temporary(self) -> str:
        self.temporaries += 1
        return f"t{self.temporaries}"

    def hit(self, node: Node) -> str:
        """Return a Python condition that holds exactly when the node is true."""
        match node:
            case Truth(value):
                return str(value)
            case Name():
                return f"{self.local[node.name]} == 1.0"
            case Not(item):
                return self.miss(item)
            case And(items):
                return self.joined(" and ", map(self.hit, items))
            case Or(items):
                return self.joined(" or ", map(self.hit, items))
            case Known(item) if type_of(item) is Type.TEXT:
                return self.present(item)
            case Known(item):
                first, again = self.twice(item)
                return f"{first} == {again}"
            case Membership(item, members):
                return f"{self.value(item)} in {self.members(members)}"
            case Comparison(operator, left, right) if type_of(left) is Type.TEXT:
                return self.text_comparison(left, right, equal=operator == "==")
            case Comparison("!=", left, right):
                return self.apart(left, right)
            case Comparison(operator, left, right):
                return f"{self.value(left)} {operator} {self.value(right)}"
        raise TypeError(node)

    def miss(self, node: Node) -> str:
        """Return a Python condition that holds exactly when the node is false."""
        match node:
            case Truth(value):
                return str(not value)
            case Name():
                return f"{self.local[node.name]} == 0.0"
            case Not(item):
                return self.hit(item)
            case And(items):
                return self.joined(" or ", map(self.miss, items))
            case Or(items):
                return self.joined(" and ", map(self.miss, items))
            case Known(item) if type_of(item) is Type.TEXT:
                return f"not {self.present(item)}"
            case Known(item):
                first, again = self.twice(item)
                return f"{first} != {again}"
            case Membership(item, members) if type_of(item) is Type.TEXT:
                return (
                    f"({self.value(item)} not in {self.members(members)} and {self.present(item)})"
                )
            case Membership(item, members):
                first, again = self.twice(item)
                return f"({first} not in {self.members(members)} and {again} == {again})"
            case Comparison(operator, left, right) if type_of(left) is Type.TEXT:
                return self.text_comparison(left, right, equal=operator != "==")
            case Comparison("==", left, right):
                return self.apart(left, right)
            case Comparison("!=", left, right):
                return f"{self.value(left)} == {self.value(right)}"
            case Comparison(operator, left, right):
                return f"{self.value(left)} {_OPPOSITE[operator]} {self.value(right)}"
        raise TypeError(node)

    def joined(self, word: str, parts: Iterable[str]) -> str:
        return f"({word.join(parts)})"

    def text_comparison(self, left: Node, right: Node, *, equal: bool) -> str:
        sign = "==" if equal else "!="
        sides = f"{self.value(left)} {sign} {self.value(right)}"
        # A text that equals a fixed one is there; in every other case ask.
        asked = [side for side in (left, right) if isinstance(side, Name)]
        if equal and len(asked) == 1:
            return sides
        return self.joined(" and ", (sides, *map(self.present, asked)))

    def present(self, item: Node) -> str:
        """Return the condition that a text is there; a NaN also passes for a missing text."""
        value = self.value(item)
        return f"({value} is not None and {value} == {value})"

    def apart(self, left: Node, right: Node) -> str:
        """Return the condition that two numbers differ and neither is missing."""
        one, one_again = self.twice(left)
        two, two_again = self.twice(right)
        return f"({one} < {two} or {one_again} > {two_again})"

    def members(self, members: tuple[float, ...] | tuple[str, ...]) -> str:
        return f"{{{', '.join(map(repr, members))}}}"

    def value(self, node: Node) -> str:
        return repr(node.value) if isinstance(node, Text) else self.number(node)

    def twice(self, node: Node) -> tuple[str, str]:
        """Return how to calculate a value, and a name by which to use it again at once."""
        source = self.number(node)
        if isinstance(node, Name | Number) or node in self.shared:
            return source, source
        kept = self.temporary()
        return f"({kept} := {source})", kept

    def number(self, node: Node) -> str:
        if node in self.shared:
            return self.shared[node]
        match node:
            case Number(value):
                return repr(value)
            case Name(name):
                return self.local[name]
            case Negative(item):
                return f"(-{self.number(item)})"
            case Arithmetic("/", left, Number() as right):
                return f"({self.number(left)} / {self.number(right)})"
            case Arithmetic("/", left, right):
                first, again = self.twice(right)
                return f"({self.number(left)} / {again} if {first} else nan)"
            case Arithmetic(operator, left, right):
                return f"({self.number(left)} {operator} {self.number(right)})"
            case Call("abs", (item,)):
                first, again = self.twice(item)
                return f"({again} if {first} >= 0.0 else -{again})"
            case Call(function, (first_item, *rest)):
                chosen = self.number(first_item)
                for item in rest:
                    chosen = self.pick(function, chosen, item)
                return chosen
        raise TypeError(node)

    def pick(self, function: str, chosen: str, item: Node) -> str:
        """Return the smaller or larger of two numbers; NaN when either is, as no order holds."""
        before, after = ("<=", ">") if function == "min" else (">=", "<")
        one = self.temporary()
        first, two = self.twice(item)
        return (
            f"({one} if ({one} := {chosen}) {before} {first}"
            f" else {two} if {one} {after} {two} else nan)"
        )


def _count(node: Node, uses: Counter[Node], found: list[Node]) -> None:
    """Count in how many places every calculation stands."""
    calculated = isinstance(node, Negative | Arithmetic | Call)
    if calculated:
        uses[node] += 1
        if uses[node] > 1:
            return
    for part in _parts(node):
        _count(part, uses, found)
    if calculated:
        found.append(node)


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case And(items) | Or(items) | Call(_, items):
            return items
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            return left, right
        case Not(item) | Negative(item) | Known(item) | Membership(item, _):
            return (item,)
    return ()
