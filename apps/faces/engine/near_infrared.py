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
_BROW_BOUNDS = (-0.1, 0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One moment. `level` is the brightness of the skin (0-255).

    `brows`, `eyes` and `lips` are how much darker they are than the skin right around them, and
    `pupils` the darkest quarter of the eyes, as logarithms. `sides` is the logarithm of the right
    cheek's brightness over the left one's.
    """

    t_ms: int
    yaw: float
    level: float
    brows: float
    eyes: float
    pupils: float
    lips: float
    sides: float


def features(found: Sequence[Glance]) -> float:
    """How much of a face stands out over a session.

    Pupils count most. Brows may be fair or under hair, and sockets cast shadows on masks too, so
    both count half and brows within bounds; lips don't count: mouths cast shadows. Eyes are taken
    where they are open, in the upper quarter of the pictures.
    """
    pupils, eyes = (
        float(np.quantile([getattr(one, name) for one in found], 0.75))
        for name in ("pupils", "eyes")
    )
    brows = float(np.clip(np.median([one.brows for one in found]), *_BROW_BOUNDS))
    return pupils + 0.5 * eyes + 0.5 * brows


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
    face = np.log(picture[top:bottom, left:right].astype(np.float32) + 2)
    points = points - (left, top)
    cheeks = [face[_filled(face, one) > 0] for one in skin.patches(points)]
    thick = max(2, round(0.07 * apart))
    brows = [_parted(face, _line(face, points[one], thick), apart) for one in _BROWS]
    eyes = [_parted(face, _filled(face, points[one]), apart) for one in _EYES]
    lips = _parted(face, _filled(face, points[_LIPS]), apart)
    parts = [*brows, *eyes, lips]
    if min(map(len, cheeks)) < _FEWEST or min(min(map(len, one)) for one in parts) < _SMALLEST:
        return None
    right_cheek, left_cheek, forehead = (float(one.mean()) for one in cheeks)
    return Glance(
        t_ms=t_ms,
        yaw=yaw,
        level=float(np.exp(np.median([right_cheek, left_cheek, forehead])) - 2),
        brows=float(np.mean([around.mean() - inside.mean() for inside, around in brows])),
        eyes=float(np.mean([around.mean() - inside.mean() for inside, around in eyes])),
        pupils=float(np.mean([np.median(around) - _darkest(inside) for inside, around in eyes])),
        lips=float(lips[1].mean() - lips[0].mean()),
        sides=right_cheek - left_cheek,
    )


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


def _darkest(inside: NDArray) -> float:
    return float(np.sort(inside)[: max(4, len(inside) // 4)].mean())
