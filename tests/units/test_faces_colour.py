"""The light of the screen on the skin: who is there answers it, what was recorded does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest

from apps.faces.engine import asking, following, light
from apps.faces.engine.checks import colour
from apps.faces.engine.session import Challenge, Flash, Prompt, Step
from apps.faces.engine.track import Track
from apps.faces.engine.verdict import Finding, Outcome, Species
from tests import lamps
from tests.lamps import Scene

ISSUED = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def asked(*flashes: Flash) -> Challenge:
    prompts = [Prompt(seq=0, step=Step.LOOK)]
    if flashes:
        prompts.append(Prompt(seq=1, step=Step.COLOURS, flashes=flashes))
    return Challenge(
        id="c", issued_at=ISSUED, expires_at=ISSUED + timedelta(minutes=2), prompts=tuple(prompts)
    )


def judged(shown: tuple[Flash, ...], track: Track) -> Finding:
    return colour.check(challenge=asked(*shown), track=track, limits=colour.Limits())


@pytest.mark.parametrize(
    "scene",
    [
        Scene(),
        Scene(tone=1.0, screen=0.1, noise=3.5),
        Scene(fps=12, quality=65, noise=4.0),
        Scene(balances=0.8),
        Scene(warmth=0.4, tone=0.6),
        Scene(screen=1.5, tone=0.9),
    ],
    ids=[
        "usual",
        "dark skin, little light",
        "slow and rough",
        "white balance",
        "lamp",
        "dark room",
    ],
)
def test_skin_that_is_there_follows_the_light(scene):
    shown = asking.sequence(Random(1))
    track = lamps.session(seed=5, answered=shown, scene=scene)

    found = judged(shown, track)

    assert (found.outcome, found.code) == (Outcome.PASS, "COLOUR_FOLLOWED")
    assert found.score >= found.threshold
    assert found.evidence["share"] <= 0.001


@pytest.mark.parametrize("seed", range(6))
def test_a_recording_follows_the_light_it_was_recorded_under(seed):
    before = asking.sequence(Random(seed))
    shown = asking.sequence(Random(seed + 100), earlier=[before])
    track = lamps.session(seed=seed, answered=before, scene=Scene(tone=seed / 5))

    found = judged(shown, track)

    assert (found.outcome, found.code) == (Outcome.FAIL, "COLOUR_OTHER")
    assert found.species is Species.SCREEN
    assert found.certainty > 0.5


def test_a_face_that_no_screen_lights_is_not_told_from_one_in_the_sun():
    shown = asking.sequence(Random(3))
    track = lamps.session(seed=3, answered=shown, scene=Scene(screen=0.0))

    found = judged(shown, track)

    assert (found.outcome, found.code) == (Outcome.RETRY, "COLOUR_WEAK")


def test_a_dark_picture_that_the_screen_does_not_light_is_no_face_before_it():
    shown = asking.sequence(Random(3))
    track = lamps.session(seed=3, answered=shown, scene=Scene(screen=0.0, level=0.015))

    found = judged(shown, track)

    assert (found.outcome, found.code) == (Outcome.FAIL, "COLOUR_ABSENT")


def test_a_picture_tinted_as_a_whole_is_not_lit_by_a_screen():
    shown = asking.sequence(Random(4))
    track = lamps.session(seed=4, answered=shown, scene=Scene(wall=1.0))

    found = judged(shown, track)

    assert (found.outcome, found.code) == (Outcome.RETRY, "COLOUR_EVERYWHERE")


@pytest.mark.parametrize("seed", range(3))
def test_light_that_a_display_mirrors_is_no_light_on_skin(seed):
    shown = asking.sequence(Random(seed))
    track = lamps.session(seed=seed, answered=shown, scene=Scene(screen=0.0, glass=0.15))

    found = judged(shown, track)

    assert found.outcome is Outcome.RETRY
    assert found.code in ("COLOUR_PATCHY", "COLOUR_EVERYWHERE")
    assert found.score >= found.threshold  # it does follow the colours


def test_a_faint_veil_is_too_little_to_tell():
    shown = asking.sequence(Random(7))
    track = lamps.session(seed=7, answered=shown, scene=Scene(screen=0.0, glass=0.02, noise=1.0))

    found = judged(shown, track)

    assert (found.outcome, found.code) == (Outcome.RETRY, "COLOUR_WEAK")


def test_no_colours_asked_none_answered():
    track = lamps.session(seed=4, answered=asking.sequence(Random(4)), scene=Scene())

    assert judged((), track).code == "COLOUR_NOT_ASKED"


def test_a_face_that_left_during_the_colours_is_a_retry():
    shown = asking.sequence(Random(5))
    track = lamps.session(seed=5, answered=shown, scene=Scene())
    for one in track.sights[25:]:
        one.landmarks = one.box = None

    found = judged(shown, track)

    assert (found.outcome, found.code) == (Outcome.RETRY, "COLOUR_UNSEEN")


def test_frames_without_the_prompt_of_the_colours_are_a_retry():
    shown = asking.sequence(Random(5))
    track = lamps.session(seed=5, answered=shown, scene=Scene(), prompt_seq=7)

    assert judged(shown, track).code == "COLOUR_UNSEEN"


def test_landmarks_outside_of_the_picture_raise_nothing():
    shown = asking.sequence(Random(6))
    track = lamps.session(seed=6, answered=shown, scene=Scene())
    for one in track.sights:
        one.landmarks = one.landmarks + np.float32(5000)

    assert judged(shown, track).code == "COLOUR_UNSEEN"


def test_wrong_light_passes_at_most_once_in_a_thousand_times():
    """Recordings against thousands of sequences drawn after them."""
    limits, passed = colour.Limits(), 0
    later = following.drawn(Random("later"), 7, 2500)
    for seed in range(40):
        chance = np.random.default_rng(seed)
        at = np.cumsum(1000 / 13 * chance.uniform(0.8, 1.2, 44)) - 150
        answered = light.flashes(light.draw(Random(seed)))
        curve = np.nan_to_num(light.curve(answered, at - 120), nan=0.0)
        seen = 0.2 * curve + chance.normal(0, 0.02, curve.shape)
        laid = following.lay_over(at_ms=at, signals=[seen], shown=answered)
        decoys = np.sort(following.fits(laid, following.decoys(7)).max(axis=0))
        asked = following.fits(laid, later).max(axis=0)
        better = len(decoys) - np.searchsorted(decoys, asked)
        share = (1 + better) / (1 + len(decoys))
        passed += ((asked >= limits.correlation) & (share <= limits.share)).sum()

    assert passed / (40 * len(later)) <= 0.0015


def test_light_that_has_nothing_to_do_with_the_colours_ranks_anywhere_among_them():
    """The permutation test is exact: ranks are even where there is nothing to follow."""
    shares = []
    for seed in range(60):
        chance = np.random.default_rng(seed)
        at = np.cumsum(np.full(44, 1000 / 13)) - 150
        wander = np.cumsum(chance.normal(0, 0.01, (44, 2)), axis=0)
        shown = light.flashes(light.draw(Random(seed)))
        shares.append(following.follow(at_ms=at, signals=[wander], shown=shown).share)

    low, middle, high = np.quantile(shares, [0.1, 0.5, 0.9])
    assert low < 0.25
    assert 0.3 < middle < 0.7
    assert high > 0.75


def test_the_sequence_that_was_really_shown_is_read_from_the_skin():
    letters = "WBGCMYB"
    track = lamps.session(seed=8, answered=light.flashes(letters), scene=Scene(screen=0.4))

    found = judged(light.flashes("GYCWMBY"), track)

    assert light.likeness([found.evidence["other_letters"]], [letters])[0] > 0.9


def test_a_policy_may_ask_for_more():
    shown = asking.sequence(Random(9))
    track = lamps.session(seed=9, answered=shown, scene=Scene())
    strict = replace(colour.Limits(), correlation=0.999)

    found = colour.check(challenge=asked(*shown), track=track, limits=strict)

    assert found.outcome is Outcome.RETRY
