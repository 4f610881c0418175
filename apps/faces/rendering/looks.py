"""How people look, drawn by chance, and where each material lies on their texture."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from apps.faces.rendering.raster import Floats

WIDTH, HEIGHT, SKIN_ROWS = 1024, 768, 576

HAIR = np.array(
    [[0.012, 0.010, 0.010], [0.035, 0.022, 0.015], [0.09, 0.05, 0.028], [0.25, 0.16, 0.08],
     [0.16, 0.055, 0.022], [0.28, 0.27, 0.26]],
    np.float32,
)  # fmt: skip
IRIS = np.array(
    [[0.035, 0.018, 0.009], [0.09, 0.045, 0.018], [0.11, 0.10, 0.045], [0.10, 0.16, 0.22],
     [0.13, 0.16, 0.15]],
    np.float32,
)  # fmt: skip


class Atlas:
    """Where each material lies on the texture, in texels."""

    mouth = (735.0, 670.0)

    def unwrapped(self, xyz: Floats) -> Floats:
        """Skin: the angle around the head, and the height."""
        angle = np.arctan2(xyz[:, 0], xyz[:, 2] - 1.0)
        u = (angle / (2 * np.pi) + 0.5) * (WIDTH - 1)
        v = (15.0 - xyz[:, 1]) / 35.0 * (SKIN_ROWS - 1)
        return np.stack([u, v], 1).astype(np.float32)

    def eye(self, xyz: Floats) -> Floats:
        """An eyeball, looked at from the front: the pupil is in the middle of its square."""
        low, high = xyz.min(0), xyz.max(0)
        middle, radius = (low + high) / 2, (high - low)[1] / 2
        scaled = (xyz[:, :2] - middle[:2]) / radius
        return np.stack([608 + scaled[:, 0] * 88, 672 - scaled[:, 1] * 88], 1).astype(np.float32)

    def hair(self, xyz: Floats) -> Floats:
        """Hair: strands run from the crown outwards."""
        around = np.arctan2(xyz[:, 0], xyz[:, 2] - 1.0) / np.pi
        down = np.arccos(np.clip((xyz[:, 1] - 3) / 12, -1, 1)) / np.pi
        return np.stack([255 + 250 * around, 582 + 180 * down], 1).astype(np.float32)

    def cloth(self, around: NDArray, down: NDArray) -> tuple[NDArray, NDArray]:
        """Cloth: around the shoulders (-1 to 1), and down the chest (0 to 1)."""
        return 896 + 110 * around, 582 + 180 * down


@dataclass(slots=True, kw_only=True)
class Look:
    """How a person looks, drawn by chance. Tone runs from 0 (lightest) to 1 (darkest)."""

    seed: int
    tone: float
    warmth: float
    flush: float
    blotches: float
    age: float
    oiliness: float
    hair: Floats
    is_bald: bool
    hair_length: float
    hair_volume: float
    hairline: float
    parting: float
    brow: float
    brow_width: float
    brow_lift: float
    lips: float
    lip_fullness: float
    stubble: float
    moustache: float
    freckles: float
    iris: Floats
    shoulders: float
    neckline: float
    cloth: Floats

    @classmethod
    def draw(cls, random: np.random.Generator) -> Self:
        """A look drawn by chance: tones evenly from very light to very dark."""
        tone = float(random.uniform(0, 1))
        dark = tone > 0.45
        hair = HAIR[random.choice(6, p=[0.6, 0.25, 0.08, 0, 0.02, 0.05] if dark else
                                  [0.2, 0.28, 0.22, 0.15, 0.07, 0.08])]  # fmt: skip
        iris = IRIS[random.choice(5, p=[0.8, 0.17, 0.03, 0, 0] if dark else
                                  [0.2, 0.3, 0.15, 0.2, 0.15])]  # fmt: skip
        bearded = random.random() < 0.45
        return cls(
            seed=int(random.integers(1 << 31)),
            tone=tone,
            warmth=float(random.normal(0, 0.05)),
            flush=float(random.uniform(0.05, 0.30)),
            blotches=float(random.uniform(0.03, 0.10)),
            age=float(random.uniform(0, 1)),
            oiliness=float(random.uniform(0.25, 0.8)),
            hair=hair * random.uniform(0.7, 1.4),
            is_bald=bool(random.random() < 0.10),
            hair_length=float(random.uniform(0, 0.6) if bearded else random.uniform(0, 1)),
            hair_volume=float(random.uniform(0.4, 1.9)),
            hairline=float(random.uniform(8.6, 10.6)),
            parting=float(random.uniform(0, 6)),
            brow=float(random.uniform(0.45, 1.0)),
            brow_width=float(random.uniform(0.38, 0.85)),
            brow_lift=float(random.uniform(-0.25, 0.35)),
            lips=float(random.uniform(0.15, 0.75)),
            lip_fullness=float(random.uniform(-0.15, 0.25)),
            stubble=float(random.choice([0, 0.25, 0.6, 0.95], p=[0.35, 0.3, 0.2, 0.15]))
            if bearded
            else 0.0,
            moustache=float(random.choice([0, 0.8], p=[0.75, 0.25])) if bearded else 0.0,
            freckles=float(random.choice([0, 1.0], p=[0.8, 0.2])),
            iris=iris * random.uniform(0.7, 1.3),
            shoulders=float(random.uniform(0.85, 1.15)),
            neckline=float(random.uniform(-13.6, -11.6)),
            cloth=(random.uniform(0.02, 0.5) * random.uniform(0.55, 1.25, 3)).astype(np.float32),
        )


def hairline(sideways: NDArray, look: Look) -> NDArray:
    """The height of the hairline at an angle from the face's middle: it falls to the neck."""
    return (
        look.hairline
        + 0.2 * np.cos(3 * sideways + look.parting)
        + np.interp(
            sideways,
            [0.0, 0.6, 1.0, 1.3, 1.5, 1.75, 2.1, 3.2],
            [0, -0.2, -2.2, -5.5, -7.5, -8.0, -10, -14.0],
        )
    )
