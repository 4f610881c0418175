"""One verdict on a whole session: rendered people who obey, real faces that don't stay the same."""

import json
from dataclasses import replace
from datetime import timedelta
from random import Random

import numpy as np
import pytest

from apps.faces.engine import asking
from apps.faces.engine.checks import identity, match
from apps.faces.engine.dlib_models import EMBEDDING_MODEL, unit
from apps.faces.engine.evaluate import evaluate
from apps.faces.engine.policy import Policy
from apps.faces.engine.session import Frame, Step, Template
from apps.faces.engine.track import Track, look
from apps.faces.engine.verdict import Check, Outcome, Species
from tests import faces

POLICY = Policy()
NOW = faces.ISSUED + timedelta(seconds=20)


def judged(frames, *, challenge=None, template=None):
    return evaluate(
        challenge=challenge or faces.challenge(),
        frames=frames,
        template=template,
        policy=POLICY,
        now=NOW,
    )


def prompts(*steps):
    """A challenge with colours, and these actions."""
    drawn = asking.compose(Random(3))
    colours = next(one for one in drawn if one.step is Step.COLOURS)
    blank = faces.challenge(Step.LOOK, *steps, Step.COLOURS)
    last = blank.prompts[-1]
    flashing = replace(last, flashes=colours.flashes)
    return replace(blank, prompts=(*blank.prompts[:-1], flashing))


@pytest.fixture(scope="module")
def obeying():
    """A rendered person who does what was asked, in front of a screen that flashes."""
    return faces.rendered(prompts(Step.LEFT, Step.BLINK_TWICE, Step.UP), subject=4, seed=11)


def test_who_obeys_passes_and_leaves_a_face_to_enrol(obeying):
    verdict = judged(obeying.frames, challenge=obeying.challenge)
    assert (verdict.outcome, verdict.code) == (Outcome.PASS, "PASSED")
    assert np.linalg.norm(verdict.embedding) == pytest.approx(1)
    assert verdict.embedding_frames >= 3
    assert len(verdict.poses) >= 2
    assert verdict.model == EMBEDDING_MODEL
    assert len(json.dumps(verdict.trace)) < 150_000, "a reviewer's page loads it"


def test_the_same_recording_under_another_challenge_does_not(obeying):
    asked = prompts(Step.UP, Step.RIGHT, Step.TILT).prompts
    steps = dict(enumerate(one.step for one in asked))
    other = tuple(replace(one, step=steps[one.seq]) for one in obeying.challenge.prompts)
    verdict = judged(obeying.frames, challenge=replace(obeying.challenge, prompts=other))
    assert verdict.outcome is not Outcome.PASS
    assert verdict.of(Check.ACTIONS).outcome is not Outcome.PASS


def test_a_hard_failure_ends_the_questions(obeying):
    late = replace(obeying.challenge, expires_at=faces.ISSUED)
    verdict = judged(obeying.frames, challenge=late)
    assert (verdict.outcome, verdict.code, verdict.hint) == (Outcome.RETRY, "EXPIRED", "TRY_AGAIN")
    assert [one.check for one in verdict.findings] == [Check.PROTOCOL]
    assert verdict.trace == {}


def test_another_person_in_mid_session_is_noticed():
    first, second = faces.clip("d13", frames=20), faces.clip("d3", frames=20)
    late = [
        replace(one, seq=20 + i, t_ms=first[-1].t_ms + 77 * (i + 1)) for i, one in enumerate(second)
    ]
    verdict = judged([*first, *late])
    assert (verdict.outcome, verdict.code) == (Outcome.FAIL, "PERSON_CHANGED")
    assert verdict.species is Species.SWAP


def test_a_short_appearance_of_another_person_is_noticed():
    frames, other = faces.clip("d13", frames=40), faces.clip("d3", frames=8)
    for i, one in enumerate(other):
        frames[22 + i] = replace(frames[22 + i], image=one.image)
    assert judged(frames).code == "PERSON_CHANGED"


