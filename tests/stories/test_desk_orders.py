"""Orders as they should go, and as they go when somebody gives up."""

from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.db import IntegrityError, transaction

from apps.core.errors import Refused
from apps.events.models import Entity, Event
from apps.flows import desk_sweeps, review, trading, waiting
from apps.ledger import queries as ledger
from apps.ledger.models import Asset
from apps.restrictions import services as restricting
from apps.restrictions.models import Restriction
from apps.risk.models import Decision
from apps.trades.models import Ad, Appeal, Message, Order, OrderStep
from apps.users.models import User
from apps.users.roles import Role
from tests.desk import Desk
from tests.staff import colleague


def balance(desk: Desk, name: str, what: str = "available") -> Decimal:
    """Somebody's USDT."""
    rows = ledger.balances(desk.person(name), at=desk.now)
    found = [getattr(row, what) for row in rows if row.asset.code == "USDT-TRC20"]
    return found[0] if found else Decimal(0)


def test_alice_sells_and_bob_buys(p2p: Desk) -> None:
    p2p.funds("alice", "10000")
    ad = p2p.ad("alice")
    assert (balance(p2p, "alice"), balance(p2p, "alice", "reserved")) == (9000, 1000)

    order = p2p.order(ad=ad)
    assert order.status == "AWAITING_PAYMENT"
    assert order.amount == 100
    assert ledger.in_escrow(order.pk, Asset.objects.get(pk="USDT-TRC20")) == order.escrow
    ad.refresh_from_db()
    assert ad.remaining == 1000 - order.escrow

    p2p.pass_time(minutes=8)
    p2p.calm(lambda: p2p.pays(order))
    p2p.pass_time(minutes=5)
    done = p2p.calm(lambda: p2p.releases(order)).order

    assert done.status == "COMPLETED"
    assert balance(p2p, "bob") == 100 - order.buyer_fee
    assert ledger.in_escrow(order.pk, Asset.objects.get(pk="USDT-TRC20")) == 0
    ad.refresh_from_db()
    assert (ad.executed, ad.remaining) == (order.escrow, 1000 - order.escrow)
    assert [step.after for step in OrderStep.objects.order_by("id")] == [
        "AWAITING_PAYMENT",
        "PAID",
        "RELEASING",
        "COMPLETED",
    ]
    assert list(Message.objects.order_by("seq").values_list("seq", "code")) == [
        (1, "ORDER_OPENED"),
        (2, "ORDER_PAID"),
        (3, "ORDER_COMPLETED"),
    ]


def test_bob_cancels_and_alices_ad_has_it_back(p2p: Desk) -> None:
    order = p2p.order()
    p2p.cancels(order)
    ad = Ad.objects.get()
    assert Order.objects.get().status == "CANCELLED"
    assert (ad.remaining, ad.quantity) == (1000, 1000)
    assert balance(p2p, "alice", "reserved") == 1000


def test_an_order_that_is_not_paid_in_time_expires(p2p: Desk) -> None:
    order = p2p.order()
    assert trading.expire(order=order, at=p2p.now + timedelta(minutes=29)) is False
    assert trading.expire(order=order, at=p2p.now + timedelta(minutes=30)) is True
    assert Order.objects.get().status == "EXPIRED"
    assert balance(p2p, "alice", "reserved") == 1000


