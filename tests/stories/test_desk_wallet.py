"""Address books and deposits: what comes in, and where it may go."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import override_settings

from apps.core.errors import Refused
from apps.events.models import Event
from apps.flows import address_book, deposits, screening, withdrawal_reviews, withdrawal_sweeps
from apps.ledger.models import Asset, Entry
from apps.risk.models import ListEntry, ListName
from apps.trades.custody import sandbox
from apps.trades.models import AddressBookEntry, Deposit, DepositAddress
from apps.users.roles import Role
from tests.desk import Desk
from tests.staff import colleague
from tests.wallet import USDT, address, balance, clock, entry, listed, reports

REAL = "0x52908400098527886E0F7030069857D2E4169EE7"
TWIN = "0x5290aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9ee7"


def test_alices_new_address_cools_down_for_a_day(p2p: Desk) -> None:
    made = entry(p2p)
    assert made.usable_at == p2p.now + timedelta(hours=24)
    assert made.address == address("cold")
    judged = Event.objects.get(kind="address.added")
    assert judged.user_id == p2p.person("alice").entity_id


def test_an_address_of_another_network_is_refused_in_words(p2p: Desk) -> None:
    with pytest.raises(Refused, match="This is an Ethereum address") as refused:
        entry(p2p, address=REAL)
    assert (refused.value.code, refused.value.status) == ("ADDRESS_WRONG_NETWORK", 422)
    assert not AddressBookEntry.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"label": "  "}, "label"),
        ({"label": "x" * 41}, "label"),
        ({"asset": "DOGE"}, "asset"),
        ({"destination": "MOON"}, "destination"),
        ({"destination": "VASP"}, "vasp"),
        ({"is_own": False}, "beneficiary"),
        ({"vasp": "Kraken"}, "vasp"),
    ],
)
def test_what_lacks_is_said_field_by_field(p2p: Desk, words: dict[str, object], field: str) -> None:
    with pytest.raises(Refused) as refused:
        entry(p2p, **words)
    assert list(refused.value.fields) == [field]
    assert not AddressBookEntry.objects.exists()


def test_nobody_adds_an_address_without_having_confirmed(p2p: Desk) -> None:
    with pytest.raises(Refused, match="Confirm who you are first"):
        entry(p2p, confirmed=False)
    assert not AddressBookEntry.objects.exists()


def test_a_twin_of_an_address_in_the_book_is_refused_and_named(p2p: Desk) -> None:
    entry(p2p, asset="ETH", address=REAL, label="My Ledger")
    with pytest.raises(Refused, match="looks like “My Ledger” of your address book") as refused:
        entry(p2p, asset="ETH", address=TWIN)
    assert refused.value.code == "LOOKALIKE_ADDRESS"
    assert AddressBookEntry.objects.count() == 1
    tried = Event.objects.filter(kind="address.added").order_by("id").last()
    assert tried is not None
    assert tried.data["lookalike_address"] is True


def test_mallorys_dust_does_not_get_into_the_book(p2p: Desk) -> None:
    reports(p2p, "alice", asset="ETH", sender=REAL, amount=Decimal("0.5"), tx_id="0xreal")
    reports(p2p, "alice", asset="ETH", sender=TWIN, amount=Decimal("0.000001"), tx_id="0xdust")
    with pytest.raises(Refused, match="looks like the sender of a deposit of 2026-03-09"):
        entry(p2p, asset="ETH", address=TWIN)
    # The one from which value came is known, and stays usable.
    assert entry(p2p, asset="ETH", address=REAL).address == REAL


def test_a_twin_of_what_sent_dust_is_refused_too(p2p: Desk) -> None:
    reports(p2p, "alice", asset="ETH", sender=TWIN, amount=Decimal("0.000001"), tx_id="0xdust")
    with pytest.raises(Refused, match="the sender of a tiny deposit"):
        entry(p2p, asset="ETH", address=REAL)


def test_the_same_address_twice_and_ones_own_deposit_address(p2p: Desk) -> None:
    entry(p2p)
    with pytest.raises(Refused, match="ADDRESS_KNOWN"):
        entry(p2p)
    own = deposits.address_of(actor=p2p.person("alice"), network="TRON", at=p2p.now)
    with pytest.raises(Refused, match="your own deposit address"):
        entry(p2p, address=own.address)


def test_two_people_may_have_one_address(p2p: Desk) -> None:
    entry(p2p, "alice", seed="exchange")
    entry(p2p, "bob", seed="exchange")
    assert AddressBookEntry.objects.count() == 2


def test_removed_addresses_can_be_added_again(p2p: Desk) -> None:
    made = entry(p2p)
    address_book.remove(actor=p2p.person("alice"), entry=made, at=p2p.now)
    with pytest.raises(Refused, match="NO_SUCH_ADDRESS"):
        address_book.remove(actor=p2p.person("alice"), entry=made, at=p2p.now)
    assert entry(p2p).pk != made.pk


def test_bob_cannot_remove_or_verify_alices(p2p: Desk) -> None:
    made, bob = entry(p2p), p2p.person("bob")
    for deed in (address_book.remove, address_book.verify):
        with pytest.raises(Refused, match="NO_SUCH_ADDRESS"):
            deed(actor=bob, entry=made, at=p2p.now)  # type: ignore[operator]
    made.refresh_from_db()
    assert (made.removed_at, made.verified_at) == (None, None)


def test_a_deposit_from_the_address_shows_that_it_is_ones_own(p2p: Desk) -> None:
    made, alice = entry(p2p), p2p.person("alice")
    with pytest.raises(Refused, match="Send any amount from this address"):
        address_book.verify(actor=alice, entry=made, at=p2p.now)
    p2p.pass_time(minutes=10)
    reports(p2p, "alice", sender=made.address, amount=Decimal("0.5"))
    done = address_book.verify(actor=alice, entry=made, at=p2p.now)
    assert (done.verified_by, done.usable_at) == ("DEPOSIT", p2p.now)


def test_everybody_has_one_deposit_address_per_network(p2p: Desk) -> None:
    alice, bob = p2p.person("alice"), p2p.person("bob")
    first = deposits.address_of(actor=alice, network="Ethereum", at=p2p.now)
    assert deposits.address_of(actor=alice, network="Ethereum", at=p2p.now) == first
    assert deposits.address_of(actor=bob, network="Ethereum", at=p2p.now) != first
    with pytest.raises(Refused, match="UNKNOWN_NETWORK"):
        deposits.address_of(actor=alice, network="Dogecoin", at=p2p.now)


def test_a_deposit_waits_for_its_confirmations_and_is_credited_once(p2p: Desk) -> None:
    made = reports(p2p, "alice", confirmations=3)
    assert (made.status, made.usd) == ("DETECTED", 50)
    assert not Entry.objects.exists()
    for _ in range(3):
        made = reports(p2p, "alice", confirmations=20)
    assert (made.status, balance(p2p, "alice")) == ("CREDITED", 50)
    assert Deposit.objects.count() == 1
    told = Event.objects.get(kind="deposit.confirmed")
    assert (told.amount_usd, told.address_id) == (50, None)


def test_the_same_transaction_with_two_outputs_counts_twice_and_lies_never(p2p: Desk) -> None:
    reports(p2p, "alice", output=0)
    reports(p2p, "alice", output=1)
    assert balance(p2p, "alice") == 100
    with pytest.raises(Refused, match="DEPOSIT_DIFFERS"):
        reports(p2p, "alice", output=1, amount=Decimal(5000))
    with pytest.raises(Refused, match="DEPOSIT_DIFFERS"):
        reports(p2p, "bob", output=1)
    assert (balance(p2p, "alice"), balance(p2p, "bob")) == (100, 0)


def test_what_the_network_forgets_is_dropped_and_credits_nothing(p2p: Desk) -> None:
    reports(p2p, "alice", confirmations=0)
    made = reports(p2p, "alice", confirmations=0, dropped=True)
    assert made.status == "DROPPED"
    assert reports(p2p, "alice", confirmations=50).status == "DROPPED"
    assert balance(p2p, "alice") == 0


@pytest.mark.parametrize(
    "words",
    [
        {"amount": Decimal("NaN")},
        {"amount": Decimal("Infinity")},
        {"amount": Decimal("-5")},
        {"amount": Decimal(0)},
        {"amount": Decimal("1.1234567")},
        {"amount": Decimal("1e21")},
        {"amount": Decimal("1e-400")},
        {"tx_id": ""},
        {"tx_id": "x" * 101},
        {"output": -1},
        {"confirmations": -1},
        {"address": "nowhere"},
        {"address": address("nobodys")},
    ],
)
def test_nonsense_of_the_custodian_leaves_nothing(p2p: Desk, words: dict[str, object]) -> None:
    deposits.address_of(actor=p2p.person("alice"), network="TRON", at=p2p.now)
    with pytest.raises(Refused):
        reports(p2p, "alice", **words)
    assert not Deposit.objects.exists()
    assert not Entry.objects.exists()


def test_a_watched_sender_leaves_a_deposit_to_a_human(p2p: Desk) -> None:
    listed(ListName.WATCHED, address("thief"), at=p2p.now)
    made = reports(p2p, "alice", sender=address("thief"))
    assert (made.status, made.screening["severity"]) == ("QUARANTINED", "HIGH")
    assert (balance(p2p, "alice"), balance(p2p, "alice", "quarantine")) == (0, 50)

    sam, ana = colleague(Role.SENIOR, "sam"), colleague(Role.ANALYST, "ana")
    with pytest.raises(Refused, match="NOT_PERMITTED"):
        withdrawal_reviews.accept_deposit(by=ana, deposit=made, note="looks fine", at=p2p.now)
    withdrawal_reviews.accept_deposit(by=sam, deposit=made, note="looks fine", at=p2p.now)
    assert balance(p2p, "alice") == 50
    with pytest.raises(Refused, match="DEPOSIT_STATE"):
        withdrawal_reviews.return_deposit(by=sam, deposit=made, note="or not", at=p2p.now)


def test_a_deposit_is_sent_back(p2p: Desk) -> None:
    listed(ListName.BLOCKED, address("thief"), at=p2p.now)
    made = reports(p2p, "alice", sender=address("thief"))
    sam = colleague(Role.SENIOR, "sam")
    done = withdrawal_reviews.return_deposit(by=sam, deposit=made, note="stolen", at=p2p.now)
    assert (done.status, balance(p2p, "alice", "quarantine")) == ("RETURNED", 0)


class Slow:
    """A provider elsewhere that answers when it likes."""

    name, is_local = "slow", False
    answer: screening.Answer | None = None

    def screen(self, subject: screening.Subject, *, at: object) -> screening.Answer | None:
        return self.answer


def test_a_provider_that_never_answers_leaves_it_to_a_human(
    p2p: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow()
    monkeypatch.setitem(screening.PROVIDERS, "slow", slow)
    with override_settings(SCREENERS=["lists", "slow"]):
        made = reports(p2p, "alice")
        assert made.status == "QUARANTINED"
        clock(p2p, minutes=9)
        slow_one = reports(p2p, "alice", tx_id="tx-2")
        clock(p2p, minutes=2)
        made.refresh_from_db()
        assert (made.status, made.wait_until, made.screening) == ("QUARANTINED", None, None)

        slow.answer = screening.Answer(provider="slow", severity="LOW", score=5)
        clock(p2p, minutes=1)
        slow_one.refresh_from_db()
        assert slow_one.status == "CREDITED"
        # Too late for the first: a human has it now.
        made.refresh_from_db()
        assert made.status == "QUARANTINED"


def test_the_sandbox_makes_a_deposit_arrive_even_after_an_outage(p2p: Desk) -> None:
    own = deposits.address_of(actor=p2p.person("alice"), network="TRON", at=p2p.now)
    sandbox.arrives(
        asset=Asset.objects.get(pk=USDT),
        address=own.address,
        amount=Decimal(75),
        sender=address("faucet"),
        at=p2p.now,
    )
    clock(p2p, seconds=20)
    assert Deposit.objects.get().status == "DETECTED"
    clock(p2p, hours=1)
    assert (Deposit.objects.get().status, balance(p2p, "alice")) == ("CREDITED", 75)
    assert withdrawal_sweeps.receive(at=p2p.now) == 0


def test_a_desk_without_a_wallet_says_so(p2p: Desk) -> None:
    with override_settings(CUSTODY="none"), pytest.raises(Refused, match="no wallet connected"):
        deposits.address_of(actor=p2p.person("alice"), network="TRON", at=p2p.now)
    assert not DepositAddress.objects.exists()
    assert not ListEntry.objects.exists()
