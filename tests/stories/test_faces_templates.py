"""Known faces: set up in enough poses, taken anew, encoded anew, read while keys change, gone."""

import json
import threading
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection

from apps.core import crypto
from apps.core.errors import Refused
from apps.faces.engine.verdict import Check, Finding, Outcome
from apps.faces.models import (
    Attempt,
    AuditPicture,
    Challenge,
    Consent,
    PersonKey,
    ProtectedFace,
    Purpose,
    Template,
)
from apps.faces.services import attempts, keys, protected, templates
from apps.faces.states import ChallengeState
from apps.flows import face_upkeep, faces, privacy
from apps.flows.privacy import Asked, Ground
from apps.users.models import User
from apps.users.roles import Role
from tests.camera import MODEL, Camera, face_of, verdict
from tests.desk import Desk
from tests.faces import jpeg, photograph
from tests.staff import colleague

OTHER_MODEL = Finding(
    check=Check.MATCH, outcome=Outcome.REVIEW, code="OTHER_MODEL", sentence="Another model."
)


@pytest.fixture
def camera(p2p: Desk) -> Camera:
    return Camera(p2p)


def enrols(camera: Camera, **words: Any) -> Attempt:
    camera.agrees("alice")
    return camera.judged("alice", verdict(**words), purpose=Purpose.ENROL)


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        ({"embedding_frames": 2}, "TOO_FEW_FRAMES", "HOLD_STILL"),
        ({"poses": frozenset({"FRONT"})}, "TOO_FEW_POSES", "FOLLOW_PROMPTS"),
    ],
)
def test_a_face_seen_too_little_is_asked_again_and_counts_as_no_failure(
    camera: Camera, words: dict[str, Any], code: str, hint: str
) -> None:
    attempt = enrols(camera, **words)
    assert (attempt.outcome, attempt.code, attempt.hint) == ("RETRY", code, hint)
    assert attempt.event is None
    assert not Template.objects.exists()
    assert enrols(camera).outcome == "PASS"
    assert Template.objects.get().user == attempt.user


@pytest.mark.parametrize("outcome", ["RETRY", "REVIEW", "FAIL"])
def test_no_face_is_kept_of_one_who_is_not_known_to_live(camera: Camera, outcome: str) -> None:
    assert enrols(camera, outcome=outcome).outcome == outcome
    assert not Template.objects.exists()


def test_a_face_that_waits_for_people_is_sealed_and_is_no_part_of_what_they_see(
    camera: Camera,
) -> None:
    attempt = enrols(camera, outcome="REVIEW")
    waits = attempts.opened_face(attempt)
    assert waits is not None
    assert (waits.vector == face_of("alice")).all()
    assert attempts.opened_trace(attempt) == {"sights": []}
    attempts.drop_face(attempt)
    assert attempts.opened_face(Attempt.objects.get()) is None
    assert attempts.opened_trace(Attempt.objects.get()) == {"sights": []}


def test_an_old_face_is_taken_anew_and_goes_on_being_known(camera: Camera, settings: Any) -> None:
    old = camera.known("alice", days=settings.FACE_RENEW_DAYS + 1)
    older_look = face_of("alice") + 0.1 * face_of("years")
    attempt = camera.judged("alice", verdict(embedding=older_look / 1.005))
    assert attempt.challenge.purpose == Purpose.RENEW
    new = templates.in_use(attempt.user)
    assert new is not None
    assert new.known_since == old.known_since
    assert new.enrolled_at == camera.desk.now
    old.refresh_from_db()
    assert old.sealed is None
    assert camera.begins("alice").purpose == Purpose.VERIFY


def test_who_cannot_confirm_who_they_are_shows_the_old_face(camera: Camera, settings: Any) -> None:
    camera.known("alice", days=settings.FACE_RENEW_DAYS + 1)
    assert camera.begins("alice", confirmed=False).purpose == Purpose.VERIFY
    with pytest.raises(Refused, match="CONFIRM_IDENTITY"):
        camera.begins("alice", confirmed=False, purpose=Purpose.RENEW)


