"""An exchange is told what happened: signed, at least once, in its own words, or given up."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from apps.core.clock import now
from apps.core.ids import uuid7
from apps.core.models import IdempotencyKey
from apps.events.models import Delivery, Event, Subscriber
from apps.flows import deliveries, judge, outbound, tasks, webhooks
from tests.exchange import Exchange, act, code_of, everything
from tests.market import World

PATH = "/api/v1/webhooks"
# What pg_snapshot_xmin says of the whole server, of this database alone.
OLDEST_HERE = """
SELECT coalesce(
  min(backend_xid::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL
"""


@dataclass
class Receiver:
    """The exchange's own endpoint: what arrived, and what it answers."""

    url: str = ""
    status: int = 204
    arrived: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.arrived]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server on this machine that keeps what it is sent."""
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.arrived.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(here.status)
            self.send_header("Location", f"{here.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def alone_on_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transactions of other test runs, in databases of their own, hold nothing back."""
    monkeypatch.setattr(webhooks, "XMIN", OLDEST_HERE)


@pytest.fixture(autouse=True)
def no_pause() -> Iterator[None]:
    """Receivers of earlier tests are forgotten."""
    cache.clear()
    yield
    cache.clear()


def subscribe(exchange: Exchange, receiver: Receiver, *kinds: str) -> dict[str, Any]:
    answer = exchange.post(PATH, {"url": f"{receiver.url}/hook", "kinds": list(kinds) or ["*"]})
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    return told


def send_all(at: datetime | None = None) -> int:
    """What beat and a worker do until nothing is due."""
    webhooks.owe(at=at or now())
    sent = 0
    for subscriber in deliveries.due(at=at or now()):
        while one := deliveries.take(subscriber=subscriber, at=at or now()):
            deliveries.deliver(delivery=one, at=at or now())
            sent += 1
    return sent


def log_of(exchange: Exchange, id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = exchange.get(f"{PATH}/{id}/deliveries").json()["results"]
    return found


def test_a_decision_arrives_signed_and_in_the_exchanges_own_words(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    hook = subscribe(committed_exchange, receiver, "withdrawal.requested")
    body = act("withdrawal.requested", amount_usd="60000", account="DE89370400440532013000")
    told = committed_exchange.post("/api/v1/decisions", body).json()

    assert send_all() == 1

    headers, raw = receiver.arrived[0]
    message = Webhook(hook["secret"]).verify(raw, headers)
    assert message["type"] == "withdrawal.requested"
    data = message["data"]
    assert (data["id"], data["user"], data["device"]) == (body["id"], "alice", "alice-phone")
    assert data["amount_usd"] == "60000.00"
    assert data["decision"]["decision_id"] == told["decision_id"]
    assert data["decision"]["outcome"] == "REVIEW"
    assert data["decision"]["reasons"][0]["code"] == "OVER_LIMIT"
    event = Event.objects.get(pk=told["event_id"])
    assert event.account is not None
    for secret in ("3704", event.account.ref, str(event.user_id), str(event.account_id)):
        assert secret not in raw.decode()
    (line,) = log_of(committed_exchange, hook["id"])
    assert (line["status"], line["attempts"], line["last_status"]) == ("DELIVERED", 1, 204)
    assert line["id"] == headers["webhook-id"]


def test_a_signature_is_of_this_secret_and_this_body(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    hook = subscribe(committed_exchange, receiver)
    committed_exchange.decide()
    send_all()
    headers, raw = receiver.arrived[0]

    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(raw, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(hook["secret"]).verify(raw.replace(b"alice", b"mallo"), headers)


def test_a_restriction_is_told_when_imposed_and_when_lifted(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    subscribe(committed_exchange, receiver, "restriction.imposed", "restriction.lifted")
    told = committed_exchange.decide("withdrawal.requested", amount_usd="60000").json()
    (one,) = committed_exchange.get("/api/v1/restrictions").json()["results"]
    committed_exchange.post(f"/api/v1/restrictions/{one['id']}/lift", {"reason": "checked"})

    send_all()

    imposed, lifted = (body["data"] for body in receiver.bodies())
    assert imposed["restriction"]["subject"] == {"kind": "user", "ref": "alice"}
    assert imposed["restriction"]["decision_id"] == told["decision_id"]
    assert imposed["restriction"]["until"] == told["restrictions"][0]["until"]
    assert lifted["restriction"]["restriction_id"] == one["id"]
    assert (lifted["user"], lifted["restriction"]["by"]) == ("alice", "CLIENT")


def test_only_the_kinds_asked_for_and_only_from_then_on(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    committed_exchange.decide("order.created")
    subscribe(committed_exchange, receiver, "order.created", "order.completed")
    committed_exchange.decide("signin.succeeded")
    committed_exchange.record(act("order.completed"))
    committed_exchange.decide("order.created")

    assert send_all() == 2
    assert {body["type"] for body in receiver.bodies()} == {"order.created", "order.completed"}
    recorded = next(b for b in receiver.bodies() if b["type"] == "order.completed")
    assert "decision" not in recorded["data"]


def test_nobody_is_told_of_anothers_users(
    committed_exchange: Exchange, receiver: Receiver, clean_process: None
) -> None:
    from tests.exchange import open_exchange

    subscribe(committed_exchange, receiver)
    open_exchange("rival").decide(user="carol")
    assert send_all() == 0


def test_everything_is_owed_once_however_often_the_log_is_read(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    subscribe(committed_exchange, receiver)
    total = 0
    for _ in range(4):
        committed_exchange.record(*(act("order.completed") for _ in range(3)))
        total += webhooks.owe(at=now())
        assert webhooks.owe(at=now()) == 0
    assert total == Delivery.objects.count() == 12


def test_a_transaction_still_open_is_waited_for_and_not_lost(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    subscribe(committed_exchange, receiver)
    committed_exchange.decide()
    opened, close = threading.Event(), threading.Event()
    late = World(now=now()).act("order.completed", by="late", to="bob", usd="100")

    def slow() -> None:
        with transaction.atomic():
            judge.write(late, judgement=None)
            opened.set()
            close.wait(20)
        connection.close()

    other = threading.Thread(target=slow)
    other.start()
    opened.wait(20)
    committed_exchange.decide(user="after")
    before = webhooks.owe(at=now())
    close.set()
    other.join()

    after = webhooks.owe(at=now())

    # What came after it waits with it, so that nothing is ever behind the cursor.
    assert (before, after) == (1, 2)
    assert webhooks.owe(at=now()) == 0
    assert Delivery.objects.filter(event=late.id).count() == 1


def test_steps_never_cut_a_transaction_in_two(
    committed_exchange: Exchange, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "STEP", 3)
    subscribe(committed_exchange, receiver)
    for size in (1, 2, 5, 1, 4, 3):
        acts = [act("order.completed", user=f"u{n}") for n in range(size)]
        committed_exchange.record(*acts, query="?atomic=true")

    assert webhooks.owe(at=now()) == 16
    assert Delivery.objects.values("event").distinct().count() == 16


def test_what_fails_is_tried_again_later_each_time(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    hook = subscribe(committed_exchange, receiver)
    receiver.status = 500
    committed_exchange.decide()
    began = now()

    waits = []
    at = began
    for _ in range(4):
        cache.clear()
        assert send_all(at) == 1
        (line,) = Delivery.objects.all()
        assert (line.status, line.last_status) == ("PENDING", 500)
        assert line.next_at is not None
        waits.append((line.next_at - at).total_seconds())
        assert send_all(at) == 0
        at = line.next_at

    assert [round(wait / 10) for wait in waits[:1]] == [1]
    for wait, expected in zip(waits, (10, 30, 90, 270), strict=True):
        assert 0.8 * expected <= wait <= 1.2 * expected
    receiver.status = 200
    cache.clear()
    assert send_all(at) == 1
    (told,) = log_of(committed_exchange, hook["id"])
    assert (told["status"], told["attempts"]) == ("DELIVERED", 5)
    # The same message each time, so that a receiver can tell.
    assert len({headers["webhook-id"] for headers, _ in receiver.arrived}) == 1
    assert len({body for _, body in receiver.arrived}) == 1


def test_after_three_days_it_is_given_up(committed_exchange: Exchange, receiver: Receiver) -> None:
    hook = subscribe(committed_exchange, receiver)
    receiver.status = 503
    committed_exchange.decide()
    at, began = now(), now()
    for _ in range(40):
        cache.clear()
        if not send_all(at):
            break
        pending = Delivery.objects.get().next_at
        at = pending or at

    (line,) = log_of(committed_exchange, hook["id"])
    assert (line["status"], line["next_at"]) == ("FAILED", None)
    assert timedelta(days=2) < at - began < timedelta(days=3)
    assert 10 <= line["attempts"] <= 20


def test_gone_is_gone(committed_exchange: Exchange, receiver: Receiver) -> None:
    hook = subscribe(committed_exchange, receiver)
    receiver.status = 410
    committed_exchange.decide()
    send_all()
    committed_exchange.decide()

    assert send_all() == 0
    assert len(receiver.arrived) == 1
    assert committed_exchange.get(f"{PATH}/{hook['id']}").json()["disabled_at"] is not None
    assert Event.objects.filter(kind="webhook.disabled").count() == 1
    assert code_of(committed_exchange.post(f"{PATH}/{hook['id']}/test")) == "WEBHOOK_DISABLED"


def test_a_redirect_is_not_followed(committed_exchange: Exchange, receiver: Receiver) -> None:
    hook = subscribe(committed_exchange, receiver)
    receiver.status = 302
    committed_exchange.decide()
    send_all()

    assert len(receiver.arrived) == 1
    (line,) = log_of(committed_exchange, hook["id"])
    assert (line["status"], line["last_status"]) == ("PENDING", 302)


def test_nobody_home_is_noted_and_left_in_peace_for_a_while(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    hook = subscribe(committed_exchange, Receiver(url="http://127.0.0.1:9"))
    for _ in range(3):
        committed_exchange.decide()

    assert tasks.deliver_webhooks(subscriber=hook["id"]) == 0
    webhooks.owe(at=now())
    assert tasks.deliver_webhooks(subscriber=hook["id"]) == 0

    attempts = sorted(line["attempts"] for line in log_of(committed_exchange, hook["id"]))
    assert attempts == [0, 0, 1]
    assert deliveries.due(at=now()) == []
    failed = Delivery.objects.get(attempts=1)
    assert (failed.last_status, failed.last_error) == (None, "NewConnectionError")


def test_a_private_address_is_refused_in_earnest(
    committed_exchange: Exchange, receiver: Receiver, settings: Any
) -> None:
    subscribe(committed_exchange, receiver)
    settings.WEBHOOKS_TO_PRIVATE = False
    before = everything()
    for url in ("http://example.org/", "https://10.0.0.1/", receiver.url):
        answer = committed_exchange.post(PATH, {"url": url, "kinds": ["*"]})
        assert (answer.status_code, code_of(answer)) == (422, "URL_REFUSED")
    assert everything() == before

    committed_exchange.decide()
    send_all()

    assert receiver.arrived == []
    assert Delivery.objects.get().last_error == "The URL has to begin with https://"


def test_a_worker_that_died_leaves_its_delivery_to_the_next(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    hook = subscribe(committed_exchange, receiver)
    committed_exchange.decide()
    at = now()
    webhooks.owe(at=at)
    subscriber = Subscriber.objects.get(pk=hook["id"]).pk
    taken = deliveries.take(subscriber=subscriber, at=at)

    assert taken is not None
    assert deliveries.take(subscriber=subscriber, at=at) is None
    assert deliveries.take(subscriber=subscriber, at=at + deliveries.LEASE) == taken


def test_a_delivery_that_took_too_long_counts_as_tried(
    committed_exchange: Exchange, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from celery.exceptions import SoftTimeLimitExceeded

    def drip(*_: Any, **__: Any) -> outbound.Sent:
        raise SoftTimeLimitExceeded

    hook = subscribe(committed_exchange, receiver)
    committed_exchange.decide()
    webhooks.owe(at=now())
    monkeypatch.setattr(outbound, "post", drip)

    assert tasks.deliver_webhooks(subscriber=hook["id"]) == 0
    (line,) = log_of(committed_exchange, hook["id"])
    assert (line["attempts"], line["last_error"]) == (1, "took too long")


def test_a_test_event_goes_to_one_webhook_alone(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    hook = subscribe(committed_exchange, receiver, "face.passed")
    other = subscribe(committed_exchange, receiver)

    answer = committed_exchange.post(f"{PATH}/{hook['id']}/test")

    assert answer.status_code == 202
    assert send_all() == 1
    assert receiver.bodies()[0]["type"] == "webhook.test"
    assert log_of(committed_exchange, hook["id"])[0]["id"] == answer.json()["id"]
    assert log_of(committed_exchange, other["id"]) == []


def test_the_secret_is_shown_once_and_kept_sealed(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    body = {"url": receiver.url, "kinds": ["*"]}
    first = committed_exchange.post(PATH, body, Idempotency_Key="w-1").json()
    again = committed_exchange.post(PATH, body, Idempotency_Key="w-1").json()

    secret = first["secret"]
    assert secret.startswith("whsec_")
    assert again == first | {"secret": None}
    (listed,) = committed_exchange.get(PATH).json()
    assert "secret" not in listed
    assert secret not in (IdempotencyKey.objects.get().answer or "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM events_subscriber")
        assert Webhook(secret)._whsecret not in bytes(cursor.fetchone()[0])


def test_a_removed_webhook_is_told_nothing_more(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    hook = subscribe(committed_exchange, receiver)
    committed_exchange.decide()
    webhooks.owe(at=now())

    assert committed_exchange.call("DELETE", f"{PATH}/{hook['id']}").status_code == 204

    assert send_all() == 0
    assert receiver.arrived == []
    assert committed_exchange.get(f"{PATH}/{hook['id']}").status_code == 404
    kinds = Event.objects.filter(kind__startswith="webhook.").values_list("kind", flat=True)
    assert sorted(kinds) == ["webhook.added", "webhook.removed"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": []},
        {"kinds": ["order.exploded"]},
        {"kinds": ["pii.read"]},
        {"kinds": "order.created"},
        {"url": "not a url"},
        {"url": "http://ana:secret@127.0.0.1/"},
        {"url": None},
        {"retries": 5},
    ],
)
def test_what_is_no_webhook(exchange: Exchange, wrong: dict[str, Any]) -> None:
    before = everything()
    answer = exchange.post(PATH, {"url": "http://127.0.0.1:9/", "kinds": ["*"]} | wrong)
    assert answer.status_code == 422
    assert code_of(answer) in ("VALIDATION_FAILED", "URL_REFUSED")
    assert everything() == before
    assert not Subscriber.objects.exists()


def test_ten_webhooks_are_enough(exchange: Exchange) -> None:
    body = {"url": "http://127.0.0.1:9/", "kinds": ["*"]}
    for _ in range(webhooks.MOST_SUBSCRIBERS):
        assert exchange.post(PATH, body).status_code == 201
    assert code_of(exchange.post(PATH, body)) == "TOO_MANY_WEBHOOKS"


def test_an_event_that_retention_took_is_given_up(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    hook = subscribe(committed_exchange, receiver)
    Delivery.objects.create(id=uuid7(), event_id=uuid7(), subscriber_id=hook["id"], next_at=now())
    send_all()
    assert Delivery.objects.get().status == "FAILED"
    assert receiver.arrived == []


def test_the_kinds_of_staff_are_told_to_nobody(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    subscribe(committed_exchange, receiver, "*")
    committed_exchange.decide()
    first = Event.objects.get(kind="signin.succeeded")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_event (id, at, kind, client_id, user_id, data)"
            " VALUES (%s, now(), 'list.added', %s, %s, '{}')",
            [uuid7(), first.client_id, first.user_id],
        )
    send_all()
    assert [body["type"] for body in receiver.bodies()] == ["signin.succeeded"]
