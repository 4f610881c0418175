"""The frames as they were sent: whole, in order, at their time, and each one plain picture."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.faces.engine.checks import protocol
from apps.faces.engine.session import Frame, Step
from apps.faces.engine.verdict import Outcome
from tests import faces

LIMITS = protocol.Limits()
NOW = faces.ISSUED + timedelta(seconds=20)
#: Three prompts of twenty frames: released 120 ms before the first picture that shows them.
CHALLENGE = faces.challenge(
    Step.LOOK, Step.LEFT, Step.TILT, released=[3_000, 3_000 + 1_540, 3_000 + 3_080]
)


def pictures(count):
    """Small pictures that all differ."""
    grey = np.full((96, 128, 3), 90, np.uint8)
    found = []
    for index in range(count):
        grey[index // 8 * 8 : index // 8 * 8 + 8, index % 8 * 16 : index % 8 * 16 + 16] += 60
        found.append(faces.jpeg(grey))
    return found


PICTURES = pictures(60)


def sent():
    return [
        Frame(
            seq=i,
            t_ms=77 * i,
            prompt_seq=i // 20,
            image=PICTURES[i],
            received_ms=3_120 + 77 * (i // 8 * 8 + 8) + 90,
        )
        for i in range(60)
    ]


def judged(frames, *, challenge=CHALLENGE, now=NOW):
    return protocol.check(challenge=challenge, frames=frames, limits=LIMITS, now=now)


def test_frames_as_a_client_sends_them_pass():
    found = judged(sent())
    assert (found.outcome, found.code) == (Outcome.PASS, "PROTOCOL_KEPT")


def test_a_challenge_ends():
    found = judged(sent(), now=faces.ISSUED + timedelta(seconds=121))
    assert (found.outcome, found.code) == (Outcome.RETRY, "EXPIRED")


def shuffled(frames):
    frames[10], frames[30] = frames[30], frames[10]
    return frames


def at_once(frames):
    frames[10] = replace(frames[10], t_ms=frames[9].t_ms)
    return frames


def swapped_prompts(frames):
    frames[30] = replace(frames[30], prompt_seq=0)
    return frames


def other_size(frames):
    frames[5] = replace(frames[5], image=faces.jpeg(np.zeros((64, 64, 3), np.uint8)))
    return frames


def looped(frames):
    return [replace(one, image=PICTURES[i % 30]) for i, one in enumerate(frames)]


def stalled(frames):
    return [replace(one, image=PICTURES[i // 2]) for i, one in enumerate(frames)]


def with_picture(change):
    def changed(frames):
        frames[7] = replace(frames[7], image=change(frames[7].image))
        return frames

    return changed


def hundred_megapixels(image):
    at = image.index(b"\xff\xc0")
    return image[: at + 5] + (10_000).to_bytes(2) * 2 + image[at + 9 :]


@pytest.mark.parametrize(
    ("change", "outcome", "code"),
    [
        (shuffled, "FAIL", "FRAMES_SHUFFLED"),
        (lambda f: [*f[:20], f[19], *f[20:]], "FAIL", "FRAMES_DUPLICATED"),
        (lambda f: [*f[:20], *f[23:]], "RETRY", "FRAMES_MISSING"),
        (lambda f: f[:30], "RETRY", "TOO_FEW_FRAMES"),
        (lambda f: f * 4, "FAIL", "TOO_MANY_FRAMES"),
        (lambda f: [], "RETRY", "TOO_FEW_FRAMES"),
        (at_once, "FAIL", "TIMES_NOT_RISING"),
        (lambda f: [replace(x, t_ms=x.t_ms * 3) for x in f], "RETRY", "TOO_SLOW"),
        (lambda f: [replace(x, t_ms=x.t_ms // 4) for x in f], "FAIL", "TOO_FAST"),
        (lambda f: [replace(x, t_ms=x.t_ms + 700 * (x.seq > 9)) for x in f], "RETRY", "GAP"),
        (swapped_prompts, "FAIL", "PROMPTS_OUT_OF_ORDER"),
        (lambda f: [replace(x, prompt_seq=min(x.prompt_seq, 1)) for x in f], "RETRY",
         "PROMPT_UNANSWERED"),
        (lambda f: [replace(x, prompt_seq=7) for x in f], "FAIL", "PROMPTS_OUT_OF_ORDER"),
        (other_size, "FAIL", "SIZES_DIFFER"),
        (looped, "FAIL", "PICTURES_REPEATED"),
        (stalled, "RETRY", "CAMERA_STALLED"),
        (with_picture(lambda image: image + b"PK\x03\x04"), "FAIL", "PICTURE_MORE_THAN_A_PICTURE"),
        (with_picture(hundred_megapixels), "FAIL", "PICTURE_TOO_MANY_PIXELS"),
        (with_picture(lambda image: image[:200]), "RETRY", "PICTURE_BROKEN_JPEG"),
        (with_picture(lambda image: np.full((96, 128, 3), np.nan)), "FAIL", "PICTURE_PIXELS"),
        (with_picture(lambda image: np.zeros((960, 1280, 3), np.uint8)), "FAIL",
         "PICTURE_TOO_LARGE"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_frames_is_said(change, outcome, code):
    found = judged(change(sent()))
    assert (found.outcome, found.code) == (outcome, code)
    assert found.sentence.endswith(".")


def test_a_picture_can_not_answer_a_prompt_before_its_release():
    early = [replace(one, received_ms=one.received_ms - 900) for one in sent()]
    found = judged(early)
    assert (found.outcome, found.code) == (Outcome.FAIL, "BEFORE_ITS_PROMPT")


def test_a_clock_that_runs_beside_ours_is_not_believed():
    """Frames made slowly, and stamped as if they had been taken at once."""
    released = [3_000, 9_000, 18_000]
    late = [replace(one, received_ms=released[one.prompt_seq] + 3_000 + one.seq) for one in sent()]
    steps = (Step.LOOK, Step.LEFT, Step.TILT)
    found = judged(late, challenge=faces.challenge(*steps, released=released))
    assert (found.outcome, found.code) == (Outcome.RETRY, "CLOCKS_DISAGREE")


def test_a_recording_needs_no_prompts_and_no_server():
    frames = [replace(one, prompt_seq=0, received_ms=None) for one in sent()][:20]
    assert judged(frames, challenge=faces.challenge()).code == "PROTOCOL_KEPT"


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(
    st.lists(
        st.builds(
            Frame,
            seq=st.integers(0, 70),
            t_ms=st.integers(0, 9_000),
            prompt_seq=st.integers(0, 3),
            image=st.one_of(st.binary(max_size=200), st.sampled_from(PICTURES)),
            received_ms=st.none() | st.integers(0, 20_000),
        ),
        max_size=70,
    )
)
def test_nothing_that_is_sent_raises(frames):
    found = judged(frames)
    assert found.outcome in (Outcome.FAIL, Outcome.RETRY)
