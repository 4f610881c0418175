"""Which way the head points: a mean face laid over rigid landmarks, by least squares.

Nineteen points that speech does not move (bridge and base of the nose, corners of the eyes, brows
at a third of the weight) instead of the usual six, two of which are corners of the mouth. The
shape is the neutral head of ICT-FaceKit (MIT). Started from a scaled orthographic fit (DeMenthon
& Davis 1995), then Gauss-Newton on the perspective residuals, outliers weighted down (Cauchy).
Errors of a person's own shape are constant: compare with the person's own pose when looking ahead.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Landmark: right, down, away in millimetres from the middle of the eyes, seen by the camera.
_FACE = {
    17: (-58.2, -18.6, 9.9), 19: (-37.9, -29.1, -9.3), 21: (-11.7, -25.7, -18.3),
    22: (11.7, -25.7, -18.3), 24: (37.9, -29.1, -9.3), 26: (58.2, -18.6, 9.9),
    27: (0.0, -4.0, -18.4), 28: (0.0, 7.1, -26.2), 29: (0.0, 17.3, -34.1), 30: (0.0, 29.4, -41.7),
    31: (-12.5, 44.9, -19.7), 32: (-6.0, 44.8, -25.2), 33: (0.0, 45.5, -26.7),
    34: (6.0, 44.8, -25.2), 35: (12.5, 44.9, -19.7),
    36: (-44.6, -0.9, 3.0), 39: (-18.4, 0.9, -3.0), 42: (18.4, 0.9, -3.0), 45: (44.6, -0.9, 3.0),
}  # fmt: skip
RIGID = tuple(_FACE)
SHAPE = np.array([_FACE[point] for point in RIGID])
_WEIGHTS = np.array([0.3 if point < 27 else 1.0 for point in RIGID])
_ROUNDS = 6
#: Residuals of this share of the distance between the eyes' outer corners count half.
_HALF_AT = 0.03
_EYES_APART = 89.2


@dataclass(frozen=True, slots=True)
class Poses:
    """Per picture: degrees (axes of track.py), pixels between the outer corners of the eyes if
    the head faced the camera, and the fit's error as a share of them."""

    yaw: NDArray[np.float64]
    pitch: NDArray[np.float64]
    roll: NDArray[np.float64]
    eyes_apart: NDArray[np.float64]
    error: NDArray[np.float64]


def solve(landmarks: NDArray, *, width: int, height: int) -> Poses:
    """The poses of `landmarks` (pictures x 68 x 2); the camera's focal length is taken as its
    longer side, which fits phones and webcams well enough for angles."""
    focal = float(max(width, height))
    seen = (landmarks[:, list(RIGID)].astype(np.float64) - (width / 2, height / 2)) / focal
    rotation, shift = _orthographic(seen)
    weights = np.broadcast_to(_WEIGHTS, seen.shape[:2])
    for _ in range(_ROUNDS):
        turned = np.einsum("tij,nj->tni", rotation, SHAPE)
        placed = turned + shift[:, None]
        depth = np.maximum(placed[..., 2], 1.0)
        residual = seen - placed[..., :2] / depth[..., None]
        apart = _EYES_APART / np.maximum(shift[:, 2], 1.0)
        error = np.linalg.norm(residual, axis=2) / apart[:, None]
        weights = _WEIGHTS / (1 + (error / _HALF_AT) ** 2)
        step = _step(turned, placed, depth, residual, weights)
        rotation = _exponential(step[:, :3]) @ rotation
        shift = shift + step[:, 3:]
        shift[:, 2] = np.clip(shift[:, 2], 50.0, 20_000.0)
    forward = -rotation[:, :, 2]
    return Poses(
        yaw=np.degrees(np.arctan2(forward[:, 0], -forward[:, 2])),
        pitch=np.degrees(np.arcsin(np.clip(-forward[:, 1], -1, 1))),
        roll=np.degrees(np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0])),
        eyes_apart=focal * _EYES_APART / shift[:, 2],
        error=np.sqrt((weights * error**2).sum(1) / weights.sum(1)),
    )


def _orthographic(seen: NDArray) -> tuple[NDArray, NDArray]:
    """Rotation and shift by scaled orthography: where the search starts."""
    known = np.hstack([SHAPE, np.ones((len(SHAPE), 1))]) * _WEIGHTS[:, None]
    fit = np.einsum("kn,tnc->tck", np.linalg.pinv(known), seen * _WEIGHTS[:, None])
    across, down = fit[:, 0, :3], fit[:, 1, :3]
    size = (np.linalg.norm(across, axis=1) + np.linalg.norm(down, axis=1)) / 2
    size = np.maximum(size, 1e-6)
    rough = np.stack([across, down, np.cross(across, down) / size[:, None]], axis=1)
    left, _, right = np.linalg.svd(rough / size[:, None, None])
    turn = np.sign(np.linalg.det(left @ right))
    left[:, :, 2] *= turn[:, None]
    depth = 1 / size
    return left @ right, np.stack([fit[:, 0, 3] * depth, fit[:, 1, 3] * depth, depth], axis=1)


def _step(
    turned: NDArray, placed: NDArray, depth: NDArray, residual: NDArray, weights: NDArray
) -> NDArray:
    """One Gauss-Newton step: three numbers of a turn, three of a shift."""
    zero, one = np.zeros_like(depth), np.ones_like(depth)
    x, y, z = turned[..., 0], turned[..., 1], turned[..., 2]
    moved = np.stack(
        [
            np.stack([zero, z, -y, one, zero, zero], axis=-1),
            np.stack([-z, zero, x, zero, one, zero], axis=-1),
            np.stack([y, -x, zero, zero, zero, one], axis=-1),
        ],
        axis=2,
    )
    flat = placed[..., :2] / depth[..., None]
    slope = (moved[:, :, :2] - flat[..., None] * moved[:, :, 2:]) / depth[..., None, None]
    square = np.einsum("tn,tnci,tncj->tij", weights, slope, slope)
    right = np.einsum("tn,tnci,tnc->ti", weights, slope, residual)
    square += np.eye(6) * 1e-9 * np.trace(square, axis1=1, axis2=2)[:, None, None]
    return np.linalg.solve(square, right[..., None])[..., 0]


def _exponential(turns: NDArray) -> NDArray:
    """Rotation matrices of turns (Rodrigues)."""
    angle = np.linalg.norm(turns, axis=1)
    axis = turns / np.maximum(angle, 1e-12)[:, None]
    cross = np.zeros((len(turns), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -axis[:, 2], axis[:, 1], -axis[:, 0]
    cross -= cross.transpose(0, 2, 1)
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    return np.eye(3) + sine * cross + (1 - cosine) * (cross @ cross)
