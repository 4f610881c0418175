"""What staff decide about people: judge a decision, restrict, lift, ban by two, close a case.

Each deed checks the role, locks its subject, and leaves an event with the member of staff as actor.
Where something is judged, a Decision by STAFF is written beside it; free text stays in rows, never
in events.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.cases.models import Case, Outcome, Queue, Status
from apps.core import locks, partitions
from apps.core.errors import Refused
from apps.events.models import Entity
from apps.flows import bans, restricting, staff
from apps.flows.bans import approve, propose_ban, propose_unban, reject, withdraw
from apps.flows.lists import add_to_list, take_off_list
from apps.flows.restricting import imposed_by, lift_all
from apps.flows.silence import snooze_rule, wake_rule
from apps.restrictions.models import LiftedBy, Restriction
from apps.risk.models import Decision, Maker, Result
from apps.screening.models import Hit, HitState
from apps.users import roles
from apps.users.models import DESK, User
from apps.users.roles import Deed

__all__ = [
    "add_to_list",
    "approve",
    "close_case",
    "decide",
    "impose",
    "lift",
    "propose_ban",
    "propose_unban",
    "reject",
    "snooze_rule",
    "supersede",
    "take_case",
    "take_off_list",
    "wake_rule",
    "withdraw",
]

#: What staff may say of a decision, and the code under which it is kept.
VERDICTS = {
    Result.ALLOW: "STAFF_CLEARED",
    Result.LIMIT: "STAFF_LIMITED",
    Result.REVIEW: "STAFF_HOLDS",
    Result.BLOCK: "STAFF_CONFIRMED",
}


def impose(
    *,
    by: User,
    at: datetime,
    subject: Entity,
    kind: str,
    ability: str,
    reason: str,
    user_sentence: str,
    note: str,
    until: datetime | None = None,
    cap_usd: Decimal | None = None,
    lifts_by: str = LiftedBy.STAFF,
    step: str = "",
    request_id: str | None = None,
) -> Restriction:
    """Forbid one subject one thing; an equal restriction in force is widened, never doubled.

    Everything without end, or for longer than the longest suspension, is a ban: Refused here.
    """
    staff.may(by, Deed.IMPOSE_RESTRICTIONS)
    terms = restricting.terms(
        at=at,
        kind=kind,
        ability=ability,
        reason=reason,
        user_sentence=user_sentence,
        until=until,
        cap_usd=cap_usd,
        lifts_by=lifts_by,
        step=step,
    )
    note = staff.words(note, "note")
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        locks.hold(subject.id)
        return imposed_by(
            by=by, at=at, subject=subject, terms=terms, note=note, request_id=request_id
        )[0]


def lift(*, by: User, at: datetime, restriction: Restriction, reason: str) -> None:
    """End a restriction before its time; a ban takes two people and is Refused here."""
    staff.may(by, Deed.LIFT_RESTRICTIONS)
    reason = staff.words(reason, "reason", most=200)
    if restricting.is_ban(restriction):
        raise Refused(
            "UNBAN_NEEDS_TWO",
            409,
            "This is a ban. Ending it takes two people: propose it, and another one approves.",
        )
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        locks.hold(restriction.subject_id)
        if not lift_all([restriction], by=by, at=at, reason=reason):
            raise Refused("LIFTED_ALREADY", 409, "This restriction has ended already.")


def decide(
    *,
    by: User,
    at: datetime,
    decision: Decision,
    outcome: str,
    note: str,
    request_id: str | None = None,
) -> Decision:
    """Judge what the engine decided: a Decision by STAFF that supersedes it.

    ALLOW ends the restrictions that the decision caused: at once where the reviewer may lift, else
    when a second person approves.
    """
    staff.may(by, Deed.REVIEW_DECISIONS)
    if outcome not in VERDICTS:
        raise Refused("UNKNOWN_OUTCOME", 422, "Choose what you decide.", {"outcome": ["Choose."]})
    if decision.maker != Maker.ENGINE:
        raise Refused("NOT_THE_ENGINES", 409, "Only decisions of the engine are reviewed.")
    note = staff.words(note, "note")
    subject = _subject_of(decision)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        locks.hold(subject.id)
        return supersede(decision, subject, by, at, Result(outcome), note, request_id)


def close_case(
    *,
    by: User,
    at: datetime,
    case: Case,
    outcome: str,
    note: str,
    request_id: str | None = None,
) -> None:
    """Close a case: what came out judges the decision that raised it last."""
    staff.may(by, Deed.REVIEW_DECISIONS)
    if outcome not in Outcome.values:
        raise Refused("UNKNOWN_OUTCOME", 422, "Choose what came out.", {"outcome": ["Choose."]})
    note = staff.words(note, "note")
    if case.queue == Queue.SCREENING and _open_hits(case):
        raise Refused(
            "HITS_OPEN",
            409,
            "Decide first on each thing that was found on a list: the case closes with the last.",
        )
    judged = {Outcome.CONFIRMED: Result.BLOCK, Outcome.CLEARED: Result.ALLOW}.get(Outcome(outcome))
    decision = Decision.objects.filter(
        maker=Maker.ENGINE, pk__in=_known(case.last_decision)
    ).first()
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        locks.hold(case.subject_id)
        closed = Case.objects.filter(pk=case.pk, status=Status.OPEN).update(
            status=Status.CLOSED, outcome=outcome, closed_at=at
        )
        if not closed:
            raise Refused("CLOSED_ALREADY", 409, "Somebody else has closed this case.")
        staff.write_event(
            "case.closed",
            by=by,
            at=at,
            subject=case.subject,
            data={"case": str(case.id), "queue": case.queue, "outcome": outcome},
            request_id=request_id,
        )
        if judged and decision:
            supersede(decision, case.subject, by, at, judged, note, request_id)


def take_case(*, by: User, at: datetime, case: Case, request_id: str | None = None) -> None:
    """Make an open case one's own, so that nobody else works on it; Refused when another has it."""
    staff.may(by, Deed.REVIEW_DECISIONS)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        taken = Case.objects.filter(pk=case.pk, status=Status.OPEN, assignee=None).update(
            assignee=by
        )
        if not taken:
            raise Refused("TAKEN_ALREADY", 409, "Somebody has this case, or it is closed.")
        staff.write_event(
            "case.taken",
            by=by,
            at=at,
            subject=case.subject,
            data={"case": str(case.id)},
            request_id=request_id,
        )


