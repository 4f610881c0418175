"""How alike two descriptions of a machine are: a pure function, the same for every caller."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.devices.attributes import ATTRIBUTES, Attribute, Kind, Value

# An attribute that only one side tells counts with this part of its weight, against: silence is
# weaker than contradiction, and never better than agreement.
SILENCE = 1 / 3
# Two sketches that differ in this many of 64 bits say no more than chance allows.
SKETCH_BITS = 24
# Two machines with different ids of their own never look more alike than this.
DIFFERENT_IDS = 0.25


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where likeness begins to mean something; evidence is in bits (see attributes.weight)."""

    same: float = 0.78
    """Without a token: at least this alike is the same device of the same person ..."""
    same_evidence: float = 18.0
    """... when at least this much was seen to agree."""
    stolen: float = 0.60
    """With a token: less alike than this, and the token came from another machine."""
    alike: float = 0.90
    """Across persons: a hint for people and features, never a merge."""
    alike_evidence: float = 25.0
    candidates: int = 20
    """How many known devices one registration is compared with, at most."""

    def __post_init__(self) -> None:
        if not 0 <= self.stolen <= self.same <= 1 or not 0 <= self.alike <= 1:
            raise ValueError("device thresholds: 0 <= stolen <= same <= 1 and 0 <= alike <= 1")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer of compare(): how alike, on how much evidence, and what differs."""

    similarity: float
    """0..1; 1 = everything told agrees; 0 also when neither side told anything that weighs."""
    evidence: float
    """Bits that agreed."""
    weighed: float
    """Bits that were compared, silence counted in part; 0 when there was nothing to compare."""
    differing: tuple[str, ...]
    """Names of the attributes that disagree or that only one side told, heaviest first."""


def compare(a: Mapping[str, Value], b: Mapping[str, Value]) -> Comparison:
    """Compare two accepted descriptions; symmetric, and 1 for two equal ones.

    Turning an attribute from disagreement to silence, or from silence to agreement, never
    lowers the similarity.
    """
    agreed = weighed = 0.0
    differing: list[tuple[float, str]] = []
    other_machine = False
    for name, attribute in ATTRIBUTES.items():
        weight = attribute.weight
        if not weight or (name not in a and name not in b):
            continue
        if name not in a or name not in b:
            weighed += weight * SILENCE
            differing.append((weight * SILENCE, name))
            continue
        share = agreement(attribute, a[name], b[name])
        weighed += weight
        agreed += weight * share
        if share < 1:
            differing.append((weight * (1 - share), name))
            other_machine |= attribute.identifies
    similarity = agreed / weighed if weighed else 0.0
    if other_machine:
        similarity = min(similarity, DIFFERENT_IDS)
    differing.sort(key=lambda entry: (-entry[0], entry[1]))
    return Comparison(similarity, agreed, weighed, tuple(name for _, name in differing))


def agreement(attribute: Attribute, x: Value, y: Value) -> float:
    """How far two values of one attribute agree, 0..1."""
    if x == y:
        return 1.0
    if attribute.kind is Kind.SKETCH:
        apart = (int(str(x), 16) ^ int(str(y), 16)).bit_count()
        return max(0.0, 1 - apart / SKETCH_BITS)
    if attribute.kind is Kind.NUMBER and attribute.step:
        return max(0.0, 1 - abs(float(x) - float(y)) / attribute.step)
    return 0.0
