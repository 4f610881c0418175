"""What the clock does for wallets; whatever a missed beat left undone, the next one does."""

from datetime import datetime, timedelta

from django.conf import settings

from apps.core.errors import Refused
from apps.flows import custody, deposits, flow, screening, withdrawal_steps
from apps.flows.desk_sweeps import each
from apps.trades.custody import sandbox
from apps.trades.models import Deposit, SandboxTransfer, Withdrawal
from apps.trades.states import DepositStatus, WithdrawalStatus

BATCH, FEW = 200, 20
#: How far back the sandbox's chain is read: longer than any outage that it is meant for.
SANDBOX_MEMORY = timedelta(days=7)


def all_due(*, at: datetime) -> int:
    """Everything below, in the order of the way out; how many moved."""
    moved = receive(at=at) + screen(at=at) + resume(at=at)
    return moved + each(custody.due(at=at), lambda id: custody.work(id=id, at=at))


def resume(*, at: datetime) -> int:
    """Let withdrawals go on whose waits are over, or end them."""
    due = withdrawal_steps.due(at=at)
    return each(due, lambda one: withdrawal_steps.resume(withdrawal=one, at=at))


def screen(*, at: datetime) -> int:
    """Ask the providers about what waits for them, outside of every transaction."""
    if screening.is_local():
        return 0
    leaving = Withdrawal.objects.select_related("user", "asset").order_by("status_at")
    rows = [*leaving.filter(status=WithdrawalStatus.SCREENING)[:BATCH]]
    # What waits for a human anyhow moves by no answer; whoever reviews it should have one.
    rows += leaving.filter(status=WithdrawalStatus.UNDER_REVIEW, screened_at=None)[:FEW]
    moved = each(rows, lambda one: _screen_withdrawal(one, at=at))
    arriving = Deposit.objects.filter(status=DepositStatus.QUARANTINED, wait_until__isnull=False)
    found = arriving.select_related("user", "asset").order_by("status_at")[:BATCH]
    return moved + each(found, lambda one: _screen_deposit(one, at=at))


def receive(*, at: datetime) -> int:
    """Report what came in on the sandbox's chain; other custodians report by themselves."""
    if settings.CUSTODY != "sandbox":
        return 0
    transfers = list(sandbox.incoming(since=at - SANDBOX_MEMORY))
    final = set(
        Deposit.objects.filter(tx_id__in=[one.tx_id for one in transfers])
        .exclude(status=DepositStatus.DETECTED)
        .values_list("tx_id", flat=True)
    )
    rows = [one for one in transfers if one.tx_id not in final]
    return each(rows, lambda one: _receive(one, at=at))


def _receive(transfer: SandboxTransfer, *, at: datetime) -> bool:
    try:
        deposits.report(
            asset=transfer.asset_id,
            address=transfer.address,
            tx_id=transfer.tx_id,
            output=0,
            amount=transfer.amount,
            confirmations=sandbox.blocks_since(transfer.at, at=at),
            sender=transfer.sender,
            at=at,
        )
    except Refused as refused:
        if refused.code != "NO_SUCH_ADDRESS":
            raise
        return False
    return True


def _screen_withdrawal(withdrawal: Withdrawal, *, at: datetime) -> bool:
    said = screening.screen(withdrawal_steps.subject_of(withdrawal), at=at)
    if said is None:
        return False
    with flow.transaction(withdrawal.user, at=at):
        withdrawal = withdrawal_steps.locked(withdrawal)
        if withdrawal.status not in (WithdrawalStatus.SCREENING, WithdrawalStatus.UNDER_REVIEW):
            return False
        withdrawal_steps.note_screening(withdrawal, said, at=at)
        return withdrawal_steps.advance(withdrawal, at=at)


def _screen_deposit(deposit: Deposit, *, at: datetime) -> bool:
    said = screening.screen(deposits.subject_of(deposit), at=at)
    return deposits.screened(deposit=deposit, said=said, at=at)
