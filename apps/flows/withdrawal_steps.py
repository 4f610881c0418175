"""How a withdrawal goes on: from wait to wait, each left only when what it waits for has happened.

SCREENING stands in the middle: whatever is waited for leads back there, and all is asked again, in
one order: does anything hold it · is it cool · do the data travel along · is the address clear ·
has a human to say more. Only what passes all of it in one go is APPROVED.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from apps.flows import flow, held, screening
from apps.flows.screening import Screening, Subject
from apps.flows.withdrawal_terms import cool_down
from apps.restrictions import services as restricting
from apps.restrictions.models import Kind, Restriction
from apps.trades import travel_rule
from apps.trades.models import Withdrawal, WithdrawalStep
from apps.trades.services import withdrawals
from apps.trades.services.talk import notify
from apps.trades.states import WithdrawalStatus
from apps.users.models import User

#: How long a person has to prove themselves, and to hand in what travels along.
PROOF_TIME = timedelta(minutes=15)
DETAILS_TIME = timedelta(days=7)
#: What screening said counts for so long.
FRESH = timedelta(hours=1)
S = WithdrawalStatus
WAITING = (
    S.REQUESTED,
    S.SCREENING,
    S.CHALLENGED,
    S.COOLING_OFF,
    S.UNDER_REVIEW,
    S.TRAVEL_RULE_PENDING,
)


@dataclass(frozen=True, slots=True)
class Wait:
    """Where a withdrawal stands now, why, and until when at most."""

    status: WithdrawalStatus
    code: str
    until: datetime | None = None


def due(*, at: datetime) -> list[Withdrawal]:
    """The withdrawals that may go on or end now, those that wait longest first.

    All that are held are looked at, for staff may have cleared or confirmed any of them.
    """
    by_the_clock = Q(status__in=[S.COOLING_OFF, S.TRAVEL_RULE_PENDING], wait_until__lte=at)
    asked = Q(status__in=[S.REQUESTED, S.SCREENING, S.CHALLENGED, S.UNDER_REVIEW])
    found = Withdrawal.objects.filter(by_the_clock | asked)
    return list(found.select_related("user").order_by("status_at"))


def waiting_for(user: User) -> list[Withdrawal]:
    """The withdrawals that wait for a proof of this person, among them those held beside it."""
    found = Withdrawal.objects.filter(status__in=[S.CHALLENGED, S.UNDER_REVIEW], user=user)
    rows = list(found.select_related("user", "asset"))
    asked = Restriction.objects.filter(
        subject__in=[one.entity for one in rows], kind=Kind.STEP_UP, lifted_at=None
    )
    of = set(asked.values_list("subject_id", flat=True))
    return [one for one in rows if one.status == S.CHALLENGED or one.entity in of]


@flow.deed
def resume(*, withdrawal: Withdrawal, at: datetime) -> bool:
    """Let a withdrawal go on that nothing keeps any more, or end it; False when it waits on."""
    with flow.transaction(withdrawal.user, at=at):
        return advance(locked(withdrawal), at=at)


@flow.deed
def proven(*, withdrawal: Withdrawal, at: datetime) -> bool:
    """Its owner has proven to be themselves: it is noted, and the withdrawal goes on."""
    with flow.transaction(withdrawal.user, at=at):
        fresh = locked(withdrawal)
        was = fresh.status
        moved = was in (S.CHALLENGED, S.UNDER_REVIEW) and advance(fresh, at=at)
        if moved or was == S.UNDER_REVIEW:
            Withdrawal.objects.filter(pk=fresh.pk).update(proven_at=at)
    return moved


@flow.deed
def failed(*, withdrawal: Withdrawal, for_good: bool, at: datetime) -> bool:
    """Its owner's face check failed: rejected `for_good`, or left to the open case; if it moved."""
    with flow.transaction(withdrawal.user, at=at):
        fresh = locked(withdrawal)
        if fresh.status != S.CHALLENGED or fresh.status_at > at:
            return False
        if for_good:
            end(fresh, S.REJECTED, by=None, reason="CHECK_FAILED", at=at)
            return True
        return advance(fresh, at=at)


def locked(withdrawal: Withdrawal) -> Withdrawal:
    """The withdrawal as it is now, its row locked; its owner's lock is held already."""
    rows = Withdrawal.objects.select_for_update(of=("self",))
    return rows.select_related("user", "asset", "entry").get(pk=withdrawal.pk)


def advance(
    withdrawal: Withdrawal, *, at: datetime, held_by: set[str] | None = None, new: bool = False
) -> bool:
    """Take a withdrawal as far as it may go now; whether it moved.

    `held_by` names what is about to hold it, where that is not written yet.
    """
    if withdrawal.status not in WAITING:
        return False
    if new and screening.is_local() and (said := screening.screen(subject_of(withdrawal), at=at)):
        # Whoever reviews it sees what is known of the address.
        note_screening(withdrawal, said, at=at)
    kinds = held_by or held.kinds_held(withdrawal.entity, withdrawal.user, "withdraw", at=at)
    if not new and (why := _ends(withdrawal, kinds, at=at)):
        end(withdrawal, S.REJECTED, by=None, reason=why, at=at)
        return True
    wait = _wait(withdrawal, kinds, at=at)
    if wait.status == withdrawal.status:
        _waits_on(withdrawal, wait)
        return False
    if withdrawal.status != S.SCREENING:
        withdrawals.step(
            withdrawal,
            S.SCREENING,
            at=at,
            wait_until=at + timedelta(minutes=settings.SCREENING_MINUTES),
        )
    if wait.status != S.SCREENING:
        _enter(withdrawal, wait, at=at)
    return True


