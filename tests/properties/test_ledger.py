"""Any sequence of deeds: the ledger equals a plain dictionary, and every invariant holds.

The dictionary knows nothing of accounts, entries or triggers: names, amounts, and when to refuse.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal as D
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import pytest
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from apps.core.errors import Refused
from apps.flows import selfcheck
from apps.ledger import services
from apps.ledger.models import Asset
from apps.users.models import User
from tests.books import SIGNED, asset, books, check_deferred, fund, person

pytestmark = pytest.mark.django_db

SPACE = UUID("b7d1f1de-6f5e-4c0e-93ad-0f2b3e9b1a55")
CHECKS = (selfcheck.entries_balanced, selfcheck.balances_recount, selfcheck.settled_once)
SMALLEST = D("0.000001")

DEEDS = (
    "deposit",
    "clear",
    "send_back",
    "reserve",
    "unreserve",
    "hold",
    "hold_from_ad",
    "release",
    "return",
    "return_to_ad",
    "split",
    "freeze",
    "unfreeze",
    "seize",
    "margin",
    "slash",
    "withdraw",
    "broadcast",
    "bring_back",
)


@dataclass(frozen=True)
class Step:
    """Who does what with which order, ad, case, deposit or withdrawal, and with how much."""

    deed: str
    who: str
    n: int
    amount: D

    @property
    def other(self) -> str:
        return "bob" if self.who == "alice" else "alice"


amounts = st.one_of(
    st.integers(1, 9).map(D), st.integers(1, 10**8).map(lambda units: units * SMALLEST)
)
steps = st.builds(
    Step,
    deed=st.sampled_from(DEEDS),
    who=st.sampled_from(["alice", "bob"]),
    n=st.integers(1, 2),
    amount=amounts,
)


class No(Exception):
    """The dictionary's refusal."""


@dataclass
class Book:
    """Amounts by name of the place, and what was done before."""

    has: dict[str, D] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def copy(self) -> "Book":
        return Book(dict(self.has), set(self.done))

    def move(self, source: str, target: str, amount: D, *, limited: bool = True) -> None:
        there = self.has.get(source, D(0))
        if amount <= 0 or (limited and there < amount):
            raise No
        self.has[source] = there - amount
        self.has[target] = self.has.get(target, D(0)) + amount

    def once(self, deed: str) -> None:
        if deed in self.done:
            raise No
        self.done.add(deed)

    def all_of(self, place: str) -> D:
        amount = self.has.get(place, D(0))
        if not amount:
            raise No
        return amount


def ref(kind: str, number: int) -> UUID:
    return uuid5(SPACE, f"{kind}-{number}")


def in_book(book: Book, step: Step) -> None:
    """What the deed should do."""
    deed, who, n, amount = step.deed, step.who, step.n, step.amount
    mine, order, wallet = f"{who} AVAILABLE", f"ESCROW {n}", "HOT_WALLET"
    ad, frozen, margin = f"{who} AD_RESERVED {n}", f"{who} FROZEN {n}", f"{who} MARGIN"
    arriving, leaving = f"{who} QUARANTINE {n}", f"{who} WITHDRAW_PENDING {n}"
    if deed == "deposit":
        book.once(f"deposit {n}")
        book.move(wallet, arriving, amount, limited=False)
    elif deed in ("clear", "send_back"):
        book.move(arriving, mine if deed == "clear" else wallet, book.all_of(arriving))
    elif deed in ("reserve", "unreserve"):
        book.move(*((mine, ad) if deed == "reserve" else (ad, mine)), amount)
    elif deed in ("hold", "hold_from_ad"):
        book.once(order)
        book.move(mine if deed == "hold" else ad, order, amount)
    elif deed in ("release", "return", "return_to_ad", "split"):
        held = book.all_of(order)
        if deed == "release":
            book.move(order, "FEE", SMALLEST)
            book.move(order, mine, held - SMALLEST)
        elif deed == "split":
            book.move(order, "FEE", SMALLEST)
            book.move(order, mine, SMALLEST)
            book.move(order, f"{step.other} AVAILABLE", held - 2 * SMALLEST)
        else:
            book.move(order, mine if deed == "return" else ad, held)
    elif deed in ("freeze", "unfreeze"):
        book.move(*((mine, frozen) if deed == "freeze" else (frozen, mine)), amount)
    elif deed == "seize":
        book.move(frozen, "LE_CUSTODY", amount)
    elif deed == "margin":
        book.move(mine, margin, amount)
    elif deed == "slash":
        book.move(margin, f"{step.other} AVAILABLE", amount)
    elif deed == "withdraw":
        book.once(f"withdrawal {n}")
        book.move(mine, leaving, amount)
    elif deed == "broadcast":
        held = book.all_of(leaving)
        book.move(leaving, "NETWORK_FEE", SMALLEST)
        book.move(leaving, wallet, held - SMALLEST)
    else:
        book.move(leaving, mine, book.all_of(leaving))


