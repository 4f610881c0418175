"""What the desk's own backend is told to wake phones with, and that nobody else is told of it."""

import json
from typing import Any

from standardwebhooks import Webhook

from apps.events.models import Delivery
from apps.users.models import Client
from tests.camera import Camera, verdict
from tests.exchange import Exchange, code_of, open_exchange
from tests.phones import Phones
from tests.receiver import PATH, Receiver, send_all, subscribe


def the_desk() -> Exchange:
    """The key of the desk's own backend."""
    backend = open_exchange("phones")
    Client.objects.filter(slug="phones").update(is_desk=True)
    return backend


def told(receiver: Receiver) -> list[dict[str, Any]]:
    """What arrived, oldest first."""
    return sorted(
        (json.loads(raw) for _, raw in receiver.arrived), key=lambda one: one["timestamp"]
    )


def test_an_order_and_a_line_of_its_chat_wake_the_phones(
    committed_phones: Phones, clean_process: None, receiver: Receiver
) -> None:
    backend = the_desk()
    hook = subscribe(backend, receiver)
    order = committed_phones.desk.order()
    bob = committed_phones.of("bob")
    assert bob.post(f"/orders/{order.pk}/messages", {"text": "My sister pays."}).status_code == 201

    assert send_all() == 2

    headers, raw = receiver.arrived[0]
    Webhook(hook["secret"]).verify(raw, headers)
    opened, line = told(receiver)
    buyer, seller = str(order.buyer_id), str(order.seller_id)
    assert (opened["type"], line["type"]) == ("order.created", "message.sent")
    assert line["data"] == {
        "event_id": line["data"]["event_id"],
        "order": str(order.pk),
        "user": seller,
        "counterparty": None,
        "unread": {buyer: 1, seller: 2},
    }
    assert opened["data"]["user"] == buyer
    assert opened["data"]["counterparty"] == seller
    everything = str(told(receiver))
    for secret in ("sister", "Bob", "Alice", "decision", "score", order.payee_number):
        assert secret not in everything


def test_a_judged_face_check_wakes_its_phone(
    committed_phones: Phones, clean_process: None, receiver: Receiver
) -> None:
    subscribe(the_desk(), receiver, "face.passed", "face.retried")
    camera = Camera(committed_phones.desk)
    camera.known("alice")
    camera.judged("alice", verdict("RETRY", code="TOO_DARK"))
    camera.judged("alice", verdict())

    assert send_all() == 2

    alice = str(committed_phones.desk.person("alice").pk)
    assert [one["type"] for one in told(receiver)] == ["face.retried", "face.passed"]
    assert [one["data"]["user"] for one in told(receiver)] == [alice, alice]
    for secret in ("TOO_DARK", "Alice", "outcome", "score", "hint"):
        assert secret not in str(told(receiver))


def test_other_clients_are_told_nothing_of_the_desk(
    committed_phones: Phones, clean_process: None, receiver: Receiver
) -> None:
    other = open_exchange("acme")
    subscribe(other, receiver)
    wished = other.post(PATH, {"url": f"{receiver.url}/hook", "kinds": ["message.sent"]})
    assert (wished.status_code, code_of(wished)) == (422, "VALIDATION_FAILED")

    order = committed_phones.desk.order()
    committed_phones.of("bob").post(f"/orders/{order.pk}/messages", {"text": "Hello"})

    assert send_all() == 0
    assert Delivery.objects.count() == 0


def test_who_is_the_desks_backend_no_longer_is_told_nothing_more(
    committed_phones: Phones, clean_process: None, receiver: Receiver
) -> None:
    subscribe(the_desk(), receiver, "order.created", "order.paid")
    order = committed_phones.desk.order()
    assert send_all() == 1
    Client.objects.update(is_desk=False)
    committed_phones.desk.pays(order)
    assert send_all() == 0
    assert [one["type"] for one in told(receiver)] == ["order.created"]


def test_the_desks_backend_is_told_nothing_of_other_clients(
    committed_phones: Phones, clean_process: None, receiver: Receiver
) -> None:
    subscribe(the_desk(), receiver)
    open_exchange("acme").decide("order.created")
    assert send_all() == 0
