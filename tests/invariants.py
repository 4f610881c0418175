"""What holds on the desk after whatever somebody did, asked of the rows and not of selfcheck."""

from typing import Any

from django.db.models import Sum
from hypothesis.stateful import RuleBasedStateMachine, invariant

from apps.core.money import total
from apps.flows import selfcheck
from apps.ledger.models import Account, Entry, Posting
from apps.trades.models import LIVE, Ad, Order

LEDGER = (selfcheck.entries_balanced, selfcheck.balances_recount, selfcheck.settled_once)


class Invariants(RuleBasedStateMachine):
    """A walk over the desk whose every step leaves these true."""

    def __init__(self) -> None:
        super().__init__()
        self.reverted: set[Any] = set()

    @invariant()
    def books_balance(self) -> None:
        assert total(Posting.objects.values_list("amount", flat=True)) == 0
        assert not Account.objects.filter(balance__lt=0).exists()
        assert [found for check in LEDGER for found in selfcheck.run(check)] == []

    @invariant()
    def escrow_is_full_while_an_order_lives_and_empty_afterwards(self) -> None:
        held = dict(Account.objects.filter(kind="ESCROW").values_list("ref", "balance"))
        should = {}
        for order in Order.objects.all():
            ends = Entry.objects.filter(ref=order.pk, is_terminal=True).count()
            was_held = Entry.objects.filter(ref=order.pk, kind="J1_HOLD").exists()
            assert ends == (was_held and order.status not in LIVE)
            assert was_held or order.status == "REJECTED"
            if was_held:
                should[order.pk] = order.escrow if order.status in LIVE else 0
        assert held == should

    @invariant()
    def ads_add_up(self) -> None:
        for ad in Ad.objects.all():
            of_it = list(Order.objects.filter(ad=ad))
            drawn = total([order.draws for order in of_it if order.status in LIVE])
            traded = total([order.draws for order in of_it if order.status == "COMPLETED"])
            assert ad.executed == traded
            assert total([ad.remaining, drawn, ad.executed]) == ad.quantity
            reserved = Account.objects.filter(kind="AD_RESERVED", ref=ad.pk)
            there = reserved.aggregate(sum=Sum("balance"))["sum"] or 0
            assert there == (ad.remaining if ad.side == "SELL" else 0)

    @invariant()
    def taking_paid_back_is_never_forgotten(self) -> None:
        now = set(Order.objects.filter(paid_reverted=True).values_list("id", flat=True))
        assert self.reverted <= now
        self.reverted = now