def test_another_face_does_not_take_the_place_of_a_known_one(camera: Camera) -> None:
    old = camera.known("alice")
    attempt = camera.judged(
        "alice", verdict("FAIL", name="mallory", code="OTHER_PERSON"), purpose=Purpose.RENEW
    )
    assert attempt.outcome == "FAIL"
    assert templates.in_use(attempt.user) == old
    assert (templates.opened(old).vector == face_of("alice")).all()


def test_a_face_of_yesterday_proves_nothing_by_being_taken_anew(camera: Camera) -> None:
    camera.known("alice", days=0.5)
    with pytest.raises(Refused, match="FACE_TOO_YOUNG"):
        camera.begins("alice", purpose=Purpose.RENEW)


def old_model(template: Template) -> Template:
    """The same face, as if an encoder of long ago had made it."""
    face = templates.opened(template)
    return templates.enrol(
        user=template.user,
        vector=face.vector,
        model="dlib-resnet-v0",
        frames=template.frames,
        poses=frozenset(template.poses),
        challenge=None,
        known_since=template.known_since,
        at=template.enrolled_at,
    )


def test_a_face_of_an_older_encoder_waits_for_people_at_the_next_check(camera: Camera) -> None:
    template = old_model(camera.known("alice"))
    said = verdict("REVIEW", code="OTHER_MODEL", findings=(OTHER_MODEL,))
    attempt = camera.judged("alice", said)
    assert attempt.challenge.purpose == Purpose.VERIFY
    assert templates.in_use(attempt.user) == template
    waits = attempts.opened_face(attempt)
    assert waits is not None
    assert waits.model == MODEL


def test_an_ordinary_doubtful_check_leaves_no_face_to_keep(camera: Camera) -> None:
    camera.known("alice")
    assert attempts.opened_face(camera.judged("alice", verdict("REVIEW"))) is None


