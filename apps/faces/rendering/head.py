"""Heads of people who do not exist: one neutral mesh, mixed with identities, painted, with hair.

The mesh is ICT-FaceKit's (MIT licence): a neutral head, identity modes and expressions. A subject
is a number: the same number is the same person always. Model space is centimetres: x to the
person's left, y up, z forward out of the face.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from apps.faces.rendering import albedo, hair, raster
from apps.faces.rendering.albedo import Atlas
from apps.faces.rendering.raster import Floats, Indices

#: Vertex ranges of the mesh that are drawn; teeth, gums, lashes and fluids are left out.
SKIN = (0, 11248)
MOUTH = (11248, 13294)
SOCKETS = (13294, 14062)
LEFT_EYE = (21451, 23021)
RIGHT_EYE = (23021, 24591)

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
    tone: float

    def shaped(self, weights: dict[str, float]) -> Floats:
        """The mesh with these expressions (0-1 each)."""
        xyz = self.xyz.copy()
        for name, weight in weights.items():
            if weight:
                moved, by = self.expressions[name]
                xyz[moved] += np.float32(weight) * by
        return xyz


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
            while len(self._subjects) >= 8:
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
        look = albedo.Look.draw(random)
        return self.dressed(number=number, xyz=xyz, look=look, random=random)

    def dressed(
        self, *, number: int, xyz: Floats, look: albedo.Look, random: np.random.Generator
    ) -> Subject:
        """A subject of this shape and look: painted skin, hair on top, clothes below."""
        atlas = Atlas()
        uv = atlas.unwrapped(self.neutral)
        skin_points = uv[self.landmarks]
        for eye in (LEFT_EYE, RIGHT_EYE):
            part = np.isin(self.kept, np.arange(*eye))
            uv[part] = atlas.eye(self.neutral[part])
        uv[np.isin(self.kept, np.arange(*MOUTH))] = atlas.mouth
        eyes = np.isin(self.kept, np.arange(LEFT_EYE[0], RIGHT_EYE[1]))
        openness = self.openness.copy()
        inside = np.isin(self.kept, np.arange(*MOUTH))
        openness[inside] *= np.clip((self.neutral[inside, 2] - 7) / 3, 0.05, 1)

        cap = hair.grow(
            neutral=self.neutral,
            xyz=xyz,
            normals=self.normals,
            triangles=self.triangles,
            skin=self.kept < SKIN[1],
            look=look,
            atlas=atlas,
            random=random,
        )
        clothes = hair.clothe(
            neutral=self.neutral,
            xyz=xyz,
            normals=self.normals,
            triangles=self.triangles,
            look=look,
            atlas=atlas,
        )
        shine = np.full(len(xyz), look.oiliness, np.float32)
        shine[eyes] = 1.0
        shine[inside] = 0.3
        body = hair.Part(
            xyz=xyz,
            triangles=self.triangles,
            uv=uv,
            turning=hair.turning(self.neutral),
            openness=openness,
            shine=shine,
        )
        parts = [body, cap, *clothes]
        if look.hair_length > 0.6 and not look.is_bald:
            parts.append(hair.fall(look=look, atlas=atlas, random=random))
        starts = np.cumsum([0, *(len(one.xyz) for one in parts)])
        return Subject(
            number=number,
            xyz=np.concatenate([one.xyz for one in parts]).astype(np.float32),
            triangles=np.concatenate(
                [one.triangles + start for one, start in zip(parts, starts[:-1], strict=True)]
            ).astype(np.int32),
            uv=np.concatenate([one.uv for one in parts]).astype(np.float32),
            turning=np.concatenate([one.turning for one in parts]).astype(np.float32),
            openness=np.concatenate([one.openness for one in parts]).astype(np.float32),
            shine=np.concatenate([one.shine for one in parts]).astype(np.float32),
            eyes=np.concatenate([eyes, np.zeros(starts[-1] - len(xyz), bool)]),
            texture=albedo.paint(atlas=atlas, look=look, points=skin_points),
            infrared=albedo.paint_infrared(atlas=atlas, look=look, points=skin_points),
            expressions=self.expressions,
            tone=look.tone,
        )


def _openness(xyz: Floats, triangles: Indices, directions: int = 48) -> Floats:
    """The share of the light from all around that reaches each vertex (ambient occlusion, 0-1)."""
    normals = raster.normals(xyz, triangles)
    size, reach = 192, 4000.0
    texture = np.ones((2, 2, 4), np.float32)
    seen = np.full(len(xyz), 1e-6, np.float32)
    free = np.full(len(xyz), 1e-6, np.float32)
    zeros, flat = np.zeros((len(xyz), 1), np.float32), np.zeros((len(xyz), 2), np.float32)
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
        canvas = raster.Canvas.over(np.zeros((size, size, 1), np.float32))
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
