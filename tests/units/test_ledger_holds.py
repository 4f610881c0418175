"""Worked examples of what is withheld: frozen, seized, recovered, margin (J5 to J8), and T+N."""

from datetime import timedelta
from decimal import Decimal as D

import pytest

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.ledger import queries, services
from apps.ledger.models import AccountKind, AcquisitionLock, Asset
from apps.users.models import User
from tests.books import NOON, SIGNED, asset, books, check_deferred, fund, person

pytestmark = pytest.mark.django_db

ORDER, CASE = uuid7(), uuid7()
WALLET = {"HOT_WALLET": D("-100")}


@pytest.fixture
def usdt(db: None) -> Asset:
    return asset()


@pytest.fixture
def mallory(usdt: Asset) -> User:
    """Somebody with 100 USDT that may not be theirs."""
    mallory = person("mallory")
    fund(mallory, usdt, "100")
    return mallory


@pytest.fixture
def bob(db: None) -> User:
    return person("bob")


def test_j5_and_j6_part_is_frozen_unfrozen_and_seized(mallory: User, usdt: Asset) -> None:
    words = {"user": mallory, "ref": CASE, "asset": usdt, **SIGNED}
    services.freeze(**words, amount=D(80), key="1")
    assert books(usdt) == WALLET | {"mallory AVAILABLE": D(20), "mallory FROZEN": D(80)}
    services.unfreeze(**words, amount=D(30), key="2")
    assert books(usdt) == WALLET | {"mallory AVAILABLE": D(50), "mallory FROZEN": D(50)}
    services.seize(**words, amount=D(50), key="DOC-7", reason="COURT_ORDER")
    assert books(usdt) == WALLET | {"mallory AVAILABLE": D(50), "LE_CUSTODY": D(50)}
    assert queries.platform_balance(AccountKind.LE_CUSTODY, usdt) == D(50)
    check_deferred()


def test_j5_more_than_there_is_is_not_frozen(mallory: User, usdt: Asset) -> None:
    with pytest.raises(Refused, match="INSUFFICIENT_FUNDS"):
        services.freeze(user=mallory, ref=CASE, asset=usdt, amount=D(101), key="1", **SIGNED)


def test_j6_only_what_is_frozen_for_that_case_is_seized(mallory: User, usdt: Asset) -> None:
    services.freeze(user=mallory, ref=ORDER, asset=usdt, amount=D(80), key="1", **SIGNED)
    with pytest.raises(Refused, match=r"0 USDT-TRC20 is there \(frozen\)"):
        services.seize(
            user=mallory, ref=CASE, asset=usdt, amount=D(1), key="DOC", reason="X", **SIGNED
        )


def test_j7_what_is_still_there_is_held_and_given_to_the_victim(
    mallory: User, bob: User, usdt: Asset
) -> None:
    words = {"order": ORDER, "user": mallory, "asset": usdt, **SIGNED}
    services.recover_hold(**words, amount=D(250))
    assert books(usdt) == WALLET | {"mallory FROZEN": D(100)}
    assert queries.frozen(mallory, ORDER, usdt) == D(100)
    services.recover(**words, victim=bob, amount=D(60))
    services.recover_return(**words, amount=D(40))
    assert books(usdt) == WALLET | {"mallory AVAILABLE": D(40), "bob AVAILABLE": D(60)}
    check_deferred()


def test_j7_with_nothing_there_nothing_is_held(bob: User, usdt: Asset) -> None:
    with pytest.raises(Refused, match="250 USDT-TRC20 is needed, and 0 USDT-TRC20 is there"):
        services.recover_hold(order=ORDER, user=bob, asset=usdt, amount=D(250), **SIGNED)


def test_j7_after_the_release_only_what_is_left_is_held(
    mallory: User, bob: User, usdt: Asset
) -> None:
    services.hold_escrow(
        order=ORDER, seller=mallory, asset=usdt, amount=D(100), from_ad=None, **SIGNED
    )
    services.release_escrow(order=ORDER, buyer=bob, asset=usdt, fee=D(1), **SIGNED)
    words = {"order": ORDER, "user": bob, "asset": usdt, **SIGNED}
    services.request_withdrawal(withdrawal=CASE, user=bob, asset=usdt, amount=D(70), **SIGNED)
    services.recover_hold(**words, amount=D(99))
    assert queries.frozen(bob, ORDER, usdt) == D(29)
    with pytest.raises(Refused, match="INSUFFICIENT_FUNDS"):
        services.recover_hold(**words, amount=D(99), key="2")


