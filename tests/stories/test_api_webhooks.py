"""An exchange subscribes: what it is owed, once each, in its own words, and its secret."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from standardwebhooks import Webhook

from apps.core.clock import now
from apps.core.ids import uuid7
from apps.core.models import IdempotencyKey
from apps.events.models import Delivery, Event, Subscriber
from apps.flows import judge, webhooks
from tests.exchange import Exchange, act, code_of, everything, open_exchange
from tests.market import World
from tests.receiver import PATH, Receiver, log_of, send_all, subscribe


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
