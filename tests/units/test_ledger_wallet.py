"""Worked examples of deposits, withdrawals (J9), corrections, statements and balances."""

from decimal import Decimal as D
from typing import Any

import pytest

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.ledger import queries, services
from apps.ledger.models import Asset, EntryKind
from apps.users.models import User
from tests.books import NOON, SIGNED, asset, books, check_deferred, fund, person

pytestmark = pytest.mark.django_db

DEPOSIT, WITHDRAWAL = uuid7(), uuid7()


@pytest.fixture
def usdt(db: None) -> Asset:
    return asset()


@pytest.fixture
def alice(usdt: Asset) -> User:
    return person("alice")


def arriving(alice: User, usdt: Asset) -> dict[str, Any]:
    return {"deposit": DEPOSIT, "user": alice, "asset": usdt, "amount": D(100), **SIGNED}


def leaving(alice: User, usdt: Asset) -> dict[str, Any]:
    return {"withdrawal": WITHDRAWAL, "user": alice, "asset": usdt, "amount": D(60), **SIGNED}


def test_a_deposit_waits_in_quarantine_and_is_cleared(alice: User, usdt: Asset) -> None:
    services.deposit(**arriving(alice, usdt))
    assert books(usdt) == {"HOT_WALLET": D(-100), "alice QUARANTINE": D(100)}
    assert queries.withdrawable(alice, usdt, at=NOON) == D(0)
    services.clear_deposit(**arriving(alice, usdt))
    assert books(usdt) == {"HOT_WALLET": D(-100), "alice AVAILABLE": D(100)}
    check_deferred()


def test_a_tainted_deposit_is_sent_back(alice: User, usdt: Asset) -> None:
    services.deposit(**arriving(alice, usdt))
    services.return_deposit(**arriving(alice, usdt))
    assert books(usdt) == {}
    with pytest.raises(Refused, match=r"ALREADY_SETTLED.*DEPOSIT_RETURN"):
        services.clear_deposit(**arriving(alice, usdt))
    check_deferred()


def test_a_deposit_arrives_once(alice: User, usdt: Asset) -> None:
    services.deposit(**arriving(alice, usdt))
    services.clear_deposit(**arriving(alice, usdt))
    with pytest.raises(Refused, match=r"ALREADY_POSTED.*DEPOSIT"):
        services.deposit(**arriving(alice, usdt))
    with pytest.raises(Refused, match=r"ALREADY_SETTLED.*DEPOSIT_CLEAR"):
        services.clear_deposit(**arriving(alice, usdt))
    assert books(usdt) == {"HOT_WALLET": D(-100), "alice AVAILABLE": D(100)}


def test_j9_a_withdrawal_is_sent(alice: User, usdt: Asset) -> None:
    fund(alice, usdt, "100")
    services.request_withdrawal(**leaving(alice, usdt))
    assert books(usdt) == {
        "HOT_WALLET": D(-100),
        "alice AVAILABLE": D(40),
        "alice WITHDRAW_PENDING": D(60),
    }
    services.broadcast_withdrawal(**leaving(alice, usdt), network_fee=D(1))
    assert books(usdt) == {
        "HOT_WALLET": D(-41),
        "alice AVAILABLE": D(40),
        "NETWORK_FEE": D(1),
    }
    check_deferred()
    with pytest.raises(Refused, match=r"ALREADY_SETTLED.*J9_BROADCAST"):
        services.return_withdrawal(**leaving(alice, usdt))
    with pytest.raises(Refused, match=r"ALREADY_SETTLED.*J9_BROADCAST"):
        services.broadcast_withdrawal(**leaving(alice, usdt), network_fee=D(1))


def test_j9_a_rejected_withdrawal_comes_back(alice: User, usdt: Asset) -> None:
    fund(alice, usdt, "100")
    services.request_withdrawal(**leaving(alice, usdt))
    with pytest.raises(Refused, match="60 USDT-TRC20 is held for this, not 59"):
        services.return_withdrawal(**leaving(alice, usdt) | {"amount": D(59)})
    services.return_withdrawal(**leaving(alice, usdt))
    assert books(usdt) == {"HOT_WALLET": D(-100), "alice AVAILABLE": D(100)}
    with pytest.raises(Refused, match=r"ALREADY_SETTLED.*J9_RETURN"):
        services.broadcast_withdrawal(**leaving(alice, usdt), network_fee=D(1))


def test_j9_what_was_sent_and_never_confirmed_is_put_back(alice: User, usdt: Asset) -> None:
    fund(alice, usdt, "100")
    services.request_withdrawal(**leaving(alice, usdt))
    sent = services.broadcast_withdrawal(**leaving(alice, usdt), network_fee=D(1))
    services.correct(entry=sent, reason="DROPPED", **SIGNED)
    services.return_withdrawal(**leaving(alice, usdt))
    assert books(usdt) == {"HOT_WALLET": D(-100), "alice AVAILABLE": D(100)}
    check_deferred()


