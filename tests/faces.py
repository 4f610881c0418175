"""Sessions without a camera: heads turned on paper, and frames of the pictures at hand."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.conf import settings

from apps.faces.engine import pose
from apps.faces.engine.session import Challenge, Frame, Prompt
from apps.faces.rendering import sessions
from apps.faces.rendering.head import Head

DATA = Path(settings.OTCRISK_DATA) / "faces"
#: Landmarks that speech moves aren't measured by the pose: any place does.
_ELSEWHERE = (0.0, 60.0, -10.0)


def landmarks(*, yaw=0.0, pitch=0.0, roll=0.0, openness=0.3, at=450.0, focal=640.0):
    """The 68 points of a mean head that points this way, in a picture of 640 x 480."""
    points = np.tile(np.array(_ELSEWHERE), (68, 1))
    points[list(pose.RIGID)] = pose.SHAPE
    for outer, inner, upper, lower in ((36, 39, (37, 38), (41, 40)), (45, 42, (44, 43), (46, 47))):
        wide = points[inner] - points[outer]
        half = np.array([0, openness * np.linalg.norm(wide) / 2, 0])
        for share, above, below in zip((1 / 3, 2 / 3), upper, lower, strict=True):
            points[above] = points[outer] + share * wide - half
            points[below] = points[outer] + share * wide + half
    placed = points @ rotation(yaw, pitch, roll).T + (0, 0, at)
    return (placed[:, :2] / placed[:, 2:] * focal + (320, 240)).astype(np.float32)


def rotation(yaw, pitch, roll):
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    lean = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return lean @ turn @ nod


def jpeg(pixels, quality=88):
    return cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def clip(name, *, frames=40, per_second=13):
    """The beginning of a video of a face that talks, as frames of 640 x 480."""
    path = DATA / "clips" / f"{name}.mp4"
    if not path.exists():
        pytest.skip("clips absent: set OTCRISK_DATA to the folder that holds faces/")
    video = cv2.VideoCapture(str(path))
    found, seen, rate = [], 0, video.get(cv2.CAP_PROP_FPS)
    while len(found) < frames:
        there, picture = video.read()
        if not there:
            break
        if seen / rate >= len(found) / per_second:
            found.append(
                Frame(seq=len(found), t_ms=round(seen / rate * 1000), image=jpeg(_fitted(picture)))
            )
        seen += 1
    return found


def _fitted(picture):
    height, width = picture.shape[:2]
    times = max(640 / width, 480 / height)
    large = cv2.resize(picture[..., ::-1], None, fx=times, fy=times, interpolation=cv2.INTER_AREA)
    top, left = (large.shape[0] - 480) // (2 if height <= width else 6), (large.shape[1] - 640) // 2
    return np.ascontiguousarray(large[top : top + 480, left : left + 640])


def photograph(index=0):
    """One photograph of a person, 250 x 250 grey, by its place in the folder."""
    folder = DATA / "lfw"
    if not folder.exists():
        pytest.skip("photographs absent: set OTCRISK_DATA to the folder that holds faces/")
    path = sorted(folder.glob("*/*.jpg"))[index]
    return cv2.imread(str(path))[..., ::-1]


ISSUED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def challenge(*steps, released=None, **more):
    """What was asked: these steps, released at these milliseconds."""
    times = released or [None] * len(steps)
    prompts = tuple(
        Prompt(seq=seq, step=step, released_ms=at)
        for seq, (step, at) in enumerate(zip(steps, times, strict=True))
    )
    return Challenge(
        id="c1",
        issued_at=ISSUED,
        expires_at=ISSUED + timedelta(seconds=120),
        prompts=prompts,
        **more,
    )


def rendered(asked, *, subject=0, seed=0):
    """A recording of a person who does not exist and does what was asked."""
    path = DATA / "head" / "ict_head.npz"
    if not path.exists():
        pytest.skip("head absent: set OTCRISK_DATA to the folder that holds faces/")
    return sessions.render(head=Head.load(path), challenge=asked, subject=subject, seed=seed)
