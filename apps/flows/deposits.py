"""What arrives for people: reported by the custodian, final, screened, credited; counted once."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError

from apps.core import addresses, money
from apps.core.errors import Refused
from apps.flows import custody, flow, list_checks, own_acts, screening
from apps.flows.screening import Screening, Subject
from apps.ledger.models import Asset
from apps.screening.models import Role
from apps.trades import prices
from apps.trades.custody import NoAnswer
from apps.trades.models import Deposit, DepositAddress
from apps.trades.services import addresses as address_services
from apps.trades.services import deposits
from apps.trades.states import DepositStatus
from apps.users.models import User

LONGEST_TX, MOST_OUTPUTS, MOST_CONFIRMATIONS = 100, 2_000_000_000, 2_000_000_000


def address_of(*, actor: User, network: str, at: datetime) -> DepositAddress:
    """The person's own address for deposits of a network; the custodian gives it out once."""
    found = DepositAddress.objects.filter(user=actor, network=network[:16]).first()
    if found:
        return found
    asset = Asset.objects.filter(network=network[:20], is_active=True).order_by("code").first()
    if asset is None:
        sentence = "Choose one of the networks that this desk takes deposits on."
        raise Refused("UNKNOWN_NETWORK", 422, sentence, {"network": [sentence]})
    try:
        given = custody.custodian().give_address(user=actor.pk, asset=asset, at=at)
        address = addresses.canonical(given, address_format=asset.address_format)
        with flow.transaction(actor, at=at):
            return address_services.keep_deposit_address(
                user=actor, network=network, address=address, at=at
            )
    except (NoAnswer, IntegrityError) as fault:
        raise Refused(
            "ADDRESS_LATER",
            503,
            "No address can be given out right now. Try again in a minute.",
            retry_after=60,
        ) from fault


@flow.deed
def report(
    *,
    asset: str,
    address: str,
    tx_id: str,
    output: int,
    amount: Decimal,
    confirmations: int,
    sender: str = "",
    dropped: bool = False,
    at: datetime,
) -> Deposit:
    """Note what the custodian sees arrive; it goes as far as it may. Counted once, however often.

    `dropped`: the network has forgotten it. Refused: NO_SUCH_ADDRESS (404) for an address that is
    nobody's, DEPOSIT_DIFFERS (409) where the same output was reported otherwise.
    """
    coin = Asset.objects.filter(pk=asset[:16]).first()
    if coin is None:
        raise Refused("UNKNOWN_ASSET", 422, "Name an asset.", {"asset": ["Name an asset."]})
    _plausible(coin, tx_id=tx_id, output=output, amount=amount, confirmations=confirmations)
    address = addresses.canonical(address, address_format=coin.address_format)
    at_address = DepositAddress.objects.select_related("user").filter(
        network=coin.network, address=address
    )
    owner = at_address.first()
    if owner is None:
        raise Refused("NO_SUCH_ADDRESS", 404, "This is nobody's deposit address.")
    with flow.transaction(owner.user, at=at):
        known = (
            Deposit.objects.select_for_update(of=("self",))
            .select_related("user", "asset")
            .filter(asset=coin, tx_id=tx_id, output=output)
            .first()
        )
        if known and (known.amount, known.address) != (amount, address):
            raise Refused(
                "DEPOSIT_DIFFERS", 409, "This output is on record with another amount or address."
            )
        deposit = known or deposits.detect(
            user=owner.user,
            asset=coin,
            amount=amount,
            usd=prices.read(coin.pk).usd(coin.pk, amount),
            tx_id=tx_id,
            output=output,
            address=address,
            sender=_sender(sender, coin),
            at=at,
        )
        deposits.seen(deposit, confirmations=confirmations)
        if deposit.status != DepositStatus.DETECTED:
            return deposit
        if dropped:
            deposits.drop(deposit, at=at)
        elif deposit.confirmations >= coin.confirmations:
            wait_until = at + timedelta(minutes=settings.SCREENING_MINUTES)
            deposits.arrive(deposit, wait_until=wait_until, at=at)
            if screening.is_local():
                settle(deposit, screening.screen(subject_of(deposit), at=at), at=at)
    return deposit


