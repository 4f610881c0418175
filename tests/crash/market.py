"""A market for a desk of its own that is killed while it trades: run as a process, one per trader.

    python -m tests.crash.market seed                       the database, people, money, ads
    python -m tests.crash.market trade ACKS [http://…]      until it is killed; over HTTP if told
    python -m tests.crash.market verify ACKS                exit 1 when anything was lost

What the desk acknowledged is appended to ACKS and synced before the trader goes on.
"""

import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import django

from otcrisk import embedded

embedded.start()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otcrisk.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, connection  # noqa: E402

from apps.core import clock  # noqa: E402
from apps.core.errors import Refused  # noqa: E402
from apps.flows import ads, releasing, trading, waiting  # noqa: E402
from apps.flows.order_terms import Wish  # noqa: E402
from apps.ledger.models import Asset  # noqa: E402
from apps.trades.models import LIVE, Ad, Order, OrderStep  # noqa: E402
from apps.users.models import PayoutAccount, User  # noqa: E402
from tests.desk import LOOKED, Desk, facts  # noqa: E402
from tests.phones import session_for  # noqa: E402

MERCHANTS, TAKERS = 8, 200
AMOUNTS = ("10", "15.50", "21", "37.77", "60")
RETRY_S = 60.0


def seed() -> None:
    """Grown people with money, and ads of both kinds, on a migrated database."""
    call_command("migrate", verbosity=0)
    call_command("seed", verbosity=0)
    desk = Desk(now=clock.now())
    for number in range(TAKERS):
        desk.account(f"taker{number}")
        desk.funds(f"taker{number}", "2000")
    for number in range(MERCHANTS):
        name = f"merchant{number}"
        desk.funds(name, "100000")
        for side in ("SELL", "BUY"):
            desk.ad(name, side=side, quantity=Decimal(20000))


