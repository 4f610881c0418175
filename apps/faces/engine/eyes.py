"""How far the eyes are open (eye aspect ratio: Soukupová & Čech 2016), and blinks.

A fixed limit is wrong: the medians of open eyes run from 0.21 to 0.44. So everything is relative
to the person's own baseline.
"""

from collections.abc import Sequence

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


def baseline(values: Sequence[float | None]) -> float | None:
    """How open the person's eyes usually are; None where they weren't seen."""
    seen = [value for value in values if value is not None]
    return float(np.percentile(seen, 60)) if seen else None


def blinks(
    values: Sequence[float | None], *, usual: float, closed_below: float, open_above: float
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
