"""The same at once: whatever is sent twice by many at a time happens once."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connection

from apps.events.models import Event, IngestKey
from apps.restrictions.models import Restriction
from apps.risk.models import Decision, Head
from apps.risk.velocity.streams import STREAMS
from tests.exchange import DECISIONS, Exchange, act

THREADS = 4
T = TypeVar("T")
R = TypeVar("R")


def at_once(deed: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """Do the deed to all things, four at a time, each thread on its own connection."""

    def share(mine: list[T]) -> list[R]:
        try:
            return [deed(thing) for thing in mine]
        finally:
            connection.close()

    everything = list(things)
    with ThreadPoolExecutor(THREADS) as pool:
        parts = pool.map(share, [everything[n::THREADS] for n in range(THREADS)])
        return [one for part in parts for one in part]


def test_two_hundred_acts_sent_twice_by_four_at_once(committed_exchange: Exchange) -> None:
    exchange = committed_exchange
    acts = [
        act("order.created", user=f"u{n % 20}", counterparty=f"m{n % 3}", ip=f"203.0.113.{n % 5}")
        for n in range(200)
    ]
    both = acts + acts
    random.Random(7).shuffle(both)

    answers = at_once(lambda body: (body["id"], exchange.post(DECISIONS, body)), both)

    told: dict[str, list[Any]] = defaultdict(list)
    for id, answer in answers:
        assert answer.status_code == 200, answer.content
        told[id].append(answer)
    assert len(told) == 200
    for one, other in told.values():
        assert one.content == other.content
        assert sorted("Idempotent-Replayed" in a.headers for a in (one, other)) == [False, True]
    assert Decision.objects.count() == Event.objects.filter(kind="order.created").count() == 200
    assert IngestKey.objects.count() == 200
    # Counted once each, too: the orders of all users together.
    orders = next(s.number for s in STREAMS if s.name == "orders" and s.role == "user")
    users = Event.objects.values_list("user_id", flat=True).distinct()
    assert sum(h.n for h in Head.objects.filter(entity__in=list(users), stream=orders)) == 200


def test_one_id_for_two_users_at_once_belongs_to_the_first(committed_exchange: Exchange) -> None:
    exchange = committed_exchange
    bodies = [act("order.created", id=f"same-{n}", user=u) for n in range(25) for u in ("u1", "u2")]

    answers = at_once(lambda body: exchange.post(DECISIONS, body), bodies)

    codes = [answer.status_code for answer in answers]
    assert sorted(codes) == [200] * 25 + [422] * 25
    assert {a.json()["code"] for a in answers if a.status_code == 422} == {"EVENT_ID_REUSED"}
    assert Decision.objects.count() == IngestKey.objects.count() == 25


def test_one_batch_sent_by_four_at_once(committed_exchange: Exchange) -> None:
    exchange = committed_exchange
    acts = [act("order.completed", user=f"u{n}", ip=f"203.0.113.{n % 3}") for n in range(40)]
    orders = [list(acts) for _ in range(THREADS)]
    for seed, mine in enumerate(orders):
        random.Random(seed).shuffle(mine)

    told = at_once(lambda mine: exchange.record(*mine).json(), orders)

    assert sum(one["accepted"] for one in told) == 40
    assert sum(one["duplicates"] for one in told) == 40 * (THREADS - 1)
    assert all(one["rejected"] == [] for one in told)
    assert Event.objects.count() == IngestKey.objects.count() == 40


def test_one_atomic_batch_sent_by_four_at_once(committed_exchange: Exchange) -> None:
    exchange = committed_exchange
    acts = [act("order.completed", user=f"u{n}", ip="203.0.113.1") for n in range(20)]
    orders = [acts if n % 2 else acts[::-1] for n in range(THREADS)]

    told = at_once(lambda mine: exchange.record(*mine, query="?atomic=true"), orders)

    done = [one.json() for one in told if one.status_code == 200]
    assert sum(one["accepted"] for one in done) == 20
    assert Event.objects.count() == 20
    assert {one.status_code for one in told} <= {200, 503}


def test_a_restriction_lifted_by_four_at_once_is_lifted_once(committed_exchange: Exchange) -> None:
    exchange = committed_exchange
    exchange.decide("withdrawal.requested", amount_usd="60000")
    path = f"/api/v1/restrictions/{Restriction.objects.get().pk}/lift"

    answers = at_once(lambda n: exchange.post(path, {"reason": f"reason {n}"}), range(THREADS))

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert Event.objects.filter(kind="restriction.lifted").count() == 1


def test_one_key_of_idempotency_at_once_is_one_webhook(committed_exchange: Exchange) -> None:
    exchange = committed_exchange
    body = {"url": "http://127.0.0.1:9/hook", "kinds": ["*"]}

    answers = at_once(
        lambda _: exchange.post("/api/v1/webhooks", body, Idempotency_Key="same"), range(THREADS)
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum(answer.json()["secret"] is not None for answer in answers) == 1
    assert len(exchange.get("/api/v1/webhooks").json()) == 1
