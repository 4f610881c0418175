"""The parts of a restriction by staff: what may be imposed by one person, and how it is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from apps.cases.carry_out import AUTOMATIC_CEILING_HOURS
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.statement import Statement
from apps.events.act import Party
from apps.events.models import Entity
from apps.flows import sessions, staff
from apps.restrictions import services
from apps.restrictions import write as restrictions_write
from apps.restrictions.models import Ability, Kind, LiftedBy, Restriction
from apps.restrictions.write import Imposition
from apps.risk.models import Decision, Result
from apps.users.models import User

#: Everything for longer than this is a ban, whatever it is called.
LONGEST_SUSPENSION = timedelta(hours=AUTOMATIC_CEILING_HOURS)
LONGEST = timedelta(days=366)
JUDGES = {
    Kind.DENY: Result.BLOCK,
    Kind.HOLD: Result.REVIEW,
    Kind.CAP: Result.LIMIT,
    Kind.STEP_UP: Result.STEP_UP,
    Kind.WARN: Result.ALLOW,
}

# The engine's own way of imposing, without its event: staff's carries the actor.
_PARTS = [part for part in restrictions_write.PARTS if "events_event" not in part]
WRITE = Statement("WITH " + ",\n".join(_PARTS) + "\nSELECT 1")


@dataclass(frozen=True, slots=True)
class Terms:
    """A restriction before it falls on somebody."""

    kind: Kind
    ability: Ability
    reason: str
    user_sentence: str
    until: datetime | None = None
    cap_usd: Decimal | None = None
    lifts_by: LiftedBy = LiftedBy.STAFF
    step: str = ""


def is_ban(restriction: Restriction) -> bool:
    """Whether it denies everything without end."""
    return (restriction.kind, restriction.ability, restriction.until) == ("DENY", "all", None)


def terms(
    *,
    at: datetime,
    kind: str,
    ability: str,
    reason: str,
    user_sentence: str,
    until: datetime | None,
    cap_usd: Decimal | None,
    lifts_by: str,
    step: str,
) -> Terms:
    """Return what one person may impose; Refused, field by field, otherwise."""
    wrong: dict[str, list[str]] = {}
    for field, value, known in (
        ("kind", kind, Kind.values),
        ("ability", ability, Ability.values),
        ("lifts_by", lifts_by, LiftedBy.values),
    ):
        if value not in known:
            wrong[field] = ["Choose one."]
    if not reason.strip():
        wrong["reason"] = ["Give a reason code, such as CHARGEBACK."]
    if len(user_sentence.strip()) < 10:
        wrong["user_sentence"] = ["The person reads this: write one whole sentence."]
    if (kind == Kind.CAP) != (cap_usd is not None):
        wrong["cap_usd"] = ["A cap, and nothing else, needs an amount."]
    elif cap_usd is not None and cap_usd < 0:
        wrong["cap_usd"] = ["An amount can't be negative."]
    if until is not None and not at < until <= at + LONGEST:
        wrong["until"] = ["Choose a moment in the next 366 days."]
    if lifts_by == LiftedBy.TIME and until is None:
        wrong["until"] = ["What time lifts needs an end."]
    if wrong:
        raise Refused("RESTRICTION_INCOMPLETE", 422, "Some fields need attention.", wrong)
    everything = (kind, ability) == (Kind.DENY, Ability.ALL)
    if everything and (until is None or until > at + LONGEST_SUSPENSION):
        raise Refused(
            "BAN_NEEDS_TWO",
            409,
            f"Everything for more than {LONGEST_SUSPENSION.days} days is a ban. "
            "It takes two people: propose it, and another one approves.",
        )
    return Terms(
        kind=Kind(kind),
        ability=Ability(ability),
        reason=reason.strip().upper().replace(" ", "_")[:40],
        user_sentence=user_sentence.strip()[:300],
        until=until,
        cap_usd=cap_usd,
        lifts_by=LiftedBy(lifts_by),
        step=step[:20],
    )


def imposed_by(
    *,
    by: User,
    at: datetime,
    subject: Entity,
    terms: Terms,
    note: str,
    approver: User | None = None,
    request_id: str | None = None,
) -> tuple[Restriction, Decision]:
    """Write the restriction, the decision that is its cause, and the event, under the lock."""
    same = Restriction.objects.filter(
        subject=subject, ability=terms.ability, kind=terms.kind, lifted_at=None
    )
    same.filter(until__lte=at).update(lifted_at=at, lifted_for="time is up")
    if (terms.kind, terms.ability, terms.until) == (Kind.DENY, Ability.ALL, None):
        # A suspension that was widened would keep its own cause: a ban has two names to it.
        same.update(lifted_at=at, lifted_for="became a ban", lifted_by=approver or by)
    id = uuid7(at)
    event = staff.write_event(
        "restriction.imposed",
        by=approver or by,
        at=at,
        subject=subject,
        data={
            "subject": str(subject.id),
            "ability": terms.ability,
            "kind": terms.kind,
            "reason": terms.reason,
            "cause": str(id),
            "until": terms.until.isoformat() if terms.until else None,
            "cap_usd": str(terms.cap_usd) if terms.cap_usd is not None else None,
        },
        request_id=request_id,
    )
    decision = staff.write_decision(
        id=id,
        event=event,
        at=at,
        outcome=JUDGES[terms.kind],
        reason=terms.reason,
        proposer=by,
        approver=approver,
        note=note,
    )
    one = Imposition(
        subject=subject.id,
        ability=terms.ability,
        kind=terms.kind,
        reason=terms.reason,
        user_sentence=terms.user_sentence,
        lifts_by=terms.lifts_by,
        cap_usd=terms.cap_usd,
        until=terms.until,
        step=terms.step,
    )
    WRITE.run({"at": at, **restrictions_write.params([one], cause=id, at=at)})
    if sessions.shuts_out(kind=terms.kind, ability=terms.ability):
        sessions.end(Party(subject.kind, subject.scope, subject.ref))
    return same.get(), decision


def lift_all(
    restrictions: Sequence[Restriction],
    *,
    by: User,
    at: datetime,
    reason: str,
) -> list[UUID]:
    """End restrictions that are still in force, with an event each; return which were."""
    ended = []
    for restriction in restrictions:
        try:
            services.lift(restriction=restriction, by=by, reason=reason, at=at)
        except Refused as refused:
            if refused.code != "RESTRICTION_ENDED":
                raise
        else:
            ended.append(restriction.pk)
    return ended
