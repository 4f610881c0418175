"""Verbs that write disputes: each step a compare-and-swap, each word encrypted.

The caller owns the transaction and holds the locks of both parties. Money moves elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.trades import states
from apps.trades.models import (
    Appeal,
    AppealKind,
    AppealOutcome,
    Attachment,
    Evidence,
    Fault,
    Order,
    Ruling,
    RulingStage,
)
from apps.trades.states import AppealState
from apps.users.models import User

ENDED = (AppealState.CLOSED, AppealState.WITHDRAWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an agent would decide: codes, amounts of a split, and words to both parties."""

    outcome: AppealOutcome
    reason: str
    fault: Fault
    finding: str
    buyer_amount: Decimal | None = None
    seller_amount: Decimal | None = None
    is_malicious: bool = False


def open_(
    *,
    id: UUID,
    order: Order,
    kind: AppealKind,
    opener: User | None,
    reason: str,
    statement: str | None,
    state: AppealState,
    phase_until: datetime,
    decide_by: datetime,
    received: Decimal | None = None,
    at: datetime,
) -> Appeal:
    """A new dispute; the database takes one open one per order."""
    appeal = Appeal(
        id=id,
        order=order,
        kind=kind,
        opener=opener,
        reason=reason,
        statement=statement,
        received=received,
        state=state,
        opened_at=at,
        phase_until=phase_until,
        decide_by=decide_by,
    )
    appeal.save(force_insert=True)
    return appeal


def step(appeal: Appeal, to: AppealState, **changes: Any) -> None:
    """Move a dispute on, from the state in hand and no other; STALE (409) when it has moved."""
    before = appeal.state
    if before != to and not states.APPEAL.allows(before, to):
        raise Refused(
            "APPEAL_STATE",
            409,
            f"This appeal is {AppealState(before).label}: that can't be done with it now.",
        )
    changes |= {"state": to}
    if Appeal.objects.filter(pk=appeal.pk, state=before).update(**changes) != 1:
        raise Refused("STALE", 409, "The appeal has moved on meanwhile. Reload and look again.")
    for name, value in changes.items():
        setattr(appeal, name, value)


def end(appeal: Appeal, to: AppealState, *, at: datetime) -> None:
    """Close or withdraw a dispute; what an agent had proposed falls."""
    appeal.rulings.filter(stage=RulingStage.PENDING).update(stage=RulingStage.DROPPED)
    step(appeal, to, closed_at=at, phase_until=None)


def settled_by_parties(order: Order, *, at: datetime) -> None:
    """The seller has released after all: nothing is left to decide.

    What was decided already stays so; the clock closes it when its time to object is over.
    """
    appeal = (
        Appeal.objects.select_for_update()
        .filter(order=order, carried_out_at=None)
        .exclude(state__in=ENDED)
        .first()
    )
    if appeal is None:
        return
    if appeal.state == AppealState.DECIDED:
        step(appeal, AppealState.DECIDED, carried_out_at=at)
    else:
        end(appeal, AppealState.CLOSED, at=at)


def ask(
    appeal: Appeal, *, party: User, by: User, what: str, words: str, due_at: datetime, at: datetime
) -> Evidence:
    """The agent asks a party for something, until then."""
    return _evidence(appeal, party=party, asked_by=by, what=what, words=words, due_at=due_at, at=at)


def show(
    appeal: Appeal,
    *,
    party: User,
    what: str,
    words: str,
    attachment: Attachment | None,
    at: datetime,
) -> Evidence:
    """A party shows something: the answer to the oldest thing asked of this kind, or of its own."""
    asked = (
        Evidence.objects.select_for_update()
        .filter(appeal=appeal, party=party, what=what, shown_at=None)
        .order_by("at")
        .first()
    )
    if asked is None:
        return _evidence(
            appeal,
            party=party,
            what=what,
            words=words or None,
            attachment=attachment,
            shown_at=at,
            at=at,
        )
    asked.answer, asked.attachment, asked.shown_at = words or None, attachment, at
    asked.save(update_fields=["answer", "attachment", "shown_at"])
    return asked


def rule(
    appeal: Appeal, *, by: User, terms: Terms, needs_approval: bool, after_objection: bool,
    at: datetime,
) -> Ruling:  # fmt: skip
    """Write what an agent decides; where one person is enough it stands."""
    row = Ruling(
        id=uuid7(at),
        appeal=appeal,
        by=by,
        at=at,
        outcome=terms.outcome,
        reason=terms.reason,
        fault=terms.fault,
        is_malicious=terms.is_malicious,
        buyer_amount=terms.buyer_amount,
        seller_amount=terms.seller_amount,
        finding=terms.finding,
        after_objection=after_objection,
        needs_approval=needs_approval,
        stage=RulingStage.PENDING if needs_approval else RulingStage.STANDS,
    )
    row.save(force_insert=True)
    return row


def answered(
    ruling: Ruling, stage: RulingStage, *, by: User, note: str | None = None, at: datetime
) -> None:
    """A second person lets a ruling stand, or sends it back with a note."""
    taken = Ruling.objects.filter(pk=ruling.pk, stage=RulingStage.PENDING).update(
        stage=stage, second=by, second_at=at
    )
    if not taken:
        raise Refused("DECIDED_ALREADY", 409, "Somebody else has answered this decision.")
    ruling.stage, ruling.second, ruling.second_at = stage, by, at
    if note:
        ruling.note = note
        ruling.save(update_fields=["note"])


def stand(
    appeal: Appeal, ruling: Ruling, *, penalties: list[str], phase_until: datetime, at: datetime
) -> None:
    """What was ruled is from now on what was decided."""
    step(
        appeal,
        AppealState.DECIDED,
        outcome=ruling.outcome,
        outcome_reason=ruling.reason,
        fault=ruling.fault,
        is_malicious=ruling.is_malicious,
        buyer_amount=ruling.buyer_amount,
        seller_amount=ruling.seller_amount,
        penalties=penalties,
        decided_by=ruling.by,
        decided_at=at,
        needs_approval=ruling.needs_approval,
        approved_by=ruling.second,
        approved_at=ruling.second_at,
        phase_until=phase_until,
    )
    appeal.finding = ruling.finding
    appeal.save(update_fields=["finding"])


def object_(
    appeal: Appeal,
    *,
    by: User,
    statement: str,
    phase_until: datetime,
    decide_by: datetime,
    at: datetime,
) -> None:
    """The losing party objects, once; somebody else looks at it anew."""
    step(
        appeal,
        AppealState.OBJECTION,
        objection_by=by,
        objected_at=at,
        agent=None,
        taken_at=None,
        phase_until=phase_until,
        decide_by=decide_by,
    )
    appeal.objection = statement
    appeal.save(update_fields=["objection"])


def _evidence(appeal: Appeal, *, at: datetime, **fields: Any) -> Evidence:
    row = Evidence(id=uuid7(at), appeal=appeal, at=at, **fields)
    row.save(force_insert=True)
    return row
