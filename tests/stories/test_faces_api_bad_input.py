"""Pictures that no app of ours would send: refused before anything is parsed, decoded or stored."""

import base64
import json
from typing import Any

import pytest

from apps.api.v1.desk.face import MOST_BYTES_AT_ONCE
from apps.faces.models import Challenge, Picture
from tests.camera import Camera
from tests.exchange import code_of
from tests.face_phones import FaceApp
from tests.phones import Phones


@pytest.fixture
def app(face_phones: Phones) -> FaceApp:
    Camera(face_phones.desk).known("alice")
    return FaceApp(face_phones, face_phones.of("alice"))


def test_a_chunk_that_is_too_large_is_not_read(app: FaceApp) -> None:
    told = app.begin()
    address = f"/face/challenges/{told['id']}/frames"
    answer = app.phone.post(address, b" " * (MOST_BYTES_AT_ONCE + 1))
    assert (answer.status_code, code_of(answer)) == (413, "BODY_TOO_LARGE")


def test_a_whole_chunk_of_large_pictures_is_read(app: FaceApp) -> None:
    told = app.begin()
    odd = [app.picture(told, 0, t_ms=n) for n in range(22)]
    for one in odd:
        one["data"] = base64.b64encode(b"\xff" * 149_000).decode()
    answer = app.send(told, odd)
    assert (answer.status_code, code_of(answer)) == (403, "PICTURE_NOT_BOUND")


def test_thirty_pictures_come_at_once_and_no_more(app: FaceApp) -> None:
    told = app.begin()
    many = [app.picture(told, 0, t_ms=n) for n in range(31)]
    assert app.send(told, many).status_code == 422
    assert Picture.objects.count() == 0
    assert app.send(told, many[:30]).status_code == 200
    assert Picture.objects.count() == 30


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"data": "not base64!"}, "data"),
        ({"data": base64.b64encode(b"x" * 150_001).decode()}, "data"),
        ({"data": 7}, "data"),
        ({"mac": "ABC"}, "mac"),
        ({"mac": "F" * 64}, "mac"),
        ({"seq": -1}, "seq"),
        ({"seq": 10**9}, "seq"),
        ({"t_ms": 10**9}, "t_ms"),
        ({"t_ms": 1.5}, "t_ms"),
        ({"prompt_seq": 99}, "prompt_seq"),
        ({"kind": "X-RAY"}, "kind"),
        ({"intrinsics": [1, 2, 3]}, "intrinsics"),
        ({"taken_by": "alice"}, "taken_by"),
    ],
    ids=str,
)
def test_a_field_that_is_wrong_is_named(app: FaceApp, change: dict[str, Any], field: str) -> None:
    told = app.begin()
    answer = app.send(told, [app.picture(told, 0) | change])
    assert (answer.status_code, code_of(answer)) == (422, "VALIDATION_FAILED")
    assert field in str(answer.json()["errors"])
    assert Picture.objects.count() == 0


@pytest.mark.parametrize("part", ["1e999", '"nan"', "NaN", "-500", "0", "null"])
def test_intrinsics_that_are_no_cameras_are_refused(app: FaceApp, part: str) -> None:
    told = app.begin()
    one = app.picture(told, 0, kind="DEPTH") | {"intrinsics": [500, "HERE", 80, 60]}
    raw = json.dumps({"pictures": [one]}).replace('"HERE"', part)
    answer = app.phone.post(f"/face/challenges/{told['id']}/frames", raw.encode())
    refused = {(422, "INTRINSICS"), (422, "VALIDATION_FAILED"), (400, "BODY_UNREADABLE")}
    assert (answer.status_code, code_of(answer)) in refused
    assert Picture.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        {"purpose": "SELFIE"},
        {"without": ["COLOURS"]},
        {"without": ["LEFT"] * 7},
        {"hints": {str(n): n for n in range(21)}},
        {"hints": {"camera": "x" * 121}},
        {"hints": {"camera": {"a": "deep one"}}},
        {"hints": {"camera": "a\u0000b"}},
        {"hints": {"brightness": 1e300}},
        {"prompts": 1},
    ],
    ids=str,
)
def test_a_challenge_is_begun_with_what_is_known_alone(app: FaceApp, body: Any) -> None:
    answer = app.phone.post("/face/challenges", body)
    assert (answer.status_code, code_of(answer)) == (422, "VALIDATION_FAILED")
    assert Challenge.objects.count() == 0


def test_what_the_client_says_of_its_camera_is_kept(app: FaceApp) -> None:
    hints = {"camera": "OBS Virtual Camera", "cameras": 2, "front": True, "screen": None}
    told = app.begin(hints=hints)
    assert Challenge.objects.get(pk=told["id"]).hints == hints


def test_with_too_few_movements_left_a_human_has_to_look(app: FaceApp) -> None:
    answer = app.phone.post("/face/challenges", {"without": ["LEFT", "RIGHT"]})
    assert (answer.status_code, code_of(answer)) == (422, "FACE_BY_HAND")
