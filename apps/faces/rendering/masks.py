"""Attacks with the shape of a head: masks, another person, a face drawn by a computer."""

from dataclasses import replace

import numpy as np

from apps.faces.engine import light
from apps.faces.rendering import stage as stages
from apps.faces.rendering.flats import Photo
from apps.faces.rendering.head import Head, Subject
from apps.faces.rendering.looks import SKIN_ROWS, WIDTH
from apps.faces.rendering.motion import Pose
from apps.faces.rendering.stage import Mesh, Stage
from apps.faces.rendering.takes import Person


class Mask(Person):
    """A head that is a mask: rigid, or of silicone that follows the face a little.

    A rigid mask neither blinks nor speaks. Silicone leaves holes for the eyes, so it blinks.
    """

    def __init__(
        self, *, subject: Subject, stage: Stage, random: np.random.Generator, is_silicone: bool
    ) -> None:
        mask = moulded(subject, random, is_silicone=is_silicone)
        super().__init__(subject=mask, stage=stage, random=random)
        self.is_silicone = is_silicone

    def meshes(self, t: float) -> list[Mesh]:
        pose = self.actor.pose(t)
        if self.is_silicone:
            kept = {
                name: share * (1.0 if name.startswith("eye") else 0.25)
                for name, share in pose.expressions.items()
            }
        else:
            kept = {}
        pose = Pose(pose.yaw, pose.pitch, pose.roll, pose.shift, kept)
        return [stages.of_subject(self.subject, pose, centre=self.stage.centre)]


def moulded(subject: Subject, random: np.random.Generator, *, is_silicone: bool) -> Subject:
    """The subject as a mask: smoother paint, plastic shine, no contrast in infrared."""
    rows = slice(0, SKIN_ROWS)
    texture, infrared = subject.texture.copy(), subject.infrared.copy()
    skin = texture[rows, :, :3]
    plain = np.median(skin[240:420, 400:620], axis=(0, 1))
    texture[rows, :, :3] = plain + (skin - plain) * (0.75 if is_silicone else 0.85)
    level = random.uniform(0.42, 0.62)
    grain = 1 + 0.012 * random.standard_normal((SKIN_ROWS, WIDTH, 1))
    infrared[rows, :, :3] = level * grain
    eye = infrared[584:762, 520:700, :3]
    infrared[584:762, 520:700, :3] = level + (eye - level) * (0.35 if is_silicone else 0.1)
    shine = subject.shine.copy()
    shine[(shine > 0) & ~subject.eyes] = 0.55 if is_silicone else 0.95
    if not is_silicone:
        shine[subject.eyes] = 0.9  # painted
    return replace(subject, texture=texture, infrared=infrared, shine=shine)


class Swapped(Person):
    """One person first, another from the middle on."""

    def __init__(
        self, *, first: Subject, second: Subject, stage: Stage, random: np.random.Generator
    ) -> None:
        super().__init__(subject=first, stage=stage, random=random)
        self.second = second
        self.share = random.uniform(0.35, 0.65)
        self.swaps_at = 0.0

    def ready(self, until: float) -> None:
        super().ready(until)
        self.swaps_at = self.share * until

    def subject_at(self, t: float) -> Subject:
        return self.subject if t < self.swaps_at else self.second


def draped(*, head: Head, photo: Photo, number: int) -> Subject:
    """The mean head with one photo stretched over it: what a public head model makes of it."""
    bare = head.bare(number)
    source = head.neutral[head.landmarks][:, :2]
    design = np.column_stack([source, np.ones(len(source))])
    fit, *_ = np.linalg.lstsq(design, photo.landmarks, rcond=None)
    flat = np.column_stack([bare.xyz[:, :2], np.ones(len(bare.xyz))])
    height, width, _ = photo.pixels.shape
    uv = np.clip(flat @ fit, 0, (width - 1, height - 1)).astype(np.float32)
    texture = np.ones((height, width, 4), np.float32)
    texture[..., :3] = np.clip(light.linear(photo.pixels) * 1.8, 0, 1)
    return replace(bare, uv=uv, texture=texture, infrared=texture)
