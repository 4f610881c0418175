"""What was asked, in its window, in order and nothing else: heads turned on paper."""

import math

import numpy as np
import pytest

from apps.faces.engine import pose
from apps.faces.engine.checks import actions
from apps.faces.engine.session import Step
from apps.faces.engine.track import Sight, Track
from apps.faces.engine.verdict import Outcome
from tests import faces

LIMITS = actions.Limits()
STEP_MS, FRAME_MS = 2_000, 77
#: How a head answers: the angle, and how far it goes.
ANSWERS = {
    Step.LEFT: ("yaw", 25.0),
    Step.RIGHT: ("yaw", -25.0),
    Step.UP: ("pitch", 14.0),
    Step.DOWN: ("pitch", -14.0),
    Step.TILT: ("roll", 20.0),
}


def swing(since_ms, *, begins, lasts=1_100):
    """0 to 1 and back, from `begins` on."""
    share = (since_ms - begins) / lasts
    return math.sin(math.pi * share) if 0 < share < 1 else 0.0


def head(step, since_ms, *, begins=400, times=1.0, usual=0.3, leaning=(0.0, 0.0, 0.0)):
    """The landmarks of a head that answers a step; `leaning` is how it usually holds itself."""
    angles = dict(zip(("yaw", "pitch", "roll"), leaning, strict=True))
    openness = usual
    if step in ANSWERS:
        axis, reach = ANSWERS[step]
        angles[axis] += times * reach * swing(since_ms, begins=begins)
    if step is Step.BLINK_TWICE:
        shut = any(begins + at <= since_ms < begins + at + 180 for at in (0, 500))
        openness = usual * (0.4 if shut else 1.0)
    return faces.landmarks(openness=openness, **angles)


def acted(asked, answered=None, **how):
    """The finding on a head that answers `answered` while `asked` is on the screen."""
    answered = answered or asked
    rows = [
        (seq, since, head(step, since, **how))
        for seq, step in enumerate(answered)
        for since in range(0, STEP_MS, FRAME_MS)
    ]
    poses = pose.solve(np.stack([points for *_, points in rows]), width=640, height=480)
    sights = [
        Sight(
            seq=index,
            t_ms=seq * STEP_MS + since,
            prompt_seq=seq,
            faces=1,
            box=(200, 120, 440, 360),
            landmarks=points,
            yaw=poses.yaw[index],
            pitch=poses.pitch[index],
            roll=poses.roll[index],
            eye_openness=actions.eyes.openness(points),
        )
        for index, (seq, since, points) in enumerate(rows)
    ]
    track = Track(frames=[], sights=sights, width=640, height=480)
    return actions.check(challenge=faces.challenge(*asked), track=track, limits=LIMITS)


THREE = (Step.LOOK, Step.LEFT, Step.BLINK_TWICE, Step.DOWN)


@pytest.mark.parametrize("step", list(ANSWERS) + [Step.BLINK_TWICE])
def test_who_does_what_is_asked_passes(step):
    assert acted((Step.LOOK, step)).code == "ACTIONS_DONE"


@pytest.mark.parametrize("leaning", [(8, -9, 6), (-10, 12, -8)])
@pytest.mark.parametrize("usual", [0.21, 0.44])
def test_everything_is_measured_against_the_persons_own_pose_and_eyes(leaning, usual):
    found = acted(THREE, leaning=leaning, usual=usual)
    assert found.code == "ACTIONS_DONE", found.sentence


@pytest.mark.parametrize("step", list(ANSWERS))
def test_half_an_action_is_none_and_may_be_tried_again(step):
    found = acted((Step.LOOK, step), times=0.3)
    assert (found.outcome, found.code) == (Outcome.RETRY, "ACTION_MISSING")


def test_one_blink_is_not_two():
    found = acted((Step.LOOK, Step.BLINK_TWICE), begins=STEP_MS - 400)
    assert found.code == "ACTION_MISSING"
    assert found.evidence["reached"][1] == 1


def test_a_motion_before_its_prompt_could_be_read_is_a_recording():
    found = acted((Step.LOOK, Step.LEFT), begins=-350)
    assert (found.outcome, found.code) == (Outcome.FAIL, "MOVED_BEFORE_ASKED")
    assert found.certainty > 0


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ((Step.LEFT, Step.UP), (Step.UP, Step.LEFT)),
        ((Step.LEFT, Step.UP), (Step.RIGHT, Step.UP)),
        ((Step.BLINK_TWICE, Step.LEFT), (Step.LEFT, Step.BLINK_TWICE)),
        ((Step.COLOURS, Step.LEFT), (Step.LEFT, Step.COLOURS)),
        ((Step.TILT, Step.DOWN), (Step.DOWN, Step.TILT)),
    ],
)
def test_another_order_does_not_pass(asked, answered):
    found = acted((Step.LOOK, *asked), (Step.LOOK, *answered))
    assert found.outcome is not Outcome.PASS


def test_a_turn_while_nothing_was_asked_is_a_recording():
    found = acted((Step.LOOK, Step.COLOURS, Step.LEFT), (Step.LOOK, Step.RIGHT, Step.LEFT))
    assert (found.outcome, found.code) == (Outcome.FAIL, "UNASKED_MOTION")


def test_a_turn_that_dies_away_under_the_next_prompt_is_none_of_its_own():
    found = acted((Step.LOOK, Step.LEFT, Step.RIGHT, Step.TILT), begins=500)
    assert found.code == "ACTIONS_DONE"


def test_a_still_picture_does_nothing():
    found = acted((Step.LOOK, Step.LEFT, Step.BLINK_TWICE), (Step.LOOK,) * 3)
    assert (found.outcome, found.code) == (Outcome.RETRY, "ACTION_MISSING")
