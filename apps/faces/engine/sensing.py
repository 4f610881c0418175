"""What the sensors' pictures show over a session, each laid beside the sight nearest to it.

Depth and infrared are seen from the colour camera's place, at any size: the landmarks of the
colour pictures are scaled, not searched again.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.faces.engine import eyes, near_infrared, relief
from apps.faces.engine.near_infrared import Glance
from apps.faces.engine.relief import Relief
from apps.faces.engine.session import DepthFrame, InfraredFrame
from apps.faces.engine.track import Sight, Track

#: Numbers and lists of numbers by name, ready for JSON.
Measured = dict[str, Any]


def reliefs(
    depth: Sequence[DepthFrame], pictures: list[NDArray], track: Track, *, within_ms: int
) -> list[tuple[Relief, Sight]]:
    """The form of the face in each depth picture, and the sight it belongs to."""
    found = []
    for frame, picture in zip(depth, pictures, strict=True):
        sight = _nearest(frame.t_ms, track, within_ms)
        if sight is None:
            continue
        one = relief.measure(
            t_ms=frame.t_ms,
            depth=picture,
            camera=frame.intrinsics,
            landmarks=_scaled(sight, picture, track),
        )
        if one is not None:
            found.append((one, sight))
    return found


def glances(
    infrared: Sequence[InfraredFrame], pictures: list[NDArray], track: Track, *, within_ms: int
) -> list[Glance]:
    """The face in each infrared picture."""
    found = []
    for frame, picture in zip(infrared, pictures, strict=True):
        sight = _nearest(frame.t_ms, track, within_ms)
        if sight is None:
            continue
        landmarks = _scaled(sight, picture, track)
        one = near_infrared.measure(
            t_ms=frame.t_ms, picture=picture, landmarks=landmarks, yaw=sight.yaw or 0.0
        )
        if one is not None:
            found.append(one)
    return found


def form(found: list[tuple[Relief, Sight]]) -> Measured:
    """The relief over the session: medians, and whether it turns with the picture."""
    names = ("covered", "flat_mm", "bent_mm", "relief", "misfit_mm", "eyes_mm", "distance_mm")
    measured: Measured = {
        name: round(float(np.median([getattr(one, name) for one, _ in found])), 3) for name in names
    }
    own = np.array([one.yaw for one, _ in found])
    other = np.array([sight.yaw or 0.0 for _, sight in found])
    spread = float(min(own.std(), other.std()))
    follows = float(np.corrcoef(own, other)[0, 1]) if spread > 0.1 else 0.0
    return measured | {
        "depth_ms": [one.t_ms for one, _ in found],
        "reliefs": [round(one.relief, 3) for one, _ in found],
        "yaw_apart": round(float(np.median(np.abs(own - other))), 2),
        "yaw_spread": round(float(other.std()), 2),
        "yaw_follows": round(follows, 3),
    }


def complexion(found: list[Glance], *, ahead: float, turned: float) -> Measured:
    """The skin over the session: features while the head looks ahead, shading while it turns.

    `ahead` is degrees from the usual pose, `turned` the standard deviation of yaws that show it.
    """
    yaws = np.array([one.yaw for one in found])
    straight = [one for one in found if abs(one.yaw - np.median(yaws)) <= ahead]
    parts = {
        name: float(np.median([getattr(one, name) for one in straight]))
        for name in ("pupils", "irises", "brows", "lips")
    }
    sides = np.array([one.sides for one in found])
    radians = np.radians(yaws - yaws.mean())
    is_turned = yaws.std() >= turned
    shading = float(radians @ (sides - sides.mean()) / (radians @ radians)) if is_turned else None
    return {
        "level": round(float(np.median([one.level for one in found])), 1),
        "features": round(near_infrared.features(straight), 3),
        **{name: round(value, 3) for name, value in parts.items()},
        "shading": None if shading is None else round(shading, 3),
        "infrared_ms": [one.t_ms for one in found],
        "sides": [round(one.sides, 3) for one in found],
    }


def most_closed(track: Track, *, ahead: float, closed: float, opened: float) -> float:
    """How far the eyes closed at most, as a share of how open they usually are (0: shut).

    A blink falls to `closed` and comes back to `opened`, within `ahead` degrees of the usual pose.
    """
    seen = [one for one in track.sights if one.eye_openness is not None]
    if not seen:
        return 1.0
    poses = np.array([(one.yaw or 0.0, one.pitch or 0.0) for one in seen])
    away = np.abs(poses - np.median(poses, axis=0)).max(axis=1)
    values = [one.eye_openness for one, by in zip(seen, away, strict=True) if by <= ahead]
    usual = eyes.baseline(values) or 0.0
    blinked = eyes.blinks(values, usual=usual, closed_below=closed, open_above=opened)
    lowest = [min(v for v in values[first : last + 1] if v is not None) for first, last in blinked]
    return round(min(lowest) / usual, 3) if lowest else 1.0


def _nearest(t_ms: int, track: Track, within_ms: int) -> Sight | None:
    seen = [one for one in track.sights if one.landmarks is not None]
    nearest = min(seen, key=lambda one: abs(one.t_ms - t_ms), default=None)
    return nearest if nearest and abs(nearest.t_ms - t_ms) <= within_ms else None


def _scaled(sight: Sight, picture: NDArray, track: Track) -> NDArray[np.float64]:
    """The landmarks in a picture that was taken from the same place at another size."""
    size = np.array([picture.shape[1] / track.width, picture.shape[0] / track.height])
    return np.asarray(sight.landmarks, dtype=np.float64) * size
