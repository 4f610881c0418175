"""The conditions of streams, parsed once: the same trees judge one act and columns of acts."""

from collections.abc import Mapping

from apps.risk.act_facts import BOOL_FACTS, NUMBER_FACTS, TEXT_FACTS
from apps.risk.rules import Rule, Type, check
from apps.risk.velocity.streams import STREAMS

VOCABULARY: dict[str, Type] = {
    **dict.fromkeys(TEXT_FACTS, Type.TEXT),
    **dict.fromkeys(BOOL_FACTS, Type.BOOL),
    **dict.fromkeys(NUMBER_FACTS, Type.NUMBER),
}
WHEN: dict[int, Rule] = {s.number: check(s.when, VOCABULARY) for s in STREAMS if s.when}
NAMES: tuple[str, ...] = tuple(sorted({name for rule in WHEN.values() for name in rule.names}))


def row_of(facts: Mapping[str, float | str | None]) -> list[float | str | None]:
    """Return the facts that conditions look at, in the order of NAMES."""
    return [facts[name] for name in NAMES]
