"""Heads of people who do not exist: one neutral mesh, mixed with identities, painted, with hair.

The mesh is ICT-FaceKit's (MIT licence): a neutral head, identity modes and expressions. A subject
is a number: the same number is the same person always. Model space is centimetres: x to the
person's left, y up, z forward out of the face.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numba
import numpy as np
from numpy.typing import NDArray

from apps.faces.rendering import albedo, hair, raster
from apps.faces.rendering.looks import Atlas, Look
from apps.faces.rendering.raster import Floats, Indices

#: Vertex ranges of the mesh that are drawn; teeth, gums, lashes and fluids are left out.
SKIN = (0, 11248)
MOUTH = (11248, 13294)
SOCKETS = (13294, 14062)
LEFT_EYE = (21451, 23021)
RIGHT_EYE = (23021, 24591)

#: The shine of an eye: above 1.5 it is wet (room.lit).
WET = 2.0

#: The expression that shuts an eye, its eyeball, and the landmarks of its lids.
LIDS = (
    ("eyeBlink_L", LEFT_EYE, (43, 44), (47, 46)),
    ("eyeBlink_R", RIGHT_EYE, (37, 38), (41, 40)),
)
#: How far an eyeball gives way under its lid, in centimetres.
EYE_GIVES = 0.3

#: How far identities are spread beyond the measured people: subjects must be told apart.
SPREAD = 1.6


@dataclass(slots=True, kw_only=True)
class Subject:
    """One person: a mesh in centimetres, what its expressions move, and how it is painted.

    `turning` says for each vertex how much of the head's turn it follows (shoulders: 0).
    `openness` is the share of the sky that a vertex sees. `texture` is visible reflectance,
    `infrared` that at 850 nm; `eyes` says which vertices are eyeballs.
    """

    number: int
    xyz: Floats
    triangles: Indices
    uv: Floats
    turning: Floats
    openness: Floats
    shine: Floats
    eyes: NDArray[np.bool_]
    texture: Floats
    infrared: Floats
    expressions: dict[str, tuple[Indices, Floats]] = field(repr=False)

    def shaped(self, weights: dict[str, float]) -> Floats:
        """The mesh with these expressions (0-1 each)."""
        xyz = self.xyz.copy()
        for name, weight in weights.items():
            if weight:
                moved, by = self.expressions[name]
                _move(xyz, moved, by, np.float32(weight))
        return xyz


@numba.njit(cache=True)
def _move(xyz: Floats, moved: Indices, by: Floats, weight: np.float32) -> None:
    for i in range(len(moved)):
        for k in range(3):
            xyz[moved[i], k] += weight * by[i, k]


@dataclass(slots=True, kw_only=True)
class Head:
    """The mesh that all subjects share, cut down to what a camera in front of it sees."""

    neutral: Floats
    triangles: Indices
    identities: NDArray[np.float16]
    expressions: dict[str, tuple[Indices, Floats]]
    landmarks: Indices
    kept: Indices
    normals: Floats
    openness: Floats
    _subjects: dict[int, Subject] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """The head of an ict_head.npz; OSError where it is not there."""
        with np.load(path) as data:
            neutral = data["neutral"].astype(np.float32)
            triangles = data["triangles"].astype(np.int32)
            ranges = (SKIN, MOUTH, SOCKETS, LEFT_EYE, RIGHT_EYE)
            kept = np.concatenate([np.arange(*one) for one in ranges]).astype(np.int32)
            new = np.full(len(neutral), -1, np.int32)
            new[kept] = np.arange(len(kept), dtype=np.int32)
            triangles = new[triangles]
            triangles = np.ascontiguousarray(triangles[(triangles >= 0).all(1)])
            moves = data["expressions"][:, kept].astype(np.float32)
            expressions = {}
            for name, by in zip(data["expression_names"], moves, strict=True):
                moved = np.flatnonzero(np.abs(by).max(1) > 1e-3).astype(np.int32)
                expressions[str(name)] = (moved, np.ascontiguousarray(by[moved]))
            xyz = np.ascontiguousarray(neutral[kept])
            # Pictures are seen with y down: the winding that `draw` keeps is the mirrored one.
            return cls(
                neutral=xyz,
                triangles=triangles,
                identities=data["identities"][:, kept],
                expressions=expressions,
                landmarks=new[data["landmarks68"]],
                kept=kept,
                normals=raster.normals(xyz, triangles),
                openness=_openness(xyz, triangles),
            )

    def subject(self, number: int) -> Subject:
        """The person of this number; the latest few are kept."""
        if number not in self._subjects:
            while len(self._subjects) >= 4:
                self._subjects.pop(next(iter(self._subjects)))
            self._subjects[number] = self._build(number)
        return self._subjects[number]

    def _build(self, number: int) -> Subject:
        random = np.random.default_rng([number, 4711])
        modes = random.standard_normal(len(self.identities)).clip(-2, 2) * SPREAD
        modes[0] = min(max(modes[0], -1.6), 1.6)  # the overall size of the head
        xyz = self.neutral + np.tensordot(
            modes.astype(np.float32), self.identities.astype(np.float32), 1
        )
        look = Look.draw(random)
        return self.dressed(number=number, xyz=xyz, look=look, random=random)

    def dressed(
        self, *, number: int, xyz: Floats, look: Look, random: np.random.Generator
    ) -> Subject:
        """A subject of this shape and look: painted skin, hair on top, clothes below."""
        atlas = Atlas()
        mesh = hair.Scalp(
            neutral=self.neutral,
            xyz=xyz,
            normals=self.normals,
            triangles=self.triangles,
            skin=self.kept < SKIN[1],
        )
        parts = [self._body(xyz, atlas, look.oiliness)]
        parts += hair.grow(mesh, look=look, atlas=atlas, random=random)
        parts += hair.clothe(mesh, look=look, atlas=atlas)
        points = parts[0].uv[self.landmarks]
        return self._assembled(
            number=number,
            parts=parts,
            texture=albedo.paint(look=look, points=points),
            infrared=albedo.paint_infrared(look=look, points=points),
        )

    def bare(self, number: int) -> Subject:
        """The mean head as it comes: of no person, unpainted, without hair and clothes."""
        white = np.ones((2, 2, 4), np.float32)
        body = self._body(self.neutral.copy(), Atlas(), 0.3)
        return self._assembled(number=number, parts=[body], texture=white, infrared=white)

    def _body(self, xyz: Floats, atlas: Atlas, oiliness: float) -> hair.Part:
        uv = atlas.unwrapped(self.neutral)
        shine = np.full(len(xyz), oiliness, np.float32)
        openness = self.openness.copy()
        for eye in (LEFT_EYE, RIGHT_EYE):
            part = self._within(eye)
            uv[part] = atlas.eye(self.neutral[part])
            shine[part] = WET
        mouth = self._within(MOUTH)
        uv[mouth], shine[mouth] = atlas.mouth, 0.3
        openness[mouth] *= np.clip((self.neutral[mouth, 2] - 7) / 3, 0.05, 1)
        return hair.Part(
            xyz=xyz,
            triangles=self.triangles,
            uv=uv,
            turning=hair.turning(self.neutral),
            openness=openness,
            shine=shine,
        )

    def _within(self, part: tuple[int, int]) -> NDArray[np.bool_]:
        return (self.kept >= part[0]) & (self.kept < part[1])

    def _assembled(
        self, *, number: int, parts: list[hair.Part], texture: Floats, infrared: Floats
    ) -> Subject:
        starts = np.cumsum([0, *(len(one.xyz) for one in parts)])
        shine = np.concatenate([one.shine for one in parts]).astype(np.float32)
        return Subject(
            number=number,
            xyz=np.concatenate([one.xyz for one in parts]).astype(np.float32),
            triangles=np.concatenate(
                [one.triangles + start for one, start in zip(parts, starts[:-1], strict=True)]
            ).astype(np.int32),
            uv=np.concatenate([one.uv for one in parts]).astype(np.float32),
            turning=np.concatenate([one.turning for one in parts]).astype(np.float32),
            openness=np.concatenate([one.openness for one in parts]).astype(np.float32),
            shine=shine,
            eyes=shine == WET,
            texture=texture,
            infrared=infrared,
            expressions=self.expressions | self._lids(parts[0].xyz),
        )

    def _lids(self, xyz: Floats) -> dict[str, tuple[Indices, Floats]]:
        """Blinks that shut these eyes: other eyes than the mean ones have another way to go.

        Lids go straight where real ones slide over the eye, so the eye gives way a little.
        """
        out = {}
        for name, eye, above, below in LIDS:
            moved, by = self.expressions[name]
            whole = np.zeros_like(xyz)
            whole[moved] = by
            upper, lower = self.landmarks[list(above)], self.landmarks[list(below)]
            apart = (xyz[upper, 1] - xyz[lower, 1]).mean()
            closes = (whole[lower, 1] - whole[upper, 1]).mean()
            whole *= max(float(apart) / max(float(closes), 0.1), 0.5)
            whole[self._within(eye), 2] -= EYE_GIVES
            moved = np.flatnonzero(np.abs(whole).max(1) > 1e-3).astype(np.int32)
            out[name] = (moved, np.ascontiguousarray(whole[moved]))
        return out


def _openness(xyz: Floats, triangles: Indices, directions: int = 48) -> Floats:
    """The share of the light from all around that reaches each vertex (ambient occlusion, 0-1)."""
    normals = raster.normals(xyz, triangles)
    size, reach = 192, 4000.0
    texture = np.ones((2, 2, 4), np.float32)
    seen = np.full(len(xyz), 1e-6, np.float32)
    free = np.full(len(xyz), 1e-6, np.float32)
    zeros, flat = np.zeros((len(xyz), 3), np.float32), np.zeros((len(xyz), 2), np.float32)
    golden = np.pi * (3 - np.sqrt(5))
    for i in range(directions):
        up = 1 - (2 * i + 1) / directions
        out = np.sqrt(1 - up * up)
        towards = np.array([out * np.cos(golden * i), up, out * np.sin(golden * i)], np.float32)
        facing = normals @ towards
        side = np.cross(towards, [0.0, 1.0, 0.0] if abs(up) < 0.9 else [1.0, 0.0, 0.0])
        side /= np.linalg.norm(side)
        above = np.cross(side, towards)
        turn = np.stack([side, -above, -towards]).astype(np.float32)
        view = (xyz @ turn.T) * 10 + np.array([0, 0, reach], np.float32)
        canvas = raster.Canvas.empty(raster.Camera(width=size, height=size))
        focal = size / 2 * reach / 210
        raster.draw(
            view, triangles, flat, zeros, zeros, texture, focal, size / 2, size / 2, True,
            canvas.light, canvas.distance,
        )  # fmt: skip
        px = np.clip(np.rint(focal * view[:, 0] / view[:, 2] + size / 2), 0, size - 1)
        py = np.clip(np.rint(focal * view[:, 1] / view[:, 2] + size / 2), 0, size - 1)
        reached = view[:, 2] <= canvas.distance[py.astype(int), px.astype(int)] + 4.0
        weight = np.clip(facing, 0, None) * (0.6 + 0.4 * up)
        seen += weight * reached
        free += weight
    return seen / free
