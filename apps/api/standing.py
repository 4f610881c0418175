"""Where a user stands now, and the moves that led there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core import sql
from apps.risk import live
from apps.risk.models import Policy, PolicyStatus, Standing, StandingMove
from apps.risk.policy_settings import BANDS, PolicySettings
from apps.risk.standing import decayed

# $1 user, $2 how many. Of a person's acts only the newest are looked at: most acts that were
# judged at all moved the score.
MOVES = """
SELECT d.id, d.at, d.standing, d.moved, d.reasons, e.kind
FROM (
  SELECT id, kind FROM events_event WHERE user_id = $1::bigint ORDER BY id DESC LIMIT 500
) e
JOIN risk_decision d ON d.id = e.id
WHERE d.maker = 'ENGINE' AND d.moved <> 0
ORDER BY d.id DESC LIMIT $2::int
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """One move of a standing: by a decision of the engine, by the clock or by staff."""

    at: datetime
    value: int
    moved: int
    kind: str
    decision: UUID | None
    reasons: tuple[str, ...]


def value_of(*, user: int, settings: PolicySettings | None, at: datetime) -> int:
    """The user's score at `at`, 0 to 1000; 0 for who was never judged."""
    row = Standing.objects.filter(pk=user).first()
    if row is None:
        return 0
    if settings is None:
        return round(row.value)
    left = decayed(
        value=row.value,
        floor=row.floor,
        since_s=(at - row.at).total_seconds(),
        half_life_hours=settings.standing.half_life_hours,
    )
    return round(left)


def band_of(value: float, settings: PolicySettings | None) -> str:
    """The band in which a score lies."""
    return BANDS[sum(value >= bound for bound in settings.bands)] if settings else BANDS[0]


def moves(*, user: int, most: int) -> list[Moved]:
    """The latest moves of the user's score, newest first."""
    by_engine = [
        Moved(at, value, moved, kind, id, tuple(reasons))
        for id, at, value, moved, reasons, kind in sql.run(MOVES, [user, most])
    ]
    others = StandingMove.objects.filter(user=user).order_by("-at")[:most]
    by_others = [
        Moved(one.at, round(one.value), round(one.moved), one.reason, None, ()) for one in others
    ]
    return sorted([*by_engine, *by_others], key=lambda one: one.at, reverse=True)[:most]


def live_settings() -> PolicySettings | None:
    """The settings of the live policy, where there is one."""
    policy = Policy.objects.filter(status=PolicyStatus.LIVE).values_list("pk", flat=True).first()
    return live.compiled(policy).settings if policy else None
