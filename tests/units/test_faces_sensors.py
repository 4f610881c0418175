"""Depth and infrared: a living head shows both, a sheet, a screen and a mask fail one of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest

from apps.faces.engine.checks import sensors
from apps.faces.engine.session import Challenge, DepthFrame, InfraredFrame, Sensor
from apps.faces.engine.track import Track
from apps.faces.engine.verdict import Finding, Outcome, Species
from tests import sculpted
from tests.sculpted import (
    BENT,
    LIVING,
    PRINT,
    RIGID_MASK,
    SCREEN,
    SILICONE_MASK,
    TONER,
    Thing,
)

ISSUED = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BOTH = frozenset(Sensor)
DEPTH, INFRARED = frozenset({Sensor.DEPTH}), frozenset({Sensor.INFRARED})


def judged(
    track: Track,
    depth: tuple[DepthFrame, ...],
    infrared: tuple[InfraredFrame, ...],
    required: frozenset[Sensor] = BOTH,
) -> Finding:
    challenge = Challenge(
        id="c", issued_at=ISSUED, expires_at=ISSUED + timedelta(minutes=2), sensors=required
    )
    return sensors.check(
        challenge=challenge,
        track=track,
        limits=sensors.Limits(),
        depth=depth if Sensor.DEPTH in required else (),
        infrared=infrared if Sensor.INFRARED in required else (),
    )


@pytest.fixture(scope="module")
def living():
    return sculpted.session(LIVING)


@pytest.mark.parametrize("required", [BOTH, DEPTH, INFRARED], ids=["both", "depth", "infrared"])
def test_a_living_head_passes(living, required):
    found = judged(*living, required)

    assert (found.outcome, found.code) == (Outcome.PASS, "SENSOR_HEAD")
    assert found.score > found.threshold


def test_a_living_head_is_measured_in_millimetres(living):
    evidence = judged(*living).evidence

    assert 9 < evidence["flat_mm"] < 18
    assert 0.7 < evidence["relief"] < 1.2
    assert 60 < evidence["eyes_mm"] < 70
    assert evidence["yaw_follows"] > 0.9
    assert 430 < evidence["distance_mm"] < 460


@pytest.mark.parametrize(
    ("thing", "required", "code", "species"),
    [
        (PRINT, DEPTH, "DEPTH_FLAT", Species.PRINT),
        (TONER, DEPTH, "DEPTH_FLAT", Species.PRINT),
        (BENT, DEPTH, "DEPTH_WITHOUT_RELIEF", Species.BENT),
        (SCREEN, BOTH, "DEPTH_FLAT", Species.SCREEN),
        (SCREEN, INFRARED, "INFRARED_DARK", Species.SCREEN),
        (PRINT, INFRARED, "INFRARED_WITHOUT_FEATURES", Species.PRINT),
        (RIGID_MASK, BOTH, "INFRARED_WITHOUT_FEATURES", Species.RIGID_MASK),
        (SILICONE_MASK, BOTH, "INFRARED_WITHOUT_FEATURES", Species.SILICONE_MASK),
    ],
)
def test_attacks_look_like_what_they_are(thing, required, code, species):
    found = judged(*sculpted.session(thing), required)

    assert (found.outcome, found.code, found.species) == (Outcome.FAIL, code, species)
    assert found.certainty >= 0.6


@pytest.mark.parametrize("radius_mm", [60, 75, 100, 150, 250, 600])
@pytest.mark.parametrize("noise_mm", [1.0, 4.0])
def test_no_bending_makes_a_nose(radius_mm, noise_mm):
    bent = replace(BENT, radius_mm=float(radius_mm), noise_mm=noise_mm, turns={
        at: yaw for at, yaw in LIVING.turns.items() if at % 1600 == 0
    })  # fmt: skip

    found = judged(*sculpted.session(bent), DEPTH)

    assert found.outcome is Outcome.FAIL
    assert found.evidence["relief"] < 0.15


def test_a_rough_depth_camera_still_sees_a_head():
    found = judged(*sculpted.session(replace(LIVING, noise_mm=5.0)), DEPTH)

    assert found.outcome is Outcome.PASS


def test_a_rigid_mask_has_the_form_of_a_head_and_is_asked_to_blink():
    found = judged(*sculpted.session(RIGID_MASK), DEPTH)

    assert (found.outcome, found.code) == (Outcome.RETRY, "SENSOR_STILL")


def test_toner_is_lit_as_a_sheet_while_the_face_on_it_turns():
    """Infrared alone: a print keeps its contrast, but not the light of a head that turns."""
    track, _, _ = sculpted.session(replace(TONER, blinks=True))
    for one in track.sights:
        one.yaw = float(np.interp(one.t_ms, list(LIVING.turns), list(LIVING.turns.values())))
    _, _, still = sculpted.session(replace(TONER, turns=dict.fromkeys(LIVING.turns, 0)))

    found = judged(track, (), still, INFRARED)

    assert (found.outcome, found.code) == (Outcome.FAIL, "INFRARED_FLAT")
    assert found.score < found.threshold


def test_who_is_seen_in_infrared_need_not_blink():
    found = judged(*sculpted.session(replace(LIVING, blinks=False)))

    assert found.outcome is Outcome.PASS


def test_depth_alone_takes_silicone_that_blinks_for_a_head():
    """A known limit: who fears silicone masks requires infrared."""
    assert judged(*sculpted.session(SILICONE_MASK), DEPTH).outcome is Outcome.PASS


@pytest.mark.parametrize("required", [DEPTH, INFRARED])
def test_a_sensor_that_delivers_nothing_is_missed(living, required):
    track, _, _ = living

    found = judged(track, (), (), required)

    assert (found.outcome, found.code) == (Outcome.FAIL, "SENSOR_MISSING")


def test_no_sensors_required_none_used(living):
    track, _, _ = living

    assert judged(track, (), (), frozenset()).code == "SENSOR_NOT_ASKED"


def test_what_is_delivered_unasked_is_judged_all_the_same():
    track, depth, infrared = sculpted.session(PRINT)
    challenge = Challenge(id="c", issued_at=ISSUED, expires_at=ISSUED)

    found = sensors.check(
        challenge=challenge, track=track, limits=sensors.Limits(), depth=depth, infrared=infrared
    )

    assert found.code == "DEPTH_FLAT"


@pytest.mark.parametrize(
    "broken",
    [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xd9", b"not a picture" * 50],
    ids=["nothing", "its first bytes", "a JPEG", "text"],
)
def test_a_broken_picture_has_a_clear_reason(living, broken):
    track, depth, infrared = living
    depth = (replace(depth[0], image=broken), *depth[1:])

    found = judged(track, depth, infrared)

    assert (found.outcome, found.code) == (Outcome.FAIL, "SENSOR_UNREADABLE")
    assert found.evidence["reason"]


def test_eight_bits_are_no_depth(living):
    track, depth, infrared = living
    shallow = cv2.imencode(".png", np.zeros((240, 320), np.uint8))[1].tobytes()

    found = judged(track, (replace(depth[0], image=shallow), *depth[1:]), infrared)

    assert found.code == "SENSOR_UNREADABLE"


def test_the_same_depth_twice_is_no_camera(living):
    track, depth, infrared = living
    twice = (*depth[:5], replace(depth[4], t_ms=depth[5].t_ms), *depth[6:])

    found = judged(track, twice, infrared)

    assert (found.outcome, found.code) == (Outcome.FAIL, "SENSOR_REPEATED")


def test_depth_of_another_moment_is_a_retry(living):
    track, depth, infrared = living
    later = tuple(replace(one, t_ms=one.t_ms + 60_000) for one in depth)

    found = judged(track, later, infrared)

    assert (found.outcome, found.code) == (Outcome.RETRY, "SENSOR_FACE_UNSEEN")


def test_depth_of_another_head_does_not_turn_with_the_picture(living):
    """A head before the depth camera, a video in the colour stream."""
    track, _, _ = living
    mirrored = {at: -yaw for at, yaw in sculpted.TURNS.items()}
    _, depth, _ = sculpted.session(replace(LIVING, turns=mirrored))

    found = judged(track, depth, (), DEPTH)

    assert found.outcome is Outcome.FAIL


def test_empty_depth_is_a_retry(living):
    track, depth, _ = living
    chance = np.random.default_rng(0)
    empty = tuple(
        replace(one, image=chance.integers(0, 50, (240, 320)).astype(np.uint16)) for one in depth
    )

    found = judged(track, empty, (), DEPTH)

    assert (found.outcome, found.code) == (Outcome.RETRY, "SENSOR_FACE_UNSEEN")


@pytest.mark.parametrize(("scale", "code"), [(0.5, "DEPTH_SIZE"), (1.4, "DEPTH_SIZE")])
def test_a_doll_is_no_person(scale, code):
    found = judged(*sculpted.session(Thing(scale=scale)), DEPTH)

    assert (found.outcome, found.code) == (Outcome.FAIL, code)


def test_what_hardly_stands_out_in_infrared_is_a_retry():
    faint = replace(LIVING, eyes=0.323)

    found = judged(*sculpted.session(faint))

    assert (found.outcome, found.code) == (Outcome.RETRY, "INFRARED_UNCLEAR")


def test_noise_raises_nothing(living):
    track, depth, infrared = living
    chance = np.random.default_rng(1)
    deep = tuple(
        replace(one, image=chance.integers(0, 65536, (240, 320)).astype(np.uint16)) for one in depth
    )
    red = tuple(
        replace(one, image=chance.integers(0, 256, (240, 320)).astype(np.uint8)) for one in infrared
    )

    assert judged(track, deep, red).outcome is not Outcome.PASS
    assert judged(track, (), red, INFRARED).outcome is not Outcome.PASS
