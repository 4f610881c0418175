"""What a person may know of how they were judged: their own acts, in words, never codes or scores.

Only the newest acts are looked at, so that it costs the same however much somebody has done.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core import sql
from apps.restrictions import queries as restrictions
from apps.restrictions.models import Kind, LiftedBy, Restriction
from apps.risk import live
from apps.risk.sentences import told_user
from apps.trades.models import LIVE, Order, Withdrawal
from apps.trades.states import WITHDRAWAL
from apps.users.models import User

#: So many of somebody's newest acts are looked at, and so many lines are shown.
NEWEST, SHOWN = 500, 20

JUDGED = """
SELECT e.id, e.at, e.kind, d.outcome, d.reasons, d.policy, d.degraded
FROM (SELECT id, at, kind FROM events_event WHERE user_id = $1::bigint
      ORDER BY id DESC LIMIT $2::int) e
JOIN risk_decision d ON d.id = e.id
WHERE d.outcome <> 'ALLOW' ORDER BY e.id DESC LIMIT $3::int
"""
SIGN_INS = """
SELECT e.at, e.kind = 'signin.succeeded', s.ref, d.platform
FROM (SELECT id, at, kind, subnet_id, device_id FROM events_event WHERE user_id = $1::bigint
      ORDER BY id DESC LIMIT $2::int) e
LEFT JOIN events_entity s ON s.id = e.subnet_id
LEFT JOIN devices_device d ON d.entity = e.device_id
WHERE e.kind IN ('signin.succeeded', 'signin.failed') ORDER BY e.id DESC LIMIT $3::int
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """One act of the person's that did not simply go through."""

    id: UUID
    at: datetime
    kind: str
    outcome: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """One sign-in, or an attempt: when, from which part of the network, on what."""

    at: datetime
    succeeded: bool
    place: str | None
    platform: str | None


@dataclass(frozen=True, slots=True)
class InForce:
    """Something that is forbidden, held or asked at present, and what it is about."""

    restriction: Restriction
    order: Order | None = None
    withdrawal: Withdrawal | None = None

    @property
    def is_provable(self) -> bool:
        """Whether the person can end it with a proof of who they are."""
        one = self.restriction
        return one.kind == Kind.STEP_UP and one.lifts_by == LiftedBy.FACE

    @property
    def ends_by_itself(self) -> bool:
        """Whether it only takes time."""
        return self.restriction.until is not None


def judgements_of(user: User) -> list[Judged]:
    """Their own acts of late that were not plainly allowed, newest first: one query."""
    rows = sql.run(JUDGED, [user.entity_id, NEWEST, SHOWN])
    return [
        Judged(
            id,
            at,
            kind,
            outcome,
            told_user(live.compiled(policy) if policy else None, outcome=outcome, reasons=reasons),
        )
        for id, at, kind, outcome, reasons, policy, _degraded in rows
    ]


def sign_ins_of(user: User) -> list[SignIn]:
    """Sign-ins and attempts of late, newest first: one query."""
    return [SignIn(*row) for row in sql.run(SIGN_INS, [user.entity_id, NEWEST, SHOWN])]


def in_force(user: User, *, at: datetime) -> list[InForce]:
    """What binds the person, their open orders and withdrawals now: three queries."""
    orders = {
        order.entity: order
        for side in ("buyer", "seller")
        for order in Order.objects.filter(**{side: user}, status__in=LIVE).order_by("-id")[:SHOWN]
    }
    withdrawals = {
        row.entity: row
        for row in Withdrawal.objects.filter(user=user)
        .exclude(status__in=sorted(WITHDRAWAL.terminal))
        .select_related("asset")
        .order_by("-id")[:SHOWN]
    }
    subjects = [user.entity_id, *orders, *withdrawals]
    found = restrictions.live_of(subjects, at=at).order_by("-imposed_at", "id")
    return [
        InForce(one, orders.get(one.subject_id), withdrawals.get(one.subject_id)) for one in found
    ]
