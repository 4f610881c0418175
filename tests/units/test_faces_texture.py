"""What print and screens leave in the skin: weighed, never decided."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from apps.faces.engine.checks import texture
from apps.faces.engine.verdict import Outcome
from tests import faces, paper

LIMITS = texture.Limits()


def weight(track):
    return texture.check(track=track, limits=LIMITS)


def test_the_term_is_capped_below_where_a_human_is_asked():
    assert LIMITS.most < LIMITS.review_from
    for surface in (paper.head, paper.plane):
        found = weight(paper.track(surface, yaws=(0, 5, 10), noise=20))
        assert found.outcome is Outcome.PASS
        assert abs(found.score) <= LIMITS.most


def test_a_policy_may_ask_for_a_human_look_but_never_for_a_failure():
    track = paper.track(paper.plane, yaws=(0, 0))
    found = texture.check(track=track, limits=replace(LIMITS, offset=30, review_from=1.0))
    assert (found.outcome, found.code) == (Outcome.REVIEW, "TEXTURE_ODD")


def test_a_raster_shows_as_a_peak():
    random = np.random.default_rng(5)
    skin = cv2.GaussianBlur(random.normal(140, 40, (96, 96, 3)), (0, 0), 2).astype(np.float32)
    dots = 12 * np.sin(np.arange(96) * 2 * np.pi * 0.3)[None, :, None]
    names = list(texture._FEATURES)
    plain, printed = (
        texture.measure(np.clip(one, 0, 255).astype(np.uint8)) for one in (skin, skin + dots)
    )
    assert printed[names.index("raster")] > plain[names.index("raster")] + 1


def test_grey_faces_speak_for_print():
    skin = np.random.default_rng(5).integers(60, 200, (96, 96, 1), np.uint8)
    skin = cv2.GaussianBlur(skin, (0, 0), 2)
    red = np.clip(np.stack([skin + 40, skin, skin - 30], axis=-1), 0, 255).astype(np.uint8)
    grey = np.repeat(skin[:, :, None], 3, axis=2)
    place = list(texture._FEATURES).index("saturation")
    assert texture.measure(red)[place] > texture.measure(grey)[place]


def test_certainty_moves_by_log_odds_and_stays_one():
    assert texture.shifted(0.5, 0) == 0.5
    assert texture.shifted(0.5, 1) == pytest.approx(0.731, abs=1e-3)
    assert texture.shifted(0.9, -2) < 0.9 < texture.shifted(0.9, 2) < 1
    assert texture.shifted(0.0, 2) == 0.0


def test_no_skin_no_weight():
    empty = paper.track(paper.head, yaws=(0,))
    empty.sights[0].landmarks = None
    assert weight(empty).score is None


def test_talking_people_are_not_held_for_print():
    from apps.faces.engine import track

    for name in ("d0", "d19"):
        found = weight(track.look(frames=faces.clip(name, frames=8)))
        assert found.outcome is Outcome.PASS, name
