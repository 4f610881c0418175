"""Worked examples of an order's value: reserved, held, and settled exactly once (J0 to J4)."""

from decimal import Decimal as D
from uuid import UUID

import pytest

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.ledger import queries, services
from apps.ledger.models import Asset, EntryKind
from apps.users.models import User
from tests.books import SIGNED, asset, books, check_deferred, fund, person

pytestmark = pytest.mark.django_db

AD, ORDER = uuid7(), uuid7()


@pytest.fixture
def usdt(db: None) -> Asset:
    return asset()


@pytest.fixture
def alice(usdt: Asset) -> User:
    """A seller with 1000 USDT."""
    alice = person("alice")
    fund(alice, usdt, "1000")
    return alice


@pytest.fixture
def bob(db: None) -> User:
    return person("bob")


def hold(alice: User, usdt: Asset, amount: str = "101", *, from_ad: UUID | None = None) -> None:
    services.hold_escrow(
        order=ORDER, seller=alice, asset=usdt, amount=D(amount), from_ad=from_ad, **SIGNED
    )


def test_j0_an_ad_reserves_and_gives_back(alice: User, usdt: Asset) -> None:
    words = {"ad": AD, "user": alice, "asset": usdt}
    services.reserve_for_ad(**words, amount=D("400"), key="1", **SIGNED)
    assert books(usdt) == {
        "HOT_WALLET": D("-1000"),
        "alice AVAILABLE": D("600"),
        "alice AD_RESERVED": D("400"),
    }
    services.return_from_ad(**words, amount=D("150"), key="2", **SIGNED)
    assert books(usdt)["alice AVAILABLE"] == D("750")
    assert queries.reserved(alice, AD, usdt) == D("250")
    check_deferred()


def test_j1_and_j2_an_order_from_an_ad_is_released(alice: User, bob: User, usdt: Asset) -> None:
    words = {"ad": AD, "user": alice, "asset": usdt}
    services.reserve_for_ad(**words, amount=D("400"), key="1", **SIGNED)
    hold(alice, usdt, "101", from_ad=AD)
    assert books(usdt) == {
        "HOT_WALLET": D("-1000"),
        "alice AVAILABLE": D("600"),
        "alice AD_RESERVED": D("299"),
        "ESCROW": D("101"),
    }
    services.release_escrow(order=ORDER, buyer=bob, asset=usdt, fee=D("1.5"), **SIGNED)
    assert books(usdt) == {
        "HOT_WALLET": D("-1000"),
        "alice AVAILABLE": D("600"),
        "alice AD_RESERVED": D("299"),
        "bob AVAILABLE": D("99.5"),
        "FEE": D("1.5"),
    }
    check_deferred()


def test_j2_without_a_fee_everything_goes_to_the_buyer(alice: User, bob: User, usdt: Asset) -> None:
    hold(alice, usdt)
    services.release_escrow(order=ORDER, buyer=bob, asset=usdt, fee=D(0), **SIGNED)
    assert books(usdt)["bob AVAILABLE"] == D("101")
    assert "FEE" not in books(usdt)


@pytest.mark.parametrize("fee", ["101", "102", "-1"])
def test_j2_a_fee_leaves_the_buyer_something(alice: User, bob: User, usdt: Asset, fee: str) -> None:
    hold(alice, usdt)
    with pytest.raises(Refused, match="BAD_AMOUNT"):
        services.release_escrow(order=ORDER, buyer=bob, asset=usdt, fee=D(fee), **SIGNED)
    assert queries.in_escrow(ORDER, usdt) == D("101")


@pytest.mark.parametrize(
    ("to_ad", "account"), [(AD, "alice AD_RESERVED"), (None, "alice AVAILABLE")]
)
def test_j3_a_cancelled_order_returns_all_of_it(
    alice: User, usdt: Asset, to_ad: UUID | None, account: str
) -> None:
    hold(alice, usdt, "1000")
    services.return_escrow(order=ORDER, seller=alice, asset=usdt, to_ad=to_ad, **SIGNED)
    assert books(usdt) == {"HOT_WALLET": D("-1000"), account: D("1000")}
    check_deferred()


def test_j4_a_split_gives_each_their_part(alice: User, bob: User, usdt: Asset) -> None:
    hold(alice, usdt)
    split = {"order": ORDER, "asset": usdt, "seller": alice, "buyer": bob, **SIGNED}
    with pytest.raises(Refused, match="101 USDT-TRC20 is in escrow") as refused:
        services.split_escrow(**split, seller_amount=D(40), buyer_amount=D(60), fee=D(2))
    assert (refused.value.code, refused.value.status) == ("SPLIT_NOT_EXACT", 409)
    services.split_escrow(**split, seller_amount=D(40), buyer_amount=D(60), fee=D(1))
    assert books(usdt) == {
        "HOT_WALLET": D("-1000"),
        "alice AVAILABLE": D("939"),
        "bob AVAILABLE": D("60"),
        "FEE": D("1"),
    }
    check_deferred()


