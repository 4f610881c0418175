"""Where the head points, how far the eyes are open, and what is followed from frame to frame."""

import numpy as np
import pytest

from apps.faces.engine import eyes, pose, track
from apps.faces.engine.session import Frame
from tests import faces


def solved(**how):
    found = pose.solve(faces.landmarks(**how)[None], width=640, height=480)
    return float(found.yaw[0]), float(found.pitch[0]), float(found.roll[0])


@pytest.mark.parametrize(
    "angles",
    [(0, 0, 0), (25, 0, 0), (-25, 0, 0), (0, 15, 0), (0, -20, 0), (0, 0, 20), (15, 10, -10)],
)
def test_a_head_on_paper_points_where_it_was_turned(angles):
    yaw, pitch, roll = angles
    assert np.allclose(solved(yaw=yaw, pitch=pitch, roll=roll), angles, atol=3.5)


@pytest.mark.parametrize("focal", [350, 500, 900])
def test_a_turn_is_as_large_through_any_lens(focal):
    ahead, turned = (solved(yaw=yaw, focal=focal)[0] for yaw in (0, 20))
    assert turned - ahead == pytest.approx(20, abs=2.5)


def test_one_lost_landmark_does_not_turn_the_head():
    points = faces.landmarks(yaw=10)
    points[36] += (25, -25)
    yaw = pose.solve(points[None], width=640, height=480).yaw[0]
    assert yaw == pytest.approx(10, abs=3)


def test_openness_is_height_over_width():
    assert eyes.openness(faces.landmarks(openness=0.3)) == pytest.approx(0.3, abs=0.02)
    assert eyes.openness(faces.landmarks(openness=0.1, roll=15)) == pytest.approx(0.1, abs=0.02)


def test_blinks_are_counted_when_the_eyes_open_again():
    shares = [1, 1, 0.4, 0.3, 1, 0.9, None, 0.8, 0.5, 1, 1, 0.6]
    found = eyes.blinks(shares, closed_below=0.7, open_above=0.85)
    assert found == [(2, 3), (8, 8)]


def test_a_blink_shows_in_the_lids_or_in_the_light_of_the_eye():
    usual = eyes.baseline([0.2, 0.4, 0.4, 0.41, 0.39])
    assert usual == pytest.approx(0.4, abs=0.01)
    lids = eyes.shares([0.4, 0.1, 0.4, None], usual=usual)
    light = eyes.shares([0.8, 0.8, 0.4, 0.8], usual=0.8)
    found = eyes.open_shares(lids, light)
    assert [None if one is None else round(one, 2) for one in found] == [1.0, 0.25, 0.5, None]


def test_a_closed_eye_has_no_dark_in_the_white():
    points = faces.landmarks()
    shut = np.full((480, 640), 150, np.uint8)
    open_eyes = shut.copy()
    for corners in ((36, 39), (42, 45)):
        x, y = points[list(corners)].mean(0).round().astype(int)
        open_eyes[y - 4 : y + 4, x - 14 : x + 14] = 220
        open_eyes[y - 4 : y + 4, x - 4 : x + 4] = 30
    assert eyes.contrast(open_eyes, points) > 5 * eyes.contrast(shut, points)


@pytest.mark.parametrize("name", ["d0", "d3", "d13", "d19"])
def test_a_face_that_talks_is_followed_without_turning(name):
    seen = track.look(frames=faces.clip(name)).sights
    assert all(one.landmarks is not None for one in seen)
    assert {one.faces for one in seen} == {None, 1}
    assert np.ptp([one.yaw for one in seen]) < 15
    steps = np.diff([one.yaw for one in seen])
    assert np.median(np.abs(steps)) < 1.5, "landmarks don't jump with the detector's grid"


def test_a_face_that_leaves_is_lost_and_found_again():
    frames = faces.clip("d13", frames=36)
    empty = faces.jpeg(np.full((480, 640, 3), 90, np.uint8))
    frames[6:30] = [Frame(seq=f.seq, t_ms=f.t_ms, image=empty) for f in frames[6:30]]
    seen = track.look(frames=frames).sights
    assert seen[3].landmarks is not None
    assert seen[28].landmarks is None
    assert seen[-1].landmarks is not None


def test_two_faces_are_counted():
    both = np.hstack([faces.photograph(index)[45:205, 45:205] for index in (0, 40)])
    large = np.ascontiguousarray(np.repeat(np.repeat(both, 2, 0), 2, 1))
    assert track.look(frames=[Frame(seq=0, t_ms=0, image=large)]).sights[0].faces == 2


def test_what_is_no_picture_holds_no_face():
    black = np.zeros((480, 640, 3), np.uint8)
    noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    images = [black, noise, b"no picture", black[:240], np.full((480, 640, 3), np.nan)]
    seen = track.look(frames=[Frame(seq=i, t_ms=80 * i, image=one) for i, one in enumerate(images)])
    assert [one.faces for one in seen.sights] == [0, 0, 0, 0, 0]
    assert seen.unreadable == {2: "NOT_JPEG", 3: "OTHER_SIZE", 4: "PIXELS"}