def test_faces_are_encoded_anew_from_the_pictures_of_their_own_check(
    camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.faces.engine import dlib_models

    attempt = camera.enrols("alice")
    template = Template.objects.get()
    grey = face_upkeep.migrate(template=template, at=camera.desk.now)
    assert grey == face_upkeep.NO_PICTURES
    shown = np.ascontiguousarray(photograph())
    for number, row in enumerate(attempt.pictures.all()):
        row.sealed = crypto.seal(
            jpeg(shown, quality=80 + number),
            aad=attempts.picture_place(row),
            key=keys.key_of(attempt.user),
        )
        row.save()
    monkeypatch.setattr(dlib_models, "EMBEDDING_MODEL", "dlib-resnet-v2")
    camera.desk.pass_time(days=1)
    assert [one.pk for one in face_upkeep.of_other_models()] == [template.pk]
    call_command("face_templates", "migrate")
    now = templates.in_use(attempt.user, model="dlib-resnet-v2")
    assert now is not None
    assert (now.frames, now.known_since) == (3, template.known_since)
    box = dlib_models.detect(shown, enlarged=1)[0].box
    true = dlib_models.embed(picture=shown, box=box)
    assert ((templates.opened(now).vector - true) ** 2).sum() < 0.01
    assert list(face_upkeep.of_other_models()) == []


def test_the_ring_turns_while_faces_are_read(
    committed_p2p: Desk, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = settings.FIELD_KEYS
    camera = Camera(committed_p2p)
    attempt = camera.enrols("alice")
    for number in range(20):
        camera.known(f"person {number}")
    settings.FIELD_KEYS = {"new": crypto.new_key(), **old}
    faults: list[BaseException] = []
    reads, over = [0], threading.Event()

    def read() -> None:
        try:
            while not over.is_set() or reads[0] < 100:
                for template in Template.objects.select_related("user"):
                    templates.opened(template)
                    reads[0] += 1
                for picture in AuditPicture.objects.select_related("attempt__user"):
                    attempts.opened_picture(picture)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(3):
        call_command("rotate_fields", batch=3)
    over.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert reads[0] >= 100
    assert PersonKey.objects.count() == 21
    settings.FIELD_KEYS = {"new": settings.FIELD_KEYS["new"]}
    templates.opened(Template.objects.get(user=attempt.user))
    assert attempts.opened_picture(attempt.pictures.all()[0])[:2] == b"\xff\xd8"
    settings.FIELD_KEYS = old
    with pytest.raises(crypto.Unreadable):
        templates.opened(Template.objects.get(user=attempt.user))


def test_erasing_a_person_leaves_nothing_of_their_face_that_anybody_can_read(
    committed_p2p: Desk,
) -> None:
    camera = Camera(committed_p2p)
    attempt = camera.enrols("alice")
    camera.known("bob")
    camera.desk.pass_time(days=2)
    camera.shows(camera.begins("alice"))
    before = [bytes(one.sealed) for one in AuditPicture.objects.all()]
    asked = Asked(by=colleague(Role.COMPLIANCE), ground=Ground.REQUEST)
    privacy.erase_user(user=attempt.user, asked=asked, at=camera.desk.now)
    assert PersonKey.objects.get(user=attempt.user).secret is None
    assert not Template.objects.filter(user=attempt.user, sealed__isnull=False).exists()
    assert not AuditPicture.objects.filter(attempt__user=attempt.user).exists()
    assert not Consent.objects.filter(user=attempt.user, withdrawn_at=None).exists()
    assert Challenge.objects.latest("issued_at").state == ChallengeState.ABANDONED
    assert Attempt.objects.get(pk=attempt.pk).trace is None
    # A copy of a picture out of a backup, and every key that is left.
    for key in [
        None,
        *(one.secret for one in PersonKey.objects.exclude(destroyed_at__isnull=False)),
    ]:
        for sealed in before:
            with pytest.raises(crypto.Unreadable):
                crypto.open_(sealed, aad=attempts.picture_place(AuditPicture()), key=key)
    assert templates.in_use(camera.desk.person("bob")) is not None


def test_nobody_is_erased_while_their_check_is_being_judged(committed_p2p: Desk) -> None:
    camera = Camera(committed_p2p)
    camera.known("alice")
    challenge = camera.shows(camera.begins("alice"))
    faces.finish(actor=challenge.user, challenge=challenge.pk, at=camera.desk.now)
    asked = Asked(by=challenge.user, ground=Ground.OWN, confirmed=True)
    with pytest.raises(Refused, match="MATTERS_OPEN"):
        privacy.erase_user(user=challenge.user, asked=asked, at=camera.desk.now)


def export(user: User, camera: Camera, **words: Any) -> dict[str, Any]:
    return privacy.export_user(user=user, asked=Asked(**words), at=camera.desk.now)


def test_one_learns_what_is_held_of_ones_face_and_an_impostor_does_not(
    committed_p2p: Desk,
) -> None:
    camera = Camera(committed_p2p)
    attempt = camera.enrols("alice")
    alice = attempt.user
    camera.desk.pass_time(days=2)
    camera.judged("alice", verdict("FAIL", code="FLAT"))
    told = export(alice, camera, by=alice, ground=Ground.OWN, confirmed=True)
    assert [one["with_search"] for one in told["face_consents"]] == [True]
    assert [one["erased"] for one in told["face_templates"]] == [False]
    assert [(one["purpose"], one["outcome"], one["code"]) for one in told["face_checks"]] == [
        ("ENROL", "PASS", "PASSED"),
        ("VERIFY", "FAIL", None),
    ]
    assert "face_pictures" not in told
    words = json.dumps(told)
    assert "FLAT" not in words
    assert "vector" not in words
    compliance = colleague(Role.COMPLIANCE)
    asked = export(alice, camera, by=compliance, ground=Ground.REQUEST)
    assert {one["check"] for one in asked["face_pictures"]} == {str(attempt.pk)}
    assert len(asked["face_pictures"]) == 3
    by_order = export(alice, camera, by=compliance, ground=Ground.AUTHORITY)
    assert "face_pictures" not in by_order


def test_taking_consent_back_takes_the_face_out_of_the_search(camera: Camera) -> None:
    camera.known("mallory")
    mallory = camera.desk.person("mallory")
    assert protected.add(mallory, at=camera.desk.now)
    camera.agrees("mallory", with_search=False)
    assert not ProtectedFace.objects.exists()
    assert not protected.add(mallory, at=camera.desk.now)
    camera.agrees("mallory", with_search=True)
    assert protected.add(mallory, at=camera.desk.now)
    faces.forget(actor=mallory, confirmed=True, at=camera.desk.now)
    assert not ProtectedFace.objects.exists()