def end(
    withdrawal: Withdrawal, to: WithdrawalStatus, *, by: User | None, reason: str, at: datetime
) -> None:
    """End a withdrawal: its money goes back, and nobody is asked for a proof any more."""
    withdrawals.end(withdrawal, to, at=at, by=by, reason=reason)
    restricting.end_step_ups(subject=withdrawal.entity, at=at)


def note_screening(withdrawal: Withdrawal, said: Screening, *, at: datetime) -> None:
    """Keep what screening said of a withdrawal's address."""
    withdrawals.screened(withdrawal, answer=said.as_json(), at=at)


def subject_of(withdrawal: Withdrawal) -> Subject:
    """What screening is asked about."""
    return Subject(
        address=withdrawal.address,
        network=withdrawal.asset.network,
        asset=withdrawal.asset_id,
        direction="OUT",
        usd=withdrawal.usd,
    )


def _ends(withdrawal: Withdrawal, kinds: set[str], *, at: datetime) -> str:
    """Why it ends here, or nothing."""
    late = withdrawal.wait_until is not None and withdrawal.wait_until <= at
    if held.confirmed(withdrawal.decision):
        return "RISK"
    if withdrawal.status == S.CHALLENGED and late and kinds:
        return "CHECK_LATE"
    if withdrawal.status == S.TRAVEL_RULE_PENDING and late and not withdrawal.travel_rule:
        return "DETAILS_LATE"
    if not kinds and not withdrawal.approved_by_id and held.unjudged(withdrawal.decision):
        # Nobody has looked: it may be asked for again, and is judged then.
        return "NOT_JUDGED"
    return ""


def _wait(withdrawal: Withdrawal, kinds: set[str], *, at: datetime) -> Wait:
    if kinds == {Kind.STEP_UP}:
        return Wait(S.CHALLENGED, "PROOF_NEEDED", at + PROOF_TIME)
    if kinds:
        return Wait(S.UNDER_REVIEW, "HELD")
    if (withdrawal.screening or {}).get("sanctioned"):
        # Nobody's approval counts against that: it can only be rejected.
        return Wait(S.UNDER_REVIEW, "SCREENING_HIT")
    cool = cool_down(user=withdrawal.user, entry=withdrawal.entry, at=at)
    if cool:
        return Wait(S.COOLING_OFF, cool.code, cool.until)
    needed = travel_rule.is_needed(
        user=withdrawal.user, destination=withdrawal.destination, usd=withdrawal.usd
    )
    if needed and not withdrawal.travel_rule:
        return Wait(S.TRAVEL_RULE_PENDING, "DETAILS_NEEDED", at + DETAILS_TIME)
    if withdrawal.approved_by_id is None:
        if withdrawal.takes_two:
            return Wait(S.UNDER_REVIEW, "SECOND_PAIR")
        if withdrawal.status == S.UNDER_REVIEW and _reviewed_for(withdrawal) != "HELD":
            return Wait(S.UNDER_REVIEW, "SCREENING")
        if found := _unclear(withdrawal, at=at):
            return found
    return Wait(S.APPROVED, "CLEARED")


def _unclear(withdrawal: Withdrawal, *, at: datetime) -> Wait | None:
    """What screening has against it: nothing said yet, nothing in time, or something found."""
    fresh = withdrawal.screened_at is not None and withdrawal.screened_at > at - FRESH
    if not fresh and screening.is_local():
        said = screening.screen(subject_of(withdrawal), at=at)
        if said is None:
            return Wait(S.UNDER_REVIEW, "SCREENING_FAILED")
        note_screening(withdrawal, said, at=at)
        fresh = True
    if not fresh:
        asked = withdrawal.status == S.SCREENING
        if asked and withdrawal.wait_until is not None and withdrawal.wait_until <= at:
            return Wait(S.UNDER_REVIEW, "SCREENING_LATE")
        return Wait(S.SCREENING, "SCREENING")
    if not (withdrawal.screening or {}).get("clear"):
        return Wait(S.UNDER_REVIEW, "SCREENING_HIT")
    return None


def _waits_on(withdrawal: Withdrawal, wait: Wait) -> None:
    """A cool-down may have become longer, by another change, or shorter."""
    if wait.status == S.COOLING_OFF and wait.until != withdrawal.wait_until:
        changes = {"wait_until": wait.until, "cool_until": wait.until}
        Withdrawal.objects.filter(pk=withdrawal.pk, status=S.COOLING_OFF).update(**changes)


def _enter(withdrawal: Withdrawal, wait: Wait, *, at: datetime) -> None:
    changes: dict[str, Any] = {}
    if wait.status == S.COOLING_OFF:
        changes["cool_until"] = wait.until
    elif wait.status == S.APPROVED and withdrawal.cool_until and withdrawal.cool_until > at:
        # What it cooled off for is over early: control of the address was shown.
        changes["cool_until"] = at
    elif wait.status == S.UNDER_REVIEW and takes_two(withdrawal):
        changes["takes_two"] = True
    withdrawals.step(
        withdrawal, wait.status, at=at, reason=wait.code, wait_until=wait.until, **changes
    )
    if wait.status != S.APPROVED:
        until = wait.until.isoformat() if wait.until else None
        notify(
            withdrawal.user,
            f"WITHDRAWAL_{wait.status}",
            at=at,
            withdrawal=str(withdrawal.pk),
            why=wait.code,
            until=until,
        )


def takes_two(withdrawal: Withdrawal) -> bool:
    """Whether one of staff is not enough to let it go."""
    return withdrawal.takes_two or withdrawal.usd >= settings.WITHDRAWAL_SECOND_PAIR_USD


def _reviewed_for(withdrawal: Withdrawal) -> str:
    last = WithdrawalStep.objects.filter(withdrawal=withdrawal, after=S.UNDER_REVIEW)
    step = last.order_by("-id").first()
    return step.reason if step else ""
