"""Face checks: begun, shown step by step, finished, judged once; and all the ways it is refused."""

import pytest

from apps.core import crypto
from apps.core.errors import Refused
from apps.faces.models import Attempt, AuditPicture, Challenge, Picture, Purpose, Template
from apps.faces.services import keys, templates
from apps.faces.states import ChallengeState
from apps.flows import face_sweeps, faces
from tests.camera import Camera, face_of, verdict
from tests.desk import Desk


@pytest.fixture
def camera(p2p: Desk) -> Camera:
    return Camera(p2p)


def test_alice_sets_up_her_face(camera: Camera) -> None:
    attempt = camera.enrols("alice")
    assert (attempt.outcome, attempt.challenge.state) == ("PASS", ChallengeState.JUDGED)
    template = Template.objects.get(user=attempt.user)
    assert (template.frames, template.poses) == (5, ["FRONT", "LEFT"])
    assert (templates.opened(template).vector == face_of("alice")).all()
    assert Picture.objects.count() == 0
    assert AuditPicture.objects.filter(attempt=attempt).count() == 3


def test_nothing_is_shown_before_its_time(camera: Camera) -> None:
    camera.agrees("alice")
    challenge = camera.begins("alice")
    early = camera.sent(challenge, 0, prompt_seq=1)
    with pytest.raises(Refused) as refused:
        faces.take(actor=challenge.user, challenge=challenge.pk, sent=[early], at=camera.desk.now)
    assert refused.value.code == "PROMPT_NOT_SHOWN"
    assert Picture.objects.count() == 0


def test_erasing_the_key_makes_the_template_unreadable(camera: Camera) -> None:
    camera.known("alice")
    template = Template.objects.get()
    keys.destroy(template.user, at=camera.desk.now)
    with pytest.raises(keys.Destroyed):
        templates.opened(template)


def test_a_template_opens_for_its_person_alone(camera: Camera) -> None:
    camera.known("alice")
    camera.known("bob")
    alices, bobs = (camera.desk.person(n).face_templates.get() for n in ("alice", "bob"))
    bobs.sealed = alices.sealed
    with pytest.raises(crypto.Unreadable):
        templates.opened(bobs)


def test_a_failed_check_keeps_what_people_may_have_to_see(camera: Camera) -> None:
    camera.known("alice")
    attempt = camera.judged("alice", verdict("FAIL", code="FLAT"))
    assert AuditPicture.objects.filter(attempt=attempt).count() == 48
    camera.desk.pass_time(days=31)
    assert face_sweeps.delete_due(at=camera.desk.now) == 48
    assert Attempt.objects.get().trace is None


def test_a_check_that_is_not_finished_in_time_leaves_nothing(camera: Camera) -> None:
    camera.known("alice")
    camera.shows(camera.begins("alice", purpose=Purpose.VERIFY))
    assert Picture.objects.exists()
    camera.desk.pass_time(seconds=121)
    assert face_sweeps.expire(at=camera.desk.now) == 1
    assert not Picture.objects.exists()
    assert Challenge.objects.get().session_key is None
