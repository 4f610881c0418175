"""A performance before a camera: somebody who reacts to prompts, planned once, seen at any time."""

from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from apps.faces.engine.session import Challenge, Pixels, Prompt, Step
from apps.faces.rendering import stage as stages
from apps.faces.rendering import timetable
from apps.faces.rendering.head import Subject
from apps.faces.rendering.motion import Actor
from apps.faces.rendering.raster import Floats
from apps.faces.rendering.stage import Mesh, Stage
from apps.faces.rendering.timetable import Timetable

#: What a person does whom nobody asks.
UNASKED = (Step.LOOK, Step.LEFT, Step.BLINK_TWICE, Step.RIGHT)


class Presenter(Protocol):
    """Whoever or whatever is held before the camera. Times are milliseconds."""

    def told(self, prompt: Prompt, at: float) -> float:
        """React to a prompt shown at a time; returns when it is done."""

    def ready(self, until: float) -> None:
        """All prompts are told: the session lasts until this time."""

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

    def subject_at(self, t: float) -> Subject:
        """Who is there at a time."""
        return self.subject

    def meshes(self, t: float) -> list[Mesh]:
        pose = self.actor.pose(t)
        return [stages.of_subject(self.subject_at(t), pose, centre=self.stage.centre)]


@dataclass(slots=True, kw_only=True)
class Take:
    """One performance: what happens is planned, any moment can be looked at.

    Without a timetable somebody else prompts, and the screen shows its page throughout.
    """

    stage: Stage
    presenter: Presenter
    table: Timetable | None = None

    @classmethod
    def plan(
        cls,
        *,
        stage: Stage,
        presenter: Presenter,
        challenge: Challenge,
        random: np.random.Generator,
        fps: float,
        is_even: bool = False,
    ) -> Self:
        """Play the challenge through, without a picture yet; `is_even`: like clockwork."""
        asked = challenge
        if not challenge.is_prompted:
            steps = [Prompt(seq=0, step=one) for one in UNASKED]
            asked = replace(challenge, prompts=tuple(steps))
        table = timetable.plan(
            challenge=asked,
            random=random,
            told=presenter.told,
            fps=fps,
            page=stage.room.page,
            jitter=0.0 if is_even else 0.12,
        )
        presenter.ready(table.ends)
        return cls(stage=stage, presenter=presenter, table=table)

    def light(self, t: float) -> Floats:
        """Linear light that reaches the camera at a time."""
        screen = self.table.screen(t) if self.table else self.stage.room.page
        return self.stage.seen(self.presenter.meshes(t), screen=screen).light

    def pixels(self, t: float) -> Pixels:
        """The picture that the camera takes at a time; times must not go back."""
        return self.stage.sensor.see(self.light(t), box=self.stage.face_box)
