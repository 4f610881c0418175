"""What staff decide on withdrawals and deposits that wait for a human; it may take two."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apps.core.errors import Refused
from apps.events.models import Entity
from apps.flows import flow, restricting, staff
from apps.flows.deposits import credit
from apps.flows.deposits import locked as locked_deposit
from apps.flows.withdrawal_steps import advance, end, locked, takes_two
from apps.restrictions.models import Restriction
from apps.risk.models import Decision, Result
from apps.screening.models import Hit, HitState
from apps.trades.models import Deposit, Withdrawal
from apps.trades.services import deposits
from apps.trades.states import DepositStatus, WithdrawalStatus
from apps.users.models import User
from apps.users.roles import Deed


@flow.deed
def approve(*, by: User, withdrawal: Withdrawal, note: str, at: datetime) -> Withdrawal:
    """Clear a withdrawal that is under review: it goes on, through whatever else it waits for.

    Above a limit the first call proposes it, and somebody else's approves. What the engine's
    decision holds is lifted, on the withdrawal and on its owner.
    """
    note = _may(by, withdrawal.user, note)
    with flow.transaction(withdrawal.user, at=at):
        withdrawal = locked(withdrawal)
        if withdrawal.status != WithdrawalStatus.UNDER_REVIEW:
            raise Refused(
                "WITHDRAWAL_STATE",
                409,
                f"This withdrawal is {WithdrawalStatus(withdrawal.status).label}: "
                "nothing waits for you.",
            )
        if withdrawal.approved_by_id:
            raise Refused(
                "APPROVED_ALREADY",
                409,
                "This is approved. What still holds it lies on its owner: lift that first.",
            )
        if (withdrawal.screening or {}).get("sanctioned"):
            raise Refused(
                "SANCTIONED",
                409,
                "The address is under sanctions, which overrides everything: only reject it.",
            )
        if Hit.objects.filter(about=withdrawal.pk, state=HitState.OPEN).exists():
            raise Refused(
                "HIT_OPEN",
                409,
                "Somebody or something in this withdrawal may be on a list. Decide on that first, "
                "among the hits.",
            )
        rows = Withdrawal.objects.filter(pk=withdrawal.pk)
        if takes_two(withdrawal) and withdrawal.proposed_by_id is None:
            rows.update(takes_two=True, proposed_by=by, proposed_at=at, note=note)
            _event("withdrawal.proposed", withdrawal, by, at)
            withdrawal.refresh_from_db()
            return withdrawal
        if withdrawal.proposed_by_id == by.pk:
            raise Refused(
                "SECOND_PERSON_NEEDED", 403, "You proposed this: somebody else has to approve it."
            )
        rows.update(approved_by=by, approved_at=at, note=note)
        withdrawal.approved_by, withdrawal.approved_at = by, at
        _judge(withdrawal, Result.ALLOW, by=by, note=note, at=at)
        held = Restriction.objects.select_related("subject").filter(
            Q(subject=withdrawal.entity) | Q(cause=withdrawal.decision), lifted_at=None
        )
        lifted = [one for one in held if not restricting.is_ban(one)]
        restricting.lift_all(lifted, by=by, at=at, reason="withdrawal approved")
        advance(withdrawal, at=at)
    return withdrawal


@flow.deed
def reject(*, by: User, withdrawal: Withdrawal, note: str, at: datetime) -> Withdrawal:
    """Confirm what was suspected: the withdrawal ends and its money goes back to its owner."""
    note = _may(by, withdrawal.user, note)
    with flow.transaction(withdrawal.user, at=at):
        withdrawal = locked(withdrawal)
        if not withdrawal.is_cancellable:
            raise Refused(
                "WITHDRAWAL_STATE",
                409,
                f"This withdrawal is {WithdrawalStatus(withdrawal.status).label}: "
                "it can't be rejected any more.",
            )
        Withdrawal.objects.filter(pk=withdrawal.pk).update(note=note)
        _judge(withdrawal, Result.BLOCK, by=by, note=note, at=at)
        end(withdrawal, WithdrawalStatus.REJECTED, by=by, reason="STAFF", at=at)
        held = Restriction.objects.select_related("subject").filter(
            subject=withdrawal.entity, lifted_at=None
        )
        restricting.lift_all(list(held), by=by, at=at, reason="withdrawal rejected")
    return withdrawal


@flow.deed
def accept_deposit(*, by: User, deposit: Deposit, note: str, at: datetime) -> Deposit:
    """Credit a deposit whose screening left it to a human."""
    note = _may(by, deposit.user, note)
    with flow.transaction(deposit.user, at=at):
        deposit = _quarantined(deposit)
        if Hit.objects.filter(about=deposit.pk, state=HitState.OPEN).exists() and not (
            deposit.screening or {}
        ).get("sanctioned"):
            raise Refused(
                "HIT_OPEN", 409, "Its sender is on a list. Decide on that first, among the hits."
            )
        if (deposit.screening or {}).get("sanctioned"):
            raise Refused(
                "SANCTIONED",
                409,
                "What arrived is under sanctions, which overrides everything: it can't be "
                "credited. Freeze it, and ask the compliance officer.",
            )
        _event("deposit.accepted", deposit, by, at)
        credit(deposit, at=at, by=by, note=note)
    return deposit


@flow.deed
def return_deposit(*, by: User, deposit: Deposit, note: str, at: datetime) -> Deposit:
    """Book a deposit as sent back; the treasury sends the coins."""
    note = _may(by, deposit.user, note)
    with flow.transaction(deposit.user, at=at):
        deposit = _quarantined(deposit)
        _event("deposit.returned", deposit, by, at)
        deposits.send_back(deposit, at=at, by=by, note=note)
    return deposit


def _may(by: User, owner: User, note: str) -> str:
    staff.may(by, Deed.DECIDE_WITHDRAWALS)
    if by.pk == owner.pk:
        raise Refused("OWN_MONEY", 403, "This is your own: a colleague has to decide.")
    return staff.words(note, "note")


def _quarantined(deposit: Deposit) -> Deposit:
    deposit = locked_deposit(deposit)
    if deposit.status != DepositStatus.QUARANTINED:
        raise Refused(
            "DEPOSIT_STATE",
            409,
            f"This deposit is {DepositStatus(deposit.status).label}: nothing waits for you.",
        )
    return deposit


def _judge(withdrawal: Withdrawal, outcome: Result, *, by: User, note: str, at: datetime) -> None:
    """A decision by staff in the stead of the engine's, which learns from it."""
    verdict = "approved" if outcome == Result.ALLOW else "rejected"
    event = _event(f"withdrawal.{verdict}", withdrawal, by, at)
    proposer = withdrawal.proposed_by if outcome == Result.ALLOW else None
    staff.write_decision(
        event=event,
        at=at,
        outcome=outcome,
        reason="STAFF_CLEARED" if outcome == Result.ALLOW else "STAFF_CONFIRMED",
        proposer=proposer or by,
        approver=by if proposer else None,
        supersedes=Decision.objects.filter(pk__in=[withdrawal.decision]).first(),
        note=note,
    )


def _event(kind: str, about: Withdrawal | Deposit, by: User, at: datetime) -> UUID:
    return staff.write_event(
        kind,
        by=by,
        at=at,
        subject=Entity.objects.filter(pk=about.user.entity_id).first(),
        data={type(about).__name__.lower(): str(about.pk)},
    )
