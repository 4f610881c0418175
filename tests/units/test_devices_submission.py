"""The JSON that registers a device: what is taken, what is refused and how."""

import json

import pytest

from apps.core.errors import Refused
from apps.devices.submission import MOST_BYTES, read
from tests.machines import android_phone, windows_laptop

PLAY = {
    "provider": "PLAY_INTEGRITY",
    "verdict": "VALID",
    "checked_at": "2026-03-01T12:00:00Z",
    "device_labels": ["MEETS_DEVICE_INTEGRITY"],
    "app_verdict": "PLAY_RECOGNIZED",
}


def body(**parts):
    return json.dumps({"platform": "WEB", "attributes": windows_laptop()} | parts).encode()


def refusal(raw, **how):
    with pytest.raises(Refused) as refused:
        read(raw, **how)
    return refused.value


def test_a_browser_describes_itself():
    submission = read(body(abilities={"biometrics": True}))
    assert submission.platform == "WEB"
    assert submission.attributes == windows_laptop()
    assert submission.abilities == {"biometrics"}
    assert submission.flags == frozenset()
    assert submission.attestation is None
    assert submission.presented_token is None


def test_an_app_says_what_is_wrong_with_its_phone_and_shows_its_token():
    submission = read(
        body(
            platform="ANDROID",
            attributes=android_phone(),
            abilities={"camera_depth": True, "infrared": False},
            integrity={"rooted": True, "hooked": False},
            token="otcd_something",
        )
    )
    assert submission.flags == {"rooted"}
    assert submission.abilities == {"camera_depth"}
    assert submission.presented_token == "otcd_something"


def test_who_verified_an_attestation_is_told_by_the_entrance_not_by_the_body():
    by_app = read(body(platform="ANDROID", attributes={}, attestation=PLAY))
    assert by_app.attestation.verified_by == ""
    by_server = read(
        body(platform="ANDROID", attributes={}, attestation=PLAY), verified_by="client:acme"
    )
    assert by_server.attestation.verified_by == "client:acme"
    lying = body(platform="ANDROID", attributes={}, attestation=PLAY | {"verified_by": "me"})
    assert set(refusal(lying).fields) == {"attestation.verified_by"}


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"platform": "WEB"} tail', b"[" * 10_000],
)
def test_what_is_no_description_is_refused(raw):
    assert refusal(raw).code == "DEVICE_SUBMISSION_REFUSED"


def test_unknown_fields_and_wrong_types_are_named():
    assert set(refusal(body(extra=1)).fields) == {"extra"}
    assert set(refusal(body(platform="web")).fields) == {"platform"}
    assert set(refusal(body(integrity={"rooted": 1})).fields) == {"integrity.rooted"}
    assert set(refusal(body(attributes={"os": ["LINUX"]})).fields) == {"attributes.os"}
    without_zone = PLAY | {"checked_at": "2026-03-01T12:00:00"}
    assert set(refusal(body(attestation=without_zone)).fields) == {"attestation.checked_at"}


def test_a_large_body_is_refused_unread():
    refused = refusal(b" " * (MOST_BYTES + 1))
    assert (refused.code, refused.status) == ("DEVICE_SUBMISSION_TOO_LARGE", 413)


def test_what_was_sent_is_not_repeated_in_the_refusal():
    refused = refusal(body(attributes={"model": "alice@example.com"}))
    assert "alice" not in str(refused.fields) + str(refused)
    assert "alice" not in str(refusal(body(token=["alice"])).fields)
