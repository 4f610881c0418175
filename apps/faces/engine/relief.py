"""The form of a face in a depth picture: how far from flat, from bent, and how much like a head.

Measured in the face's own frame, so that turning does not matter. A sheet of paper is a plane, or
a cylinder whose axis may lie anywhere: what remains after the best plane or the best quadratic
surface is noise. A face keeps its nose: `relief` is how much of the mean face's form is found
beside any quadratic surface (1: all of it, 0: none).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.engine import pose
from apps.faces.engine.session import Intrinsics

#: Distances at which a face can be held, and how far its points lie around the middle one.
NEAREST_MM, FARTHEST_MM, REACH_MM = 120, 1500, 110
_POINTS = 1500
_FEWEST = 200
_EYES = (slice(36, 42), slice(42, 48))


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """One moment: millimetres, degrees, and shares.

    `flat_mm` and `bent_mm` are what a plane and a quadratic surface leave over (root of the mean
    square). `eyes_mm` is the distance of the middles of the eyes. `covered` is the share of the
    face that has a distance.
    """

    t_ms: int
    distance_mm: float
    covered: float
    flat_mm: float
    bent_mm: float
    relief: float
    misfit_mm: float
    eyes_mm: float
    yaw: float


def measure(
    *, t_ms: int, depth: NDArray[np.uint16], camera: Intrinsics, landmarks: NDArray
) -> Relief | None:
    """The form of the face at these 68 landmarks (pixels of the depth picture); None without."""
    inside = np.zeros(depth.shape, np.uint8)
    outline = cv2.convexHull(landmarks[:27].astype(np.float32))[:, 0]
    outline = outline + 0.12 * (outline.mean(axis=0) - outline)
    cv2.fillConvexPoly(inside, np.rint(outline).astype(np.int32), 1)
    rows, columns = np.nonzero(inside)
    if len(rows) < _FEWEST:
        return None
    z = depth[rows, columns].astype(np.float64)
    near = (z >= NEAREST_MM) & (z <= FARTHEST_MM)
    if not near.any():
        return None
    middle = float(np.median(z[near]))
    near &= np.abs(z - middle) <= REACH_MM
    covered = float(near.mean())
    points = np.asarray(landmarks, dtype=np.float64)
    marks = _at(depth, points[list(pose.RIGID)], middle)
    eyes = [_at(depth, points[one].mean(axis=0)[None], middle, reach=4)[0] for one in _EYES]
    if near.sum() < _FEWEST or np.isnan(marks).mean() > 0.4 or np.isnan(eyes).any():
        return None
    step = max(1, int(near.sum()) // _POINTS)
    pixels = np.stack([columns, rows], axis=-1)[near][::step]
    cloud = _in_space(pixels, z[near][::step], camera)
    flat, bent = _leftovers(cloud)
    known = ~np.isnan(marks)
    seen = _in_space(points[list(pose.RIGID)][known], marks[known], camera)
    turn, share, misfit = _against_mean(seen, pose.SHAPE[known])
    middles = np.stack([points[one].mean(axis=0) for one in _EYES])
    right, left = _in_space(middles, np.array(eyes), camera)
    forward = -turn[:, 2]
    return Relief(
        t_ms=t_ms,
        distance_mm=middle,
        covered=covered,
        flat_mm=flat,
        bent_mm=bent,
        relief=share,
        misfit_mm=misfit,
        eyes_mm=float(np.linalg.norm(left - right)),
        yaw=float(np.degrees(np.arctan2(forward[0], -forward[2]))),
    )


def _in_space(pixels: NDArray, z: NDArray, camera: Intrinsics) -> NDArray[np.float64]:
    """Pixels (… × 2) with distances as points in millimetres: right, down, away."""
    x, y = pixels[..., 0], pixels[..., 1]
    return np.stack(
        [(x - camera.cx) / camera.fx * z, (y - camera.cy) / camera.fy * z, np.asarray(z)], axis=-1
    )


def _at(depth: NDArray, points: NDArray, middle: float, *, reach: int = 2) -> NDArray[np.float64]:
    """The median distance around each point; NaN where there is none of a face."""
    height, width = depth.shape
    found = np.full(len(points), np.nan)
    for place, (x, y) in enumerate(np.rint(points).astype(int)):
        patch = depth[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
        if not (0 <= x < width and 0 <= y < height):
            continue
        known = patch[np.abs(patch.astype(np.float64) - middle) <= REACH_MM]
        if known.size >= 3:
            found[place] = float(np.median(known))
    return found


def _leftovers(cloud: NDArray) -> tuple[float, float]:
    """What the best plane and the best quadratic surface leave over, far points left out."""
    kept = cloud
    for _ in range(2):
        centred = kept - kept.mean(axis=0)
        axes = np.linalg.svd(centred, full_matrices=False)[2]
        off = (cloud - kept.mean(axis=0)) @ axes[2]
        limit = 3.5 * max(float(np.median(np.abs(off))) * 1.4826, 0.5)
        kept = cloud[np.abs(off) <= limit]
    flat = (kept - kept.mean(axis=0)) @ axes.T
    u, v, w = flat[:, 0] / 50, flat[:, 1] / 50, flat[:, 2]
    left = w - _surface(u, v) @ np.linalg.lstsq(_surface(u, v), w, rcond=None)[0]
    return float(np.sqrt((w**2).mean())), float(np.sqrt((left**2).mean()))


def _surface(u: NDArray, v: NDArray) -> NDArray[np.float64]:
    return np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=1)


def _against_mean(seen: NDArray, mean: NDArray) -> tuple[NDArray, float, float]:
    """How the mean face is turned, how much of its relief is there, and what it leaves over."""
    middle, known = seen - seen.mean(axis=0), mean - mean.mean(axis=0)
    left, _, right = np.linalg.svd(middle.T @ known)
    turn = left @ np.diag([1, 1, np.sign(np.linalg.det(left @ right))]) @ right
    own = middle @ turn  # in the face's frame
    base = _surface(own[:, 0] / 50, own[:, 1] / 50)
    form = known[:, 2] - base @ np.linalg.lstsq(base, known[:, 2], rcond=None)[0]
    off = own[:, 2] - base @ np.linalg.lstsq(base, own[:, 2], rcond=None)[0]
    share = float(form @ off / max(form @ form, 1e-6))
    return turn, share, float(np.sqrt(((off - share * form) ** 2).mean()))
