"""Face checks by phone: from the consent to what went on because of them, over HTTP alone."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.faces.models import Picture
from tests.camera import Camera, verdict
from tests.exchange import code_of
from tests.face_phones import FaceApp
from tests.phones import Phones
from tests.signing_in import has_factor
from tests.wallet import asks, entry


def app_of(phones: Phones, name: str) -> FaceApp:
    return FaceApp(phones, phones.of(name))


def test_alice_agrees_and_sets_up_her_face(face_phones: Phones) -> None:
    app = app_of(face_phones, "alice")
    before = app.phone.get("/face").json()
    assert before["consent"] is None
    assert "encrypted" in before["wording_text"]
    refused = app.phone.post("/face/challenges", {})
    assert (refused.status_code, code_of(refused)) == (403, "FACE_CONSENT_NEEDED")

    agreed = app.phone.post("/face/consent", {"with_search": False}).json()
    assert agreed["consent"]["with_search"] is False
    told = app.judged(verdict(), purpose="ENROL")

    assert (told["state"], told["outcome"], told["hint"]) == ("JUDGED", "PASS", "")
    assert told["went_on"] == {"orders": [], "withdrawals": []}
    now = app.phone.get("/face").json()
    assert now["enrolled_at"] is not None
    assert now["ripe_at"] > now["enrolled_at"]
    assert (now["attempts_left"], now["locked"], now["in_review"]) == (2, False, False)
    assert Picture.objects.count() == 0


def test_setting_up_a_face_needs_a_confirmation(face_phones: Phones) -> None:
    has_factor(face_phones.desk.person("alice"))
    app = FaceApp(face_phones, face_phones.another("alice", factor=False))
    app.phone.post("/face/consent", {"with_search": True})
    refused = app.phone.post("/face/challenges", {"purpose": "ENROL"})
    assert (refused.status_code, code_of(refused)) == (403, "CONFIRM_IDENTITY")
    assert refused.json()["confirm"]["url"].startswith("/_allauth/app/v1/auth/")


def test_a_passed_check_lets_a_withdrawal_go_on(face_phones: Phones) -> None:
    desk = face_phones.desk
    desk.funds("alice")
    desk.now -= timedelta(hours=30)
    book = entry(desk)
    desk.now += timedelta(hours=30)
    leaving = desk.judged("STEP_UP", lambda: asks(desk, "alice", book)).withdrawal
    assert leaving.status == "CHALLENGED"
    Camera(desk).known("alice")

    told = app_of(face_phones, "alice").judged(verdict())

    assert told["outcome"] == "PASS"
    assert told["went_on"] == {"orders": [], "withdrawals": [str(leaving.pk)]}
    leaving.refresh_from_db()
    assert leaving.status != "CHALLENGED"


def test_a_retry_comes_with_a_hint_and_nothing_else(face_phones: Phones) -> None:
    Camera(face_phones.desk).known("alice")
    told = app_of(face_phones, "alice").judged(verdict("RETRY", code="TOO_DARK", hint="MORE_LIGHT"))
    assert (told["outcome"], told["hint"], told["attempts_left"]) == ("RETRY", "MORE_LIGHT", 2)
    assert set(told) == {
        "id", "purpose", "state", "outcome", "hint", "attempts_left", "next_at", "went_on",
    }  # fmt: skip
    assert "TOO_DARK" not in str(told)


def test_three_checks_in_ten_minutes(face_phones: Phones) -> None:
    Camera(face_phones.desk).known("alice")
    app = app_of(face_phones, "alice")
    for left in (2, 1, 0):
        told = app.begin()
        assert app.check(told)["attempts_left"] == left
    refused = app.phone.post("/face/challenges", {})
    assert (refused.status_code, code_of(refused)) == (429, "FACE_TOO_OFTEN")
    assert 590 <= int(refused["Retry-After"]) <= 600
    standing = app.phone.get("/face").json()
    assert (standing["attempts_left"], standing["next_at"] is None) == (0, False)


def test_a_chunk_that_is_sent_twice_under_its_key_is_taken_once(face_phones: Phones) -> None:
    Camera(face_phones.desk).known("alice")
    app = app_of(face_phones, "alice")
    told = app.begin()
    chunk = [app.picture(told, 0, t_ms=n) for n in range(3)]
    first = app.send(told, chunk, key="the-same")
    again = app.send(told, chunk, key="the-same")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert Picture.objects.count() == 3


def test_a_check_that_is_given_up_leaves_nothing(face_phones: Phones) -> None:
    Camera(face_phones.desk).known("alice")
    app = app_of(face_phones, "alice")
    told = app.begin()
    app.send(told, [app.picture(told, 0)])
    gone = app.phone.post(f"/face/challenges/{told['id']}/give-up")
    assert (gone.status_code, gone.json()) == (200, {"state": "ABANDONED"})
    assert Picture.objects.count() == 0
    after = app.send(told, [app.picture(told, 0)])
    assert (after.status_code, code_of(after)) == (409, "FACE_OVER")


def test_alice_takes_her_consent_back(face_phones: Phones) -> None:
    Camera(face_phones.desk).known("alice")
    app = app_of(face_phones, "alice")
    assert app.phone.user
    has_factor(app.phone.user)
    told = app.phone.post("/face/forget").json()
    assert (told["consent"], told["enrolled_at"]) == (None, None)


def test_who_cannot_asks_for_a_human_once(face_phones: Phones) -> None:
    app = app_of(face_phones, "alice")
    for _ in range(2):
        told = app.phone.post("/face/manual", {"reason": "CANT_MOVE"})
        assert (told.status_code, told.json()["in_review"]) == (201, True)
    assert app.phone.user
    assert app.phone.user.manual_face_checks.count() == 1
    assert app.phone.post("/face/manual", {"reason": "TIRED"}).status_code == 422


def test_reading_costs_the_same_whatever_there_was(face_phones: Phones) -> None:
    Camera(face_phones.desk).known("alice")
    app = app_of(face_phones, "alice")
    told = app.judged(verdict("FAIL", code="FLAT"))
    counts = [_queries(app, "/face"), _queries(app, f"/face/challenges/{told['id']}")]
    face_phones.desk.pass_time(minutes=11)
    for _ in range(2):
        told = app.judged(verdict("FAIL", code="FLAT"))
    assert [_queries(app, "/face"), _queries(app, f"/face/challenges/{told['id']}")] == counts
    assert counts[0] <= 16
    assert counts[1] <= 20


def _queries(app: FaceApp, path: str) -> int:
    with CaptureQueriesContext(connection) as found:
        answer: Any = app.phone.get(path)
    assert answer.status_code == 200
    return len(found)
