"""Wallets as tests see them: addresses that nobody has the keys of, and what is done with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from apps.core.ids import entity_id
from apps.events.models import Entity
from apps.flows import address_book, custody, deposits, withdrawal_sweeps, withdrawals
from apps.ledger import queries as ledger
from apps.ledger.models import Account, Asset
from apps.risk.models import ListEntry
from apps.trades.custody.sandbox import address_of
from apps.trades.models import AddressBookEntry, Deposit, Withdrawal
from apps.users.models import User
from tests.desk import Desk, facts

USDT = "USDT-TRC20"
FORMATS = {"BTC": "BTC", "ETH": "EVM", USDT: "TRON", "USDT-ERC20": "EVM", "USDC-ERC20": "EVM"}
DETAILS: dict[str, Any] = {"originator": {}, "beneficiary": {}}


def address(seed: str, asset: str = USDT) -> str:
    """A valid address on the asset's network."""
    return address_of(f"test {seed}", address_format=FORMATS.get(asset, "TRON"))


def entry(
    desk: Desk, name: str = "alice", *, seed: str = "cold", asset: str = USDT, **words: Any
) -> AddressBookEntry:
    """Somebody adds an address."""
    said: dict[str, Any] = {
        "label": seed.title(),
        "asset": asset,
        "address": address(seed, asset),
        "destination": "SELF_HOSTED",
        "confirmed": True,
    }
    who = desk.person(name)
    return desk.calm(
        lambda: address_book.add(actor=who, request_facts=facts(who), at=desk.now, **(said | words))
    )


def cool_entry(desk: Desk, name: str = "alice", **words: Any) -> AddressBookEntry:
    """An address that was added a day and more ago."""
    made = entry(desk, name, **words)
    desk.pass_time(hours=25)
    return made


def asks(
    desk: Desk, name: str, to: AddressBookEntry, amount: str = "100", **words: Any
) -> withdrawals.Asked:
    """Somebody asks for a withdrawal, as it is judged."""
    said: dict[str, Any] = {
        "asset": USDT,
        "amount": Decimal(amount),
        "entry": to.pk,
        "travel_rule": None,
        "confirmed": True,
    }
    who = desk.person(name)
    return withdrawals.request(actor=who, request_facts=facts(who), at=desk.now, **(said | words))


def withdraws(
    desk: Desk, name: str = "alice", *, amount: str = "100", judged: str = "ALLOW", **words: Any
) -> Withdrawal:
    """Somebody with 10,000 USDT and a cool address asks for a withdrawal, judged so."""
    desk.funds(name)
    to = words.pop("to", None) or cool_entry(desk, name)
    return desk.judged(judged, lambda: asks(desk, name, to, amount, **words)).withdrawal


def fresh(withdrawal: Withdrawal) -> Withdrawal:
    """As it is now."""
    return Withdrawal.objects.select_related("user", "asset", "entry").get(pk=withdrawal.pk)


def clock(desk: Desk, **span: float) -> None:
    """Time passes, and beat does what is due."""
    desk.now += timedelta(**span)
    withdrawal_sweeps.all_due(at=desk.now)


def balance(desk: Desk, name: str, what: str = "available", asset: str = USDT) -> Decimal:
    """What somebody has of an asset."""
    rows = ledger.balances(desk.person(name), at=desk.now)
    return next(getattr(row, what) for row in rows if row.asset.pk == asset)


def money(desk: Desk, name: str) -> tuple[Decimal, Decimal]:
    """What is available to somebody, and what is on its way out."""
    return balance(desk, name), balance(desk, name, "pending")


def conserved(asset: str = USDT) -> Decimal:
    """What people hold of an asset, all together."""
    return sum(
        (one.balance for one in Account.objects.filter(asset=asset, balance__gt=0)), Decimal(0)
    )


def reports(desk: Desk, name: str, **words: Any) -> Deposit:
    """The custodian reports that something arrives for somebody."""
    said: dict[str, Any] = {
        "asset": USDT,
        "tx_id": "tx-1",
        "output": 0,
        "amount": Decimal(50),
        "confirmations": 20,
        "sender": address("somebody"),
    } | words
    who: User = desk.person(name)
    network = Asset.objects.get(pk=said["asset"]).network
    if "address" not in said:
        said["address"] = deposits.address_of(actor=who, network=network, at=desk.now).address
    return deposits.report(at=desk.now, **said)


@contextmanager
def crash_after_sending() -> Iterator[None]:
    """The worker dies between the custodian's answer and its record."""
    with patch.object(custody, "report", side_effect=KeyboardInterrupt("killed")):
        yield


def listed(name: str, address: str, *, at: datetime) -> ListEntry:
    """An address on one of the desk's lists."""
    id = entity_id(kind="address", scope="", ref=address)
    Entity.objects.get_or_create(
        id=id, defaults={"kind": "address", "scope": "", "ref": address, "first_at": at}
    )
    cora, _made = User.objects.get_or_create(email="cora@example.org")
    return ListEntry.objects.create(
        list=name, entity_id=id, valid_from=at, reason="seen before", added_by=cora
    )
