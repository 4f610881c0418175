"""What partners say of each other, and how far it is believed."""

from datetime import timedelta
from typing import Any

import pytest

from apps.cases.models import Case
from apps.core.errors import Refused
from apps.events.models import Event
from apps.flows import ratings, relations
from apps.risk import links
from apps.trades.models import Order, Rating, Relation, Report
from apps.trades.queries import reputation
from apps.users.roles import Role
from tests.desk import Desk, facts
from tests.staff import colleague


def rates(desk: Desk, name: str, order: Order, *, positive: bool = True, **words: Any) -> Rating:
    """A party says how it was."""
    who = desk.person(name)
    return ratings.rate(
        actor=who,
        order=order,
        is_positive=positive,
        request_facts=facts(who),
        at=desk.now,
        **words,
    )


def test_both_parties_of_a_completed_order_rate_each_other_once(p2p: Desk) -> None:
    order = p2p.order(step="COMPLETED")

    said = rates(p2p, "bob", order, tags=["FAST"], comment="  Quick,  thanks ")
    rates(p2p, "alice", order, positive=False)

    assert (said.rated, said.comment, said.tags, said.weight) == (
        p2p.person("alice"),
        "Quick, thanks",
        ["FAST"],
        1.0,
    )
    with pytest.raises(Refused, match="rated this order already"):
        rates(p2p, "bob", order)
    assert reputation.praise_of([p2p.person("bob").pk])[p2p.person("bob").pk].share == 0
    event = Event.objects.filter(kind="rating.given").earliest("id")
    assert event.data["rating_positive"] is True
    assert event.data["rater_fresh"] is False
    assert "thanks" not in str(event.data)


def test_who_may_not_rate(p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    with pytest.raises(Refused) as refused:
        rates(p2p, "bob", order)
    assert refused.value.code == "NOT_COMPLETED"

    p2p.pass_time(minutes=5)
    order = p2p.calm(lambda: p2p.releases(order)).order
    with pytest.raises(Refused) as refused:
        rates(p2p, "mallory", order)
    assert refused.value.code == "NO_SUCH_ORDER"

    p2p.pass_time(days=30, seconds=1)
    with pytest.raises(Refused) as refused:
        rates(p2p, "bob", order)
    assert refused.value.code == "RATING_TOO_LATE"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("tags", {"tags": ["MARVELLOUS"]}),
        ("tags", {"tags": ["FAST", "SLOW", "RUDE", "POLITE", "GOOD_PRICE"]}),
        ("comment", {"comment": "x" * 301}),
        ("comment", {"comment": "write me on telegram @bob_otc"}),
    ],
)
def test_what_a_rating_may_not_say(p2p: Desk, field: str, words: dict[str, Any]) -> None:
    order = p2p.order(step="COMPLETED")
    with pytest.raises(Refused) as refused:
        rates(p2p, "bob", order, **words)
    assert list(refused.value.fields) == [field]
    assert not Rating.objects.exists()


def test_a_fresh_account_is_believed_a_fifth(p2p: Desk) -> None:
    p2p.person("bob", days=13)
    order = p2p.order(step="COMPLETED", fiat="20")
    assert rates(p2p, "bob", order).weight == 0.2


