"""A session as it was recorded: what was asked, and the pictures that came.

On disk it is a folder: session.json with the challenge and the times, and the pictures as they
were sent, in frames/, depth/ and infrared/.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from apps.faces.engine.session import (
    Challenge,
    DepthFrame,
    Flash,
    Frame,
    InfraredFrame,
    Intrinsics,
    Prompt,
    Sensor,
    Step,
)

INDEX = "session.json"


@dataclass(frozen=True, slots=True)
class Recording:
    """A challenge and the frames that answer it."""

    challenge: Challenge
    frames: tuple[Frame, ...]
    depth: tuple[DepthFrame, ...] = ()
    infrared: tuple[InfraredFrame, ...] = ()


def save(recording: Recording, folder: Path) -> None:
    """Write a recording of encoded pictures as a folder; TypeError where one is bare pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    index = {
        "challenge": _asked(recording.challenge),
        "frames": [
            {
                "seq": one.seq,
                "t_ms": one.t_ms,
                "prompt_seq": one.prompt_seq,
                "received_ms": one.received_ms,
                "file": _put(folder, "frames", f"{one.seq:03}.jpg", one.image),
            }
            for one in recording.frames
        ],
        "depth": [
            {
                "t_ms": one.t_ms,
                "intrinsics": [getattr(one.intrinsics, name) for name in _CAMERA],
                "file": _put(folder, "depth", f"{place:03}.png", one.image),
            }
            for place, one in enumerate(recording.depth)
        ],
        "infrared": [
            {
                "t_ms": one.t_ms,
                "file": _put(folder, "infrared", f"{place:03}.png", one.image),
            }
            for place, one in enumerate(recording.infrared)
        ],
    }
    (folder / INDEX).write_text(json.dumps(index, indent=1) + "\n")


def load_session(folder: Path) -> Recording:
    """The recording that save() wrote; KeyError or ValueError where the index is not one."""
    index = json.loads((folder / INDEX).read_text())
    return Recording(
        challenge=_challenge(index["challenge"]),
        frames=tuple(
            Frame(
                seq=one["seq"],
                t_ms=one["t_ms"],
                prompt_seq=one["prompt_seq"],
                received_ms=one["received_ms"],
                image=_get(folder, one["file"]),
            )
            for one in index["frames"]
        ),
        depth=tuple(
            DepthFrame(
                t_ms=one["t_ms"],
                image=_get(folder, one["file"]),
                intrinsics=Intrinsics(*one["intrinsics"]),
            )
            for one in index["depth"]
        ),
        infrared=tuple(
            InfraredFrame(t_ms=one["t_ms"], image=_get(folder, one["file"]))
            for one in index["infrared"]
        ),
    )


_CAMERA = ("fx", "fy", "cx", "cy")


def _asked(challenge: Challenge) -> dict[str, Any]:
    return {
        "id": challenge.id,
        "issued_at": challenge.issued_at.isoformat(),
        "expires_at": challenge.expires_at.isoformat(),
        "sensors": sorted(challenge.sensors),
        "with_match": challenge.with_match,
        "prompts": [
            {
                "seq": one.seq,
                "step": one.step,
                "released_ms": one.released_ms,
                "flashes": [[f.red, f.green, f.blue, f.for_ms] for f in one.flashes],
            }
            for one in challenge.prompts
        ],
    }


def _challenge(asked: dict[str, Any]) -> Challenge:
    return Challenge(
        id=asked["id"],
        issued_at=datetime.fromisoformat(asked["issued_at"]),
        expires_at=datetime.fromisoformat(asked["expires_at"]),
        sensors=frozenset(Sensor(one) for one in asked["sensors"]),
        with_match=asked["with_match"],
        prompts=tuple(
            Prompt(
                seq=one["seq"],
                step=Step(one["step"]),
                released_ms=one["released_ms"],
                flashes=tuple(Flash(*flash) for flash in one["flashes"]),
            )
            for one in asked["prompts"]
        ),
    )


def _put(folder: Path, kind: str, name: str, image: Any) -> str:
    if not isinstance(image, bytes):
        raise TypeError("only encoded pictures are saved: encode the pixels first")
    (folder / kind).mkdir(exist_ok=True)
    (folder / kind / name).write_bytes(image)
    return f"{kind}/{name}"


def _get(folder: Path, name: str) -> bytes:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"{INDEX} names a file outside of its folder: {name}")
    return path.read_bytes()
