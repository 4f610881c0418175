"""How bright and of what colour the skin of a face is, and what lies behind it, in linear light.

Cheeks and forehead: without eyes, mouth and most hair; of their pixels the brightest and darkest
(highlights, stubble, strands) and the clipped ones are left out.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.engine import light
from apps.faces.engine.session import Pixels

Colour = NDArray[np.float64]

#: Brightness percentiles between which pixels are counted, and levels beyond which none is.
_KEPT = (15.0, 85.0)
_CLIPPED = (3, 250)
_FEWEST = 60
#: Clearance of the wall from the face, in widths of its box; its smallest share of the picture's
#: pixels, every fourth of which is counted, and its smallest linear level.
_CLEARANCE = 0.4
_SMALLEST = 0.005
_DARKEST = 0.004


def patches(landmarks: NDArray) -> list[NDArray[np.float64]]:
    """Outlines of the right cheek, the left cheek and the forehead, from 68 landmarks."""
    p = np.asarray(landmarks, dtype=np.float64)
    up = (p[36:48].mean(axis=0) - p[48:60].mean(axis=0)) / 2
    cheeks = [
        _towards_middle(np.stack([lid - 0.3 * up, corner - 0.25 * up, wing, mouth, jaw, ear]), 0.15)
        for lid, corner, wing, mouth, jaw, ear in (
            (p[40], p[36], p[31], p[48], p[3], p[2]),
            (p[47], p[45], p[35], p[54], p[13], p[14]),
        )
    ]
    brows = p[[18, 20, 23, 25]]
    forehead = np.concatenate([brows + 0.25 * up, brows[[2, 1]] + 0.75 * up])
    return [*cheeks, forehead]


def chin(landmarks: NDArray) -> NDArray[np.float64]:
    """The outline of the chin, from 68 landmarks."""
    p = np.asarray(landmarks, dtype=np.float64)
    up = 0.08 * (p[36:48].mean(axis=0) - p[48:60].mean(axis=0))
    right = 0.2 * (p[42:48].mean(axis=0) - p[36:42].mean(axis=0))
    middle = 0.55 * p[8] + 0.45 * p[57]
    return middle + np.stack([-right - up, right - up, right + up, up - right])


def colour(picture: Pixels, outlines: list[NDArray]) -> Colour | None:
    """The mean linear colour inside the outlines; None where too little of it can be used."""
    corners = np.concatenate(outlines)
    height, width = picture.shape[:2]
    left, top = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)) + 1, (width, height)).astype(int)
    if right - left < 2 or bottom - top < 2:
        return None
    mask = np.zeros((bottom - top, right - left), np.uint8)
    for outline in outlines:
        cv2.fillPoly(mask, [np.rint(outline - (left, top)).astype(np.int32)], 1)
    return _mean(picture[top:bottom, left:right][mask > 0])


def surroundings(boxes: NDArray, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Every fourth pixel where the wall may be: beside all these face boxes, above the chin."""
    left, top, right, bottom = (
        boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
    )  # fmt: skip
    clear = _CLEARANCE * float(np.median(boxes[:, 2] - boxes[:, 0]))
    across = np.arange(shape[1])
    beside = (across < left - clear) | (across > right + clear)
    above = np.arange(shape[0]) < top + 0.75 * (bottom - top)
    above[1::2], beside[1::2] = False, False
    return above[:, None] & beside[None, :]


def wall(picture: Pixels, where: NDArray[np.bool_]) -> Colour | None:
    """The mean linear colour of the surroundings; None where they are too small, dark or bright."""
    if where.mean() < _SMALLEST:
        return None
    found = _mean(picture[where], trimmed=False)
    return None if found is None or found.min() < _DARKEST else found


def _towards_middle(outline: NDArray, by: float) -> NDArray:
    return outline + by * (outline.mean(axis=0) - outline)


def _mean(pixels: NDArray[np.uint8], *, trimmed: bool = True) -> Colour | None:
    highest = np.maximum(np.maximum(pixels[:, 0], pixels[:, 1]), pixels[:, 2])
    fit = (highest <= _CLIPPED[1]) & (highest >= _CLIPPED[0])
    chosen = pixels[fit]
    if len(chosen) < max(_FEWEST, 0.3 * len(pixels)):
        return None
    if trimmed:
        brightness = chosen.sum(axis=1, dtype=np.int32)
        low, high = np.percentile(brightness, _KEPT)
        chosen = chosen[(brightness >= low) & (brightness <= high)]
    return light.linear(chosen).mean(axis=0)
