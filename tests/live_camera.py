"""A camera for Chromium, before which a rendered person follows what the page asks, as it asks it.

Chromium plays a file as its camera and reads one frame after the other. The file is as long as the
camera will be on, filled with the person at rest; a process of its own paints the person as they
move, a few frames before the browser gets there. What the page shows has to be told to it
(`LiveCamera.told`): it reacts as people do. A strip of squares in the corner numbers the frames, so
that the page can tell which one it sees.

    with LiveCamera(path, subject=3, seed=1) as camera:
        browser = chromium.launch(args=camera.arguments)
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import SimpleNamespace
from typing import Any, Self

import cv2
import numpy as np

from apps.faces.engine import light
from apps.faces.engine.session import Challenge, Flash, Prompt, Step
from apps.faces.engine.verdict import Species
from apps.faces.rendering import attacks
from apps.faces.rendering.head import Head
from apps.faces.rendering.stage import Stage
from apps.faces.rendering.takes import Person, Presenter

WIDTH, HEIGHT, FPS = 640, 480, 13
SECONDS = 75
HEADER = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FPS}:1 Ip A1:1 C420jpeg\n".encode()
MARK = b"FRAME\n"
SIZE = len(MARK) + WIDTH * HEIGHT * 3 // 2
#: The number of a frame: so many squares of so many pixels, white for 1.
BITS, SQUARE = 10, 8
#: How often the camera may be opened: each time the browser begins the file anew.
TIMES = 8
#: The person is painted so many frames before the browser reads them.
AHEAD = 3

#: Reads the frame's number off the video that the page plays.
READ_NUMBER = f"""() => {{
  const video = document.querySelector("video");
  if (!video || !video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  canvas.width = {BITS * SQUARE}; canvas.height = {SQUARE};
  const paint = canvas.getContext("2d");
  paint.drawImage(video, 0, 0, {BITS * SQUARE}, {SQUARE}, 0, 0, {BITS * SQUARE}, {SQUARE});
  let number = 0;
  for (let bit = 0; bit < {BITS}; bit += 1) {{
    const at = paint.getImageData(bit * {SQUARE} + 3, 3, 2, 2).data;
    number = number * 2 + (at[0] + at[4] > 255 ? 1 : 0);
  }}
  return number;
}}"""


class LiveCamera:
    """The file, and the process that paints into it."""

    def __init__(self, path: Path, *, head: Path, subject: int, seed: int, kind: str = "live"):
        self.path = path
        self._command = [sys.executable, "-m", "tests.live_camera", str(path), str(head)]
        self._command += [str(subject), str(seed), kind]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == "ready", "the person can't be rendered"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self.path.unlink(missing_ok=True)

    @property
    def arguments(self) -> list[str]:
        """What Chromium is started with."""
        return [
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={self.path}",
        ]

    def follows(self, *, number: int) -> None:
        """The page sees this frame now: go on from there."""
        self._tell({"frame": number, "now": time.monotonic()})

    def rests(self) -> None:
        """The browser has closed its camera: when it opens it again, the person is at rest."""
        self._tell({"rest": True, "now": time.monotonic()})
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == "ready"

    def told(self, step: str, flashes: list[list[int]]) -> None:
        """The page has just shown this prompt."""
        self._tell({"step": step, "flashes": flashes, "now": time.monotonic()})

    def _tell(self, said: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()


class _Screen:
    """What the page shows at each time, for the light on the face."""

    def __init__(self, page: np.ndarray) -> None:
        self.page = page
        self.flashes: list[tuple[float, float, np.ndarray]] = []

    def shows(self, flashes: tuple[Flash, ...], *, at: float) -> None:
        for one in flashes:
            colour = light.linear(np.array([one.red, one.green, one.blue])).astype(np.float32)
            self.flashes.append((at, at + one.for_ms, colour))
            at += one.for_ms

    def at(self, t: float) -> np.ndarray:
        shown = next((colour for start, end, colour in self.flashes if start <= t < end), self.page)
        return np.asarray(shown, np.float32)


def _painted(pixels: np.ndarray, number: int) -> bytes:
    for bit in range(BITS):
        value = 255 if number >> (BITS - 1 - bit) & 1 else 0
        pixels[:SQUARE, bit * SQUARE : (bit + 1) * SQUARE] = value
    return MARK + cv2.cvtColor(pixels, cv2.COLOR_RGB2YUV_I420).tobytes()


def _presenter(kind: str, *, head: Head, subject: int, stage: Stage, random: Any) -> Presenter:
    if kind == "live":
        return Person(subject=head.subject(subject), stage=stage, random=random)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    # Only a recording of another challenge looks at it, and here nobody plays one.
    challenge = Challenge(id="", issued_at=now, expires_at=now)
    words = {"head": head, "subject": subject, "stage": stage, "random": random}
    return attacks.cast(species=Species(kind), challenge=challenge, fps=FPS, variant=1, **words)


def paint(path: Path, head: Path, subject: int, seed: int, kind: str) -> None:
    """Fill the file, then paint into it what standard input tells; never returns."""
    random = np.random.default_rng([seed, subject, 7])
    stage = Stage.draw(random)
    words = {"subject": subject, "stage": stage, "random": random}
    person = _presenter(kind, head=Head.load(head), **words)
    person.ready(TIMES * SECONDS * 1000)
    screen = _Screen(stage.room.page)

    def seen(t: float) -> np.ndarray:
        linear = stage.seen(person.meshes(t), screen=screen.at(t)).light
        return stage.sensor.see(linear, box=stage.face_box)

    first = stage.seen(person.meshes(0.0), screen=screen.at(0.0)).light
    stage.sensor.settle(light=first, box=stage.face_box)
    path.write_bytes(HEADER)
    file = path.open("r+b", buffering=0)

    def rest(t: float) -> None:
        # Another picture each time: nobody shows the same one in two checks.
        at_rest = seen(t)
        file.seek(len(HEADER))
        for number in range(SECONDS * FPS):
            file.write(_painted(at_rest.copy(), number))
        print("ready", flush=True)  # noqa: T201

    rest(0.0)
    clock = SimpleNamespace(zero=None, opened=-1)
    written, lines = 0, _listening()
    while True:
        for said in _heard(lines):
            if "rest" in said:
                clock.zero = None
                rest((clock.opened + 1) * SECONDS * 1000)
            elif "frame" in said:
                clock.zero = said["now"] - said["frame"] / FPS
                clock.opened += 1
                written = said["frame"] + AHEAD
            else:
                shown = (said["now"] - clock.zero + clock.opened * SECONDS) * 1000
                flashes = tuple(Flash(*one) for one in said["flashes"])
                person.told(Prompt(seq=0, step=Step(said["step"]), flashes=flashes), shown)
                screen.shows(flashes, at=shown)
        now = (time.monotonic() - clock.zero) * FPS if clock.zero is not None else 0
        if clock.zero is None or written > now + AHEAD or written >= SECONDS * FPS:
            time.sleep(0.004)
            continue
        written = max(written, int(now) + 1)
        file.seek(len(HEADER) + written * SIZE)
        t = (written / FPS + clock.opened * SECONDS) * 1000
        file.write(_painted(seen(t), written))
        written += 1


def _heard(lines: SimpleQueue[str]) -> Iterator[dict[str, Any]]:
    while not lines.empty():
        yield json.loads(lines.get())


def _listening() -> SimpleQueue[str]:
    lines: SimpleQueue[str] = SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)  # whoever started us is gone

    Thread(target=listen, daemon=True).start()
    return lines


if __name__ == "__main__":
    paint(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
