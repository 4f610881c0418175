"""What is judged: a challenge, and the pictures that somebody sent in answer to it.

Times are milliseconds. `t_ms` is the sender's clock since its first frame; `received_ms` and
`released_ms` are ours since the challenge was issued.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

#: Height x width x 3, RGB, 8 bits.
Pixels = NDArray[np.uint8]


class Step(StrEnum):
    """What a prompt asks of the person. Left and right are the person's own."""

    LOOK = "LOOK"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    UP = "UP"
    DOWN = "DOWN"
    BLINK_TWICE = "BLINK_TWICE"
    TILT = "TILT"
    COLOURS = "COLOURS"


#: The steps of which a challenge asks three, at least one of them a turn.
TURNS = (Step.LEFT, Step.RIGHT)
ACTIONS = (*TURNS, Step.UP, Step.DOWN, Step.BLINK_TWICE, Step.TILT)


class Sensor(StrEnum):
    DEPTH = "DEPTH"
    INFRARED = "INFRARED"


@dataclass(frozen=True, slots=True)
class Flash:
    """A colour that the whole screen shows for a while: 8-bit sRGB."""

    red: int
    green: int
    blue: int
    for_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One thing asked: it may not be known, let alone answered, before `released_ms`."""

    seq: int
    step: Step
    flashes: tuple[Flash, ...] = ()
    released_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What was asked. Without prompts it is a recording that nobody prompted.

    `sensors` are those that must have been used. `with_match` says that a template is expected.
    """

    id: str
    issued_at: datetime
    expires_at: datetime
    prompts: tuple[Prompt, ...] = ()
    sensors: frozenset[Sensor] = frozenset()
    with_match: bool = False

    @property
    def is_prompted(self) -> bool:
        return bool(self.prompts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture of the camera: JPEG as it was sent, or pixels. `prompt_seq` was on the screen."""

    seq: int
    t_ms: int
    prompt_seq: int = 0
    image: bytes | Pixels
    received_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """A pinhole camera: focal lengths and centre, in pixels of the depth picture."""

    fx: float
    fy: float
    cx: float
    cy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthFrame:
    """Distances in millimetres, 16 bits (0: none), seen from the camera; PNG or pixels."""

    t_ms: int
    image: bytes | NDArray[np.uint16]
    intrinsics: Intrinsics


@dataclass(frozen=True, slots=True, kw_only=True)
class InfraredFrame:
    """Brightness in near infrared, 8 bits, seen from the camera; PNG or pixels."""

    t_ms: int
    image: bytes | NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Template:
    """A person's face as a unit vector, and the model that made it: others can't be compared."""

    vector: NDArray[np.float64]
    model: str
