"""A person who does as they are told: reaction, turn, hold, return; blinks, sway, small faces.

Angles are degrees on the person's own axes, as in engine/track.py: yaw positive to their left,
pitch positive upwards, roll positive to their left shoulder. Times are milliseconds.
"""

from dataclasses import dataclass, field

import numpy as np

from apps.faces.engine.session import Prompt, Step

#: How far people turn, nod and lean when they are asked to.
REACH = {
    Step.LEFT: ("yaw", 22.0, 35.0),
    Step.RIGHT: ("yaw", -35.0, -22.0),
    Step.UP: ("pitch", 13.0, 22.0),
    Step.DOWN: ("pitch", -22.0, -13.0),
    Step.TILT: ("roll", 16.0, 28.0),
}


@dataclass(slots=True)
class Pose:
    """Where the head is at one moment: angles, a shift in millimetres, and expressions (0-1)."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    expressions: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Move:
    """One angle that goes out, stays and comes back."""

    axis: str
    by: float
    start: float
    out: float
    hold: float
    back: float

    @property
    def end(self) -> float:
        return self.start + self.out + self.hold + self.back

    def at(self, t: float) -> float:
        """Degrees at a time."""
        since = t - self.start
        if since <= 0 or t >= self.end:
            return 0.0
        if since < self.out:
            return self.by * eased(since / self.out)
        if since < self.out + self.hold:
            return self.by
        return self.by * eased((self.end - t) / self.back)


@dataclass(slots=True)
class Blink:
    """Both eyes close and open."""

    start: float
    close: float
    shut: float
    open: float

    @property
    def end(self) -> float:
        return self.start + self.close + self.shut + self.open

    def at(self, t: float) -> float:
        """How far the lids are shut (0-1)."""
        since = t - self.start
        if since <= 0 or t >= self.end:
            return 0.0
        if since < self.close:
            return eased(since / self.close)
        if since < self.close + self.shut:
            return 1.0
        return eased((self.end - t) / self.open)


def eased(share: float) -> float:
    """From 0 to 1 with minimal jerk, as limbs move."""
    s = min(max(share, 0.0), 1.0)
    return s * s * s * (10 - 15 * s + 6 * s * s)


class Actor:
    """A person before a camera. They are told one thing after the other, and do each."""

    def __init__(self, random: np.random.Generator, *, is_stiff: bool = False) -> None:
        self.random = random
        self.moves: list[Move] = []
        self.blinks: list[Blink] = []
        self.is_stiff = is_stiff
        self._phases = random.uniform(0, 2 * np.pi, 12)
        self._rates = random.uniform(0.15, 0.55, 12)
        self._habit = {
            name: random.uniform(0, top)
            for name, top in (("mouthSmile", 0.18), ("browInnerUp", 0.15), ("mouthPress", 0.2),
                              ("eyeSquint", 0.2))
        }  # fmt: skip
        self._rest = (random.normal(0, 2.0), random.normal(0, 2.5), random.normal(0, 1.5))
        self._next_blink = random.uniform(300, 4500)

    def told(self, prompt: Prompt, *, at: float) -> float:
        """React to a prompt shown at a time; returns when it is done."""
        random = self.random
        start = at + random.uniform(250, 700)
        if prompt.step in REACH:
            axis, low, high = REACH[prompt.step]
            by = random.uniform(low, high)
            if prompt.step is Step.TILT and random.random() < 0.5:
                by = -by
            move = Move(axis, by, start, *random.uniform((380, 260, 380), (620, 520, 620)))
            self.moves.append(move)
            # Nobody turns on one axis alone. In a fixed order: that of a set differs by process.
            for other in (one for one in ("yaw", "pitch", "roll") if one != axis):
                part = by * random.normal(0, 0.07)
                self.moves.append(Move(other, part, start, move.out, move.hold, move.back))
            return move.end
        if prompt.step is Step.BLINK_TWICE:
            first = self.blink(start)
            second = self.blink(first.end + random.uniform(160, 380))
            return second.end
        if prompt.step is Step.COLOURS:
            return at + sum(one.for_ms for one in prompt.flashes)
        return at + random.uniform(1100, 1300)

    def blink(self, start: float) -> Blink:
        """Shut the eyes at a time: one asked for takes longer than one that comes by itself."""
        parts = self.random.uniform((70, 80, 90), (100, 130, 140))
        self.blinks.append(Blink(start, *parts))
        return self.blinks[-1]

    def idle(self, *, since: float, until: float) -> None:
        """Blink now and then by oneself within this time."""
        while self._next_blink < until:
            if self._next_blink >= since:
                parts = self.random.uniform((50, 20, 70), (70, 60, 110))
                self.blinks.append(Blink(self._next_blink, *parts))
            self._next_blink += self.random.uniform(1800, 6500)

    def pose(self, t: float) -> Pose:
        """Where the head is at a time."""
        sway = [
            np.sin(2 * np.pi * r * t / 1000 + p)
            for r, p in zip(self._rates, self._phases, strict=True)
        ]
        angle = {"yaw": self._rest[0], "pitch": self._rest[1], "roll": self._rest[2]}
        for i, axis in enumerate(angle):
            angle[axis] += 0.55 * sway[i] + 0.35 * sway[i + 3]
        for move in self.moves:
            angle[move.axis] += move.at(t)
        shift = (2.5 * sway[6], 1.8 * sway[7], 4.0 * sway[8])
        if self.is_stiff:
            return Pose(angle["yaw"], angle["pitch"], angle["roll"], shift)
        shut = max((one.at(t) for one in self.blinks), default=0.0)
        faces = {"eyeBlink_L": shut, "eyeBlink_R": 0.98 * shut}
        for i, (name, top) in enumerate(self._habit.items()):
            amount = top * (0.6 + 0.4 * sway[9 + i % 3]) * (1 - shut if name == "eyeSquint" else 1)
            ends = ("_L", "_R")
            faces |= {name + end: amount for end in ends}
        faces["jawOpen"] = 0.015 * (1 + sway[11])
        self._gaze(faces, angle["yaw"], angle["pitch"])
        return Pose(angle["yaw"], angle["pitch"], angle["roll"], shift, faces)

    def _gaze(self, faces: dict[str, float], yaw: float, pitch: float) -> None:
        """The eyes stay on the screen while the head turns, half of the way."""
        side, up = np.clip(yaw / 45, -1, 1), np.clip(pitch / 45, -1, 1)
        faces["eyeLookIn_L"], faces["eyeLookOut_L"] = max(side, 0), max(-side, 0)
        faces["eyeLookOut_R"], faces["eyeLookIn_R"] = max(side, 0), max(-side, 0)
        for end in ("_L", "_R"):
            faces["eyeLookDown" + end] = 0.7 * max(up, 0)
            faces["eyeLookUp" + end] = 0.7 * max(-up, 0)