def supersede(
    decision: Decision,
    subject: Entity,
    by: User,
    at: datetime,
    outcome: Result,
    note: str,
    request_id: str | None,
) -> Decision:
    """Judge a decision in the stead of the engine, inside the caller's transaction."""
    event = staff.write_event(
        "decision.reviewed",
        by=by,
        at=at,
        subject=subject,
        data={"decision": str(decision.id), "outcome": outcome},
        request_id=request_id,
    )
    verdict = staff.write_decision(
        event=event,
        at=at,
        outcome=outcome,
        reason=VERDICTS[outcome],
        proposer=by,
        supersedes=decision,
        note=note,
    )
    if outcome != Result.ALLOW:
        return verdict
    caused = Restriction.objects.select_related("subject").filter(cause=decision.id)
    held = [r for r in caused.filter(lifted_at=None) if not restricting.is_ban(r)]
    if held and roles.may(by, Deed.LIFT_RESTRICTIONS):
        lift_all(held, by=by, at=at, reason="cleared by review")
    elif held:
        bans.propose_lift(
            by=by,
            at=at,
            subject=subject,
            restrictions=held,
            decision=decision.id,
            note=note,
            request_id=request_id,
        )
    return verdict


def _open_hits(case: Case) -> bool:
    """Whether something of this person's that is on a list waits for a decision."""
    subject = case.subject
    if (subject.kind, subject.scope) != ("user", DESK):
        return False
    return Hit.objects.filter(user=subject.ref, state=HitState.OPEN).exists()


def _known(*ids: UUID | None) -> list[UUID]:
    return [id for id in ids if id is not None]


def _subject_of(decision: Decision) -> Entity:
    event = decision.event
    subject = None
    if event is not None:
        subject = event.user or event.device or event.ip
    if subject is None:
        raise Refused("NO_SUBJECT", 409, "This decision is about nobody whom we know.")
    return subject
