"""What may be sent of a face check, by whom and when: what breaks a rule leaves nothing behind.

Each rule has its own code. What a picture may be: test_faces_pictures.py.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from apps.core.errors import Refused
from apps.faces import queries
from apps.faces.models import Challenge, Picture, PictureKind
from apps.faces.services.pictures import Sent
from apps.flows import face_sweeps, faces
from tests.camera import Camera, picture, verdict
from tests.desk import Desk
from tests.face_protocol import everything, rebound, refused, take


@pytest.fixture
def camera(p2p: Desk) -> Camera:
    camera = Camera(p2p)
    camera.known("alice")
    return camera


# ── Whose it is ───────────────────────────────────────────────────────────────────────────────────


def test_a_picture_under_another_key_belongs_to_nothing(camera: Camera) -> None:
    challenge = camera.begins("alice")
    forged = camera.sent(challenge, 0, mac="0" * 64)
    assert refused(camera, challenge, forged) == "PICTURE_NOT_BOUND"


def test_a_picture_of_another_nonce_belongs_to_another_check(camera: Camera) -> None:
    first = camera.begins("alice")
    one = camera.sent(first, 0)
    second = camera.begins("alice")
    assert refused(camera, second, one) == "PICTURE_NOT_BOUND"


@pytest.mark.parametrize("change", ["kind", "seq", "t_ms", "prompt_seq", "data"])
def test_nothing_that_is_said_of_a_picture_can_be_changed_afterwards(
    camera: Camera, change: str
) -> None:
    challenge = camera.begins("alice")
    other: dict[str, Any] = {
        "kind": PictureKind.INFRARED,
        "seq": 1,
        "t_ms": 1,
        "prompt_seq": 1,
        "data": picture(99),
    }
    changed = replace(camera.sent(challenge, 0), **{change: other[change]})
    assert refused(camera, challenge, changed) == "PICTURE_NOT_BOUND"


def test_somebody_elses_check_does_not_exist(camera: Camera) -> None:
    challenge, mallory = camera.begins("alice"), camera.desk.person("mallory")
    one, now = camera.sent(challenge, 0), camera.desk.now
    before = everything()
    deeds: list[Callable[[], Any]] = [
        lambda: faces.take(actor=mallory, challenge=challenge.pk, sent=[one], at=now),
        lambda: faces.finish(actor=mallory, challenge=challenge.pk, at=now),
        lambda: faces.give_up(actor=mallory, challenge=challenge.pk, at=now),
    ]
    for deed in deeds:
        with pytest.raises(Refused) as fault:
            deed()
        assert (fault.value.code, fault.value.status) == ("NOT_FOUND", 404)
    assert everything() == before


# ── Once, and in time ─────────────────────────────────────────────────────────────────────────────


def finished(camera: Camera) -> Challenge:
    challenge = camera.shows(camera.begins("alice"))
    return faces.finish(actor=challenge.user, challenge=challenge.pk, at=camera.desk.now)


def judged(camera: Camera) -> Challenge:
    return camera.judged("alice", verdict()).challenge


def given_up(camera: Camera) -> Challenge:
    challenge = camera.begins("alice")
    return faces.give_up(actor=challenge.user, challenge=challenge.pk, at=camera.desk.now)


def replaced(camera: Camera) -> Challenge:
    challenge = camera.begins("alice")
    camera.begins("alice")
    challenge.refresh_from_db()
    return challenge


def late(camera: Camera) -> Challenge:
    challenge = camera.begins("alice")
    camera.desk.pass_time(seconds=120)
    return challenge


def swept(camera: Camera) -> Challenge:
    challenge = late(camera)
    face_sweeps.expire(at=camera.desk.now)
    return challenge


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (finished, "FACE_OVER"),
        (judged, "FACE_OVER"),
        (given_up, "FACE_OVER"),
        (replaced, "FACE_OVER"),
        (late, "FACE_EXPIRED"),
        (swept, "FACE_EXPIRED"),
    ],
)
def test_what_is_over_takes_nothing_more(
    camera: Camera, end: Callable[[Camera], Challenge], code: str
) -> None:
    challenge = end(camera)
    before, now = everything(), camera.desk.now
    one = Sent(kind=PictureKind.COLOUR, seq=0, t_ms=0, prompt_seq=0, mac="", data=picture(7))
    deeds: list[Callable[[], Any]] = [
        lambda: faces.take(actor=challenge.user, challenge=challenge.pk, sent=[one], at=now),
        lambda: faces.finish(actor=challenge.user, challenge=challenge.pk, at=now),
        lambda: faces.give_up(actor=challenge.user, challenge=challenge.pk, at=now),
    ]
    for deed in deeds:
        with pytest.raises(Refused) as fault:
            deed()
        assert fault.value.code == code
    assert everything() == before


def test_the_last_moment_of_a_check_is_before_its_120_seconds(camera: Camera) -> None:
    challenge = camera.begins("alice")
    camera.desk.pass_time(seconds=119.9)
    assert take(camera, challenge, camera.sent(challenge, 0)).frames == 1


def test_a_judged_check_has_neither_key_nor_pictures_nor_facts(camera: Camera) -> None:
    challenge = judged(camera)
    assert (challenge.session_key, challenge.facts) == (None, None)
    assert Picture.objects.count() == 0


def test_three_checks_may_be_begun_in_ten_minutes(camera: Camera) -> None:
    for _ in range(3):
        camera.begins("alice")
    with pytest.raises(Refused) as fault:
        camera.begins("alice")
    assert (fault.value.code, fault.value.status) == ("FACE_TOO_OFTEN", 429)
    assert fault.value.retry_after == 600
    camera.desk.pass_time(minutes=10)
    camera.begins("alice")


def test_after_five_failures_in_a_day_machines_look_no_more(camera: Camera) -> None:
    for _ in range(5):
        camera.judged("alice", verdict("FAIL", code="FLAT"))
        camera.desk.pass_time(minutes=11)
    before = everything()
    with pytest.raises(Refused) as fault:
        camera.begins("alice")
    assert (fault.value.code, fault.value.status) == ("FACE_LOCKED", 403)
    assert everything() == before
    camera.desk.pass_time(hours=24)
    camera.begins("alice")


def test_what_could_not_be_told_is_no_failure(camera: Camera) -> None:
    for _ in range(6):
        camera.judged("alice", verdict("RETRY", code="TOO_DARK"))
        camera.desk.pass_time(minutes=11)
    camera.begins("alice")


def test_a_pass_ends_the_row_of_failures(camera: Camera) -> None:
    for outcome in ("FAIL", "FAIL", "FAIL", "FAIL", "PASS", "FAIL"):
        attempt = camera.judged("alice", verdict(outcome))
        camera.desk.pass_time(minutes=11)
    assert queries.failures(attempt.user, at=camera.desk.now) == 1


def test_one_check_at_a_time_is_with_a_worker(camera: Camera) -> None:
    finished(camera)
    with pytest.raises(Refused) as fault:
        camera.begins("alice")
    assert fault.value.code == "FACE_BEING_JUDGED"


# ── Order ─────────────────────────────────────────────────────────────────────────────────────────


def test_pictures_that_are_left_out_are_missed(camera: Camera) -> None:
    challenge = camera.begins("alice")
    first, third = camera.sent(challenge, 0), camera.sent(challenge, 2)
    assert refused(camera, challenge, third) == "PICTURES_MISSING"
    assert refused(camera, challenge, first, third) == "PICTURES_MISSING"
    take(camera, challenge, first)
    assert refused(camera, challenge, third) == "PICTURES_MISSING"


def test_pictures_that_are_shuffled_are_refused(camera: Camera) -> None:
    challenge = camera.begins("alice")
    sent = [camera.sent(challenge, number) for number in range(3)]
    assert refused(camera, challenge, sent[0], sent[2], sent[1]) == "PICTURES_MISSING"
    take(camera, challenge, *sent)
    assert refused(camera, challenge, sent[1]) == "PICTURES_SHUFFLED"


@pytest.mark.parametrize("t_ms", [0, -1, 153])
def test_a_time_that_does_not_rise_is_refused(camera: Camera, t_ms: int) -> None:
    challenge = camera.begins("alice")
    take(camera, challenge, *(camera.sent(challenge, number) for number in range(3)))
    back = camera.sent(challenge, 3, t_ms=t_ms)
    assert refused(camera, challenge, back) == "PICTURES_SHUFFLED"


def test_no_number_or_time_is_below_nought(camera: Camera) -> None:
    challenge = camera.begins("alice")
    for change in ({"seq": -1}, {"t_ms": -1}, {"prompt_seq": -1}):
        odd = rebound(challenge, camera.sent(challenge, 0), **change)
        assert refused(camera, challenge, odd) == "PICTURES_SHUFFLED"


def test_a_prompt_that_was_left_is_not_gone_back_to(camera: Camera) -> None:
    challenge = camera.begins("alice")
    camera.desk.pass_time(seconds=1.3)
    done = take(camera, challenge, *(camera.sent(challenge, number) for number in range(7)))
    assert done.prompt is not None
    challenge = done.challenge
    take(camera, challenge, camera.sent(challenge, 7, prompt_seq=1))
    assert refused(camera, challenge, camera.sent(challenge, 8, prompt_seq=0)) == (
        "PICTURES_SHUFFLED"
    )


def test_a_picture_from_the_future_is_refused(camera: Camera) -> None:
    challenge = camera.begins("alice")
    camera.desk.pass_time(seconds=1)
    assert refused(camera, challenge, camera.sent(challenge, 0, t_ms=3_001)) == "PICTURE_FROM_AHEAD"
    take(camera, challenge, camera.sent(challenge, 0, t_ms=3_000))


def test_no_prompt_is_answered_before_it_is_shown(camera: Camera) -> None:
    challenge = camera.begins("alice")
    assert refused(camera, challenge, camera.sent(challenge, 0, prompt_seq=1)) == "PROMPT_NOT_SHOWN"


def test_a_prompt_is_shown_no_sooner_for_more_pictures(camera: Camera) -> None:
    challenge = camera.begins("alice")
    camera.desk.pass_time(seconds=1)
    done = take(camera, challenge, *(camera.sent(challenge, n) for n in range(30)))
    assert (done.prompt, done.challenge.released) == (None, [0])


def test_a_prompt_is_not_shown_to_whoever_does_not_look(camera: Camera) -> None:
    challenge = camera.begins("alice")
    camera.desk.pass_time(seconds=30)
    done = take(camera, challenge, *(camera.sent(challenge, n) for n in range(5)))
    assert done.prompt is None


def test_nothing_is_judged_before_everything_was_shown(camera: Camera) -> None:
    challenge = camera.begins("alice")
    take(camera, challenge, camera.sent(challenge, 0))
    before = everything()
    with pytest.raises(Refused) as fault:
        faces.finish(actor=challenge.user, challenge=challenge.pk, at=camera.desk.now)
    assert fault.value.code == "FACE_NOT_DONE"
    assert everything() == before


# ── Never twice ───────────────────────────────────────────────────────────────────────────────────


def test_a_picture_comes_once_in_a_chunk(camera: Camera) -> None:
    challenge = camera.begins("alice")
    first = camera.sent(challenge, 0)
    twin = camera.sent(challenge, 1, data=first.data)
    assert refused(camera, challenge, first, twin) == "PICTURE_REPEATED"


def test_a_picture_comes_once_in_a_check(camera: Camera) -> None:
    challenge = camera.begins("alice")
    first = camera.sent(challenge, 0)
    take(camera, challenge, first)
    twin = camera.sent(challenge, 1, data=first.data)
    assert refused(camera, challenge, twin) == "PICTURE_REPEATED"


@pytest.mark.parametrize("end", [judged, given_up, replaced, swept])
def test_a_picture_of_an_earlier_check_is_known_again(
    camera: Camera, end: Callable[[Camera], Challenge]
) -> None:
    challenge = camera.begins("alice")
    kept = camera.sent(challenge, 0)
    take(camera, challenge, kept)
    end(camera)
    camera.desk.pass_time(minutes=11)
    later = camera.begins("alice")
    again = camera.sent(later, 0, data=kept.data)
    assert refused(camera, later, again) == "PICTURE_REPEATED"


def test_what_a_picture_is_known_by_is_not_the_picture(camera: Camera) -> None:
    challenge = judged(camera)
    challenge.refresh_from_db()
    assert {len(bytes(one)) for one in challenge.digests} == {16}


def test_the_same_picture_of_somebody_else_is_somebody_elses_matter(camera: Camera) -> None:
    camera.known("bob")
    hers, his = camera.begins("alice"), camera.begins("bob")
    same = picture(77)
    take(camera, hers, camera.sent(hers, 0, data=same))
    assert take(camera, his, camera.sent(his, 0, data=same)).frames == 1
