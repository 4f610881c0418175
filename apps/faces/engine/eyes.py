"""How far the eyes are open (eye aspect ratio: Soukupová & Čech 2016), and blinks.

A fixed limit is wrong: the medians of open eyes run from 0.21 to 0.44. So everything is relative
to the person's own baseline. Landmarks stay on the lids of some faces as if they were open; what
always goes with the open eye is the contrast of its dark and white, unless glasses mirror. Each
sees blinks that the other misses.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

_OUTER, _INNER = (36, 45), (39, 42)
_UPPER, _LOWER = ((37, 38), (43, 44)), ((41, 40), (47, 46))


def openness(landmarks: NDArray[np.float32]) -> float:
    """Height over width of the eyes; the nearer eye of a turned head counts more."""
    heights = widths = 0.0
    for outer, inner, upper, lower in zip(_OUTER, _INNER, _UPPER, _LOWER, strict=True):
        widths += float(np.linalg.norm(landmarks[outer] - landmarks[inner]))
        apart = landmarks[list(upper)] - landmarks[list(lower)]
        heights += float(np.linalg.norm(apart, axis=1).mean())
    return heights / widths if widths > 0 else 0.0


#: The corners of an eye and a point below it, in a patch of 20 x 12 pixels.
_PATCH = np.array([(0.0, 6.0), (20.0, 6.0), (10.0, 16.0)], np.float32)


def contrast(picture: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> float:
    """How far apart the bright and the dark of the eyes are, as a share of their mean."""
    found = []
    for left, right in ((36, 39), (42, 45)):
        start, end = landmarks[left], landmarks[right]
        along = end - start
        below = (start + end) / 2 + np.array([-along[1], along[0]]) / 2
        warp = cv2.getAffineTransform(np.array([start, end, below], np.float32), _PATCH)
        eye = cv2.warpAffine(picture, warp, (20, 12), borderMode=cv2.BORDER_REPLICATE)
        eye = cv2.GaussianBlur(eye.astype(np.float32), (0, 0), 0.8)
        dark, bright = np.percentile(eye, (5, 90))
        found.append(float(bright - dark) / (float(eye.mean()) + 1.0))
    return float(np.mean(found))


def shares(values: Sequence[float | None], *, usual: float | None) -> list[float | None]:
    """Each value as a share of what is usual."""
    return [None if one is None or not usual else one / usual for one in values]


def open_shares(
    openness: Sequence[float | None], contrasts: Sequence[float | None]
) -> list[float | None]:
    """How far open each time, from both shares: as little as either says, less where both do."""
    return [
        None if a is None else a if b is None else min(a, b, a * b)
        for a, b in zip(openness, contrasts, strict=True)
    ]


def baseline(values: Sequence[float | None]) -> float | None:
    """How open the person's eyes usually are; None where they weren't seen."""
    seen = [value for value in values if value is not None]
    return float(np.percentile(seen, 60)) if seen else None


def blinks(
    values: Sequence[float | None],
    *,
    usual: float = 1.0,
    closed_below: float,
    open_above: float,
) -> list[tuple[int, int]]:
    """The first and last index of each time that the eyes closed and opened again.

    Limits are shares of `usual`. Eyes that never open again have not blinked.
    """
    found: list[tuple[int, int]] = []
    start: int | None = None
    was_open = False
    for index, value in enumerate(values):
        if value is None:
            continue
        share = value / usual if usual > 0 else 1.0
        if share >= open_above:
            if start is not None:
                found.append((start, index - 1))
            start, was_open = None, True
        elif share <= closed_below and was_open and start is None:
            start = index
    return found
