"""Steps of a withdrawal: each a compare-and-swap under its owner's lock, each with its trace.

Money moves in the call that makes the step: out of AVAILABLE when it is asked for, to the network
when it is sent, back when it ends otherwise. What was settled before the ledger refuses.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.ledger import queries as ledger_queries
from apps.ledger import services as ledger
from apps.ledger.models import Entry, EntryKind
from apps.trades import states
from apps.trades.models import AddressBookEntry, Withdrawal, WithdrawalStep
from apps.trades.services import addresses
from apps.trades.services.talk import notify
from apps.trades.states import WithdrawalStatus
from apps.users.models import User


def open_(
    *,
    id: UUID,
    user: User,
    entry: AddressBookEntry,
    amount: Decimal,
    usd: Decimal,
    asset: Any,
    travel_rule: str | None,
    cool_until: datetime | None,
    decision: UUID,
    blocked: bool,
    at: datetime,
) -> Withdrawal:
    """A new withdrawal, its money in WITHDRAW_PENDING (J9); a blocked one holds nothing."""
    withdrawal = Withdrawal(
        id=id,
        user=user,
        asset=asset,
        amount=amount,
        fee=asset.withdrawal_fee,
        usd=usd,
        entry=entry,
        address=entry.address,
        destination=entry.destination,
        travel_rule=travel_rule,
        status=WithdrawalStatus.REJECTED if blocked else WithdrawalStatus.REQUESTED,
        requested_at=at,
        status_at=at,
        cool_until=cool_until,
        decision=decision,
        reject_reason="BLOCKED" if blocked else "",
        ended_at=at if blocked else None,
    )
    withdrawal.save(force_insert=True)
    _trace(withdrawal, before="", actor=user, at=at, reason=withdrawal.reject_reason)
    if not blocked:
        ledger.request_withdrawal(**_money(withdrawal, at=at, by=user))
        addresses.used(entry.pk, at=at)
    return withdrawal


def step(
    withdrawal: Withdrawal,
    to: WithdrawalStatus,
    *,
    at: datetime,
    actor: User | None = None,
    reason: str = "",
    **changes: Any,
) -> None:
    """Move a withdrawal on from the state in hand and no other; no money moves here.

    WITHDRAWAL_STATE (409) where there is no such step, STALE (409) when it has moved since.
    """
    before = withdrawal.status
    if not states.WITHDRAWAL.allows(before, to):
        raise Refused(
            "WITHDRAWAL_STATE",
            409,
            f"This withdrawal is {WithdrawalStatus(before).label}: that can't be done with it now.",
        )
    changes = {"wait_until": None} | changes | {"status": to, "status_at": at}
    if Withdrawal.objects.filter(pk=withdrawal.pk, status=before).update(**changes) != 1:
        raise Refused("STALE", 409, "The withdrawal has moved on meanwhile. Reload and look again.")
    for name, value in changes.items():
        setattr(withdrawal, name, value)
    _trace(withdrawal, before=before, actor=actor, at=at, reason=reason)


def end(
    withdrawal: Withdrawal,
    to: WithdrawalStatus,
    *,
    at: datetime,
    by: User | None,
    reason: str,
) -> None:
    """REJECTED, CANCELLED or FAILED: all of it goes back to its owner, once.

    What was sent and never confirmed is taken back by its reverse first.
    """
    if withdrawal.status == WithdrawalStatus.BROADCAST:
        sent = ledger_queries.entries_of(withdrawal.pk).filter(kind=EntryKind.J9_BROADCAST)
        ledger.correct(entry=sent.get(), reason=reason, at=at, by=by)
    step(withdrawal, to, at=at, actor=by, reason=reason, ended_at=at, reject_reason=reason)
    ledger.return_withdrawal(**_money(withdrawal, at=at, by=by), reason=reason)
    notify(
        withdrawal.user,
        f"WITHDRAWAL_{to}",
        at=at,
        withdrawal=str(withdrawal.pk),
        why=reason,
    )


def sent(
    withdrawal: Withdrawal,
    *,
    tx_id: str,
    network_fee: Decimal | None,
    confirmations: int,
    ask_at: datetime,
    at: datetime,
) -> Entry:
    """It is on the network: WITHDRAW_PENDING → what the address receives, and the fee (J9)."""
    step(
        withdrawal,
        WithdrawalStatus.BROADCAST,
        at=at,
        tx_id=tx_id,
        network_fee=network_fee,
        confirmations=confirmations,
        next_send_at=ask_at,
    )
    entry = ledger.broadcast_withdrawal(
        **_money(withdrawal, at=at, by=None), network_fee=withdrawal.fee
    )
    notify(withdrawal.user, "WITHDRAWAL_SENT", at=at, withdrawal=str(withdrawal.pk))
    return entry


def confirmed(withdrawal: Withdrawal, *, confirmations: int, at: datetime) -> None:
    """The network has it for good."""
    step(
        withdrawal,
        WithdrawalStatus.CONFIRMED,
        at=at,
        confirmations=confirmations,
        next_send_at=None,
        ended_at=at,
    )
    notify(withdrawal.user, "WITHDRAWAL_CONFIRMED", at=at, withdrawal=str(withdrawal.pk))


def seen(withdrawal: Withdrawal, *, tx_id: str, confirmations: int) -> None:
    """How far the network has it; a transaction may be replaced by one of a higher fee."""
    confirmations = max(withdrawal.confirmations, confirmations)
    Withdrawal.objects.filter(pk=withdrawal.pk, status=WithdrawalStatus.BROADCAST).update(
        tx_id=tx_id, confirmations=confirmations
    )
    withdrawal.tx_id, withdrawal.confirmations = tx_id, confirmations


def claim(withdrawal: Withdrawal, *, at: datetime, lease: timedelta) -> None:
    """Whoever claims it sends it: APPROVED → PROCESSING, or the next attempt at a late one."""
    until = at + lease
    if withdrawal.status == WithdrawalStatus.APPROVED:
        step(withdrawal, WithdrawalStatus.PROCESSING, at=at, sends=1, next_send_at=until)
        return
    due = Withdrawal.objects.filter(
        pk=withdrawal.pk,
        status=WithdrawalStatus.PROCESSING,
        sends=withdrawal.sends,
        next_send_at__lte=at,
    )
    if due.update(sends=withdrawal.sends + 1, next_send_at=until) != 1:
        raise Refused("STALE", 409, "Somebody else sends this withdrawal.")
    withdrawal.sends, withdrawal.next_send_at = withdrawal.sends + 1, until


def ask_later(withdrawal: Withdrawal, *, until: datetime) -> None:
    """Whoever asks after it now is the only one until then."""
    Withdrawal.objects.filter(pk=withdrawal.pk, status=WithdrawalStatus.BROADCAST).update(
        next_send_at=until
    )


def screened(withdrawal: Withdrawal, *, answer: dict[str, Any], at: datetime) -> None:
    """Keep what the screening said."""
    Withdrawal.objects.filter(pk=withdrawal.pk).update(screening=answer, screened_at=at)
    withdrawal.screening, withdrawal.screened_at = answer, at


def detail(withdrawal: Withdrawal, *, travel_rule: str) -> None:
    """Keep the originator's and beneficiary's data, encrypted."""
    withdrawal.travel_rule = travel_rule
    withdrawal.save(update_fields=["travel_rule"])


def _money(withdrawal: Withdrawal, *, at: datetime, by: User | None) -> dict[str, Any]:
    return {
        "withdrawal": withdrawal.pk,
        "user": withdrawal.user,
        "asset": withdrawal.asset,
        "amount": withdrawal.amount,
        "at": at,
        "by": by,
    }


def _trace(
    withdrawal: Withdrawal, *, before: str, actor: User | None, at: datetime, reason: str
) -> None:
    WithdrawalStep.objects.create(
        id=uuid7(at),
        withdrawal=withdrawal,
        at=at,
        actor=actor,
        before=before,
        after=withdrawal.status,
        reason=reason[:40],
    )
