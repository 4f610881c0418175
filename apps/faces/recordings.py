"""A session as it was recorded: what was asked, and the pictures that came."""

from dataclasses import dataclass

from apps.faces.engine.session import Challenge, DepthFrame, Frame, InfraredFrame


@dataclass(frozen=True, slots=True)
class Recording:
    """A challenge and the frames that answer it."""

    challenge: Challenge
    frames: tuple[Frame, ...]
    depth: tuple[DepthFrame, ...] = ()
    infrared: tuple[InfraredFrame, ...] = ()
