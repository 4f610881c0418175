"""A scene before a camera: meshes in a room, seen as pixels, as distances and in infrared."""

from dataclasses import dataclass
from typing import Self

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from apps.faces.rendering import raster
from apps.faces.rendering.head import Subject
from apps.faces.rendering.motion import Pose
from apps.faces.rendering.raster import Camera, Canvas, Floats, Indices
from apps.faces.rendering.room import Room, lit
from apps.faces.rendering.sensor import Sensor


@dataclass(slots=True, kw_only=True)
class Mesh:
    """Something in the scene: vertices in camera space (millimetres), and what covers them.

    `glow` is light that it gives off itself, in lux of a white surface; else it only reflects.
    """

    xyz: Floats
    triangles: Indices
    uv: Floats
    openness: Floats
    shine: Floats
    texture: Floats
    infrared: Floats
    glow: float = 0.0
    is_two_sided: bool = False


@dataclass(slots=True, kw_only=True)
class Stage:
    """Where a session takes place: a room, its wall, the camera. `centre` is where the face is."""

    camera: Camera
    room: Room
    sensor: Sensor
    wall: Floats
    wall_mm: float
    centre: Floats

    @classmethod
    def draw(cls, random: np.random.Generator, *, is_bright: bool = False) -> Self:
        """A place drawn by chance."""
        focal = random.uniform(500, 600)
        distance = focal * random.uniform(0.72, 0.92)  # the face fills about a third of the width
        room = Room.draw(random, distance=distance, is_bright=is_bright)
        camera = Camera(focal=focal)
        lux = float((room.ambient + room.key).mean() + room.screen.mean() / (distance / 1000) ** 2)
        return cls(
            camera=camera,
            room=room,
            sensor=Sensor.draw(random, lux=lux),
            wall=_wall(random, camera),
            wall_mm=float(random.uniform(1100, 2600)),
            centre=np.array([random.normal(0, 12), random.normal(-6, 10), distance], np.float32),
        )

    def seen(self, meshes: list[Mesh], *, screen: Floats) -> Canvas:
        """Linear light of the scene while the screen shows this much of its white (0-1)."""
        room = self.room
        candela = (room.screen * screen).astype(np.float32)
        on_wall = candela * np.float32(0.8 / (self.wall_mm / 1000) ** 2)
        around = (
            room.ambient * np.float32(0.8) + room.key * np.float32(0.45) + on_wall
        ) * np.float32(0.8)
        canvas = Canvas.empty(self.camera)
        for one in meshes:
            facing = raster.normals(one.xyz, one.triangles)
            received, mirrored = lit(
                one.xyz, facing, one.openness, one.shine, room.ambient, room.key,
                room.towards_key, candela, room.screen_at,
            )  # fmt: skip
            if one.glow:  # a pane of glass: its own light, and a little of the room's
                diffuse = np.full_like(received, one.glow)
                gloss = np.float32(0.02) * received + np.float32(0.2) * mirrored
            else:
                diffuse, gloss = received, mirrored
            self._draw(one, one.texture, diffuse, gloss, self.camera, canvas)
        canvas.fill(self.wall, around.astype(np.float32))
        return canvas

    def in_infrared(self, meshes: list[Mesh], *, factor: float = 0.5) -> Canvas:
        """The scene under the camera's own infrared lamp, brightness 0-1, at another size."""
        camera = self.camera.scaled(factor)
        wall = cv2.resize(self.wall, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
        near = self.centre[2] / self.wall_mm
        canvas = Canvas.empty(camera)
        for one in meshes:
            facing = raster.normals(one.xyz, one.triangles)
            away = np.linalg.norm(one.xyz, axis=1)
            cosine = np.abs((facing * one.xyz).sum(1) / away)
            light = 1.15 * cosine * (self.centre[2] / away) ** 2 * (0.35 + 0.65 * one.openness)
            diffuse = np.repeat(light[:, None], 3, 1).astype(np.float32)
            wet = (one.shine > 1.5) * cosine ** (5000 if one.glow else 200) * 0.9
            gloss = np.repeat(wet[:, None], 3, 1).astype(np.float32)
            self._draw(one, one.infrared, diffuse, gloss, camera, canvas)
        canvas.fill(wall, np.full(3, 0.6 * near * near, np.float32))
        return canvas

    def _draw(
        self, one: Mesh, texture: Floats, diffuse: Floats, gloss: Floats, camera: Camera, on: Canvas
    ) -> None:
        raster.draw(
            one.xyz, one.triangles, one.uv, diffuse, gloss, texture, camera.focal, camera.cx,
            camera.cy, one.is_two_sided, on.light, on.distance,
        )  # fmt: skip

    @property
    def face_box(self) -> tuple[int, int, int, int]:
        """Where the face usually is: top, bottom, left, right in pixels."""
        x, y, z = self.centre
        at = self.camera
        column, row = at.cx + at.focal * x / z, at.cy + at.focal * y / z
        half = at.focal * 70 / z
        return (
            max(int(row - half), 0), min(int(row + half), at.height),
            max(int(column - half * 0.8), 0), min(int(column + half * 0.8), at.width),
        )  # fmt: skip


def of_subject(subject: Subject, pose: Pose, *, centre: Floats) -> Mesh:
    """A person in this pose, the face at `centre` in camera space."""
    shift = (centre + np.array(pose.shift, np.float32)).astype(np.float32)
    turn = np.radians([pose.yaw, pose.pitch, pose.roll])
    return Mesh(
        xyz=_turned(subject.shaped(pose.expressions), subject.turning, *turn, shift),
        triangles=subject.triangles,
        uv=subject.uv,
        openness=subject.openness,
        shine=subject.shine,
        texture=subject.texture,
        infrared=subject.infrared,
    )


@numba.njit(cache=True, fastmath=True)
def _turned(
    xyz: Floats, turning: Floats, yaw: float, pitch: float, roll: float, shift: Floats
) -> Floats:
    """Model centimetres to camera millimetres; the head turns about the top of the neck."""
    out = np.empty_like(xyz)
    shown = np.float32(-1)
    cy = sy = cp = sp = cr = sr = np.float32(0)
    five, ten, face = np.float32(5), np.float32(10), np.float32(110)
    for v in range(xyz.shape[0]):
        if turning[v] != shown:
            shown = turning[v]
            cy, sy = np.float32(np.cos(yaw * shown)), np.float32(np.sin(yaw * shown))
            cp, sp = np.float32(np.cos(pitch * shown)), np.float32(np.sin(pitch * shown))
            cr, sr = np.float32(np.cos(roll * shown)), np.float32(np.sin(roll * shown))
        x, y, z = xyz[v, 0], xyz[v, 1] + five, xyz[v, 2]
        x, y = x * cr + y * sr, -x * sr + y * cr
        y, z = y * cp + z * sp, -y * sp + z * cp
        x, z = x * cy + z * sy, -x * sy + z * cy
        out[v, 0] = ten * x + shift[0]
        out[v, 1] = ten * (five - y) + shift[1]
        out[v, 2] = face - ten * z + shift[2]
    return out


def _wall(random: np.random.Generator, camera: Camera) -> Floats:
    """A wall out of focus with a few things on it, as linear reflectance."""
    height, width = camera.height, camera.width
    paint = random.uniform(0.15, 0.6) * random.uniform(0.88, 1.08, 3)
    wall = np.ones((height, width, 3), np.float32) * paint.astype(np.float32)
    for _ in range(int(random.integers(2, 9))):
        x, y = random.integers(0, width), random.integers(0, height)
        w, h = random.integers(20, 180), random.integers(20, 220)
        colour = random.uniform(0.02, 0.7) * random.uniform(0.6, 1.2, 3)
        cv2.rectangle(wall, (int(x), int(y)), (int(x + w), int(y + h)), colour.tolist(), -1)
    wall = cv2.GaussianBlur(wall, (0, 0), random.uniform(2.5, 7))
    shade = random.standard_normal((4, 5)).astype(np.float32) * 0.10
    shade = cv2.resize(shade, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(wall * (1 + shade)[..., None]).astype(np.float32)


def levels(share: Floats) -> NDArray[np.uint8]:
    """Brightness 0-1 as 8 bits."""
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
