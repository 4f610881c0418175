"""What selfcheck asks of the desk finds nothing on an honest one, and each forgery by hand."""

import pytest
from django.db import connection

from apps.flows import selfcheck, selfcheck_desk, trading
from apps.trades.models import Ad, Message
from apps.trades.services import talk
from apps.users.models import User
from tests.desk import Desk, facts


def traded(desk: Desk) -> None:
    """One ad with an order that completed, one that was cancelled and one that is open."""
    done = desk.order(step="COMPLETED")
    ad = Ad.objects.get()
    undone = desk.order(buyer="carol", ad=ad)
    trading.cancel(
        actor=undone.buyer,
        order=undone,
        request_facts=facts(undone.buyer),
        at=desk.now,
        unpaid=True,
    )
    desk.order(buyer="dave", ad=ad)
    assert done.ad_id == ad.pk


def forge(statement: str) -> None:
    """Somebody with all rights in the database changes a row behind every guard."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        assert cursor.rowcount > 0
        cursor.execute("SET LOCAL session_replication_role = origin")


def broken() -> set[str]:
    """The names of the checks that find something."""
    return {check.__name__ for check in selfcheck.CHECKS if selfcheck.run(check)}


def test_an_honest_desk_has_nothing_to_find(p2p: Desk) -> None:
    traded(p2p)
    assert set(selfcheck_desk.CHECKS) <= set(selfcheck.CHECKS)
    assert broken() == set()


FORGED = [
    (
        "UPDATE ledger_entry SET kind = 'J1_HOLD', is_terminal = false WHERE kind = 'J2_RELEASE'",
        {"orders_settled"},
    ),
    (
        "UPDATE ledger_entry SET kind = 'J4_SPLIT' WHERE kind = 'J3_RETURN'",
        {"orders_settled"},
    ),
    (
        "UPDATE trades_order SET status = 'EXPIRED', ended_at = status_at WHERE status = "
        "'AWAITING_PAYMENT'",
        {"orders_settled", "escrow_of_orders", "ad_quantities", "order_steps"},
    ),
    (
        "UPDATE trades_order SET status = 'PAID', ended_at = NULL WHERE status = 'CANCELLED'",
        {"orders_settled", "escrow_of_orders", "ad_quantities", "order_steps"},
    ),
    (
        "UPDATE ledger_account SET balance = balance - 1 WHERE kind = 'ESCROW' AND balance > 0",
        {"escrow_of_orders", "balances_recount"},
    ),
    (
        "UPDATE ledger_account SET ref = gen_random_uuid() WHERE kind = 'ESCROW' AND balance > 0",
        {"escrow_of_orders"},
    ),
    (
        "UPDATE trades_ad SET remaining = remaining - 1",
        {"ads_reserved", "ad_quantities"},
    ),
    ("UPDATE trades_ad SET quantity = quantity + 1", {"ad_quantities"}),
    (
        "UPDATE trades_ad SET executed = executed + 1, quantity = quantity + 1",
        {"ad_quantities"},
    ),
    ("DELETE FROM trades_orderstep WHERE after = 'PAID'", {"order_steps"}),
    ("DELETE FROM trades_orderstep WHERE after = 'COMPLETED'", {"order_steps"}),
    ("UPDATE trades_orderstep SET before = 'CREATED' WHERE after = 'PAID'", {"order_steps"}),
    ("DELETE FROM trades_message WHERE seq = 2", {"transcripts"}),
    ("UPDATE trades_message SET code = 'ORDER_PAID' WHERE seq = 1", {"transcripts"}),
    ("UPDATE trades_message SET at = at + interval '1 second' WHERE seq = 1", {"transcripts"}),
    ("UPDATE trades_daytally SET bought = bought + 1", {"tallies_recount"}),
    ("UPDATE trades_daytally SET usd_sold = usd_sold + 1", {"tallies_recount"}),
    ("DELETE FROM trades_daytally", {"tallies_recount"}),
    ("UPDATE trades_pairtally SET orders = orders + 1", {"tallies_recount"}),
]


@pytest.mark.parametrize(("statement", "finds"), FORGED, ids=[one[:60] for one, _ in FORGED])
def test_what_is_changed_behind_the_guards_is_found(
    p2p: Desk, statement: str, finds: set[str]
) -> None:
    traded(p2p)
    forge(statement)
    assert finds <= broken()


def test_erasing_a_person_breaks_no_transcript(p2p: Desk) -> None:
    order = p2p.order()
    talk.say(order=order, sender=order.buyer, text="Hello", attachment=None, at=p2p.now)
    talk.tell(order=order, code="ORDER_PAID", at=p2p.now)
    Message.objects.filter(sender=order.buyer).update(body=None)
    assert broken() == {"transcripts"}

    User.objects.filter(pk=order.buyer_id).update(
        is_active=False, display_name="", erased_at=p2p.now
    )
    assert broken() == set()
