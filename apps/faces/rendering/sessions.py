"""Sessions of people who do not exist: they obey a challenge, or an attacker pretends to.

The same arguments give the same bytes. A session of 110 frames takes about a second to render.
"""

from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from apps.faces.engine.session import Challenge, Frame, Pixels, Prompt, Sensor, Step
from apps.faces.engine.verdict import Species
from apps.faces.recordings import Recording
from apps.faces.rendering import stage as stages
from apps.faces.rendering import timetable
from apps.faces.rendering.head import Head, Subject
from apps.faces.rendering.motion import Actor
from apps.faces.rendering.raster import Floats
from apps.faces.rendering.stage import Mesh, Stage
from apps.faces.rendering.timetable import Timetable

#: What a person does whom nobody asks.
UNASKED = (Step.LOOK, Step.LEFT, Step.BLINK_TWICE, Step.RIGHT)


class Presenter(Protocol):
    """Whoever or whatever is held before the camera."""

    def told(self, prompt: Prompt, at: float) -> float:
        """React to a prompt shown at a time (ms); returns when it is done."""

    def ready(self, until: float) -> None:
        """Everything is known that happens up to a time."""

    def meshes(self, t: float) -> list[Mesh]:
        """What is in the scene at a time."""


class Person:
    """A living person."""

    def __init__(self, *, subject: Subject, stage: Stage, random: np.random.Generator) -> None:
        self.subject = subject
        self.stage = stage
        self.actor = Actor(random)

    def told(self, prompt: Prompt, at: float) -> float:
        return self.actor.told(prompt, at=at)

    def ready(self, until: float) -> None:
        self.actor.idle(since=0, until=until)

    def meshes(self, t: float) -> list[Mesh]:
        return [stages.of_subject(self.subject, self.actor.pose(t), centre=self.stage.centre)]


@dataclass(slots=True, kw_only=True)
class Take:
    """One performance before one camera: what happens is planned, any moment can be looked at."""

    stage: Stage
    presenter: Presenter
    table: Timetable

    @classmethod
    def plan(
        cls,
        *,
        stage: Stage,
        presenter: Presenter,
        challenge: Challenge,
        random: np.random.Generator,
        fps: float,
    ) -> Self:
        """Play the challenge through, without a picture yet."""
        asked = challenge
        if not challenge.is_prompted:
            steps = [Prompt(seq=0, step=one) for one in UNASKED]
            asked = replace(challenge, prompts=tuple(steps))
        table = timetable.plan(
            challenge=asked, random=random, told=presenter.told, fps=fps, page=stage.room.page
        )
        presenter.ready(table.ends)
        return cls(stage=stage, presenter=presenter, table=table)

    def light(self, t: float) -> Floats:
        """Linear light that reaches the camera at a time."""
        return self.stage.seen(self.presenter.meshes(t), screen=self.table.screen(t)).light

    def pixels(self, t: float) -> Pixels:
        """The picture that the camera takes at a time; times must not go back."""
        return self.stage.sensor.see(self.light(t), box=self.stage.face_box)


def render(
    *,
    head: Head,
    challenge: Challenge,
    subject: int,
    seed: int,
    species: Species | None = None,
    sensors: frozenset[Sensor] = frozenset(),
    fps: float = 13.0,
    is_bright: bool = False,
) -> Recording:
    """A session in answer to this challenge, by this subject or an attacker who poses as them.

    The recording's challenge tells when each prompt was released. `is_bright` is a room so bright
    that the screen hardly shows on the face.
    """
    random = np.random.default_rng([seed, subject, 1])
    stage = Stage.draw(random, is_bright=is_bright)
    person = Person(subject=head.subject(subject), stage=stage, random=random)
    take = Take.plan(stage=stage, presenter=person, challenge=challenge, random=random, fps=fps)
    return record(take=take, challenge=challenge, sensors=sensors, random=random)


def record(
    *,
    take: Take,
    challenge: Challenge,
    sensors: frozenset[Sensor] = frozenset(),
    random: np.random.Generator,
) -> Recording:
    """All frames of a take as a client sends them."""
    table, sensor = take.table, take.stage.sensor
    sensor.settle(light=take.light(0.0), box=take.stage.face_box)
    frames = []
    for seq, (t, received) in enumerate(zip(table.frames, table.received, strict=True)):
        prompt = table.prompt_at(t)
        frames.append(
            Frame(
                seq=seq,
                t_ms=int(t),
                prompt_seq=prompt.seq if prompt else 0,
                image=sensor.jpeg(take.pixels(t)),
                received_ms=received,
            )
        )
    told = replace(challenge, prompts=tuple(table.prompts)) if challenge.is_prompted else challenge
    return Recording(told, tuple(frames))