def test_a_stepped_up_order_waits_with_its_crypto_and_goes_on_when_proven(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    moved = p2p.judged("STEP_UP", lambda: p2p.opens("bob", ad))
    assert (moved.outcome, moved.order.status) == ("STEP_UP", "CREATED")
    assert waiting.resume(order=moved.order, at=p2p.now) is False

    p2p.pass_time(minutes=2)
    assert waiting.prove(user=p2p.person("bob"), at=p2p.now) == [moved.order]
    assert Order.objects.get().status == "AWAITING_PAYMENT"


def test_a_step_up_that_nobody_answers_gives_the_crypto_back(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    moved = p2p.judged("STEP_UP", lambda: p2p.opens("bob", ad))
    assert waiting.due(at=p2p.now) == []
    p2p.pass_time(minutes=6)
    assert waiting.due(at=p2p.now) == [moved.order]
    assert waiting.resume(order=moved.order, at=p2p.now) is True
    order = Order.objects.get()
    assert (order.status, order.cancel_reason) == ("CANCELLED", "CHECK_LATE")
    assert balance(p2p, "alice", "reserved") == 1000


def test_a_blocked_order_holds_nothing(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    with pytest.raises(Refused) as refused:
        p2p.judged("BLOCK", lambda: p2p.opens("bob", ad))
    assert refused.value.code == "BLOCKED"
    assert Order.objects.get().status == "REJECTED"
    assert balance(p2p, "alice", "reserved") == 1000


def test_a_held_release_waits_for_staff_even_in_the_database(p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    p2p.pass_time(minutes=5)
    moved = p2p.judged("REVIEW", lambda: p2p.releases(order))
    assert moved.order.status == "RELEASING"
    assert waiting.resume(order=order, at=p2p.now + timedelta(days=10)) is False


def test_not_even_raw_sql_completes_a_held_release(p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    p2p.judged("REVIEW", lambda: p2p.releases(order))
    with pytest.raises(IntegrityError, match="is held"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(status="COMPLETED", ended_at=p2p.now)


@pytest.mark.parametrize("outcome", ["REVIEW", "BLOCK"])
def test_a_word_that_is_not_believed_stands_and_holds_the_release(p2p: Desk, outcome: str) -> None:
    order = p2p.order()
    moved = p2p.judged(outcome, lambda: p2p.pays(order))
    assert (moved.order.status, moved.outcome) == ("PAID", outcome)
    with pytest.raises(Refused, match="UNDER_REVIEW"):
        p2p.calm(lambda: p2p.releases(moved.order))


def test_staff_clear_a_held_release_and_it_goes_on(p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    p2p.judged("REVIEW", lambda: p2p.releases(order))
    assert waiting.due(at=p2p.now) == []
    _staff_say(p2p, "ALLOW")
    assert waiting.due(at=p2p.now) == [order]
    assert waiting.resume(order=order, at=p2p.now) is True
    assert Order.objects.get().status == "COMPLETED"
    assert balance(p2p, "bob") == 100 - order.buyer_fee


def test_staff_confirm_a_suspicion_and_the_release_falls_back(p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    p2p.judged("REVIEW", lambda: p2p.releases(order))
    _staff_say(p2p, "BLOCK")
    assert waiting.due(at=p2p.now) == [order]
    assert waiting.resume(order=order, at=p2p.now) is True
    assert Order.objects.get().status == "PAID"
    with pytest.raises(Refused) as refused:
        p2p.calm(lambda: p2p.releases(order))
    assert refused.value.code == "UNDER_REVIEW"

    # … and what is left is for people to settle.
    assert desk_sweeps.raise_stopped(at=p2p.now) == 1
    appeal = Appeal.objects.get()
    assert (appeal.order_id, appeal.opener, appeal.order.status) == (order.pk, None, "APPEALED")
    assert desk_sweeps.raise_stopped(at=p2p.now) == 0


def test_without_the_engine_a_release_waits_a_little_and_is_judged_again(p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    with patch("apps.risk.decide.conclude", side_effect=ZeroDivisionError):
        assert p2p.releases(order).order.status == "RELEASING"
    p2p.pass_time(minutes=10)
    restricting.lift_due(at=p2p.now)
    assert waiting.resume(order=order, at=p2p.now) is False

    p2p.pass_time(minutes=6)
    restricting.lift_due(at=p2p.now)
    assert waiting.resume(order=order, at=p2p.now) is True
    assert Order.objects.get().status == "PAID"
    assert p2p.calm(lambda: p2p.releases(order)).order.status == "COMPLETED"


def test_what_is_forbidden_is_refused_and_stands_in_the_log(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    bob = p2p.person("bob")
    Restriction.objects.create(
        subject=_known(bob, p2p),
        kind="DENY",
        ability="take_buy",
        imposed_at=p2p.now,
        reason="SAID_SO",
        user_sentence="You can't buy at present. Contact support.",
    )
    with pytest.raises(Refused) as refused:
        p2p.opens("bob", ad)
    assert (refused.value.code, refused.value.status) == ("RESTRICTED", 403)
    tried = Event.objects.get(kind="deed.refused")
    assert (tried.user_id, tried.data["ability"]) == (bob.entity_id, "take_buy")
    assert not Order.objects.exists()
    assert balance(p2p, "alice", "reserved") == 1000


def _staff_say(desk: Desk, outcome: str) -> None:
    decision = Decision.objects.filter(checkpoint="CP3").latest("id")
    review.decide(
        by=colleague(Role.SENIOR), at=desk.now, decision=decision, outcome=outcome, note="Looked."
    )


def _known(user: User, desk: Desk) -> Entity:
    return Entity.objects.get_or_create(
        id=user.entity_id,
        defaults={"kind": "user", "scope": "desk", "ref": str(user.pk), "first_at": desk.now},
    )[0]


def test_whoever_took_an_order_that_waits_may_give_it_up(p2p: Desk) -> None:
    p2p.merchant("alice")
    p2p.account("alice")
    ad = p2p.ad("alice", side="BUY")
    p2p.funds("bob")
    moved = p2p.judged("REVIEW", lambda: p2p.opens("bob", ad))
    assert (moved.order.status, moved.order.seller) == ("CREATED", p2p.person("bob"))
    with pytest.raises(Refused, match="NOT_YOURS_TO_DO"):
        p2p.cancels(moved.order)

    trading.cancel(
        actor=p2p.person("bob"),
        order=moved.order,
        request_facts=p2p.facts("bob"),
        at=p2p.now,
        unpaid=False,
    )

    order = Order.objects.get()
    assert (order.status, order.cancel_reason) == ("CANCELLED", "TAKER")
    assert balance(p2p, "bob") == 10_000
    assert not Restriction.objects.filter(subject=order.entity, lifted_at=None).exists()
