"""A rule's text, checked against the vocabulary: every name known, every type right."""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from apps.risk.rules.compare import Choices, compared, contained
from apps.risk.rules.grammar import column_of, parse
from apps.risk.rules.language import FUNCTIONS, MAX_NUMBER, RuleError, Type
from apps.risk.rules.tree import (
    And,
    Arithmetic,
    Call,
    Known,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Or,
    Text,
    Truth,
    Value,
    explain,
    type_of,
    write,
)
from apps.risk.rules.wording import KIND, described, nearest

_COMPARISONS: Final = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_ARITHMETIC: Final = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
# What people write for a truth or a missing value, and how it is said here.
_HABITS: Final = {
    "true": "True", "TRUE": "True", "yes": "True",
    "false": "False", "FALSE": "False", "no": "False",
    "null": "known()", "NULL": "known()", "none": "known()", "nan": "known()", "missing": "known()",
    "isnull": "known", "exists": "known", "is_known": "known",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked rule: what the analyst wrote, its one canonical spelling, and its tree."""

    text: str
    canonical: str
    names: frozenset[str]
    tree: Node

    def explain(self, values: Mapping[str, Value]) -> str:
        """Return the expression with the actual value behind every name."""
        return explain(self.tree, values)


def check(text: str, vocabulary: Mapping[str, Type], *, choices: Choices | None = None) -> Rule:
    """Return the rule that the text says, or raise RuleError with the first thing wrong in it.

    `choices` are the only values that a text can have, where they are known: {"side": ("buy", …)}.
    """
    checker = _Checker(text, vocabulary, choices or {})
    tree = checker.examine()
    if tree is None:
        raise checker.found[0]
    return Rule(text=text, canonical=write(tree), names=frozenset(checker.names), tree=tree)


def errors(
    text: str, vocabulary: Mapping[str, Type], *, choices: Choices | None = None
) -> list[RuleError]:
    """Return everything wrong with the text, from left to right, for an editor to underline."""
    checker = _Checker(text, vocabulary, choices or {})
    checker.examine()
    return checker.found


class _Checker:
    """Walks Python's tree and builds ours; an error in one part does not hide its neighbours'."""

    def __init__(self, text: str, vocabulary: Mapping[str, Type], choices: Choices) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self.choices = choices
        self.found: list[RuleError] = []
        self.names: set[str] = set()

    def examine(self) -> Node | None:
        tree = None
        try:
            tree = self.condition(parse(self.text), "The rule")
        except RuleError as error:
            self.note(error)
        self.found.sort(key=lambda error: error.column)
        return tree

    def note(self, error: RuleError) -> None:
        if error not in self.found:
            self.found.append(error)

    def each(
        self, nodes: Iterable[ast.expr], visit: Callable[[ast.expr], Node]
    ) -> tuple[Node, ...]:
        """Visit all nodes, note every error, and only then give up with the last of them."""
        done: list[Node] = []
        failed: RuleError | None = None
        for node in nodes:
            try:
                done.append(visit(node))
            except RuleError as error:
                self.note(error)
                failed = error
        if failed:
            raise failed
        return tuple(done)

    def refused(self, node: ast.expr, message: str, suggestion: str | None = None) -> RuleError:
        return RuleError(message, column_of(node, self.text), suggestion)

    def visit(self, node: ast.expr) -> Node:
        visit = _VISITS.get(type(node))
        if visit is None:
            raise self.foreign(node)
        return visit(self, node)

    def foreign(self, node: ast.expr) -> RuleError:
        return self.refused(node, _FOREIGN.get(type(node), "This has no place in a rule."))

    def condition(self, node: ast.expr, whole: str = "") -> Node:
        item = self.visit(node)
        if type_of(item) is Type.BOOL:
            return item
        example = "amount_usd > 100"
        if not isinstance(item, Number | Text):
            example = write(item) + (" > 100" if type_of(item) is Type.NUMBER else " == 'DE'")
        raise self.refused(
            node,
            f"{whole or write(item)} is {KIND[type_of(item)]}; a condition is needed here,"
            f" such as {example}.",
        )

    def number(self, node: ast.expr) -> Node:
        item = self.visit(node)
        if type_of(item) is Type.NUMBER:
            return item
        raise self.refused(node, f"{described(item)}, but a number is needed here.")

    def constant(self, node: ast.Constant) -> Node:
        match node.value:
            case bool(value):
                return Truth(value)
            case str(value):
                return Text(value)
            case int(value) | float(value) if abs(value) <= MAX_NUMBER:
                return Number(float(value))
            case int() | float():
                raise self.refused(node, f"A number may be {MAX_NUMBER:,} at most.")
        raise self.foreign(node)

    def name(self, node: ast.Name) -> Node:
        kind = self.vocabulary.get(node.id)
        if kind is not None:
            self.names.add(node.id)
            return Name(node.id, kind)
        if node.id in FUNCTIONS:
            raise self.refused(
                node, f"{node.id} is a function: write {node.id}(…).", f"{node.id}()"
            )
        raise self.unknown(node, "name", self.vocabulary)

    def unknown(self, node: ast.Name, what: str, known: Iterable[str]) -> RuleError:
        near = _HABITS.get(node.id) or nearest(node.id, known)
        meant = f" Did you mean {near}?" if near else ""
        return self.refused(node, f"There is no {what} '{node.id}'.{meant}", near)

    def junction(self, node: ast.BoolOp) -> Node:
        items = self.each(node.values, self.condition)
        return _joined(And if isinstance(node.op, ast.And) else Or, items)

    def unary(self, node: ast.UnaryOp) -> Node:
        if isinstance(node.op, ast.Not):
            return Not(self.condition(node.operand))
        if isinstance(node.op, ast.USub):
            return Negative(self.number(node.operand))
        raise self.foreign(node)

    def arithmetic(self, node: ast.BinOp) -> Node:
        operator = _ARITHMETIC.get(type(node.op))
        if operator is None:
            raise self.foreign(node)
        left, right = self.each((node.left, node.right), self.number)
        if operator == "/" and right == Number(0.0):
            raise self.refused(node.right, "Nothing can be divided by 0.")
        return Arithmetic(operator, left, right)

    def call(self, node: ast.Call) -> Node:
        if not isinstance(node.func, ast.Name):
            raise self.foreign(node)
        function = node.func.id
        if function not in FUNCTIONS:
            raise self.unknown(node.func, "function", FUNCTIONS)
        takes_one = function in ("abs", "known")
        if len(node.args) != 1 if takes_one else len(node.args) < 2:
            wanted = "exactly one value" if takes_one else "two numbers or more"
            raise self.refused(node, f"{function} takes {wanted}.")
        if function == "known":
            return self.known(node.args[0])
        return Call(function, self.each(node.args, self.number))

    def known(self, node: ast.expr) -> Node:
        item = self.visit(node)
        if type_of(item) is Type.BOOL and not isinstance(item, Name):
            raise self.refused(node, "known asks about a fact or a number, not a condition.")
        return Known(item)

    def comparison(self, node: ast.Compare) -> Node:
        if any(isinstance(operator, ast.In | ast.NotIn) for operator in node.ops):
            return self.membership(node)
        places = (node.left, *node.comparators)
        columns = [column_of(place, self.text) for place in places]
        sides = list(zip(self.each(places, self.visit), columns, strict=True))
        links = tuple(
            compared(_COMPARISONS[type(operator)], sides[index], sides[index + 1], self.choices)
            for index, operator in enumerate(node.ops)
        )
        return _joined(And, links)

    def membership(self, node: ast.Compare) -> Node:
        place = node.comparators[0]
        if len(node.ops) > 1:
            raise self.refused(node, "'in' stands alone: join other comparisons to it with 'and'.")
        if not isinstance(place, ast.Tuple | ast.List | ast.Set):
            raise self.refused(
                place, "After 'in' comes a list of fixed values, such as ('DE', 'FR') or ('DE',)."
            )
        item = self.visit(node.left), column_of(node.left, self.text)
        columns = [column_of(element, self.text) for element in place.elts]
        members = zip(self.each(place.elts, self.visit), columns, strict=True)
        inside = contained(item, column_of(place, self.text), list(members), self.choices)
        return Not(inside) if isinstance(node.ops[0], ast.NotIn) else inside


def _joined(kind: type[And] | type[Or], items: tuple[Node, ...]) -> Node:
    """Return the junction of the items, with junctions of the same kind laid flat."""
    flat: list[Node] = []
    for item in items:
        flat.extend(item.items if isinstance(item, kind) else (item,))
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


_VISITS: Final[dict[type[ast.expr], Callable[..., Node]]] = {
    ast.Constant: _Checker.constant,
    ast.Name: _Checker.name,
    ast.BoolOp: _Checker.junction,
    ast.UnaryOp: _Checker.unary,
    ast.BinOp: _Checker.arithmetic,
    ast.Call: _Checker.call,
    ast.Compare: _Checker.comparison,
}
_LIST = "A list may only stand after 'in'. Write thousands as 1_000, without a comma."
_FOREIGN: Final[dict[type[ast.expr], str]] = {
    ast.Tuple: _LIST,
    ast.List: _LIST,
    ast.Set: _LIST,
    ast.Dict: _LIST,
    ast.Call: "Only abs, known, max and min can be called.",
}