@pytest.mark.parametrize("name", ["d0", "d9", "d12", "d13", "d20"])
def test_a_person_who_talks_stays_the_same(name):
    track = look(frames=faces.clip(name, frames=60))
    chosen = identity.chosen(challenge=faces.challenge(), track=track, limits=POLICY.identity)
    assert 3 <= len(chosen) <= 7
    verdict = judged(faces.clip(name, frames=60))
    assert verdict.of(Check.PRESENCE).code == "ONE_FACE"
    assert verdict.of(Check.IDENTITY).code == "SAME_THROUGHOUT"


def still(pixels):
    """Twenty pictures of the same scene, each with its own noise."""
    random = np.random.default_rng(0)
    return [
        Frame(
            seq=i,
            t_ms=77 * i,
            image=np.clip(pixels + random.normal(0, 2, pixels.shape), 0, 255).astype(np.uint8),
        )
        for i in range(20)
    ]


def test_pictures_that_show_no_one_or_two_are_tried_again_with_a_hint():
    black = judged(still(np.zeros((480, 640, 3), np.uint8)))
    assert (black.outcome, black.code, black.hint) == (Outcome.RETRY, "NO_FACE", "CENTRE_FACE")
    both = np.hstack([faces.photograph(index)[45:205, 45:205] for index in (0, 40)])
    two = judged(still(np.repeat(np.repeat(both, 2, 0), 2, 1)))
    assert (two.outcome, two.code, two.hint) == (Outcome.RETRY, "SEVERAL_FACES", "BE_ALONE")
    assert two.embedding is None


def test_darkness_and_distance_are_never_an_attack():
    face = np.repeat(np.repeat(faces.photograph(0), 2, 0), 2, 1)
    dark = judged(still((face * 0.15).astype(np.uint8)))
    assert (dark.outcome, dark.hint) == (Outcome.RETRY, "MORE_LIGHT")
    far = np.full((480, 640, 3), 60, np.uint8)
    far[100:350, 200:450] = faces.photograph(0)
    assert judged(still(far)).hint == "COME_CLOSER"


def compared(away, *, model=EMBEDDING_MODEL, pictures=4):
    """A face this far from its template."""
    one = unit(np.eye(128)[0])
    other = unit(one + np.eye(128)[1] * np.tan(2 * np.arcsin(away / 2)))
    assert np.linalg.norm(one - other) == pytest.approx(away)
    return match.check(
        embedding=one,
        pictures=pictures,
        model=EMBEDDING_MODEL,
        template=Template(other, model),
        limits=match.Limits(),
    )


def test_the_template_decides_between_same_perhaps_and_other():
    assert compared(0.25).outcome is Outcome.PASS
    assert compared(0.31).code == "PERHAPS_SAME_PERSON"
    assert compared(0.31).outcome is Outcome.REVIEW
    other = compared(0.45)
    assert (other.outcome, other.species) == (Outcome.FAIL, Species.OTHER_PERSON)
    assert compared(0.6).certainty > other.certainty > 0


def test_templates_of_another_model_are_not_compared():
    assert compared(0.1, model="dlib-resnet-v0").code == "OTHER_MODEL"


def test_half_a_session_each_is_no_mean_of_two_people():
    """Two people who are close to what they have in common are far from each other."""
    axes = np.eye(128)
    one, other = (unit(axes[0] + 0.22 * axes[k]) for k in (1, 2))
    sights = look(frames=still(np.zeros((96, 96, 3), np.uint8))).sights
    for sight in sights:
        sight.yaw = 0.0
        sight.box = (10.0, 10.0, 80.0, 80.0)
    track = Track(frames=[], sights=sights, width=96, height=96)
    halves = {i: one if i < 3 else other for i in range(6)}
    found = identity.check(track=track, embeddings=halves, limits=POLICY.identity)
    assert (found.code, found.evidence["apart"]) == ("SAME_THROUGHOUT", [0, 1, 2])
    far = {i: axes[0] if i < 3 else unit(axes[0] + 0.45 * axes[1]) for i in range(6)}
    found = identity.check(track=track, embeddings=far, limits=POLICY.identity)
    assert (found.code, found.evidence["apart"]) == ("PERSON_CHANGED", [0, 1, 2])