def in_ledger(step: Step, number: int, *, cast: dict[str, User], usdt: Asset, book: Book) -> None:
    """The deed itself; what it empties, it empties by what the book says is there."""
    who, n, amount = step.who, step.n, step.amount
    me, other = cast[who], cast[step.other]
    own = {"user": me, "asset": usdt, "key": str(number), **SIGNED}
    order = {"order": ref("order", n), "asset": usdt, **SIGNED}
    ad, case = ref("ad", n), ref("case", n)
    arriving = {"deposit": ref("deposit", n), "user": me, "asset": usdt, **SIGNED}
    leaving = {"withdrawal": ref("withdrawal", n), "user": me, "asset": usdt, **SIGNED}
    escrow = book.has.get(f"ESCROW {n}", D(0))
    quarantined = book.has.get(f"{who} QUARANTINE {n}") or amount
    pending = book.has.get(f"{who} WITHDRAW_PENDING {n}") or amount
    acts: dict[str, Callable[[], Any]] = {
        "deposit": lambda: services.deposit(**arriving, amount=amount),
        "clear": lambda: services.clear_deposit(**arriving, amount=quarantined),
        "send_back": lambda: services.return_deposit(**arriving, amount=quarantined),
        "reserve": lambda: services.reserve_for_ad(**own, ad=ad, amount=amount),
        "unreserve": lambda: services.return_from_ad(**own, ad=ad, amount=amount),
        "hold": lambda: services.hold_escrow(**order, seller=me, amount=amount, from_ad=None),
        "hold_from_ad": lambda: services.hold_escrow(**order, seller=me, amount=amount, from_ad=ad),
        "release": lambda: services.release_escrow(**order, buyer=me, fee=SMALLEST),
        "return": lambda: services.return_escrow(**order, seller=me, to_ad=None),
        "return_to_ad": lambda: services.return_escrow(**order, seller=me, to_ad=ad),
        "split": lambda: services.split_escrow(
            **order,
            seller=me,
            seller_amount=SMALLEST,
            buyer=other,
            buyer_amount=escrow - 2 * SMALLEST,
            fee=SMALLEST,
        ),
        "freeze": lambda: services.freeze(**own, ref=case, amount=amount),
        "unfreeze": lambda: services.unfreeze(**own, ref=case, amount=amount),
        "seize": lambda: services.seize(**own, ref=case, amount=amount, reason="COURT_ORDER"),
        "margin": lambda: services.post_margin(**own, amount=amount),
        "slash": lambda: services.slash_margin(**own, victim=other, amount=amount),
        "withdraw": lambda: services.request_withdrawal(**leaving, amount=amount),
        "broadcast": lambda: services.broadcast_withdrawal(
            **leaving, amount=pending, network_fee=SMALLEST
        ),
        "bring_back": lambda: services.return_withdrawal(**leaving, amount=pending),
    }
    acts[step.deed]()


def summed(book: Book) -> dict[str, D]:
    """The dictionary without numbers of orders and the like, as books() names places."""
    sums: dict[str, D] = {}
    for place, amount in book.has.items():
        name = place.rstrip(" 123")
        sums[name] = sums.get(name, D(0)) + amount
    # The wallet is the other side of what we owe, and so negative in both.
    return {name: amount for name, amount in sums.items() if amount}


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is rolled back: every example starts with empty books."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def accepted(deed: Callable[[], None], refusal: type[Exception]) -> bool:
    """Whether the deed was done rather than refused; a refused one leaves nothing behind."""
    try:
        with transaction.atomic():
            deed()
    except refusal:
        return False
    return True


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=st.lists(steps, min_size=20, max_size=60))
def test_any_sequence_of_deeds_keeps_the_books(db: None, story: list[Step]) -> None:
    with undone():
        cast, usdt, book = {who: person(who) for who in ("alice", "bob")}, asset(), Book()
        for who, user in cast.items():
            fund(user, usdt, "200")
            book.move("HOT_WALLET", f"{who} AVAILABLE", D(200), limited=False)
        for number, step in enumerate(story):
            after = book.copy()
            expected = accepted(partial(in_book, after, step), No)
            deed = partial(in_ledger, step, number, cast=cast, usdt=usdt, book=book)
            assert accepted(deed, Refused) == expected, step
            book = after if expected else book
            event(f"{step.deed}: {'done' if expected else 'refused'}")
            assert books(usdt) == summed(book)
        check_deferred()
        assert sum(books(usdt).values()) == 0
        assert all(amount >= 0 for name, amount in books(usdt).items() if name != "HOT_WALLET")
        assert [found for check in CHECKS for found in selfcheck.run(check)] == []
