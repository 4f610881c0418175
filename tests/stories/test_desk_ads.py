"""Ads: what is judged of their words, prices that move, owners who may not advertise."""

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.core.errors import Refused
from apps.events.models import Entity, Event
from apps.flows import ad_suspension, ads, catalogue, ratings, review
from apps.restrictions.models import Restriction
from apps.risk.models import Decision
from apps.trades import price_sources, prices
from apps.trades.models import Ad, AdRevision, Notice, Order, ReferencePrice
from apps.users.models import User
from apps.users.roles import Role
from tests.desk import Desk, facts
from tests.staff import colleague


def refusal(deed: Any) -> Refused:
    """What somebody is told no with."""
    with pytest.raises(Refused) as refused:
        deed()
    return refused.value


def edits(desk: Desk, ad: Ad, **words: Any) -> ads.Posted:
    """The owner says something else."""
    return ads.edit(
        actor=ad.owner,
        ad=ad,
        offer=desk.offer(ad.owner.display_name.lower(), **words),
        request_facts=facts(ad.owner),
        at=desk.now,
    )


def test_contacts_in_the_terms_are_refused_and_the_text_is_in_no_event(p2p: Desk) -> None:
    p2p.funds("alice")
    no = refusal(lambda: p2p.ad("alice", terms="Fast release, add me on telegram @alice_otc"))
    assert no.code == "BLOCKED"
    assert "contact details" in no.detail
    assert not Ad.objects.exists()
    event = Event.objects.get(kind="ad.published")
    assert event.data["contact_in_ad"] is True
    assert "alice_otc" not in str(event.data)


