"""The pages about one's face: what they say in each state, and who is let to the camera."""

import pytest

from apps.faces.engine.evaluate import HINTS, TRY_AGAIN
from apps.faces.engine.session import Step
from apps.faces.models import Consent, ManualCheck, Template
from apps.web import face_words
from tests.camera import Camera, verdict
from tests.desk import Desk
from tests.signing_in import has_factor
from tests.web import Web, forget_second_factor


@pytest.fixture
def camera(p2p: Desk) -> Camera:
    return Camera(p2p)


def test_every_step_and_hint_has_its_words() -> None:
    assert set(face_words.STEPS) == set(Step)
    assert set(HINTS.values()) | {TRY_AGAIN} <= set(face_words.HINTS)


def test_nobody_is_before_the_camera_who_has_not_agreed(web: Web) -> None:
    assert web.get("alice", "/account/face/check/").headers["Location"] == "/account/face/"
    page = web.text("alice", "/account/face/")
    assert "128 numbers, not a picture" in page
    answer = web.post("alice", "/account/face/", {"deed": "agree", "with_search": "on"})
    assert answer.status_code == 422
    assert not Consent.objects.exists()


def test_alice_agrees_and_is_led_to_the_camera(web: Web, p2p: Desk) -> None:
    web.post("alice", "/account/face/", {"deed": "agree", "agreed": "on"})
    assert not Consent.objects.get().with_search
    assert "?purpose=ENROL" in web.text("alice", "/account/face/")
    page = web.text("alice", "/account/face/check/?purpose=ENROL&next=/orders/")
    assert 'data-purpose="ENROL"' in page
    assert 'data-next="/orders/"' in page


def test_to_set_a_face_up_one_confirms_who_one_is(web: Web, camera: Camera) -> None:
    camera.agrees("alice")
    has_factor(camera.desk.person("alice"))
    forget_second_factor(web.of("alice"))
    answer = web.get("alice", "/account/face/check/?purpose=ENROL")
    assert "reauthenticate" in answer.headers["Location"]


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_elsewhere_afterwards(web: Web, camera: Camera, address: str) -> None:
    camera.agrees("alice")
    page = web.text("alice", f"/account/face/check/?purpose=ENROL&next={address}")
    assert 'data-next=""' in page


def test_the_page_says_what_is_kept_and_what_became_of_checks(web: Web, camera: Camera) -> None:
    camera.known("alice")
    camera.judged("alice", verdict("FAIL", code="FLAT"))
    page = web.text("alice", "/account/face/")
    assert "Did not pass" in page
    assert "FLAT" not in page, "the person learns only pass, fail or a hint"
    assert "Take it anew" in page


def test_a_consent_taken_back_destroys_what_was_kept(web: Web, camera: Camera) -> None:
    camera.known("alice")
    web.post("alice", "/account/face/forget")
    assert bytes(Template.objects.get().sealed or b"") == b""
    assert Consent.objects.filter(withdrawn_at=None).count() == 0
    assert "128 numbers" in web.text("alice", "/account/face/")


def test_whoever_cannot_asks_our_staff(web: Web, camera: Camera) -> None:
    camera.agrees("alice")
    web.post("alice", "/account/face/", {"deed": "by_hand", "reason": "CANT_MOVE"})
    assert ManualCheck.objects.filter(user=camera.desk.person("alice")).count() == 1
    assert "Your request is with our staff" in web.text("alice", "/account/face/")
