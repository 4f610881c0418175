"""A session as it was recorded: what was asked, and the pictures that came.

On disk it is a folder: session.json with the challenge and the times, and the pictures as they
were sent, in frames/, depth/ and infrared/. What others recorded is a video, or a folder of
pictures in the order of their names; nobody prompted there.
"""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

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


#: Pictures per second that are taken of a video, and at most.
VIDEO_FPS, MOST_FRAMES = 14.0, 600
#: Pictures per second of a folder, which tells no times: as a client's, or slow where some of the
#: numbers in the names are missing.
FOLDER_FPS, SPARSE_FPS = 14.0, 4.0
LONGEST_SIDE = 640
PICTURES = {".jpg", ".jpeg", ".png", ".bmp"}
_JPEG_QUALITY = 95
_NUMBER = re.compile(r"(\d+)(?!.*\d)")


def load(path: Path) -> Recording:
    """A recorded session, a folder of pictures or a video; ValueError or OSError if it is none."""
    if (path / INDEX).exists():
        return load_session(path)
    if path.is_dir():
        return _unprompted(_of_folder(path), name=path.name)
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there")
    return _unprompted(_of_video(path), name=path.name)


def asked(recording: Recording, prompts: tuple[tuple[int, Step], ...]) -> Recording:
    """The recording as the answer to prompts that were shown at these milliseconds."""
    shown = [(0, Step.LOOK), *sorted(prompts)]
    frames = tuple(
        replace(frame, prompt_seq=sum(frame.t_ms >= at for at, _ in shown) - 1)
        for frame in recording.frames
    )
    challenge = replace(
        recording.challenge,
        prompts=tuple(
            Prompt(seq=seq, step=step, released_ms=at) for seq, (at, step) in enumerate(shown)
        ),
    )
    return replace(recording, challenge=challenge, frames=frames)


def _unprompted(frames: tuple[Frame, ...], *, name: str) -> Recording:
    if not frames:
        raise ValueError(f"{name} holds no pictures")
    issued_at = datetime(2026, 1, 1, tzinfo=UTC)
    challenge = Challenge(
        id=name, issued_at=issued_at, expires_at=issued_at + timedelta(minutes=10)
    )
    return Recording(challenge, frames)


def _of_video(path: Path) -> tuple[Frame, ...]:
    video = cv2.VideoCapture(str(path))
    rate = video.get(cv2.CAP_PROP_FPS)
    rate = rate if 1 <= rate <= 240 else 25.0
    frames: list[Frame] = []
    seen = 0
    while len(frames) < MOST_FRAMES:
        there, picture = video.read()
        if not there:
            break
        if seen / rate >= len(frames) / VIDEO_FPS:
            image = _encoded(picture)
            frames.append(Frame(seq=len(frames), t_ms=round(1000 * seen / rate), image=image))
        seen += 1
    return tuple(frames)


def _of_folder(folder: Path) -> tuple[Frame, ...]:
    paths = [one for one in folder.iterdir() if one.suffix.lower() in PICTURES]
    paths = sorted(paths, key=lambda one: natural(one.name))[:MOST_FRAMES]
    each_ms = 1000 / (SPARSE_FPS if _is_sparse([one.stem for one in paths]) else FOLDER_FPS)
    return tuple(
        Frame(seq=seq, t_ms=round(seq * each_ms), image=_picture(path))
        for seq, path in enumerate(paths)
    )


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts picture_9 before picture_10."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _is_sparse(stems: list[str]) -> bool:
    found = [_NUMBER.search(stem) for stem in stems]
    numbers = [int(one.group(1)) for one in found if one]
    steps = {b - a for a, b in pairwise(numbers)}
    return len(steps) > 1 or any(step > 2 for step in steps)


def _picture(path: Path) -> bytes:
    data = path.read_bytes()
    if data[:2] == b"\xff\xd8":
        return data
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return data if picture is None else _encoded(picture)


def _encoded(picture: NDArray) -> bytes:
    times = LONGEST_SIDE / max(picture.shape[:2])
    if times < 1:
        picture = cv2.resize(picture, None, fx=times, fy=times, interpolation=cv2.INTER_AREA)
    quality = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    return cv2.imencode(".jpg", picture, quality)[1].tobytes()


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
