"""The row that rules see: every feature, then every fact of the act, in one fixed order."""

from collections.abc import Mapping, Sequence

from apps.risk.act_facts import BOOL_FACTS, NUMBER_FACTS, TEXT_FACTS
from apps.risk.features import all_features, digest
from apps.risk.rules import Type
from apps.risk.velocity.inputs import ActFact, parse
from apps.risk.vocabulary import KINDS, SIGNALS

Value = float | str | None

FEATURES = all_features()
FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
FACT_NAMES: tuple[str, ...] = (*NUMBER_FACTS, *BOOL_FACTS, *TEXT_FACTS)
#: Order of the row.
NAMES: tuple[str, ...] = FEATURE_NAMES + FACT_NAMES
DIGEST = digest()

VOCABULARY: dict[str, Type] = {
    **{f.name: Type.BOOL if f.is_bool else Type.NUMBER for f in FEATURES},
    **dict.fromkeys(NUMBER_FACTS, Type.NUMBER),
    **dict.fromkeys(BOOL_FACTS, Type.BOOL),
    **dict.fromkeys(TEXT_FACTS, Type.TEXT),
}

#: The only values of a text, where they are known: a rule that asks for another one never hits.
CHOICES: dict[str, tuple[str, ...]] = {
    "kind": tuple(KINDS),
    **{signal.name: signal.choices for signal in SIGNALS if signal.choices},
}

#: Everything that features ask for, each once: first what velocity brings, then facts of the act.
_ASKED: dict[str, None] = {name: None for feature in FEATURES for name in feature.inputs}
VELOCITY_INPUTS: tuple[str, ...] = tuple(
    name for name in _ASKED if not isinstance(parse(name), ActFact)
)
FACT_INPUTS: tuple[str, ...] = tuple(name for name in _ASKED if isinstance(parse(name), ActFact))
_PLACE = {name: at for at, name in enumerate(VELOCITY_INPUTS + FACT_INPUTS)}
_CALLS = tuple(
    (feature.function, tuple(_PLACE[name] for name in feature.inputs)) for feature in FEATURES
)


def compute(*, velocity: Sequence[float], facts: Mapping[str, Value]) -> list[float]:
    """Return the value of every feature in the order of FEATURE_NAMES; NaN where unknown.

    `velocity` is in the order of VELOCITY_INPUTS. Given columns instead of numbers, it returns
    columns: the features are the same functions.
    """
    given: list[float] = [*velocity, *(facts[name] for name in FACT_INPUTS)]  # type: ignore[list-item]
    return [
        function(given[places[0]])
        if len(places) == 1
        else function(*[given[place] for place in places])
        for function, places in _CALLS
    ]


def row(*, features: Sequence[float], facts: Mapping[str, Value]) -> list[Value]:
    """Return the row that rules are compiled for: features, then facts, in the order of NAMES."""
    return [*features, *(facts[name] for name in FACT_NAMES)]


def _check() -> None:
    twice = set(FEATURE_NAMES) & set(FACT_NAMES)
    if twice:
        raise ValueError(f"both a feature and a fact: {sorted(twice)}")
    unknown = set(FACT_INPUTS) - set(FACT_NAMES)
    if unknown:
        raise LookupError(f"features ask for what nobody knows: {sorted(unknown)}")


_check()