def test_j4_a_part_may_be_nothing_but_not_negative(alice: User, bob: User, usdt: Asset) -> None:
    hold(alice, usdt)
    split = {"order": ORDER, "asset": usdt, "seller": alice, "buyer": bob, **SIGNED}
    with pytest.raises(Refused, match="BAD_AMOUNT"):
        services.split_escrow(**split, seller_amount=D(-1), buyer_amount=D(102), fee=D(0))
    services.split_escrow(**split, seller_amount=D(0), buyer_amount=D(101), fee=D(0))
    assert books(usdt)["bob AVAILABLE"] == D(101)


@pytest.mark.parametrize("again", ["release", "return", "split"])
def test_what_is_settled_says_so_and_never_looks_like_success(
    alice: User, bob: User, usdt: Asset, again: str
) -> None:
    hold(alice, usdt)
    order = {"order": ORDER, "asset": usdt, **SIGNED}
    services.return_escrow(**order, seller=alice, to_ad=None)
    before = books(usdt)
    deeds = {
        "release": lambda: services.release_escrow(**order, buyer=bob, fee=D(0)),
        "return": lambda: services.return_escrow(**order, seller=alice, to_ad=None),
        "split": lambda: services.split_escrow(
            **order,
            seller=alice,
            seller_amount=D(1),
            buyer=bob,
            buyer_amount=D(100),
            fee=D(0),
        ),
    }
    with pytest.raises(Refused, match="J3_RETURN") as refused:
        deeds[again]()
    assert (refused.value.code, refused.value.status) == ("ALREADY_SETTLED", 409)
    assert books(usdt) == before
    assert [e.kind for e in queries.entries_of(ORDER)] == [EntryKind.J1_HOLD, EntryKind.J3_RETURN]


def test_an_order_is_held_once(alice: User, usdt: Asset) -> None:
    hold(alice, usdt)
    with pytest.raises(Refused, match="ALREADY_POSTED"):
        hold(alice, usdt)
    assert queries.in_escrow(ORDER, usdt) == D("101")


def test_an_order_that_holds_nothing_has_nothing_to_release(bob: User, usdt: Asset) -> None:
    with pytest.raises(Refused, match="NOTHING_IN_ESCROW"):
        services.release_escrow(order=ORDER, buyer=bob, asset=usdt, fee=D(0), **SIGNED)


def test_money_that_is_not_there_is_named(alice: User, usdt: Asset) -> None:
    with pytest.raises(Refused) as refused:
        hold(alice, usdt, "1000.000001")
    assert (refused.value.code, refused.value.status) == ("INSUFFICIENT_FUNDS", 409)
    assert refused.value.detail == (
        "1000.000001 USDT-TRC20 is needed, and 1000 USDT-TRC20 is there (available)."
    )
    assert queries.entries_of(ORDER).count() == 0


@pytest.mark.parametrize("amount", ["0", "-5", "0.0000001", "100000000000000000000"])
def test_amounts_are_positive_and_as_fine_as_the_network_counts(
    alice: User, usdt: Asset, amount: str
) -> None:
    with pytest.raises(Refused, match="BAD_AMOUNT"):
        hold(alice, usdt, amount)


def test_amounts_are_never_floats(alice: User, usdt: Asset) -> None:
    with pytest.raises(TypeError):
        services.hold_escrow(
            order=ORDER,
            seller=alice,
            asset=usdt,
            amount=1.5,  # type: ignore[arg-type]
            from_ad=None,
            **SIGNED,
        )


def test_thirty_eight_digits_are_kept(bob: User) -> None:
    eth = asset("ETH")
    carol = person("carol")
    most = "99999999999999999999.999999999999999999"
    fund(carol, eth, most)
    services.hold_escrow(
        order=ORDER, seller=carol, asset=eth, amount=D(most), from_ad=None, **SIGNED
    )
    least = D("0.000000000000000001")
    services.release_escrow(order=ORDER, buyer=bob, asset=eth, fee=least, **SIGNED)
    assert books(eth) == {
        "HOT_WALLET": D(most).copy_negate(),
        "bob AVAILABLE": D("99999999999999999999.999999999999999998"),
        "FEE": least,
    }
    with pytest.raises(Refused, match="No account can hold that much"):
        fund(bob, eth, "0.000000000000000002")
