"""What webhooks owe is sent: signed, at least once, to where it may go, or given up."""

from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.cache import cache
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from apps.core.clock import now
from apps.core.ids import uuid7
from apps.events.models import Delivery, Event, Subscriber
from apps.flows import deliveries, outbound, tasks, webhooks
from tests.exchange import Exchange, act, code_of, everything
from tests.receiver import PATH, Receiver, log_of, send_all, subscribe


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

    def drip(*_: Any, **__: Any) -> outbound.Sent:
        raise SoftTimeLimitExceeded

    hook = subscribe(committed_exchange, receiver)
    committed_exchange.decide()
    webhooks.owe(at=now())
    monkeypatch.setattr(outbound, "post", drip)

    assert tasks.deliver_webhooks(subscriber=hook["id"]) == 0
    (line,) = log_of(committed_exchange, hook["id"])
    assert (line["attempts"], line["last_error"]) == (1, "took too long")


def test_an_event_that_retention_took_is_given_up(
    committed_exchange: Exchange, receiver: Receiver
) -> None:
    hook = subscribe(committed_exchange, receiver)
    Delivery.objects.create(id=uuid7(), event_id=uuid7(), subscriber_id=hook["id"], next_at=now())
    send_all()
    assert Delivery.objects.get().status == "FAILED"
    assert receiver.arrived == []


def test_the_log_is_kept_for_a_month(committed_exchange: Exchange, receiver: Receiver) -> None:
    subscribe(committed_exchange, receiver)
    committed_exchange.decide()
    send_all()

    assert deliveries.sweep(at=now() + timedelta(days=29)) == 0
    assert deliveries.sweep(at=now() + timedelta(days=31)) == 1
    assert not Delivery.objects.exists()
