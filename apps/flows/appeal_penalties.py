"""What a fault costs: the lines of the published matrix that a decision calls for, and no others.

Each falls on its person as a restriction by staff with a reason, a sentence and an end; none is for
good: a ban is for two people and never follows from a table.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.events.models import Entity
from apps.flows import restricting
from apps.restrictions.models import LiftedBy, Restriction
from apps.trades.models import Appeal, AppealReason, Penalty, Ruling, Verdict
from apps.trades.queries import appeals as appeals_of
from apps.users.models import User

#: A line for bad faith names no reasons: it follows from the agent's word alone.
APPELLANT = "APPELLANT"


def called_for(appeal: Appeal, ruling: Ruling) -> list[Penalty]:
    """The lines that fall on somebody by this decision."""
    faulty = set(appeals_of.FAULTY[ruling.fault])  # type: ignore[index]
    forged = _who_forged(appeal)
    return [
        line
        for line in Penalty.objects.filter(is_active=True).order_by("code")
        if (line.falls_on == APPELLANT and ruling.is_malicious)
        or (line.falls_on in faulty and ruling.reason in line.reasons)
        or (line.falls_on in forged and AppealReason.FAKE_RECEIPT in line.reasons)
    ]


def impose(
    appeal: Appeal, lines: Iterable[Penalty], *, by: User, second: User | None, at: datetime
) -> None:
    """Let each line fall on its person, by how often it has before."""
    for line in lines:
        user = _on(appeal, line)
        step = step_of(line, before=appeals_of.offences(line, user=user, at=at, but=appeal))
        subject = Entity.objects.get(pk=user.entity_id)
        for ability in step["abilities"]:
            restricting.imposed_by(
                by=by,
                approver=second,
                at=at,
                subject=subject,
                terms=_terms(line, step, ability, at=at),
                note=f"appeal {appeal.pk}",
            )


def undo(appeal: Appeal, *, by: User, at: datetime) -> None:
    """Lift what the first decision imposed: the one after the objection says what holds."""
    stood_at = appeal.approved_at or appeal.decided_at
    assert stood_at is not None
    imposed = Restriction.objects.filter(
        subject__in=[appeal.order.buyer.entity_id, appeal.order.seller.entity_id],
        reason__in=appeal.penalties,
        imposed_at=stood_at,
        lifted_at=None,
    )
    restricting.lift_all(list(imposed), by=by, at=at, reason="an objection was decided")


def step_of(line: Penalty, *, before: int) -> dict[str, Any]:
    """The step of a line after so many offences; the last one repeats."""
    step: dict[str, Any] = line.steps[min(before, len(line.steps) - 1)]
    return step


def _terms(line: Penalty, step: dict[str, Any], ability: str, *, at: datetime) -> restricting.Terms:
    cap = step.get("cap_usd")
    return restricting.terms(
        at=at,
        kind=step["kind"],
        ability=ability,
        reason=line.code,
        user_sentence=line.sentence,
        until=at + timedelta(hours=step["hours"]),
        cap_usd=Decimal(cap) if cap else None,
        lifts_by=LiftedBy.TIME,
        step="",
    )


def _on(appeal: Appeal, line: Penalty) -> User:
    if line.falls_on == APPELLANT:
        assert appeal.opener is not None
        return appeal.opener
    return appeal.order.buyer if line.falls_on == "BUYER" else appeal.order.seller


def _who_forged(appeal: Appeal) -> set[str]:
    fakes = appeal.evidence.filter(verdict=Verdict.FAKE).values_list("party", flat=True)
    buyer = appeal.order.buyer_id
    return {"BUYER" if party == buyer else "SELLER" for party in fakes}