def test_j7_the_same_hold_is_made_once(mallory: User, usdt: Asset) -> None:
    words = {"order": ORDER, "user": mallory, "asset": usdt, **SIGNED}
    services.recover_hold(**words, amount=D(10))
    with pytest.raises(Refused, match="ALREADY_POSTED"):
        services.recover_hold(**words, amount=D(10))
    services.recover_hold(**words, amount=D(10), key="2")
    assert queries.frozen(mallory, ORDER, usdt) == D(20)


def test_j8_margin_is_posted_returned_and_slashed(mallory: User, bob: User, usdt: Asset) -> None:
    words = {"user": mallory, "asset": usdt, **SIGNED}
    services.post_margin(**words, amount=D(90), key="1")
    assert books(usdt) == WALLET | {"mallory AVAILABLE": D(10), "mallory MARGIN": D(90)}
    services.return_margin(**words, amount=D(40), key="1")
    services.slash_margin(**words, amount=D(30), victim=bob, key="1", ref=ORDER)
    services.slash_margin(**words, amount=D(20), victim=None, key="2")
    assert books(usdt) == WALLET | {
        "mallory AVAILABLE": D(50),
        "bob AVAILABLE": D(30),
        "LOSS_RESERVE": D(20),
    }
    check_deferred()


def test_nobody_is_their_own_victim(mallory: User, usdt: Asset) -> None:
    words = {"user": mallory, "asset": usdt, "amount": D(1), **SIGNED}
    with pytest.raises(Refused, match="SAME_PERSON"):
        services.recover(**words, order=ORDER, victim=mallory)
    with pytest.raises(Refused, match="SAME_PERSON"):
        services.slash_margin(**words, victim=mallory, key="1")


def bought(mallory: User, usdt: Asset, amount: str, days: int) -> AcquisitionLock:
    until = NOON + timedelta(days=days)
    return services.lock_acquired(
        user=mallory, asset=usdt, amount=D(amount), until=until, order=uuid7(), at=NOON
    )


def test_l1_what_was_bought_stays_until_its_time(mallory: User, usdt: Asset) -> None:
    bought(mallory, usdt, "30", days=1)
    bought(mallory, usdt, "50", days=3)
    assert queries.withdrawable(mallory, usdt, at=NOON) == D(20)
    assert queries.withdrawable(mallory, usdt, at=NOON + timedelta(days=1)) == D(50)
    assert queries.withdrawable(mallory, usdt, at=NOON + timedelta(days=3)) == D(100)
    assert books(usdt) == WALLET | {"mallory AVAILABLE": D(100)}


@pytest.mark.parametrize("way", ["withdraw", "sell", "ad", "margin"])
def test_l1_no_way_out_takes_what_is_held_back(mallory: User, usdt: Asset, way: str) -> None:
    bought(mallory, usdt, "70", days=1)

    def out(amount: str) -> None:
        words = {"asset": usdt, "amount": D(amount), **SIGNED}
        if way == "withdraw":
            services.request_withdrawal(withdrawal=uuid7(), user=mallory, **words)
        elif way == "sell":
            services.hold_escrow(order=uuid7(), seller=mallory, from_ad=None, **words)
        elif way == "ad":
            services.reserve_for_ad(ad=uuid7(), user=mallory, key="1", **words)
        else:
            services.post_margin(user=mallory, key=amount, **words)

    with pytest.raises(Refused, match="70 bought lately can't leave yet"):
        out("30.000001")
    out("30")


def test_l1_what_is_held_back_can_be_frozen(mallory: User, usdt: Asset) -> None:
    bought(mallory, usdt, "70", days=1)
    services.freeze(user=mallory, ref=CASE, asset=usdt, amount=D(100), key="1", **SIGNED)
    assert queries.withdrawable(mallory, usdt, at=NOON) == D(0)


def test_l1_locks_are_lifted_by_order_or_all(mallory: User, usdt: Asset) -> None:
    first = bought(mallory, usdt, "30", days=1)
    bought(mallory, usdt, "50", days=3)
    assert services.lift_locks(user=mallory, order=first.order, at=NOON) == 1
    assert queries.withdrawable(mallory, usdt, at=NOON) == D(50)
    assert services.lift_locks(user=mallory, at=NOON) == 1
    assert services.lift_locks(user=mallory, at=NOON) == 0
    assert queries.withdrawable(mallory, usdt, at=NOON) == D(100)


def test_l1_an_order_is_locked_once(mallory: User, usdt: Asset) -> None:
    words = {"user": mallory, "asset": usdt, "amount": D(1), "at": NOON, "order": ORDER}
    services.lock_acquired(**words, until=NOON + timedelta(days=1))
    with pytest.raises(Refused, match="ALREADY_LOCKED"):
        services.lock_acquired(**words, until=NOON + timedelta(days=9))