def test_a_mistake_stays_and_is_answered_by_its_reverse(alice: User, usdt: Asset) -> None:
    fund(alice, usdt, "100")
    words = {"user": alice, "ref": DEPOSIT, "asset": usdt, **SIGNED}
    wrong = services.freeze(**words, amount=D(30), key="1")
    correction = services.correct(entry=wrong, reason="WRONG_PERSON", **SIGNED)
    assert books(usdt) == {"HOT_WALLET": D(-100), "alice AVAILABLE": D(100)}
    assert (correction.kind, correction.reverses) == (EntryKind.CORRECTION, wrong)
    assert list(queries.entries_of(DEPOSIT)) == [wrong, correction]
    with pytest.raises(Refused, match="ALREADY_POSTED"):
        services.freeze(**words, amount=D(30), key="1")
    check_deferred()


def test_a_mistake_is_corrected_once(alice: User, usdt: Asset) -> None:
    fund(alice, usdt, "100")
    words = {"user": alice, "ref": DEPOSIT, "asset": usdt, **SIGNED}
    wrong = services.freeze(**words, amount=D(30), key="1")
    services.freeze(**words, amount=D(30), key="2")
    correction = services.correct(entry=wrong, reason="WRONG_PERSON", **SIGNED)
    with pytest.raises(Refused, match="ALREADY_POSTED"):
        services.correct(entry=wrong, reason="WRONG_PERSON", **SIGNED)
    with pytest.raises(Refused, match="NOT_CORRECTABLE"):
        services.correct(entry=correction, reason="NO", **SIGNED)


def test_what_settled_an_order_is_not_corrected(alice: User, usdt: Asset) -> None:
    order = uuid7()
    fund(alice, usdt, "100")
    services.hold_escrow(order=order, seller=alice, asset=usdt, amount=D(5), from_ad=None, **SIGNED)
    end = services.return_escrow(order=order, seller=alice, asset=usdt, to_ad=None, **SIGNED)
    with pytest.raises(Refused, match="NOT_CORRECTABLE"):
        services.correct(entry=end, reason="NO", **SIGNED)


def test_a_statement_is_newest_first_and_runs(alice: User, usdt: Asset) -> None:
    btc = asset("BTC")
    fund(alice, usdt, "100")
    fund(alice, btc, "0.5")
    services.request_withdrawal(**leaving(alice, usdt))
    said = [(line.kind.value, line.amount, line.balance) for line in queries.statement(alice)]
    assert said == [
        ("J9_REQUEST", D(-60), D(40)),
        ("DEPOSIT_CLEAR", D("0.5"), D("0.5")),
        ("DEPOSIT_CLEAR", D(100), D(100)),
    ]
    first = queries.statement(alice, asset=usdt, limit=1)
    rest = queries.statement(alice, asset=usdt, before=first[-1].id, limit=1)
    assert [line.kind for line in first + rest] == ["J9_REQUEST", "DEPOSIT_CLEAR"]
    assert queries.statement(alice, asset=usdt, before=rest[-1].id) == []
    assert queries.statement(person("bob")) == []


def test_balances_take_three_queries_however_much_there_is(
    alice: User, usdt: Asset, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        assert {b.available for b in queries.balances(alice, at=NOON)} == {D(0)}
    for code in ("BTC", "ETH", "USDT-TRC20"):
        fund(alice, asset(code), "100")
    words = {"user": alice, "asset": usdt, **SIGNED}
    for ad in range(3):
        services.reserve_for_ad(**words, ad=uuid7(), amount=D(10), key=str(ad))
    services.freeze(**words, ref=uuid7(), amount=D(5), key="1")
    services.post_margin(**words, amount=D(15), key="1")
    services.request_withdrawal(**words, withdrawal=uuid7(), amount=D(20))
    services.deposit(**words, deposit=uuid7(), amount=D(7))
    with django_assert_num_queries(3):
        of = {b.asset.code: b for b in queries.balances(alice, at=NOON)}
    assert (of["BTC"].available, of["BTC"].withdrawable) == (D(100), D(100))
    has = of["USDT-TRC20"]
    assert (has.available, has.reserved, has.frozen) == (D(30), D(30), D(5))
    assert (has.margin, has.pending, has.quarantine) == (D(15), D(20), D(7))


def test_an_entry_takes_three_statements(
    alice: User, usdt: Asset, django_assert_num_queries: Any
) -> None:
    fund(alice, usdt, "100")
    with django_assert_num_queries(3):
        services.freeze(user=alice, ref=DEPOSIT, asset=usdt, amount=D(1), key="1", **SIGNED)


def test_assets_are_seeded_any_number_of_times_and_stay_switched_off(usdt: Asset) -> None:
    Asset.objects.filter(pk=usdt.pk).update(is_active=False, network="elsewhere")
    services.seed_assets()
    usdt.refresh_from_db()
    assert (usdt.is_active, usdt.network) == (False, "TRON")
    assert Asset.objects.count() == 5
    assert usdt.round_down(D("1.23456789")) == D("1.234567")
