"""The face of a photograph: the one nearest to its middle, as a unit vector.

A photograph stands alone where a session has several pictures; so it is embedded as it is and as
in a mirror, which takes as many false rejections away as half a picture more would.
"""

import numpy as np
from numpy.typing import NDArray

from apps.faces.engine import dlib_models
from apps.faces.engine.dlib_models import Box
from apps.faces.engine.session import Pixels

#: Once enlarged; then also what the detector is less sure of.
_ATTEMPTS = ((0, 0.0), (1, 0.0), (1, -0.6))


def embedding(picture: Pixels) -> NDArray[np.float64] | None:
    """The unit vector of the photographed face; None where there is none."""
    box = face(picture)
    if box is None:
        return None
    return dlib_models.embed(picture=picture, box=box, is_mirrored_too=True)


def face(picture: Pixels) -> Box | None:
    """Where the face is that the photograph is of: near the middle, and large."""
    height, width = picture.shape[:2]
    for enlarged, at_least in _ATTEMPTS:
        found = dlib_models.detect(picture, at_least=at_least, enlarged=enlarged)
        if found:
            return min((one.box for one in found), key=lambda box: _aside(box, width, height))
    return None


def _aside(box: Box, width: int, height: int) -> float:
    """How far the face is from the middle, in its own widths."""
    x, y = (box[0] + box[2]) / 2 - width / 2, (box[1] + box[3]) / 2 - height / 2
    return float(np.hypot(x, y)) / (box[2] - box[0])
