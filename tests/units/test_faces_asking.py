"""What a challenge asks: enough to prove a living head, and never the same light twice."""

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.faces.engine import asking, light
from apps.faces.engine.session import ACTIONS, TURNS, Flash, Sensor, Step

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.booleans(), st.sets(st.sampled_from([*ACTIONS, Step.COLOURS])))
@settings(deadline=None, max_examples=200)
def test_a_challenge_asks_a_look_then_three_actions_with_a_turn(seed, flashes, cannot):
    able = set(ACTIONS) - cannot
    if len(able) < 3 or not able & set(TURNS):
        with pytest.raises(asking.CannotAsk):
            asking.compose(random.Random(seed), flashes=flashes, without=frozenset(cannot))
        return

    prompts = asking.compose(random.Random(seed), flashes=flashes, without=frozenset(cannot))

    steps = [one.step for one in prompts]
    actions = [one for one in steps if one in ACTIONS]
    assert [one.seq for one in prompts] == list(range(len(prompts)))
    assert steps[0] is Step.LOOK
    assert len(actions) == len(set(actions)) == 3
    assert set(actions) & set(TURNS)
    assert not set(steps) & cannot
    assert steps.count(Step.COLOURS) == (flashes and Step.COLOURS not in cannot)
    assert all(bool(one.flashes) == (one.step is Step.COLOURS) for one in prompts)


@given(seeds)
@settings(deadline=None, max_examples=100)
def test_the_flashes_harm_nobody(seed):
    shown = asking.sequence(random.Random(seed))

    for at in range(len(shown)):  # WCAG 2.3.1: at most three flashes in any one second
        within = np.cumsum([one.for_ms for one in shown[at:]])
        assert (within < 1000).sum() <= 3
    for one in shown:  # no saturated red: R / (R + G + B) of linear light below 0.8
        parts = light.linear(np.array([one.red, one.green, one.blue]))
        assert parts[0] < 0.8 * parts.sum()


@given(seeds)
@settings(deadline=None, max_examples=100)
def test_neighbouring_colours_are_far_apart_and_both_dimensions_move(seed):
    shown = asking.sequence(random.Random(seed))

    at = np.cumsum([0] + [one.for_ms for one in shown[:-1]])
    points = light.curve(shown, at)
    assert np.linalg.norm(np.diff(points, axis=0), axis=1).min() >= 1
    assert points.std(axis=0).min() >= light.SWING


@given(seeds, st.integers(1, 3))
@settings(deadline=None, max_examples=20)
def test_colours_are_unlike_the_few_that_were_shown_before(seed, count):
    chance = random.Random(seed)
    earlier = [asking.sequence(chance) for _ in range(count)]

    shown = asking.sequence(chance, earlier=earlier)

    known = [asking.to_text(one)[3:] for one in earlier]
    assert light.likeness([asking.to_text(shown)[3:]], known)[0] <= asking.UNLIKE


def test_colours_after_twenty_challenges_are_still_no_repetition():
    chance = random.Random(4)
    earlier = []
    for _ in range(20):
        earlier.append(asking.sequence(chance, earlier=earlier))

    known = [asking.to_text(one)[3:] for one in earlier]

    assert light.likeness(known[-1:], known[:-1])[0] < 0.8
    assert len(set(known)) == 20


def test_likeness_finds_a_sequence_that_is_played_later():
    shown = "WBGCMYB"
    moved = "GWBGCMY"

    assert light.likeness([shown], [shown])[0] == pytest.approx(1)
    assert light.likeness([moved], [shown])[0] > 0.8


def test_orders_places_and_colours_are_spread_evenly():
    chance = random.Random(1)
    composed = [asking.compose(chance) for _ in range(2000)]

    places = Counter([one.step for one in prompts].index(Step.COLOURS) for prompts in composed)
    first = Counter(next(p.step for p in prompts if p.step in ACTIONS) for prompts in composed)
    colours = Counter(f for prompts in composed for p in prompts for f in p.flashes)

    assert set(places) == {1, 2, 3, 4}
    assert min(places.values()) > 400
    assert set(first) == set(ACTIONS)
    assert min(first.values()) > 160
    assert len(colours) == 6
    assert min(colours.values()) > 0.12 * sum(colours.values())


def test_a_device_with_sensors_is_always_asked_to_blink_unless_the_person_cannot():
    chance = random.Random(2)
    for _ in range(50):
        prompts = asking.compose(chance, sensors=frozenset({Sensor.DEPTH}))
        assert Step.BLINK_TWICE in [one.step for one in prompts]

    prompts = asking.compose(
        chance, sensors=frozenset({Sensor.DEPTH}), without=frozenset({Step.BLINK_TWICE})
    )
    assert Step.BLINK_TWICE not in [one.step for one in prompts]


@given(seeds)
@settings(deadline=None, max_examples=50)
def test_a_sequence_is_kept_in_ten_letters(seed):
    shown = asking.sequence(random.Random(seed))

    assert len(asking.to_text(shown)) == 10
    assert asking.from_text(asking.to_text(shown)) == shown


def test_a_foreign_sequence_is_not_kept():
    with pytest.raises(ValueError, match="palette"):
        asking.to_text((Flash(1, 2, 3, 400),))
