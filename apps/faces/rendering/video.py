"""A camera for a browser: a film of somebody who follows a timetable of prompts.

Chromium plays an MJPEG file (pictures one after the other, 30 a second) or a Y4M file as a camera:
--use-fake-device-for-media-stream --use-fake-ui-for-media-stream
--use-file-for-fake-video-capture=FILE. It starts with the first frame when the camera is opened,
and begins anew at its end.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import cv2
import numpy as np

from apps.faces.engine.session import Challenge, Pixels, Prompt
from apps.faces.engine.verdict import Species
from apps.faces.rendering import sensor, sessions, timetable
from apps.faces.rendering.head import Head
from apps.faces.rendering.stage import Stage
from apps.faces.rendering.takes import Take

#: What Chromium assumes of an MJPEG file.
FPS = 30


def film(
    *,
    head: Head,
    challenge: Challenge,
    shown: Sequence[tuple[Prompt, float]],
    lasts_ms: float,
    subject: int,
    seed: int,
    species: Species | None = None,
    variant: int = 0,
    fps: float = FPS / 2,
) -> Iterator[Pixels]:
    """Pictures at even times of somebody to whom each prompt is shown at its time (ms).

    The times count from the first picture.
    """
    random = np.random.default_rng([seed, subject, 2])
    stage = Stage.draw(random)
    presenter = sessions.cast(
        head=head,
        challenge=challenge,
        subject=subject,
        species=species,
        variant=variant,
        stage=stage,
        random=random,
        fps=fps,
    )
    for prompt, at in shown:
        presenter.told(prompt, at)
    presenter.ready(lasts_ms)
    table = timetable.given(shown=shown, ends=lasts_ms, period=1000 / fps, page=stage.room.page)
    take = Take(stage=stage, presenter=presenter, table=table)
    stage.sensor.settle(light=take.light(0.0), box=stage.face_box)
    for t in table.frames:
        yield take.pixels(t)


def write_mjpeg(out: BinaryIO, pictures: Iterator[Pixels], *, each: int = 2) -> int:
    """Write pictures as MJPEG, each so many times (2: 15 a second); returns how many frames."""
    count = 0
    for one in pictures:
        out.write(sensor.jpeg(one, 92) * each)
        count += each
    return count


def write_y4m(out: BinaryIO, pictures: Iterator[Pixels], *, fps: int) -> int:
    """Write pictures as Y4M, uncompressed 4:2:0; returns how many frames."""
    count = 0
    for one in pictures:
        height, width, _ = one.shape
        if not count:
            out.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420\n".encode())
        out.write(b"FRAME\n" + cv2.cvtColor(one, cv2.COLOR_RGB2YUV_I420).tobytes())
        count += 1
    return count
