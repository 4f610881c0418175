"""Looking at the frames once: where the face is, its landmarks, its pose, its eyes.

Every check reads what is found here, so a frame is decoded, searched and measured only once.
Axes are the person's own: yaw is positive where they turn to their left (the nose moves to the
right of the picture), pitch is positive upwards, roll where the head leans to their left shoulder.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.faces.engine.session import Pixels


@dataclass(slots=True, kw_only=True)
class Sight:
    """What was seen in one frame. Angles in degrees, landmarks in pixels of the whole picture.

    `faces` counts the faces in the picture; None where it was followed and not searched.
    Without a face, `box`, `landmarks` and the angles are None.
    """

    seq: int
    t_ms: int
    prompt_seq: int
    faces: int | None
    box: tuple[float, float, float, float] | None = None
    landmarks: NDArray[np.float32] | None = None
    yaw: float | None = None
    pitch: float | None = None
    roll: float | None = None
    #: Height over width of the open eye, mean of both.
    eye_openness: float | None = None
    brightness: float | None = None
    sharpness: float | None = None


class Track:
    """All sights of a session in order, and the pictures behind them.

    `width` and `height` are those of the pictures, in pixels.
    """

    sights: list[Sight]
    width: int
    height: int

    def pixels(self, index: int) -> Pixels:
        """The whole picture of a sight, RGB; the latest few are kept."""
        raise NotImplementedError

    def half(self, index: int) -> Pixels:
        """The picture at half its width and height, RGB, decoded at that size where possible."""
        raise NotImplementedError

    def during(self, prompt_seq: int) -> list[int]:
        """The indices of the sights while this prompt was on the screen."""
        return [i for i, one in enumerate(self.sights) if one.prompt_seq == prompt_seq]
