"""An exchange sends what happened by the line: recorded, counted, never judged."""

import json
import threading
from typing import Any

import pytest
from django.db import connection, transaction

from apps.api.v1 import events as view
from apps.core.ids import entity_id
from apps.events.models import Event
from apps.flows import ingest
from apps.risk.models import Decision, Head
from apps.users.models import Scope
from tests.exchange import Exchange, act, ago, ahead, code_of, everything, open_exchange

ATOMIC = "?atomic=true"


def test_a_batch_is_recorded_and_counted(exchange: Exchange) -> None:
    acts = [act("order.created", user=f"u{n}") for n in range(5)] + [act("order.completed")]

    told = exchange.record(*acts).json()

    assert told == {"accepted": 6, "duplicates": 0, "rejected": []}
    assert Event.objects.count() == 6
    assert not Decision.objects.exists()
    bob = entity_id(kind="user", scope="acme", ref="bob")
    assert Head.objects.filter(entity=bob).exists()


def test_what_was_recorded_counts_in_the_next_decision(exchange: Exchange) -> None:
    exchange.record(*(act("order.created") for _ in range(3)))

    told = exchange.decide("order.created").json()

    features = exchange.get(f"/api/v1/decisions/{told['decision_id']}").json()["features"]
    assert features["orders_1h"] == 3


def test_sent_twice_is_recorded_once(exchange: Exchange) -> None:
    acts = [act("order.completed", user=f"u{n}") for n in range(4)]
    exchange.record(*acts[:3])
    before = everything()

    told = exchange.record(*acts, acts[3]).json()

    assert told == {"accepted": 1, "duplicates": 4, "rejected": []}
    assert everything()["Event"] == before["Event"] + 1
    assert exchange.record(*acts).json()["duplicates"] == 4


def test_each_line_is_recorded_wholly_or_not_at_all(exchange: Exchange) -> None:
    known = act("order.completed")
    exchange.record(known)
    before = everything()

    told = exchange.record(
        act("order.completed", user="u1"),
        b"{",
        act("order.completed", amount_usd=None),
        known | {"amount_usd": "5"},
        act("order.completed", occurred_at=ago(days=3)),
        act("order.completed", occurred_at=ahead(minutes=6)),
        act("order.completed", occurred_at=ago(hours=47), user="u1"),
    ).json()

    assert (told["accepted"], told["duplicates"]) == (2, 0)
    assert [(one["line"], one["code"]) for one in told["rejected"]] == [
        (2, "BODY_UNREADABLE"),
        (3, "VALIDATION_FAILED"),
        (4, "EVENT_ID_REUSED"),
        (5, "CLOCK_SKEW"),
        (6, "CLOCK_SKEW"),
    ]
    assert told["rejected"][1]["errors"] == {"amount_usd": ["order.completed needs this field."]}
    assert told["rejected"][2]["id"] == known["id"]
    assert everything()["Event"] == before["Event"] + 2


def test_an_act_that_was_judged_is_a_duplicate(exchange: Exchange) -> None:
    body = act("order.created")
    exchange.post("/api/v1/decisions", body)
    assert exchange.record(body).json()["duplicates"] == 1


def test_an_atomic_batch_is_recorded_whole(exchange: Exchange) -> None:
    acts = [act("order.completed", user=f"u{n % 3}") for n in range(7)]
    assert exchange.record(*acts, query=ATOMIC).json()["accepted"] == 7
    assert exchange.record(*acts, act(), query=ATOMIC).json() == {
        "accepted": 1,
        "duplicates": 7,
        "rejected": [],
    }


@pytest.mark.parametrize("spoilt", [b"{", "conflict"])
def test_one_bad_line_takes_an_atomic_batch_with_it(exchange: Exchange, spoilt: Any) -> None:
    known = act("order.completed")
    exchange.record(known)
    before = everything()
    bad = known | {"user": "carol"} if spoilt == "conflict" else spoilt

    answer = exchange.record(act(user="u1"), bad, act(user="u2"), query=ATOMIC)

    assert (answer.status_code, code_of(answer)) == (422, "BATCH_REJECTED")
    assert list(answer.json()["errors"]) == ["line 2"]
    assert everything() == before


def test_a_fault_in_the_middle_takes_an_atomic_batch_with_it(
    committed_exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, written = everything(), []
    write = ingest.judge.write

    def faulty(one: Any, **words: Any) -> Any:
        written.append(one)
        if len(written) == 3:
            raise RuntimeError("power cut")
        return write(one, **words)

    monkeypatch.setattr(ingest.judge, "write", faulty)
    acts = [act("order.completed", user=f"u{n}") for n in range(5)]

    assert committed_exchange.record(*acts, query=ATOMIC).status_code == 500
    assert everything() == before


def test_a_thousand_lines_and_not_one_more(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "MOST_LINES", 3)
    before = everything()

    for acts in ([], [act() for _ in range(4)]):
        answer = exchange.record(*acts)
        assert (answer.status_code, code_of(answer)) == (422, "BATCH_SIZE")
    assert everything() == before
    assert exchange.record(*(act() for _ in range(3))).status_code == 200


def test_empty_lines_are_no_acts_but_count_as_lines(exchange: Exchange) -> None:
    body = b"\n" + json.dumps(act()).encode() + b"\r\n\n{\n"
    told = exchange.record(body).json()
    assert told["accepted"] == 1
    assert [one["line"] for one in told["rejected"]] == [4]


def test_a_long_line_is_refused_alone(exchange: Exchange) -> None:
    told = exchange.record(act(user="x" * 40_000), act()).json()
    assert told["accepted"] == 1
    assert [(one["line"], one["code"]) for one in told["rejected"]] == [(1, "LINE_TOO_LONG")]


def test_atomic_is_true_or_false(exchange: Exchange) -> None:
    assert code_of(exchange.record(act(), query="?atomic=maybe")) == "VALIDATION_FAILED"


def test_it_takes_its_own_scope(exchange: Exchange) -> None:
    other = open_exchange("acme", Scope.DECISIONS_WRITE)
    assert code_of(other.record(act())) == "SCOPE_MISSING"


def test_every_commit_of_a_batch_is_on_disk_when_it_is_answered(
    committed_exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    run = ingest.sql.run

    def watched(text: str, *rest: Any, **more: Any) -> Any:
        if text == ingest.FLUSH:
            written.append(run("SELECT pg_current_wal_insert_lsn()::text")[0][0])
        return run(text, *rest, **more)

    monkeypatch.setattr(ingest.sql, "run", watched)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        try:
            committed_exchange.record(*(act(user=f"u{n}") for n in range(3)))
            cursor.execute("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", written)
            assert cursor.fetchone() == (True,)
            cursor.execute("SHOW synchronous_commit")
            assert cursor.fetchone() == ("on",)
        finally:
            cursor.execute("RESET synchronous_commit")


def test_an_atomic_batch_gives_way_to_whoever_is_quicker(
    committed_exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "TRIES", 2)
    bob = entity_id(kind="user", scope="acme", ref="bob")
    committed_exchange.record(act("order.created"))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM risk_head WHERE entity = %s FOR UPDATE", [bob])
            held.set()
            done.wait(20)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(20)
    before = everything()
    try:
        answer = committed_exchange.record(act(), act("order.created"), query=ATOMIC)
    finally:
        done.set()
        other.join()

    assert (answer.status_code, code_of(answer)) == (503, "BATCH_COLLIDES")
    assert answer.headers["Retry-After"] == "1"
    assert everything() == before
