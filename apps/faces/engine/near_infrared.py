"""What a face looks like under a camera's own infrared lamp, beside itself and as it turns.

After Bhattacharjee & Marcel 2017 and WMCA (George et al. 2019): displays give off no infrared and
mirror little, so they are dark; dye inks are transparent, so a print shows bare paper; silicone
and resin are of one material, so brows, eyes and lips don't stand out from the skin. Toner keeps
its contrast but is flat: turned before a lamp at the camera, the cheek that turns away from it
loses light, and the two halves of a sheet lose it alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.engine import skin

#: Pixels of a cheek, and of a brow or an eye, below which nothing is measured.
_FEWEST, _SMALLEST = 25, 8
_BROWS = (slice(17, 22), slice(22, 27))
_EYES = (slice(36, 42), slice(42, 48))
_LIPS = slice(48, 60)
#: A pupil's darkest spot, as a share of the squared distance of the eyes' outer corners.
_SPOT = 0.0012


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One moment. `level` is the brightness of the skin (0-255).

    `pupils`, `irises`, `brows` and `lips` are how much darker they are than what lies right around
    the eyes, the brows and the mouth, as logarithms: the darkest spot of an eye's middle, and all
    of its middle. `sides` is the logarithm of the right cheek's brightness over the left one's.
    """

    t_ms: int
    yaw: float
    level: float
    pupils: float
    irises: float
    brows: float
    lips: float
    sides: float


def features(found: Sequence[Glance]) -> float:
    """How much of a face stands out over a session: its eyes, where they are open.

    Brows may be fair or under hair, and sockets and mouths cast shadows on masks too: they are
    for the reviewer.
    """
    pupils, irises = (
        float(np.quantile([getattr(one, name) for one in found], 0.75))
        for name in ("pupils", "irises")
    )
    return pupils + irises


def measure(
    *, t_ms: int, picture: NDArray[np.uint8], landmarks: NDArray, yaw: float
) -> Glance | None:
    """The face at these 68 landmarks (pixels of the infrared picture); None where there is none."""
    points = np.asarray(landmarks, dtype=np.float64)
    apart = float(np.linalg.norm(points[36] - points[45]))
    low, high = points.min(axis=0) - 0.3 * apart, points.max(axis=0) + 0.1 * apart
    left, top = np.maximum(np.floor(low), 0).astype(int)
    right, bottom = np.minimum(np.ceil(high), picture.shape[1::-1]).astype(int)
    if right - left < 20 or bottom - top < 20 or apart < 15:
        return None
    near = picture[top:bottom, left:right].astype(np.float32)
    # Pupils span two or three pixels of these cameras: enlarged, they keep their middle.
    large = cv2.resize(near, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    face = np.log(np.maximum(large, 0) + 2)
    points, apart = 2 * (points - (left, top)) + 0.5, 2 * apart
    cheeks = [face[_filled(face, one) > 0] for one in skin.patches(points)]
    brows = [_parted(face, _line(face, points[one], round(0.07 * apart)), apart) for one in _BROWS]
    eyes = [_parted(face, _filled(face, points[one]), apart) for one in _EYES]
    lips = _parted(face, _filled(face, points[_LIPS]), apart)
    middles = [_middle(face, points[one]) for one in _EYES]
    parts = [*brows, *eyes, lips]
    if min(map(len, cheeks)) < _FEWEST or min(min(map(len, one)) for one in parts) < _SMALLEST:
        return None
    if min(min(map(len, one)) for one in middles) < _SMALLEST:
        return None
    around = [float(np.median(outside)) for _, outside in eyes]
    spot = max(4, int(_SPOT * apart**2))
    right_cheek, left_cheek, forehead = (float(one.mean()) for one in cheeks)
    return Glance(
        t_ms=t_ms,
        yaw=yaw,
        level=float(np.exp(np.median([right_cheek, left_cheek, forehead])) - 2),
        pupils=float(
            np.mean(around) - np.mean([np.sort(wide)[:spot].mean() for wide, _ in middles])
        ),
        irises=float(np.mean(around) - np.mean([narrow.mean() for _, narrow in middles])),
        brows=float(np.mean([outside.mean() - inside.mean() for inside, outside in brows])),
        lips=float(lips[1].mean() - lips[0].mean()),
        sides=right_cheek - left_cheek,
    )


def _middle(face: NDArray, eye: NDArray) -> tuple[NDArray, NDArray]:
    """What lies within three and within two tenths of an eye's width from its middle."""
    wide = float(np.linalg.norm(eye[0] - eye[3]))
    x, y = eye.mean(axis=0)
    rows, columns = np.ogrid[: face.shape[0], : face.shape[1]]
    away = np.hypot(columns - x, rows - y)
    return face[away < 0.3 * wide], face[away < 0.2 * wide]


def _filled(face: NDArray, outline: NDArray) -> NDArray[np.uint8]:
    mask = np.zeros(face.shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1)
    return mask


def _line(face: NDArray, points: NDArray, thick: int) -> NDArray[np.uint8]:
    mask = np.zeros(face.shape, np.uint8)
    cv2.polylines(mask, [np.rint(points).astype(np.int32)], False, 1, thick)
    return mask


def _parted(face: NDArray, mask: NDArray, apart: float) -> tuple[NDArray, NDArray]:
    """What lies inside of a mask, and what right around it."""
    size = max(3, round(0.09 * apart)) | 1
    grown = cv2.dilate(mask, np.ones((size, size), np.uint8))
    return face[mask > 0], face[(grown > 0) & (mask == 0)]
