"""Hair that grows on the scalp of the mesh, and the shoulders that carry clothes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.faces.rendering.looks import Atlas, Look, hairline
from apps.faces.rendering.raster import Floats, Indices


@dataclass(slots=True, kw_only=True)
class Part:
    """A piece of geometry beside the head, in the head's own space."""

    xyz: Floats
    triangles: Indices
    uv: Floats
    turning: Floats
    openness: Floats
    shine: Floats


@dataclass(slots=True, kw_only=True)
class Scalp:
    """The head that wears it: the shared mesh, and the shape of this person."""

    neutral: Floats
    xyz: Floats
    normals: Floats
    triangles: Indices
    skin: NDArray[np.bool_]


def grow(mesh: Scalp, *, look: Look, atlas: Atlas, random: np.random.Generator) -> list[Part]:
    """Hair: a shell over the scalp, thin at the hairline, and a curtain where it is long."""
    if look.is_bald:
        return []
    parts = [_shell(mesh, look=look, atlas=atlas, random=random)]
    if look.hair_length > 0.6:
        parts.append(_fall(look=look, random=random))
    return parts


def _shell(mesh: Scalp, *, look: Look, atlas: Atlas, random: np.random.Generator) -> Part:
    neutral, xyz, normals = mesh.neutral, mesh.xyz, mesh.normals
    x, y, z = neutral.T
    sideways = np.abs(np.arctan2(x, z - 1.0))
    # The hairline: over the brow in front, down before the ears, to the neck behind.
    line = hairline(sideways, look)
    ear = (np.abs(x) > 6.9) & (y < 4.4) & (y > -3.5) & (np.abs(z + 0.6) < 2.9)
    depth = np.clip((y - line) / 2.2, 0, 1)
    chosen, faces = _piece(mesh.skin & (depth > 0) & ~ear, mesh.triangles)
    depth = depth[chosen]
    lumps = sum(
        np.sin(
            random.uniform(0.5, 2.2) * xyz[chosen] @ random.standard_normal(3)
            + random.uniform(0, 6)
        )
        for _ in range(6)
    )
    thick = look.hair_volume * np.sqrt(depth) * (1 + 0.07 * lumps) + 0.05
    out = normals[chosen].copy()
    out[:, 1] = np.where(out[:, 1] < 0, out[:, 1] * 0.3, out[:, 1])
    grown = xyz[chosen] + out * thick[:, None].astype(np.float32)
    uv = atlas.hair(neutral[chosen])
    return Part(
        xyz=grown.astype(np.float32),
        triangles=faces.astype(np.int32),
        uv=uv,
        turning=turning(neutral[chosen]),
        openness=np.clip(0.55 + 0.45 * normals[chosen, 1], 0.35, 1).astype(np.float32),
        shine=np.full(len(chosen), 0.25, np.float32),
    )


def _fall(*, look: Look, random: np.random.Generator) -> Part:
    """Long hair: a curtain around the back of the head, from the ears to the shoulders."""
    edge = random.uniform(1.35, 1.75)
    around = np.linspace(edge, 2 * np.pi - edge, 37)
    steps = np.linspace(0, 1, 14)
    length = random.uniform(13, 24)
    angle, down = np.meshgrid(around, steps)
    wave = 0.35 * np.sin(9 * angle + 5 * down + look.parting)
    wide = 8.6 + look.hair_volume * 0.7 + 1.6 * down + wave
    points = np.stack(
        [wide * np.sin(angle), 7.5 - length * down, (wide + 1.2) * np.cos(angle) - 1.0], -1
    ).reshape(-1, 3)
    points[:, 2] += 1.8 * np.sin(down.ravel() * 2.5)
    uv = np.stack([20 + 470 * (angle / (2 * np.pi)), 590 + 160 * down], -1).reshape(-1, 2)
    faces = grid(len(steps), len(around))
    count = len(points)
    return Part(
        xyz=points.astype(np.float32),
        triangles=np.concatenate([faces, faces[:, ::-1]]),
        uv=uv.astype(np.float32),
        turning=turning(points).clip(0.25, 1),
        openness=np.full(count, 0.5, np.float32),
        shine=np.full(count, 0.2, np.float32),
    )


def grid(rows: int, columns: int) -> Indices:
    """Two triangles for each square of a grid of vertices."""
    first = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    return np.concatenate(
        [
            np.stack([first, first + columns, first + 1], 1),
            np.stack([first + 1, first + columns, first + columns + 1], 1),
        ]
    ).astype(np.int32)


def turning(xyz: Floats) -> Floats:
    """How much of the head's turn each vertex follows: all above the jaw, none below the neck."""
    share = np.clip((xyz[:, 1] + 14.5) / 6.5, 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)


def _piece(chosen: NDArray[np.bool_], triangles: Indices) -> tuple[Indices, Indices]:
    """The vertices chosen, and the triangles among them in their own numbering."""
    vertices = np.flatnonzero(chosen)
    new = np.full(len(chosen), -1, np.int32)
    new[vertices] = np.arange(len(vertices), dtype=np.int32)
    faces = new[triangles]
    return vertices, faces[(faces >= 0).all(1)]


def clothe(mesh: Scalp, *, look: Look, atlas: Atlas) -> list[Part]:
    """A collar over the shoulders of the mesh, and a chest below them."""
    neutral, xyz, normals = mesh.neutral, mesh.xyz, mesh.normals
    x, y, z = neutral.T
    line = look.neckline + 0.16 * np.abs(x) - 0.12 * np.clip(z, 0, 9)
    chosen, faces = _piece((y < line) & (y < -9), mesh.triangles)
    over = xyz[chosen] + normals[chosen] * np.float32(0.45)
    down = np.clip((-12 - over[:, 1]) / 34, 0, 1)
    around = np.arctan2(over[:, 0], over[:, 2] + 2.5) / np.pi
    collar = Part(
        xyz=over.astype(np.float32),
        triangles=faces,
        uv=np.stack(atlas.cloth(around, down), 1).astype(np.float32),
        turning=turning(neutral[chosen]),
        openness=np.full(len(chosen), 0.85, np.float32),
        shine=np.zeros(len(chosen), np.float32),
    )
    return [collar, _chest(atlas=atlas, look=look)]


def _chest(*, atlas: Atlas, look: Look) -> Part:
    around = np.linspace(-np.pi * 0.75, np.pi * 0.75, 41)
    steps = np.linspace(0, 1, 14)
    points, coordinates = [], []
    for down in steps:
        wide = 9.0 + 12.0 * np.sin(down * np.pi / 2) ** 0.7 * look.shoulders
        deep = 6.0 + 6.5 * np.sin(down * np.pi / 2)
        for angle in around:
            slope = 3.0 * abs(np.sin(angle)) * down
            points.append(
                (wide * np.sin(angle), -14.6 - 26 * down**1.6 - slope, deep * np.cos(angle) - 2.5)
            )
            coordinates.append(atlas.cloth(angle / np.pi, 0.1 + 0.9 * down))
    faces = grid(len(steps), len(around))
    count = len(points)
    return Part(
        xyz=np.array(points, np.float32),
        triangles=faces.astype(np.int32),
        uv=np.array(coordinates, np.float32),
        turning=np.zeros(count, np.float32),
        openness=np.full(count, 0.8, np.float32),
        shine=np.zeros(count, np.float32),
    )
