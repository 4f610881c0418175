"""Error rates with the interval that their number of trials allows (ISO/IEC 19795-1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

#: Two-sided, of every interval.
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """None where nothing was tried."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval: sound also for few trials and for none or all (Wilson 1927)."""
        if not self.of:
            return 0.0, 1.0
        z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
        share, spread = self.count / self.of, z * z / self.of
        middle = (share + spread / 2) / (1 + spread)
        reach = z / (1 + spread) * (share * (1 - share) / self.of + spread / self.of / 4) ** 0.5
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def document(self) -> list[float]:
        """The interval, for JSON."""
        return [round(end, 6) for end in self.interval]


def share(flags: Sequence[bool]) -> Rate:
    """How many of these are so."""
    return Rate(sum(flags), len(flags))


def tar_at(*, far: float, same: Sequence[float], different: Sequence[float]) -> float | None:
    """The share of same pairs accepted at the largest distance at which strangers pass so rarely.

    With fewer than 1/far strangers it is the distance at which none of them passes.
    """
    if not same or not different:
        return None
    nearest = sorted(different)
    allowed = int(far * len(nearest))
    limit = nearest[allowed] if allowed < len(nearest) else float("inf")
    return sum(one < limit for one in same) / len(same)


def det(
    *, live: Sequence[float], attacks: Sequence[float], most: int = 15
) -> list[dict[str, float | list[float]]]:
    """Both errors at thresholds spread over the scores, for a detection error trade-off plot.

    Scores count as high for living people if their median is the higher one.
    """
    sign = 1.0 if _middle(live) >= _middle(attacks) else -1.0
    people, others = [sign * one for one in live], [sign * one for one in attacks]
    thresholds = sorted({*people, *others})
    step = max(1, -(-len(thresholds) // most))
    points: list[dict[str, float | list[float]]] = []
    for limit in thresholds[::step]:
        accepted = share([one >= limit for one in others])
        refused = share([one < limit for one in people])
        points.append(
            {
                "threshold": round(sign * limit, 6),
                "apcer": round(accepted.value or 0.0, 6),
                "apcer_interval": accepted.document(),
                "bpcer": round(refused.value or 0.0, 6),
                "bpcer_interval": refused.document(),
            }
        )
    return points


def _middle(scores: Sequence[float]) -> float:
    return sorted(scores)[len(scores) // 2]