@flow.deed
def screened(*, deposit: Deposit, said: Screening | None, at: datetime) -> bool:
    """Write what a provider said, asked outside; what comes too late leaves it to a human."""
    with flow.transaction(deposit.user, at=at):
        deposit = locked(deposit)
        if deposit.status != DepositStatus.QUARANTINED or deposit.wait_until is None:
            return False
        if said is None and deposit.wait_until > at:
            return False
        settle(deposit, said, at=at)
    return True


def settle(deposit: Deposit, said: Screening | None, *, at: datetime) -> None:
    """Credit what is clear; anything else waits in quarantine for a human.

    What is under sanctions stays there, and holds its owner's withdrawals until a human has looked.
    """
    deposits.screened(deposit, answer=said.as_json() if said else None, at=at)
    if said is not None and not said.is_clear:
        on_list = list_checks.hold_address(
            deposit.user, deposit.sender, role=Role.PAID_BY, about=deposit.pk, at=at
        )
        if said.sanctioned and not on_list:
            list_checks.freeze(deposit.user, at=at)
    if said is not None and said.is_clear:
        credit(deposit, at=at)


def credit(deposit: Deposit, *, at: datetime, by: User | None = None, note: str = "") -> None:
    """Give a deposit to its owner, and tell the engine: the last thing before commit.

    The sender is no party to it: half the world deposits from the same few exchanges.
    """
    deposits.credit(deposit, at=at, by=by, note=note)
    flow.write(
        own_acts.act(
            "deposit.confirmed",
            user=deposit.user,
            usd=deposit.usd,
            request_facts=own_acts.NOWHERE,
            at=at,
            asset=deposit.asset_id,
        )
    )


def locked(deposit: Deposit) -> Deposit:
    """The deposit as it is now, its row locked; its owner's lock is held already."""
    rows = Deposit.objects.select_for_update(of=("self",))
    return rows.select_related("user", "asset").get(pk=deposit.pk)


def subject_of(deposit: Deposit) -> Subject:
    """What screening is asked about: the transaction, and who sent it where that is known."""
    return Subject(
        address=deposit.sender,
        network=deposit.asset.network,
        asset=deposit.asset_id,
        direction="IN",
        usd=deposit.usd,
        tx_id=deposit.tx_id,
    )


def _plausible(
    asset: Asset, *, tx_id: str, output: int, amount: Decimal, confirmations: int
) -> None:
    wrong: dict[str, list[str]] = {}
    if not 0 < len(tx_id) <= LONGEST_TX or not tx_id.isascii() or not tx_id.isprintable():
        wrong["tx_id"] = [f"Write 1 to {LONGEST_TX} plain characters."]
    if not 0 <= output <= MOST_OUTPUTS:
        wrong["output"] = ["The place of the output in its transaction, from 0 on."]
    if not 0 <= confirmations <= MOST_CONFIRMATIONS:
        wrong["confirmations"] = ["How many blocks confirm it, from 0 on."]
    if not amount.is_finite() or amount <= 0:
        wrong["amount"] = ["Write an amount of more than zero."]
    elif amount.adjusted() > money.MAX_DIGITS - money.MAX_PLACES - 1:
        wrong["amount"] = ["No account can hold that much."]
    elif asset.round_down(amount) != amount:
        wrong["amount"] = [f"Amounts of {asset} have at most {asset.decimals} decimals."]
    if wrong:
        raise Refused("DEPOSIT_INVALID", 422, "Some fields need attention.", wrong)


def _sender(sender: str, asset: Asset) -> str:
    """The sender as addresses are written here, or as the network named it."""
    try:
        return addresses.canonical(sender, address_format=asset.address_format)
    except Refused:
        return sender.strip()[:120]
