"""A worker that breaks: no check waits for ever, and nobody pays for a fault of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest

from apps.events.models import Event
from apps.faces import queries
from apps.faces.models import Attempt, Challenge, Picture
from apps.faces.services import challenges
from apps.faces.states import ChallengeState
from apps.flows import face_judging, face_sweeps, faces
from apps.trades.models import Notice
from tests.camera import Camera, verdict
from tests.desk import Desk


@pytest.fixture
def camera(p2p: Desk) -> Camera:
    camera = Camera(p2p)
    camera.known("alice")
    return camera


@contextmanager
def broken_engine() -> Iterator[None]:
    """An engine that raises whatever it is shown."""
    with patch.object(face_judging, "_looked_at", side_effect=MemoryError("no more")):
        yield


def finished(camera: Camera) -> Challenge:
    challenge = camera.shows(camera.begins("alice"))
    return faces.finish(actor=challenge.user, challenge=challenge.pk, at=camera.desk.now)


def judge(camera: Camera, challenge: Challenge) -> Attempt | None:
    return face_judging.judge(id=challenge.pk, at=camera.desk.now)


def test_a_fault_is_tried_again_and_the_second_worker_judges(camera: Camera) -> None:
    challenge = finished(camera)
    with broken_engine():
        assert judge(camera, challenge) is None
    assert Picture.objects.exists()
    with camera.engine_says(verdict()):
        attempt = judge(camera, challenge)
    assert attempt is not None
    assert attempt.outcome == "PASS"


def test_a_fault_is_sent_to_a_worker_again(
    camera: Camera, django_capture_on_commit_callbacks: type
) -> None:
    challenge = finished(camera)
    with (
        broken_engine(),
        patch.object(faces, "send_to_worker") as sent,
        django_capture_on_commit_callbacks(execute=True),
    ):
        judge(camera, challenge)
    sent.assert_called_once_with(challenge.pk, in_s=face_judging.AGAIN_IN_S)


def test_after_three_faults_the_person_may_try_again_and_nothing_is_counted(
    camera: Camera,
) -> None:
    challenge = finished(camera)
    with broken_engine():
        assert [judge(camera, challenge) for _ in range(2)] == [None, None]
        attempt = judge(camera, challenge)
    assert attempt is not None
    assert (attempt.outcome, attempt.code, attempt.hint) == ("RETRY", "ENGINE_FAULT", "TRY_AGAIN")
    assert attempt.challenge.state == ChallengeState.JUDGED
    assert Picture.objects.count() == 0
    assert queries.failures(attempt.user, at=camera.desk.now) == 0
    assert queries.begun(attempt.user, at=camera.desk.now) == (0, None)
    assert not Event.objects.filter(kind="face.failed").exists()
    assert Notice.objects.filter(user=attempt.user).latest("at").code == "FACE_RETRY"
    camera.begins("alice")


def test_a_verdict_that_cannot_be_written_down_is_a_fault_too(camera: Camera) -> None:
    challenge = finished(camera)
    found = replace(verdict().findings[0], evidence={"residual": float("nan")})
    with camera.engine_says(verdict(findings=(found,))):
        answers = [judge(camera, challenge) for _ in range(3)]
    assert [one and one.code for one in answers] == [None, None, "ENGINE_FAULT"]
    assert Attempt.objects.count() == 1


def test_workers_that_die_are_faults_too(camera: Camera) -> None:
    challenge = finished(camera)
    for _ in range(3):
        # Taken in hand, and never heard of again.
        assert challenges.in_hand(challenge.pk, at=camera.desk.now)
        assert judge(camera, challenge) is None
        camera.desk.pass_time(seconds=101)
        assert [one.pk for one in face_sweeps.lost(at=camera.desk.now)] == [challenge.pk]
    with camera.engine_says(verdict()) as engine:
        attempt = judge(camera, challenge)
    assert attempt is not None
    assert attempt.code == "ENGINE_FAULT"
    engine.assert_not_called()


def test_a_check_in_a_workers_hands_is_left_to_it(camera: Camera) -> None:
    challenge = finished(camera)
    assert challenges.in_hand(challenge.pk, at=camera.desk.now)
    camera.desk.now += timedelta(seconds=99)
    with camera.engine_says(verdict()) as engine:
        assert judge(camera, challenge) is None
    engine.assert_not_called()


def test_a_judged_check_is_not_judged_again(camera: Camera) -> None:
    attempt = camera.judged("alice", verdict())
    with camera.engine_says(verdict("FAIL")) as engine:
        assert judge(camera, attempt.challenge) is None
    engine.assert_not_called()
    assert Attempt.objects.count() == 1


def test_the_sweep_finds_what_no_worker_was_told_of(camera: Camera) -> None:
    challenge = finished(camera)
    assert face_sweeps.lost(at=camera.desk.now) == []
    camera.desk.pass_time(seconds=60)
    assert [one.pk for one in face_sweeps.lost(at=camera.desk.now)] == [challenge.pk]
