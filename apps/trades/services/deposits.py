"""Steps of a deposit: seen, final and in quarantine, screened, credited or sent back."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.core import money
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.ledger import services as ledger
from apps.ledger.models import Asset
from apps.trades import states
from apps.trades.models import Deposit
from apps.trades.services.talk import notify
from apps.trades.states import DepositStatus
from apps.users.models import User


def detect(
    *,
    user: User,
    asset: Asset,
    amount: Decimal,
    usd: Decimal,
    tx_id: str,
    output: int,
    address: str,
    sender: str,
    at: datetime,
) -> Deposit:
    """Something is on its way to a person; nothing is theirs yet."""
    deposit = Deposit(
        id=uuid7(at),
        user=user,
        asset=asset,
        amount=amount,
        usd=usd,
        tx_id=tx_id,
        output=output,
        address=address,
        sender=sender,
        status=DepositStatus.DETECTED,
        detected_at=at,
        status_at=at,
    )
    deposit.save(force_insert=True)
    _tell(deposit, "DEPOSIT_DETECTED", at=at)
    return deposit


def seen(deposit: Deposit, *, confirmations: int) -> None:
    """How far the network has it; never backwards."""
    deposit.confirmations = max(deposit.confirmations, confirmations)
    Deposit.objects.filter(pk=deposit.pk).update(confirmations=deposit.confirmations)


def arrive(deposit: Deposit, *, wait_until: datetime, at: datetime) -> None:
    """It is final: HOT_WALLET → QUARANTINE until it is screened."""
    _step(deposit, DepositStatus.QUARANTINED, at=at, wait_until=wait_until)
    ledger.deposit(**_money(deposit, at=at, by=None))


def credit(deposit: Deposit, *, at: datetime, by: User | None = None, note: str = "") -> None:
    """QUARANTINE → AVAILABLE: it is the person's to use."""
    _step(deposit, DepositStatus.CREDITED, at=at, decided_by=by, note=note)
    ledger.clear_deposit(**_money(deposit, at=at, by=by))
    _tell(deposit, "DEPOSIT_CREDITED", at=at)


def send_back(deposit: Deposit, *, at: datetime, by: User, note: str) -> None:
    """QUARANTINE → HOT_WALLET: it goes back to where it came from."""
    _step(deposit, DepositStatus.RETURNED, at=at, decided_by=by, note=note)
    ledger.return_deposit(**_money(deposit, at=at, by=by))
    _tell(deposit, "DEPOSIT_RETURNED", at=at)


def drop(deposit: Deposit, *, at: datetime) -> None:
    """The network has forgotten it before it was final."""
    _step(deposit, DepositStatus.DROPPED, at=at)
    _tell(deposit, "DEPOSIT_DROPPED", at=at)


def screened(deposit: Deposit, *, answer: dict[str, Any] | None, at: datetime) -> None:
    """Keep what the screening said; it waits for a human from now on, unless it is credited."""
    Deposit.objects.filter(pk=deposit.pk).update(screening=answer, screened_at=at, wait_until=None)
    deposit.screening, deposit.screened_at, deposit.wait_until = answer, at, None


def _step(deposit: Deposit, to: DepositStatus, *, at: datetime, **changes: Any) -> None:
    before = deposit.status
    if not states.DEPOSIT.allows(before, to):
        raise Refused(
            "DEPOSIT_STATE",
            409,
            f"This deposit is {DepositStatus(before).label}: that can't be done with it now.",
        )
    changes = {"wait_until": None} | changes | {"status": to, "status_at": at}
    if Deposit.objects.filter(pk=deposit.pk, status=before).update(**changes) != 1:
        raise Refused("STALE", 409, "The deposit has moved on meanwhile. Reload and look again.")
    for name, value in changes.items():
        setattr(deposit, name, value)


def _tell(deposit: Deposit, code: str, *, at: datetime) -> None:
    notify(
        deposit.user,
        code,
        at=at,
        deposit=str(deposit.pk),
        asset=deposit.asset_id,
        amount=money.short(deposit.amount),
    )


def _money(deposit: Deposit, *, at: datetime, by: User | None) -> dict[str, Any]:
    return {
        "deposit": deposit.pk,
        "user": deposit.user,
        "asset": deposit.asset,
        "amount": deposit.amount,
        "at": at,
        "by": by,
    }
