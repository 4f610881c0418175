"""Flat attacks: a printed photo moved in the hand, bent, with holes for the eyes; a screen.

The attacker's hand turns the picture as the prompts ask the head to turn: the same reaction, the
same angles, another geometry.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from apps.faces.engine import light
from apps.faces.engine.session import Pixels, Prompt
from apps.faces.rendering import stage as stages
from apps.faces.rendering.hair import grid
from apps.faces.rendering.head import Head, Subject
from apps.faces.rendering.motion import Actor, Pose
from apps.faces.rendering.raster import Camera, Floats, Indices
from apps.faces.rendering.stage import Mesh, Stage

_LINEAR = light.linear(np.arange(256)).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A picture of a subject's face, and where its eyes and its landmarks are, in its pixels."""

    pixels: Pixels
    landmarks: Floats
    #: Millimetres of the face's plane per pixel.
    scale: float


def photograph(*, head: Head, subject: Subject, random: np.random.Generator) -> Photo:
    """A photo such as one finds of anybody: from the front, in another room."""
    place = Stage.draw(random)
    place.camera = Camera(width=960, height=720, focal=1100.0, cx=480.0, cy=360.0)
    place.wall = cv2.resize(place.wall, (960, 720), interpolation=cv2.INTER_LINEAR)
    place.centre = np.array([0, 0, 640], np.float32)
    pose = Pose(*random.normal(0, 1.5, 3), expressions={"mouthSmile_L": 0.15, "mouthSmile_R": 0.15})
    mesh = stages.of_subject(subject, pose, centre=place.centre)
    canvas = place.seen([mesh], screen=np.zeros(3, np.float32))
    place.sensor.settle(light=canvas.light, box=place.face_box)
    points = mesh.xyz[head.landmarks]
    at = points[:, :2] / points[:, 2:] * place.camera.focal + (480, 360)
    scale = float(np.median(points[27:36, 2])) / place.camera.focal
    return Photo(pixels=place.sensor.see(canvas.light), landmarks=at, scale=scale)


def printed(photo: Photo, random: np.random.Generator, *, holes: bool = False) -> Floats:
    """The reflectance of a print: less contrast than life, the grain of paper, holes for eyes."""
    height, width, _ = photo.pixels.shape
    linear = _LINEAR[photo.pixels]
    black, white = random.uniform(0.02, 0.06), random.uniform(0.72, 0.86)
    sheet = np.ones((height, width, 4), np.float32)
    # A print is lit again, so printers lift the tones that the room takes away.
    lifted = np.clip(linear * random.uniform(1.5, 2.0), 0, 1)
    grain = 1 + 0.02 * random.standard_normal((height, width, 1)).astype(np.float32)
    tint = random.uniform(0.92, 1.06, 3)
    sheet[..., :3] = (black + (white - black) * lifted) * grain * tint
    if holes:
        for eye in (slice(36, 42), slice(42, 48)):
            points = photo.landmarks[eye]
            middle = points.mean(0)
            wide = middle + (points - middle) * (1.12, 1.5)
            cv2.fillPoly(sheet, [np.rint(wide).astype(np.int32)], (1.0, 1.0, 1.0, 0.0))
    return sheet


def in_infrared(sheet: Floats, random: np.random.Generator) -> Floats:
    """A print at 850 nm: dye ink vanishes and bare paper shines, toner keeps its contrast."""
    out = sheet.copy()
    if random.random() < 0.5:
        out[..., :3] = 0.78 + 0.04 * (sheet[..., :3].mean(2, keepdims=True) - 0.4)
    else:
        out[..., :3] = sheet[..., :3].mean(2, keepdims=True) * 0.9
    return out