def test_who_poses_as_support_is_looked_at_first(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice", terms="I am the official support of this platform.")
    assert ad.status == "PENDING_REVIEW"
    User.objects.filter(pk=p2p.person("alice").pk).update(display_name="Official Support")
    p2p.people["alice"].refresh_from_db()
    assert p2p.ad("alice").status == "PENDING_REVIEW"


def test_plain_terms_go_online(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice", terms="SEPA Instant only, no third-party payments. Online 9 to 18 h.")
    assert ad.status == "ONLINE"


def test_every_edit_is_a_revision_that_nobody_changes(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    p2p.pass_time(minutes=1)
    p2p.calm(lambda: edits(p2p, ad, price=Decimal("0.94"), terms="New words"))
    first, second = AdRevision.objects.order_by("number")
    assert (first.said["price"], second.said["price"]) == ("0.93", "0.94")
    assert (first.terms, second.terms) == ("", "New words")


def test_an_account_that_is_swapped_during_an_order_is_seen_and_the_snapshot_stays(
    p2p: Desk,
) -> None:
    order = p2p.order()
    ad = Ad.objects.get()
    number = order.payee_number
    del p2p.accounts["alice", "sepa_instant"]
    p2p.calm(lambda: edits(p2p, ad))
    p2p.pass_time(minutes=8)

    moved = p2p.calm(lambda: p2p.pays(order))

    assert moved.outcome == "REVIEW"
    assert "PAYEE_CHANGED" in Decision.objects.get(pk=moved.order.paid_decision).reasons
    assert Order.objects.get().payee_number == number
    held = Restriction.objects.get(subject=order.entity)
    assert (held.ability, held.kind) == ("release", "HOLD")


def test_an_ad_that_was_edited_otherwise_says_nothing(p2p: Desk) -> None:
    order = p2p.order()
    p2p.calm(lambda: edits(p2p, Ad.objects.get(), price=Decimal("0.95")))
    p2p.pass_time(minutes=8)
    assert p2p.calm(lambda: p2p.pays(order)).outcome == "ALLOW"


def test_sold_out_and_back_when_an_order_is_given_up(p2p: Desk) -> None:
    from apps.flows import trading

    p2p.funds("alice")
    ad = p2p.ad("alice", quantity=Decimal(101), min_fiat=Decimal(20))
    order = p2p.order(ad=ad, fiat="90")
    ad.refresh_from_db()
    assert ad.status == "SOLD_OUT"
    trading.cancel(
        actor=order.buyer, order=order, request_facts=facts(order.buyer), at=p2p.now, unpaid=True
    )
    ad.refresh_from_db()
    assert (ad.status, ad.remaining) == ("ONLINE", 101)


def test_closing_gives_back_what_is_left_and_open_orders_go_on(p2p: Desk) -> None:
    from apps.ledger import queries as balances

    order = p2p.order(step="PAID")
    ads.close(actor=order.seller, ad=Ad.objects.get(), at=p2p.now)
    assert balances.available(order.seller, order.asset) == 10_000 - order.escrow
    p2p.pass_time(minutes=3)
    assert p2p.calm(lambda: p2p.releases(order)).order.status == "COMPLETED"


def test_a_suspended_owners_ads_leave_the_market_and_open_orders_go_on(p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    alice = p2p.person("alice")
    assert ad_suspension.suspend_ads(at=p2p.now) == 0
    senior = colleague(Role.SENIOR)
    restriction = review.impose(
        by=senior,
        at=p2p.now,
        subject=Entity.objects.get(pk=alice.entity_id),
        kind="DENY",
        ability="post_ad",
        reason="OFF_PLATFORM",
        user_sentence="Your ads are suspended for a week.",
        note="asked buyers to leave",
        until=p2p.now + timedelta(days=7),
    )

    assert ad_suspension.suspend_ads(at=p2p.now) == 1
    ad = Ad.objects.get()
    assert (ad.status, ad.suspended_for) == ("SUSPENDED", "RESTRICTED")
    assert Notice.objects.filter(user=alice, code="AD_SUSPENDED").exists()
    assert refusal(lambda: p2p.opens("carol", ad)).code == "AD_NOT_AVAILABLE"
    assert ad_suspension.suspend_ads(at=p2p.now) == 0
    p2p.pass_time(minutes=3)
    assert p2p.calm(lambda: p2p.releases(order)).order.status == "COMPLETED"

    review.lift(by=senior, at=p2p.now, restriction=restriction, reason="appeal granted")
    assert ad_suspension.suspend_ads(at=p2p.now) == 1
    ad.refresh_from_db()
    assert (ad.status, ad.suspended_for) == ("PAUSED", "")
    ads.resume(actor=alice, ad=ad, request_facts=facts(alice), at=p2p.now)
    assert Ad.objects.get().status == "ONLINE"


def test_nobody_resumes_more_ads_than_the_tier_has(p2p: Desk) -> None:
    p2p.funds("alice")
    for _ in range(3):
        ad = p2p.ad("alice")
        p2p.pass_time(minutes=10)
    alice = p2p.person("alice")
    ads.pause(actor=alice, ad=ad, at=p2p.now)
    alice.merchant.delete()
    no = refusal(lambda: ads.resume(actor=alice, ad=ad, request_facts=facts(alice), at=p2p.now))
    assert no.code == "TOO_MANY_ADS"


def floating(desk: Desk, **words: Any) -> Ad:
    """An ad of alice's, 1 % above the reference price (0.925)."""
    desk.funds("alice")
    said = {"price_type": "FLOATING", "price": None, "premium": Decimal("0.01")}
    return desk.ad("alice", **(said | words))


def test_a_floating_ad_trades_at_the_price_of_the_moment(p2p: Desk) -> None:
    ad, admin = floating(p2p), colleague(Role.ADMIN)
    assert p2p.order(ad=ad).price == Decimal("0.93425")
    said: dict[str, Any] = {"asset": "USDT-TRC20", "fiat": "EUR", "confirmed": False}
    catalogue.set_price(by=admin, price=Decimal("0.95"), at=p2p.now, **said)
    assert p2p.order(ad=ad, buyer="carol").price == Decimal("0.9595")
    no = refusal(lambda: p2p.calm(lambda: p2p.opens("dave", ad, price=Decimal("0.93425"))))
    assert no.code == "PRICE_MOVED"


def test_a_price_that_moves_far_is_asked_about(p2p: Desk) -> None:
    said: dict[str, Any] = {
        "by": colleague(Role.ADMIN),
        "asset": "USDT-TRC20",
        "fiat": "EUR",
        "price": Decimal("9.25"),
        "at": p2p.now,
    }
    no = refusal(lambda: catalogue.set_price(confirmed=False, **said))
    assert (no.code, no.detail) == (
        "CONFIRM_CHANGE",
        "That moves the price by +900.0 %. Confirm that it is meant so.",
    )
    catalogue.set_price(confirmed=True, **said)
    event = Event.objects.get(kind="price.set")
    assert (event.data["before"].rstrip("0"), event.data["price"]) == ("0.925", "9.25")

    for wrong in ("0", "-1", "NaN", "Infinity", "1E-19"):
        no = refusal(
            lambda wrong=wrong: catalogue.set_price(
                confirmed=True, **(said | {"price": Decimal(wrong)})
            )
        )
        assert no.code == "BAD_PRICE"
    no = refusal(
        lambda: catalogue.set_price(confirmed=True, **(said | {"by": colleague(Role.COMPLIANCE)}))
    )
    assert no.code == "NOT_PERMITTED"


def test_floating_ads_rest_while_the_price_is_out_of_date(p2p: Desk, settings: Any) -> None:
    settings.PRICE_MAX_AGE_H = 1
    ReferencePrice.objects.update(at=p2p.now)
    ad = floating(p2p)
    p2p.pass_time(hours=1)
    assert p2p.calm(lambda: p2p.opens("bob", ad)).order.status == "AWAITING_PAYMENT"

    p2p.pass_time(seconds=1)
    assert refusal(lambda: p2p.opens("carol", ad)).code == "STALE_PRICE"
    assert refusal(lambda: floating(p2p)).code == "STALE_PRICE"
    assert p2p.ad("alice").status == "ONLINE"  # at a fixed price

    settings.PRICE_MAX_AGE_H = 0
    assert p2p.calm(lambda: p2p.opens("carol", ad)).order.status == "AWAITING_PAYMENT"


def feed(path: Path, said: object, *, at: datetime) -> None:
    """Another program writes the file of prices."""
    path.write_text(json.dumps(said))
    os.utime(path, (at.timestamp(), at.timestamp()))


def test_a_file_of_prices_is_taken_over_with_its_own_moment(
    p2p: Desk, settings: Any, tmp_path: Path
) -> None:
    path = tmp_path / "prices.json"
    settings.PRICE_SOURCE = f"file:{path}"
    ReferencePrice.objects.update(at=p2p.now)
    p2p.pass_time(minutes=5)
    feed(
        path,
        {"USDT-TRC20": {"EUR": "0.931", "CNY": "72.4", "XXX": "1"}, "DOGE": {"EUR": "0.1"}},
        at=p2p.now,
    )
    assert catalogue.read_source(at=p2p.now + timedelta(minutes=1)) == 1
    known = prices.read("USDT-TRC20")
    assert known.of("USDT-TRC20", "EUR") == Decimal("0.931")
    assert known.of("USDT-TRC20", "CNY") == Decimal("7.24")  # ten times as much is a fault
    assert known.moments["USDT-TRC20", "EUR"] == p2p.now
    assert catalogue.read_source(at=p2p.now + timedelta(minutes=2)) == 0


@pytest.mark.parametrize(
    "said",
    [
        [],
        {"BTC": "90000"},
        {"BTC": {"USD": "NaN"}},
        {"BTC": {"USD": "-1"}},
        {"BTC": {"USD": True}},
        {"BTC": {"USD": "ninety thousand"}},
        "nonsense",
    ],
)
def test_what_a_file_can_not_mean_changes_nothing(
    p2p: Desk, settings: Any, tmp_path: Path, said: object
) -> None:
    path = tmp_path / "prices.json"
    settings.PRICE_SOURCE = f"file:{path}"
    assert catalogue.read_source(at=p2p.now) == 0  # there is no file yet
    before = prices.read()
    feed(path, said, at=datetime(2030, 1, 1, tzinfo=UTC))
    assert catalogue.read_source(at=p2p.now) == 0
    assert prices.read() == before


def test_without_a_feed_there_is_nothing_to_read(p2p: Desk, settings: Any) -> None:
    assert price_sources.is_table()
    assert catalogue.read_source(at=p2p.now) == 0
    settings.PRICE_SOURCE = "telepathy"
    with pytest.raises(ValueError, match="PRICE_SOURCE"):
        catalogue.read_source(at=p2p.now)


def test_the_engine_knows_how_the_advertiser_stands(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    order = p2p.order(step="COMPLETED", ad=ad)
    bob = order.buyer
    ratings.rate(actor=bob, order=order, is_positive=True, at=p2p.now)
    p2p.order(ad=ad, buyer="carol")
    event = Event.objects.filter(kind="order.created").latest("id")
    said = {name: event.data[name] for name in event.data if name.startswith("cp_")}
    assert said == {"cp_positive_share": 1.0, "cp_rating_weight": 1.0, "cp_completion": 1.0}