class Acks:
    """What the desk said to be done: a line each, on the disk before anything else happens."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def add(self, id: Any, status: str) -> None:
        """Keep that this order reached this state."""
        os.write(self._file, f"{id} {status}\n".encode())
        os.fsync(self._file)


class Flows:
    """A trader who does things in this process, through the flows."""

    def open(self, taker: User, ad: Ad, fiat: str) -> Any:
        wish = Wish(rail="sepa_instant", fiat_amount=Decimal(fiat), account=account(taker))
        return trading.open_order(actor=taker, ad=ad.pk, wish=wish, **_now(taker))

    def pay(self, order: Order) -> Any:
        buyer = order.buyer
        return trading.mark_paid(actor=buyer, order=order, payer=account(buyer), **_now(buyer))

    def cancel(self, order: Order) -> Any:
        who = order.taker if order.status == "CREATED" else order.buyer
        return trading.cancel(actor=who, order=order, unpaid=True, **_now(who))

    def wish(self, order: Order) -> Any:
        return trading.wish_cancel(actor=order.seller, order=order, at=clock.now())

    def release(self, order: Order) -> Any:
        return releasing.release(
            actor=order.seller, order=order, looked=LOOKED, confirmed=True, **_now(order.seller)
        )

    def prove(self, order: Order) -> Any:
        who = order.taker if order.status == "CREATED" else order.seller
        waiting.prove(user=who, at=clock.now())

    def edit(self, ad: Ad) -> Any:
        offer = Desk(accounts={("own", "sepa_instant"): ad.rails.get().account}).offer(
            "own", side=ad.side, quantity=Decimal(random.randint(10000, 20000))
        )
        ads.edit(actor=ad.owner, ad=ad, offer=offer, **_now(ad.owner))


class Phone(Flows):
    """A trader with an app: the same over HTTP, each deed asked again under its key until told."""

    def __init__(self, address: str) -> None:
        self.address = address

    def open(self, taker: User, ad: Ad, fiat: str) -> Any:
        said = {"ad": ad.pk, "rail": "sepa_instant", "fiat_amount": fiat, "account": account(taker)}
        return self.post(taker, "/orders", said)

    def pay(self, order: Order) -> Any:
        return self.post(
            order.buyer, f"/orders/{order.pk}/pay", {"payer_account": account(order.buyer)}
        )

    def cancel(self, order: Order) -> Any:
        who = order.taker if order.status == "CREATED" else order.buyer
        return self.post(who, f"/orders/{order.pk}/cancel", {"unpaid": True})

    def wish(self, order: Order) -> Any:
        return self.post(order.seller, f"/orders/{order.pk}/wish-cancel", None)

    def release(self, order: Order) -> Any:
        said = {"arrived": True, "from_named_payer": True, "in_full": True}
        return self.post(order.seller, f"/orders/{order.pk}/release", said)

    def prove(self, order: Order) -> Any:
        who = order.taker if order.status == "CREATED" else order.seller
        self.post(who, "/proofs", None)

    def post(self, user: User, path: str, body: Any) -> Any:
        """What a deed answers: its order in the shape of the flows; Refused for a refusal."""
        raw = b"" if body is None else json.dumps(body, default=str).encode()
        request = urllib.request.Request(f"{self.address}/api/v1{path}", raw, method="POST")
        for name, value in (
            ("Content-Type", "application/json"),
            ("X-Session-Token", session_for(user)),
            ("Idempotency-Key", str(uuid4())),
        ):
            request.add_header(name, value)
        until = time.monotonic() + RETRY_S
        while True:
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    told = json.loads(answer.read() or b"{}")
                break
            except urllib.error.HTTPError as error:
                if error.code < 500 and error.code != 429:
                    problem = json.loads(error.read())
                    raise Refused(problem["code"], error.code, problem["detail"]) from None
            except OSError:
                pass
            except (ValueError, EOFError, Exception) as fault:  # half an answer
                if "IncompleteRead" not in repr(fault) and not isinstance(fault, ValueError):
                    raise
            if time.monotonic() > until:
                raise DatabaseError("the desk does not answer")
            time.sleep(0.2)
        order = told.get("order")
        return order and (order["id"], order["status"])


def trade(acks: Acks, trader: Flows, chance: random.Random) -> None:
    """Trade until killed; faults of a desk that is being killed are waited out."""
    while True:
        try:
            done = _deed(trader, chance)
            if done is not None:
                acks.add(*done)
        except Refused:
            continue
        except DatabaseError:
            connection.close()
            time.sleep(0.1)


def _deed(trader: Flows, chance: random.Random) -> tuple[Any, str] | None:
    live = Order.objects.filter(status__in=LIVE)
    ids = list(live.values_list("id", flat=True)[:40])
    if len(ids) < 8 or chance.random() < 0.25:
        taker = User.objects.get(email=f"taker{chance.randrange(TAKERS)}@example.org")
        ad = chance.choice(list(Ad.objects.filter(status="ONLINE")))
        if chance.random() < 0.1:
            Flows().edit(Ad.objects.select_related("owner").get(pk=ad.pk))
            return None
        return _told(trader.open(taker, ad, chance.choice(AMOUNTS)))
    order = Order.objects.select_related("buyer", "seller", "taker").get(pk=chance.choice(ids))
    likely: dict[str, list[Callable[[Order], Any]]] = {
        "CREATED": [trader.prove, trader.prove, trader.cancel],
        "AWAITING_PAYMENT": [trader.pay] * 5 + [trader.cancel, trader.wish],
        "PAID": [trader.release] * 6 + [trader.cancel, trader.wish],
        "RELEASING": [trader.prove],
    }
    return _told(chance.choice(likely[order.status])(order)) if order.status in likely else None


def _told(answer: Any) -> tuple[Any, str] | None:
    if answer is None or isinstance(answer, tuple):
        return answer
    return (answer.order.pk, answer.order.status)


def account(user: User) -> Any:
    """Somebody's one account."""
    return PayoutAccount.objects.values_list("id", flat=True).get(user=user)


def _now(user: User) -> dict[str, Any]:
    return {"request_facts": facts(user), "at": clock.now()}


def verify(path: Path) -> None:
    """Everything acknowledged is there, and selfcheck finds nothing; figures as one JSON line."""
    said = [tuple(line.split()) for line in path.read_text().splitlines() if line.count(" ") == 1]
    steps = OrderStep.objects.filter(order__in={id for id, _ in said})
    there = {(str(id), after) for id, after in steps.values_list("order", "after")}
    lost = [
        f"order {id} was said to be {status}" for id, status in said if (id, status) not in there
    ]
    ends = Order.objects.exclude(status__in=LIVE).values_list("status", flat=True)
    figures: dict[str, Any] = {status: list(ends).count(status) for status in set(ends)}
    figures |= {"acknowledged": len(said), "orders": Order.objects.count(), "lost": lost}
    figures["asset"] = Asset.objects.get(pk="USDT-TRC20").pk
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()
    call_command("selfcheck", json=True)
    if lost:
        raise SystemExit(1)


def main(what: str, *words: str) -> None:
    """One of the three."""
    if what == "seed":
        seed()
    elif what == "verify":
        verify(Path(words[0]))
    else:
        trader = Phone(words[1]) if len(words) > 1 else Flows()
        trade(Acks(Path(words[0])), trader, random.Random())


if __name__ == "__main__":
    main(*sys.argv[1:])
