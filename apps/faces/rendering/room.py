"""The light of a room and of a screen, as it falls on the vertices of a mesh.

Irradiance is in lux. The screen is a small lamp near the camera: inverse square, Lambert, and a
broad shine on skin, a narrow one on eyes.
"""

from dataclasses import dataclass
from typing import Self

import numba
import numpy as np

from apps.faces.rendering.raster import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What lights the scene: lux and directions in camera space (x right, y down, z away)."""

    ambient: Floats
    key: Floats
    towards_key: Floats
    #: Candela of the whole screen in white, per channel, and where its middle is, in millimetres.
    screen: Floats
    screen_at: Floats
    #: What the page shows while it does not flash, as linear light.
    page: Floats

    @classmethod
    def draw(cls, random: np.random.Generator, *, distance: float, is_bright: bool) -> Self:
        """A room drawn by chance; a bright one is so bright that the screen hardly shows."""
        level = (
            random.uniform(1800, 4000) if is_bright else np.exp(random.uniform(*np.log([45, 260])))
        )
        warm = random.normal(0, 0.06)
        tint = np.array([1 + warm, 1 + random.normal(0, 0.015), 1 - warm], np.float32)
        share = random.uniform(0.25, 0.65)
        side, above = random.uniform(-1.0, 1.0), random.uniform(0.15, 0.9)
        towards = np.array([side, -above, -random.uniform(0.5, 1.0)], np.float32)
        lux = np.exp(random.uniform(*np.log([28, 95])))
        candela = lux * (distance / 1000) ** 2
        return cls(
            ambient=(level * (1 - share) * tint).astype(np.float32),
            key=(level * share * 1.3 * tint[[2, 1, 0]] ** 0.5).astype(np.float32),
            towards_key=towards / np.linalg.norm(towards),
            screen=(candela * np.array([1.0, 1.0, 1.04])).astype(np.float32),
            screen_at=np.array([random.normal(0, 12), random.uniform(60, 130), 0], np.float32),
            page=np.full(3, random.uniform(0.25, 0.7), np.float32),
        )


@numba.njit(cache=True, fastmath=True)
def lit(
    xyz: Floats,
    normals: Floats,
    openness: Floats,
    shine: Floats,
    ambient: Floats,
    key: Floats,
    towards_key: Floats,
    screen: Floats,
    screen_at: Floats,
) -> tuple[Floats, Floats]:
    """The light that each vertex receives, and the one it mirrors to the camera: lux per channel.

    `shine` is 0 for cloth, up to 1 for oily skin; above 1.5 it is wet (an eye, a glass).
    `screen` is candela per channel, of what the screen shows now.
    """
    count = xyz.shape[0]
    diffuse = np.empty((count, 3), np.float32)
    gloss = np.empty((count, 3), np.float32)
    zero, one, wrap = np.float32(0), np.float32(1), np.float32(0.22)
    for v in range(count):
        x, y, z = xyz[v, 0], xyz[v, 1], xyz[v, 2]
        nx, ny, nz = normals[v, 0], normals[v, 1], normals[v, 2]
        away = np.sqrt(x * x + y * y + z * z)
        vx, vy, vz = -x / away, -y / away, -z / away
        open_here = openness[v]
        sky = open_here * (np.float32(0.80) - np.float32(0.30) * ny)
        lambert = nx * towards_key[0] + ny * towards_key[1] + nz * towards_key[2]
        lit = max((lambert + wrap) / (one + wrap), zero) * np.sqrt(open_here)
        sx, sy, sz = screen_at[0] - x, screen_at[1] - y, screen_at[2] - z
        far = np.sqrt(sx * sx + sy * sy + sz * sz)
        sx, sy, sz = sx / far, sy / far, sz / far
        metres = far * np.float32(0.001)
        facing = nx * sx + ny * sy + nz * sz
        reach = max((facing + wrap) / (one + wrap), zero) * (-sz) / (metres * metres) * open_here
        wet = shine[v] > np.float32(1.5)
        power = np.float32(220) if wet else np.float32(18)
        strength = np.float32(0.55) if wet else np.float32(0.11) * shine[v]
        haze = np.float32(0.012) if wet else np.float32(0.013) * shine[v]
        hx, hy, hz = towards_key[0] + vx, towards_key[1] + vy, towards_key[2] + vz
        size = np.sqrt(hx * hx + hy * hy + hz * hz)
        mirror = max((nx * hx + ny * hy + nz * hz) / size, zero) ** power * max(lambert, zero)
        hx, hy, hz = sx + vx, sy + vy, sz + vz
        size = np.sqrt(hx * hx + hy * hy + hz * hz)
        mirrored = max((nx * hx + ny * hy + nz * hz) / size, zero) ** power * reach
        for k in range(3):
            diffuse[v, k] = ambient[k] * sky + key[k] * lit + screen[k] * reach
            mirror_k = key[k] * mirror + screen[k] * mirrored
            gloss[v, k] = open_here * (strength * mirror_k + haze * ambient[k])
    return diffuse, gloss