def test_the_same_pair_counts_less_each_time(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    weights = []
    for _ in range(3):
        weights.append(rates(p2p, "bob", p2p.order(step="COMPLETED", ad=ad)).weight)
        p2p.pass_time(hours=3)
    assert weights == [1.0, 0.5, 0.3333]


def test_who_shares_a_phone_hardly_counts_also_when_that_is_seen_later(p2p: Desk) -> None:
    order = p2p.order(step="COMPLETED")
    alice, bob = p2p.person("alice"), p2p.person("bob")
    rating = rates(p2p, "bob", order)
    assert rating.weight == 1.0
    assert ratings.weigh_again(at=p2p.now) == 0

    # Alice then uses bob's phone.
    p2p.pass_time(hours=1)
    relations.report(
        actor=alice,
        target=p2p.person("carol"),
        order=None,
        category="THREATS",
        words="",
        request_facts=facts(alice, device_id=bob.pk),
        at=p2p.now,
    )
    assert links.shared_with(entity=alice.entity_id, others=[bob.entity_id]) == {bob.entity_id}

    assert ratings.weigh_again(at=p2p.now) == 1
    rating.refresh_from_db()
    assert rating.weight == 0.1


def test_what_a_crowd_shares_links_nobody(p2p: Desk) -> None:
    order = p2p.order(step="COMPLETED")
    guests = [p2p.person(f"guest{number}") for number in range(9)]
    for who in [p2p.person("alice"), p2p.person("bob"), *guests]:
        relations.report(
            actor=who,
            target=p2p.person("mallory"),
            order=None,
            category="THREATS",
            words="",
            request_facts=facts(who, ip="198.51.100.7"),
            at=p2p.now,
        )
    assert rates(p2p, "bob", order).weight == 1.0


def test_staff_hide_what_is_abuse(p2p: Desk) -> None:
    order = p2p.order(step="COMPLETED")
    rating = rates(p2p, "bob", order, positive=False)
    alice = p2p.person("alice")
    assert reputation.praise_of([alice.pk])[alice.pk].count == 1

    ratings.hide(by=colleague(Role.ANALYST), rating=rating, reason="blackmail", at=p2p.now)

    assert reputation.praise_of([alice.pk])[alice.pk] == reputation.UNRATED
    assert not reputation.ratings_of(alice).exists()
    with pytest.raises(Refused, match="not allow"):
        ratings.hide(by=alice, rating=rating, reason="I don't like it", at=p2p.now)


def test_a_profile_says_how_somebody_trades_in_four_queries(
    p2p: Desk, django_assert_num_queries: Any
) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    for buyer in ("bob", "carol"):
        rates(p2p, buyer, p2p.order(step="COMPLETED", ad=ad, buyer=buyer))
    alice, bob = p2p.person("alice"), p2p.person("bob")
    relations.set_(actor=bob, other=alice, kind="TRUST", on=True, at=p2p.now)

    with django_assert_num_queries(4):
        seen = reputation.profile(alice, viewer=bob, at=p2p.now)

    assert seen.merchant is not None
    assert seen.merchant.tier.code == "VERIFIED"
    assert (seen.record.orders, seen.sold, seen.record.partners) == (2, 2, 2)
    assert (seen.record.completion_30d, seen.record.release_seconds) == (1.0, 300.0)
    assert (seen.praise.share, seen.praise.count) == (1.0, 2)
    assert (seen.account_days, seen.trading_days) == (365, 0)
    assert (seen.is_trusted, seen.trusted_by, seen.orders_together) == (True, 1, 1)
    assert (seen.record.appeal_rate_30d, seen.appeal_loss_30d) == (0.0, None)

    days = reputation.series(alice, days=30, at=p2p.now)
    assert (len(days), days[-1].sold, days[-1].completion) == (30, 2, 1.0)
    assert days[0].completion is None


def test_whom_bob_blocks_can_neither_take_his_ads_nor_he_theirs(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    bob, alice = p2p.person("bob"), p2p.person("alice")
    relations.set_(actor=bob, other=alice, kind="FOLLOW", on=True, at=p2p.now)
    relations.set_(actor=bob, other=alice, kind="BLOCK", on=True, at=p2p.now)
    relations.set_(actor=bob, other=alice, kind="BLOCK", on=True, at=p2p.now)
    assert [row.kind for row in Relation.objects.all()] == ["BLOCK"]

    with pytest.raises(Refused) as refused:
        p2p.opens("bob", ad)
    assert refused.value.code == "AD_NOT_AVAILABLE"

    relations.set_(actor=bob, other=alice, kind="BLOCK", on=False, at=p2p.now)
    assert p2p.calm(lambda: p2p.opens("bob", ad)).order.status == "AWAITING_PAYMENT"
    with pytest.raises(Refused, match="yourself"):
        relations.set_(actor=bob, other=bob, kind="TRUST", on=True, at=p2p.now)


def test_a_report_is_a_case_for_staff_and_restricts_nobody(p2p: Desk) -> None:
    order = p2p.order()
    bob, alice = p2p.person("bob"), p2p.person("alice")
    said: dict[str, Any] = {
        "target": alice,
        "order": order,
        "category": "OFF_PLATFORM",
        "words": "She asked me to pay outside.",
        "at": p2p.now,
    }
    relations.report(actor=bob, request_facts=facts(bob), **said)

    case = Case.objects.get()
    assert (case.subject_id, case.queue, case.status) == (alice.entity_id, "REVIEW", "OPEN")
    event = Event.objects.get(kind="user.reported")
    assert event.data["category"] == "OFF_PLATFORM"
    assert "outside" not in str(event.data)
    assert Report.objects.get().words == "She asked me to pay outside."
    assert event.user_id == bob.entity_id

    with pytest.raises(Refused, match="have reported this"):
        relations.report(actor=bob, **said)
    with pytest.raises(Refused) as refused:
        relations.report(actor=p2p.person("mallory"), **said)
    assert list(refused.value.fields) == ["order"]

    carol = p2p.person("carol")
    relations.report(actor=carol, **(said | {"order": None}))
    case.refresh_from_db()
    assert case.alerts == 2


def test_nobody_floods_staff_with_reports(p2p: Desk) -> None:
    bob = p2p.person("bob")
    for number in range(6):
        said: dict[str, Any] = {
            "target": p2p.person(f"trader{number}"),
            "order": None,
            "category": "THREATS",
            "words": "",
            "at": p2p.now + timedelta(minutes=number),
        }
        if number < 5:
            relations.report(actor=bob, **said)
    with pytest.raises(Refused) as refused:
        relations.report(actor=bob, **said)
    assert refused.value.code == "TOO_MANY_REPORTS"


def test_reputation_reaches_the_engine_with_the_next_ad(p2p: Desk) -> None:
    from apps.risk.models import Decision, FeatureSet

    p2p.funds("alice")
    ad = p2p.ad("alice")
    for number in range(3):
        name = f"fresh{number}"
        p2p.person(name, days=2)
        rates(p2p, name, p2p.order(step="COMPLETED", ad=ad, buyer=name, fiat="20"))
    p2p.pass_time(minutes=5)
    p2p.ad("alice")

    decision = Decision.objects.filter(checkpoint="CP0").latest("id")
    names = FeatureSet.objects.get(pk=decision.feature_set).names
    values = dict(zip(names, decision.values, strict=True))
    assert (values["praised_30d"], values["inflated_share_30d"]) == (3.0, 1.0)
