"""Which values may be compared with which, and the words for those that may not."""

from collections.abc import Collection, Mapping, Sequence

from apps.risk.rules.language import RuleError, Type
from apps.risk.rules.tree import (
    Comparison,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Text,
    Truth,
    quoted,
    type_of,
)
from apps.risk.rules.wording import EXAMPLE, described, named, nearest

Choices = Mapping[str, Collection[str]]
Placed = tuple[Node, int]  # a node and its column


def compared(operator: str, left: Placed, right: Placed, choices: Choices) -> Node:
    """Return the condition `left operator right`, or raise RuleError when it makes no sense."""
    (one, at_one), (two, at_two) = left, right
    if type_of(one) is not type_of(two):
        if isinstance(one, Number | Text | Truth):  # speak of the name, not of the fixed value
            (one, at_one), (two, at_two) = right, left
        raise RuleError(
            f"{described(one)}: compare it with {EXAMPLE[type_of(one)]}, not with {named(two)}.",
            at_two,
        )
    if type_of(one) is Type.NUMBER:
        return Comparison(operator, one, two)
    if operator not in ("==", "!="):
        raise RuleError(f"{described(one)} and has no order: use '==', '!=' or 'in'.", at_one)
    if type_of(one) is Type.TEXT:
        _check_choice(one, right, choices)
        _check_choice(two, left, choices)
        return Comparison(operator, one, two)
    return _same_truth(operator, left, right)


def _same_truth(operator: str, left: Placed, right: Placed) -> Node:
    """Return an equality of two conditions; with True or False it is the condition itself."""
    one, two = left[0], right[0]
    if isinstance(one, Truth):
        one, two = two, one
    if isinstance(two, Truth):
        return one if two.value == (operator == "==") else Not(one)
    if isinstance(one, Name) and isinstance(two, Name):
        return Comparison(operator, one, two)
    raise RuleError(
        f"'{operator}' can't compare conditions: join them with 'and' or 'or'.", left[1]
    )


def contained(item: Placed, place: int, members: Sequence[Placed], choices: Choices) -> Node:
    """Return the condition `item in (members)`, or raise RuleError when it makes no sense."""
    node, at = item
    if type_of(node) is Type.BOOL:
        raise RuleError(f"{described(node)}: it needs no list.", at)
    if isinstance(node, Number | Text):
        raise RuleError("Before 'in' comes a name, not a fixed value.", at)
    if not members:
        raise RuleError("The list is empty: nothing is ever in it.", place)
    numbers: set[float] = set()
    texts: set[str] = set()
    for member in members:
        match member[0]:
            case Number(value) if type_of(node) is Type.NUMBER:
                numbers.add(value)
            case Negative(Number(value)) if type_of(node) is Type.NUMBER:
                numbers.add(0.0 - value)  # so that no list holds a negative zero
            case Text(value) if type_of(node) is Type.TEXT:
                _check_choice(node, member, choices)
                texts.add(value)
            case wrong:
                wanted = "numbers" if type_of(node) is Type.NUMBER else "texts"
                raise RuleError(
                    f"{described(node)}: its list holds fixed {wanted}, not {named(wrong)}.",
                    member[1],
                )
    return Membership(node, tuple(sorted(texts)) or tuple(sorted(numbers)))


def _check_choice(subject: Node, fixed: Placed, choices: Choices) -> None:
    """Refuse a text that this name can never have: the rule would silently never match."""
    node, at = fixed
    if not isinstance(subject, Name) or not isinstance(node, Text):
        return
    known = choices.get(subject.name)
    if not known or node.value in known:
        return
    near = nearest(node.value, known)
    meant = f" Did you mean {quoted(near)}?" if near else ""
    raise RuleError(
        f"{subject.name} is never {quoted(node.value)}.{meant}", at, quoted(near) if near else None
    )
