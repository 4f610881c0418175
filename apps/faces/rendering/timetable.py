"""When each prompt is released, shown and left, and when frames are taken and arrive.

The client asks for the next prompt when the last one is done and its frames are sent; meanwhile
the camera goes on. Client time starts with the first frame; ours with the challenge.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from apps.faces.engine import light
from apps.faces.engine.session import Challenge, Prompt, Step
from apps.faces.rendering.raster import Floats

#: Frames in one upload, and the longest that an action may take.
CHUNK, PATIENCE_MS = 8, 2500


@dataclass(slots=True, kw_only=True)
class Timetable:
    """A client's session: its prompts as they were shown, and its frames. Milliseconds."""

    begins_ms: float
    prompts: list[Prompt]
    shown: list[float]
    ends: float
    frames: list[float]
    received: list[int]
    display_ms: float
    page: Floats = field(repr=False)

    def prompt_at(self, t: float) -> Prompt | None:
        """What the screen asks for at a time."""
        place = int(np.searchsorted(self.shown, t, side="right")) - 1
        return self.prompts[place] if place >= 0 else None

    def screen(self, t: float, *, exposure_ms: float = 28.0) -> Floats:
        """How bright the screen is against its white, per channel, while a frame is exposed."""
        at = np.linspace(t - exposure_ms, t, 5) - self.display_ms
        return np.mean([self._shows(one) for one in at], axis=0).astype(np.float32)

    def _shows(self, t: float) -> Floats:
        prompt = self.prompt_at(t)
        if prompt is not None and prompt.step is Step.COLOURS:
            since = t - self.shown[self.prompts.index(prompt)]
            for one in prompt.flashes:
                if since < one.for_ms:
                    colour = np.array([one.red, one.green, one.blue])
                    return light.linear(colour).astype(np.float32)
                since -= one.for_ms
        return self.page


def plan(
    *,
    challenge: Challenge,
    random: np.random.Generator,
    told: Callable[[Prompt, float], float],
    fps: float,
    page: Floats,
    jitter: float = 0.12,
) -> Timetable:
    """Go through the prompts one by one; `told` reacts to one and says when it is done."""
    begins = random.uniform(1500, 6000)
    period, latency = 1000 / fps, 500 * jitter
    down, up = random.uniform(20, 90), random.uniform(40, 160)
    frames: list[float] = [0.0]
    received: list[int] = []
    shown: list[float] = []
    prompts: list[Prompt] = []
    now = 0.0
    for prompt in challenge.prompts:
        shown.append(now)
        released = begins + now - down
        prompts.append(replace(prompt, released_ms=max(int(released), 0)))
        done = told(prompt, now) + random.uniform(60, 220)
        if prompt.step not in (Step.LOOK, Step.COLOURS):
            done = now + min(max(done - now, 1300), PATIENCE_MS)
        while frames[-1] < done:
            frames.append(frames[-1] + period + random.uniform(-jitter, jitter) * period)
        received += _arrivals(frames, len(received), begins, up, latency, random)
        now = received[-1] - begins + down + random.uniform(5, 25)
        while frames[-1] < now - period:
            frames.append(frames[-1] + period + random.uniform(-jitter, jitter) * period)
    received += _arrivals(frames, len(received), begins, up, latency, random)
    return Timetable(
        begins_ms=begins,
        prompts=prompts,
        shown=shown,
        ends=frames[-1],
        frames=[float(round(one)) for one in frames],
        received=received,
        display_ms=float(random.uniform(15, 60)),
        page=page,
    )


def given(
    *, shown: Sequence[tuple[Prompt, float]], ends: float, period: float, page: Floats
) -> Timetable:
    """A timetable that somebody else keeps: what is shown when, and frames at even times."""
    return Timetable(
        begins_ms=0.0,
        prompts=[prompt for prompt, _ in shown],
        shown=[at for _, at in shown],
        ends=ends,
        frames=[float(one) for one in np.arange(0, ends, period)],
        received=[],
        display_ms=0.0,
        page=page,
    )


def _arrivals(
    frames: list[float],
    sent: int,
    begins: float,
    up: float,
    latency: float,
    random: np.random.Generator,
) -> list[int]:
    """When the frames not yet sent arrive: together with the last of their chunk."""
    out: list[int] = []
    for first in range(sent, len(frames), CHUNK):
        last = min(first + CHUNK, len(frames)) - 1
        at = begins + frames[last] + up + random.uniform(0, latency)
        out += [round(at)] * (last - first + 1)
    return out
