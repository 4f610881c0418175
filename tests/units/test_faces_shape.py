"""Whether what turned is a head: surfaces on paper, people who don't exist, photographs moved."""

import numpy as np
import pytest

from apps.faces.engine import track as tracks
from apps.faces.engine.checks import shape
from apps.faces.engine.session import Frame
from apps.faces.engine.verdict import Check, Outcome, Species
from tests import faces, paper

SWEEP = (0, 0, 4, 9, 13, 17, 20, 20, 17, 12, 8, 3, 0, 0)


def checked(track):
    return shape.check(challenge=paper.RECORDED, track=track, limits=shape.Limits())


@pytest.mark.parametrize(("noise", "side"), [(0, 1), (4, -1), (10, 1)])
def test_a_head_that_turns_is_one(noise, side):
    yaws = [side * yaw for yaw in SWEEP]
    found = checked(paper.track(paper.head, yaws=yaws, noise=noise, jitter=0.7))
    assert (found.check, found.outcome, found.code) == (Check.SHAPE, Outcome.PASS, "HEAD")
    assert found.score > 2 * found.threshold
    assert found.evidence["unfollowed"] == 0


@pytest.mark.parametrize("surface", [paper.plane, paper.upright_bend, paper.slanted_bend])
@pytest.mark.parametrize(("noise", "most"), [(0, 20), (10, 35)])
def test_no_picture_is_a_head_however_bent_and_turned(surface, noise, most):
    yaws = [yaw * most / 20 for yaw in SWEEP]
    found = checked(paper.track(surface, yaws=yaws, noise=noise, jitter=0.7))
    assert found.outcome is not Outcome.PASS
    assert found.score is None or abs(found.score) < 0.2


@pytest.mark.parametrize("surface", [paper.plane, paper.upright_bend, paper.slanted_bend])
def test_landmarks_that_see_a_head_in_a_picture_convince_nobody(surface):
    # Predictors have learned what heads look like, and find one in a bent photograph.
    found = checked(paper.track(surface, yaws=SWEEP, believed=paper.head, noise=4, jitter=0.7))
    assert (found.outcome, found.code) == (Outcome.FAIL, "FLAT")
    assert abs(found.score) < 0.2
    assert 0.5 < found.certainty < 1


def test_a_bent_picture_is_told_from_a_flat_one():
    sweep = [1.5 * yaw for yaw in SWEEP]
    flat = checked(paper.track(paper.plane, yaws=sweep, believed=paper.head))
    bent = checked(paper.track(paper.upright_bend, yaws=sweep, believed=paper.head))
    assert (flat.species, bent.species) == (Species.PRINT, Species.BENT)


def test_without_a_turn_nothing_is_proven_and_nobody_accused():
    found = checked(paper.track(paper.head, yaws=np.linspace(-2, 2, 12), noise=4, jitter=0.7))
    assert (found.outcome, found.code) == (Outcome.RETRY, "NOT_TURNED")


def test_a_face_is_not_needed_to_answer():
    empty = paper.track(paper.head, yaws=(0, 0, 0))
    for sight in empty.sights:
        sight.landmarks = None
    assert checked(empty).code == "NOT_TURNED"


def test_noise_instead_of_pictures_can_not_be_told():
    broken = paper.track(paper.head, yaws=SWEEP)
    random = np.random.default_rng(3)
    noise = [random.integers(0, 255, (200, 200, 3), np.uint8) for _ in SWEEP]
    frames = [Frame(seq=i, t_ms=75 * i, image=one) for i, one in enumerate(noise)]
    found = checked(tracks.Track(frames=frames, sights=broken.sights, width=200, height=200))
    assert (found.outcome, found.code) == (Outcome.RETRY, "TURN_UNCLEAR")


def test_people_who_turn_on_video_are_heads():
    assert checked(tracks.look(frames=faces.clip("d3", frames=110))).code == "HEAD"


def test_photographs_that_are_moved_and_bent_are_not():
    folder = faces.DATA / "nuaa" / "ImposterRaw"
    if not folder.exists():
        pytest.skip("sequences absent: set OTCRISK_DATA to the folder that holds faces/")
    for person, take in (("0001", "03"), ("0004", "04"), ("0005", "03"), ("0009", "04")):
        paths = sorted((folder / person).glob(f"*_{take}_02_*.jpg"), key=_number)
        frames = [
            Frame(seq=i, t_ms=40 * _number(path), image=path.read_bytes())
            for i, path in enumerate(paths)
        ]
        assert frames
        found = checked(tracks.look(frames=frames))
        assert found.outcome is not Outcome.PASS, (person, take)
        assert found.evidence["alike"] > 0.945, "a sheet explains the nose"


def _number(path):
    return int(path.stem.rsplit("_", 1)[1])
