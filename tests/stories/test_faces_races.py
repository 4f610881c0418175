"""Face checks at once over two connections: taken once, finished once, judged once."""

from typing import Any
from uuid import UUID

import pytest

from apps.core.errors import Refused
from apps.events.models import Event
from apps.faces.models import Attempt, Challenge, Picture
from apps.faces.states import ChallengeState
from apps.flows import face_judging, faces
from tests.camera import Camera, verdict
from tests.desk import Desk
from tests.face_protocol import take
from tests.market import at_once


@pytest.fixture
def committed_camera(committed_p2p: Desk) -> Camera:
    camera = Camera(committed_p2p)
    camera.known("alice")
    return camera


def codes(answers: list[Any]) -> list[str]:
    """What each said: OK, or its code."""
    for one in answers:
        if isinstance(one, Exception) and not isinstance(one, Refused):
            raise one
    return sorted(one.code if isinstance(one, Refused) else "OK" for one in answers)


def test_the_same_chunk_twice_at_once_is_taken_once(committed_camera: Camera) -> None:
    camera = committed_camera
    challenge = camera.begins("alice")
    chunk = [camera.sent(challenge, number) for number in range(3)]
    answers = at_once(*[lambda: take(camera, challenge, *chunk)] * 2)
    assert codes(answers) == ["OK", "PICTURES_SHUFFLED"]
    assert Picture.objects.count() == 3


def test_two_chunks_at_once_are_taken_in_their_order(committed_camera: Camera) -> None:
    camera = committed_camera
    challenge = camera.begins("alice")
    sent = [camera.sent(challenge, number) for number in range(6)]
    answers = at_once(
        lambda: take(camera, challenge, *sent[:3]), lambda: take(camera, challenge, *sent[3:])
    )
    assert codes(answers) in (["OK", "OK"], ["OK", "PICTURES_MISSING"])
    kept = list(Picture.objects.order_by("seq").values_list("seq", flat=True))
    assert kept in ([0, 1, 2], [0, 1, 2, 3, 4, 5])


def test_a_check_is_finished_once(committed_camera: Camera, sent_to_workers: list[UUID]) -> None:
    camera = committed_camera
    challenge = camera.shows(camera.begins("alice"))
    now = camera.desk.now
    answers = at_once(
        *[lambda: faces.finish(actor=challenge.user, challenge=challenge.pk, at=now)] * 2
    )
    assert codes(answers) == ["FACE_OVER", "OK"]
    assert sent_to_workers == [challenge.pk]


def test_what_arrives_while_a_check_is_finished_is_in_it_or_refused(
    committed_camera: Camera, sent_to_workers: list[UUID]
) -> None:
    camera = committed_camera
    challenge = camera.shows(camera.begins("alice"))
    before, now = Picture.objects.count(), camera.desk.now
    more = camera.sent(challenge, camera.taken[challenge.pk], t_ms=14_000)
    answers = at_once(
        lambda: faces.finish(actor=challenge.user, challenge=challenge.pk, at=now),
        lambda: take(camera, challenge, more),
    )
    assert codes(answers) in (["FACE_OVER", "OK"], ["OK", "OK"])
    taken = not isinstance(answers[1], Refused)
    assert Picture.objects.count() == before + taken


def test_two_workers_judge_a_check_once(
    committed_camera: Camera, sent_to_workers: list[UUID]
) -> None:
    camera = committed_camera
    challenge = camera.shows(camera.begins("alice"))
    faces.finish(actor=challenge.user, challenge=challenge.pk, at=camera.desk.now)
    with camera.engine_says(verdict()):
        answers = at_once(*[lambda: face_judging.judge(id=challenge.pk, at=camera.desk.now)] * 2)
    assert sum(isinstance(one, Attempt) for one in answers) == 1
    assert sum(one is None for one in answers) == 1
    assert Attempt.objects.count() == 1
    assert Event.objects.filter(kind="face.passed").count() == 1


def test_two_begun_at_once_leave_one_open(committed_camera: Camera) -> None:
    camera = committed_camera
    assert codes(at_once(*[lambda: camera.begins("alice")] * 2)) == ["OK", "OK"]
    states = sorted(Challenge.objects.values_list("state", flat=True))
    assert states == [ChallengeState.ABANDONED, ChallengeState.OPEN]


def test_of_five_begun_at_once_three_are(committed_camera: Camera) -> None:
    camera = committed_camera
    answers = at_once(*[lambda: camera.begins("alice")] * 5)
    assert codes(answers) == ["FACE_TOO_OFTEN"] * 2 + ["OK"] * 3


@pytest.fixture
def sent_to_workers(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The checks that were given to a worker, which has not come yet."""
    sent: list[UUID] = []
    monkeypatch.setattr(faces, "send_to_worker", lambda id, **_: sent.append(id))
    return sent