@dataclass(slots=True, kw_only=True)
class Sheet:
    """Something flat or bent: vertices around its middle (millimetres), y down, z away."""

    xyz: Floats
    triangles: Indices
    uv: Floats

    @classmethod
    def cut(
        cls, *, width_mm: float, height_mm: float, texels: tuple[int, int], radius_mm: float = 0.0
    ) -> "Sheet":
        """A sheet of this size; with a radius it is bent around an upright cylinder."""
        across, down = np.meshgrid(np.linspace(-0.5, 0.5, 33), np.linspace(-0.5, 0.5, 25))
        x, z = across * width_mm, np.zeros_like(across)
        if radius_mm:
            x, z = radius_mm * np.sin(x / radius_mm), radius_mm * (1 - np.cos(x / radius_mm))
        points = np.stack([x, down * height_mm, z], -1).reshape(-1, 3)
        rows, columns = texels
        uv = np.stack([(across + 0.5) * (columns - 1), (down + 0.5) * (rows - 1)], -1)
        return cls(
            xyz=points.astype(np.float32),
            triangles=grid(25, 33),
            uv=uv.reshape(-1, 2).astype(np.float32),
        )

    def held(self, pose: Pose, *, at: Floats) -> Floats:
        """The vertices in camera space when the hand turns it like a head."""
        yaw, pitch, roll = np.radians([pose.yaw, pose.pitch, pose.roll])
        about_z = np.array(
            [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
        )
        about_x = np.array(
            [[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]]
        )
        about_y = np.array(
            [[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]]
        )
        turned = self.xyz @ (about_y @ about_x @ about_z).T
        return (turned + at + np.array(pose.shift)).astype(np.float32)


class HeldPhoto:
    """A print in the hand: PRINT and, with a radius, BENT."""

    def __init__(
        self,
        *,
        photo: Photo,
        stage: Stage,
        random: np.random.Generator,
        is_bent: bool,
        size: float | None = None,
    ) -> None:
        """`size` is the print's against life; by chance where it is left open."""
        self.stage = stage
        self.actor = Actor(random, is_stiff=True)
        self.texture = printed(photo, random)
        self.infrared = in_infrared(self.texture, random)
        height, width, _ = photo.pixels.shape
        scale = photo.scale * (size or random.uniform(0.85, 1.15))
        self.sheet = Sheet.cut(
            width_mm=width * scale, height_mm=height * scale, texels=(height, width),
            radius_mm=random.uniform(85, 220) if is_bent else 0.0,
        )  # fmt: skip
        self.offset = np.array([*random.normal(0, 8, 2), random.uniform(-25, 25)], np.float32)

    def told(self, prompt: Prompt, at: float) -> float:
        return self.actor.told(prompt, at=at)

    def ready(self, until: float) -> None:
        pass

    def meshes(self, t: float) -> list[Mesh]:
        at = self.stage.centre + self.offset
        return [self._mesh(self.sheet.held(self.actor.pose(t), at=at), self.texture, self.infrared)]

    def _mesh(self, xyz: Floats, texture: Floats, infrared: Floats, glow: float = 0.0) -> Mesh:
        return Mesh(
            xyz=xyz,
            triangles=self.sheet.triangles,
            uv=self.sheet.uv,
            openness=np.ones(len(xyz), np.float32),
            shine=np.full(len(xyz), 1.6 if glow else 0.15, np.float32),
            texture=texture,
            infrared=infrared,
            glow=glow,
            is_two_sided=True,
        )


class CutOut(HeldPhoto):
    """A print with holes before the attacker's own face: their eyes blink through it."""

    def __init__(
        self,
        *,
        photo: Photo,
        attacker: Subject,
        head: Head,
        stage: Stage,
        random: np.random.Generator,
    ) -> None:
        is_bent = bool(random.random() < 0.5)
        super().__init__(photo=photo, stage=stage, random=random, is_bent=is_bent, size=1.0)
        self.texture = printed(photo, random, holes=True)
        self.infrared = in_infrared(self.texture, random)
        self.infrared[..., 3] = self.texture[..., 3]
        self.actor = Actor(random)
        self.attacker = attacker
        height, width, _ = photo.pixels.shape
        # The holes lie over the attacker's eyes, the paper just before the tip of their nose.
        eyes = attacker.xyz[head.landmarks[36:48]].mean(0) * 10
        holes = (photo.landmarks[36:48].mean(0) - (width / 2, height / 2)) * photo.scale
        nose = float(attacker.xyz[head.landmarks[27:36], 2].max()) * 10
        self.before = np.array(
            [eyes[0] - holes[0], -eyes[1] - holes[1], 110 - nose - 4], np.float32
        )

    def ready(self, until: float) -> None:
        self.actor.idle(since=0, until=until)

    def meshes(self, t: float) -> list[Mesh]:
        pose = self.actor.pose(t)
        face = stages.of_subject(self.attacker, pose, centre=self.stage.centre)
        # The paper turns with the head: about the same point, 5 cm under its middle.
        pivot = np.array([0, 50, 110], np.float32)
        moved = Sheet(
            xyz=self.sheet.xyz + self.before - pivot,
            triangles=self.sheet.triangles,
            uv=self.sheet.uv,
        )
        xyz = moved.held(pose, at=self.stage.centre + pivot)
        return [face, self._mesh(xyz, self.texture, self.infrared)]


class Screen(HeldPhoto):
    """A display that plays a session: it glows by itself, so the flash hardly returns from it."""

    def __init__(
        self,
        *,
        plays: Callable[[float], Pixels],
        told: Callable[[Prompt, float], float],
        photo: Photo,
        stage: Stage,
        random: np.random.Generator,
    ) -> None:
        super().__init__(photo=photo, stage=stage, random=random, is_bent=False)
        self.plays, self.tells = plays, told
        self.border = int(random.integers(12, 46))
        rows, columns = 480 + 2 * self.border, 640 + 2 * self.border
        wide = stage.centre[2] / stage.camera.focal * columns * random.uniform(0.85, 1.15)
        self.sheet = Sheet.cut(
            width_mm=wide, height_mm=wide * rows / columns, texels=(rows, columns)
        )
        self.offset = np.array([*random.normal(0, 6, 2), random.uniform(-10, 20)], np.float32)
        self.texture = np.full((rows, columns, 4), 0.004, np.float32)
        self.texture[..., 3] = 1
        self.infrared = np.full((rows, columns, 4), 0.035, np.float32)
        self.infrared[..., 3] = 1
        white = float((stage.room.ambient + stage.room.key).mean())
        self.glow = float(max(white, 60) * random.uniform(0.9, 2.2))
        self.beat = _beat(random)
        self.band = random.uniform(0.01, 0.04), random.uniform(40, 160), random.uniform(2, 30)

    def told(self, prompt: Prompt, at: float) -> float:
        return self.tells(prompt, at)

    def meshes(self, t: float) -> list[Mesh]:
        depth, height, speed = self.band
        rows = np.arange(480, dtype=np.float32)
        band = 1 + depth * np.sin(2 * np.pi * (rows / height + speed * t / 1000))
        shown = _LINEAR[self.plays(t)] * self.beat
        shown *= band.astype(np.float32)[:, None, None]
        edge = self.border
        self.texture[edge : edge + 480, edge : edge + 640, :3] = shown
        at = self.stage.centre + self.offset
        xyz = self.sheet.held(self.actor.pose(t), at=at)
        return [self._mesh(xyz, self.texture, self.infrared, self.glow)]


def _beat(random: np.random.Generator) -> Floats:
    """The beat of the display's grid against the camera's: waves that differ by colour."""
    y, x = np.mgrid[:480, :640].astype(np.float32)
    out = np.ones((480, 640, 3), np.float32)
    long, slant = random.uniform(3.5, 14), random.uniform(-0.6, 0.6)
    for k in range(3):
        wave = np.cos(2 * np.pi * (x + slant * y) / long + 2.1 * k)
        other = np.cos(2 * np.pi * (y - slant * x) / (long * 1.2) + 2.1 * k)
        out[..., k] += np.float32(random.uniform(0.01, 0.05)) * (wave + other)
    return out
