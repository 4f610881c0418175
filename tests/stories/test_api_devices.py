"""An exchange's server registers its users' devices and uses them in acts."""

from typing import Any

from apps.core.models import IdempotencyKey
from apps.devices.models import Device, Sighting
from apps.events.models import Event
from tests.exchange import Exchange, code_of

PATH = "/api/v1/devices"


def said(**words: Any) -> dict[str, Any]:
    return {"user": "alice", "ip": "198.51.100.7", "platform": "ANDROID", "attributes": {}} | words


def test_a_device_is_registered_and_recognised_by_its_token(exchange: Exchange) -> None:
    first = exchange.post(PATH, said())
    assert first.status_code == 201
    told = first.json()
    assert told["is_new"]
    assert told["token"]

    again = exchange.post(PATH, said(token=told["token"]))

    assert again.status_code == 200
    assert again.json()["device_id"] == told["device_id"]
    assert again.json()["token"] is None
    assert again.json()["matched_by"] == "TOKEN"
    device = Device.objects.get()
    assert (device.scope, Sighting.objects.get().device_id) == ("acme", device.pk)


def test_its_id_is_the_device_of_an_act(exchange: Exchange) -> None:
    told = exchange.post(PATH, said(integrity={"emulator": True})).json()
    assert told["signals"] == {"emulator": True}

    decided = exchange.decide(
        "device.registered", device=told["device_id"], signals=told["signals"]
    ).json()

    event = Event.objects.get(pk=decided["event_id"])
    assert event.device_id == Device.objects.get().entity


def test_a_token_is_worth_nothing_to_a_rival(exchange: Exchange, rival: Exchange) -> None:
    token = exchange.post(PATH, said()).json()["token"]
    told = rival.post(PATH, said(token=token)).json()
    assert told["is_new"]
    assert Device.objects.count() == 2


def test_a_token_is_never_kept_for_a_replay(exchange: Exchange) -> None:
    first = exchange.post(PATH, said(), Idempotency_Key="d-1").json()
    again = exchange.post(PATH, said(), Idempotency_Key="d-1")

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first | {"token": None}
    assert first["token"] not in (IdempotencyKey.objects.get().answer or "")
    assert Device.objects.count() == 1


def test_what_is_no_device_is_refused(exchange: Exchange) -> None:
    for wrong, code in (
        ({"platform": "TOASTER"}, "VALIDATION_FAILED"),
        ({"user": "a b"}, "VALIDATION_FAILED"),
        ({"ip": "here"}, "VALIDATION_FAILED"),
        ({"colour": "blue"}, "VALIDATION_FAILED"),
        ({"attributes": {"x": {"y": 1}}}, "DEVICE_SUBMISSION_REFUSED"),
        ({"integrity": {"haunted": True}}, "DEVICE_SUBMISSION_REFUSED"),
    ):
        assert code_of(exchange.post(PATH, said(**wrong))) == code
    assert not Device.objects.exists()
