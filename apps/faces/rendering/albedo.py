"""What a face is painted with: skin of every tone, brows, lips, stubble, eyes, hair and cloth.

One atlas of linear reflectances per subject. The skin is unwrapped onto a cylinder around the
neutral head, so that features sit on the same vertices whatever the shape of the person.
"""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.rendering.raster import Floats

WIDTH, HEIGHT, SKIN_ROWS = 1024, 768, 576

#: Linear reflectance (red, green, blue) of skin from the lightest to the darkest.
TONES = np.log(
    np.array(
        [[0.60, 0.41, 0.33], [0.50, 0.32, 0.235], [0.36, 0.215, 0.145], [0.20, 0.108, 0.068],
         [0.095, 0.052, 0.036]],
        np.float32,
    )
)  # fmt: skip
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


def paint(*, atlas: Atlas, look: Look, points: Floats) -> Floats:
    """The atlas in visible light: 4 channels, the last one opaque. `points` are the landmarks."""
    random = np.random.default_rng([look.seed, 1])
    image = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    image[..., 3] = 1
    place = np.interp(look.tone * (len(TONES) - 1), range(len(TONES)), range(len(TONES)))
    low = min(int(place), len(TONES) - 2)
    base = TONES[low] + (TONES[low + 1] - TONES[low]) * (place - low)
    base = base + np.array([look.warmth, 0, -look.warmth], np.float32)

    skin = np.tile(base, (SKIN_ROWS, WIDTH, 1)).astype(np.float32)
    melanin = look.blotches * _noise(random, (6, 12)) + 0.6 * look.blotches * _noise(
        random, (40, 70)
    )
    skin += melanin[..., None] * np.array([0.5, 0.8, 1.0], np.float32)
    blood = 0.35 * look.flush * _noise(random, (18, 32)) + look.flush * _flushed(points)
    skin -= blood[..., None] * np.array([0.08, 0.75, 0.55], np.float32) * (1.1 - 0.6 * look.tone)
    pores = 0.035 * random.standard_normal((SKIN_ROWS, WIDTH)).astype(np.float32)
    skin += pores[..., None]
    skin -= _lines(random, look, points)[..., None] * np.array([0.8, 1.0, 1.0], np.float32)
    if look.freckles:
        skin -= _freckles(random, points)[..., None] * np.array([0.25, 0.45, 0.6], np.float32)

    lips = _lips(look, points)
    red = (
        np.array([0.10, 0.75, 0.55], np.float32) * (0.35 + look.lips) + 0.25 * look.tone * look.lips
    )
    skin -= lips[..., None] * red
    linear = np.exp(skin)

    for cover in (_beard(random, look, points), _brows(random, look, points), _lashes(points)):
        linear += (look.hair * (1.0 - 0.2 * look.tone) - linear) * cover[..., None]
    image[:SKIN_ROWS, :, :3] = linear
    image[584:762, 520:700, :3] = _eye(random, look.iris, white=0.62)
    image[640:700, 712:760, :3] = np.exp(base) * np.array([0.55, 0.28, 0.26], np.float32)
    strands = _strands(random)
    image[SKIN_ROWS:, :512, :3] = look.hair * strands[..., None]
    weave = 1 + 0.08 * random.standard_normal((HEIGHT - SKIN_ROWS, 256)).astype(np.float32)
    image[SKIN_ROWS:, 768:, :3] = look.cloth * weave[..., None].clip(0.6, 1.4)
    return image.clip(0.003, 1.0)


def paint_infrared(*, atlas: Atlas, look: Look, points: Floats) -> Floats:
    """The same atlas at 850 nm: bright skin whatever its tone; brows, lips and pupils stand out."""
    random = np.random.default_rng([look.seed, 1])
    image = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    image[..., 3] = 1
    skin = np.full((SKIN_ROWS, WIDTH), 0.62 - 0.16 * look.tone, np.float32)
    skin *= 1 + 0.03 * _noise(random, (18, 32))
    skin *= 1 - 0.26 * _lips(look, points)
    for cover in (_beard(random, look, points), _brows(random, look, points), _lashes(points)):
        skin += ((0.16 + 0.3 * look.hair.mean()) - skin) * 0.85 * cover
    image[:SKIN_ROWS, :, 0] = skin
    image[584:762, 520:700, 0] = _eye(random, np.array([0.26] * 3, np.float32), white=0.48)[..., 0]
    image[640:700, 712:760, 0] = 0.25
    image[SKIN_ROWS:, :512, 0] = (0.14 + 0.4 * look.hair.mean()) * _strands(random)
    image[SKIN_ROWS:, 768:, 0] = 0.3 + 0.3 * look.cloth.mean()
    image[..., 1] = image[..., 2] = image[..., 0]
    return image.clip(0.003, 1.0)


def _noise(random: np.random.Generator, cells: tuple[int, int]) -> Floats:
    """Smooth noise of unit variance over the skin."""
    coarse = random.standard_normal(cells).astype(np.float32)
    return cv2.resize(coarse, (WIDTH, SKIN_ROWS), interpolation=cv2.INTER_CUBIC)


def _spot(at: NDArray, wide: float, high: float) -> Floats:
    """A soft spot (0-1), its half axes in texels."""
    y, x = np.mgrid[:SKIN_ROWS, :WIDTH].astype(np.float32)
    return np.exp(-(((x - at[0]) / wide) ** 2) - ((y - at[1]) / high) ** 2)


def _flushed(points: Floats) -> Floats:
    """Where blood shows: cheeks, the nose, the chin, the ears."""
    left = (points[45] + points[54]) / 2 + (8, 2)
    right = (points[36] + points[48]) / 2 + (-8, 2)
    ears = _spot(np.array([268, 190]), 30, 50) + _spot(np.array([756, 190]), 30, 50)
    return (
        _spot(left, 34, 30) + _spot(right, 34, 30) + 0.9 * _spot(points[30], 22, 22)
        + 0.5 * _spot(points[8] + (0, -12), 30, 18) + 0.8 * ears
    )  # fmt: skip


def _soft(shape: Floats, blur: float) -> Floats:
    return cv2.GaussianBlur(shape, (0, 0), blur)


def _polyline(points: NDArray, thickness: int, *, closed: bool = False) -> Floats:
    """A drawn line (0-1), placed at an eighth of a texel."""
    shape = np.zeros((SKIN_ROWS, WIDTH), np.float32)
    at = np.rint(points * 8).astype(np.int32)
    cv2.polylines(shape, [at], closed, 1.0, thickness, cv2.LINE_AA, 3)
    return shape


def _filled(points: NDArray) -> Floats:
    shape = np.zeros((SKIN_ROWS, WIDTH), np.float32)
    cv2.fillPoly(shape, [np.rint(points * 8).astype(np.int32)], 1.0, cv2.LINE_AA, 3)
    return shape


def _lips(look: Look, points: Floats) -> Floats:
    outer = points[48:60].copy()
    middle = points[48:68].mean(0)
    outer = middle + (outer - middle) * np.array([1.0, 1.04 + look.lip_fullness], np.float32)
    seam = _soft(_polyline(points[[60, 61, 62, 63, 64]], 1), 1.2)
    return _soft(_filled(outer), 1.8) * (0.85 + 0.0) + 0.9 * seam


def _lines(random: np.random.Generator, look: Look, points: Floats) -> Floats:
    """What darkens by folds: under the eyes, beside the nose, on the forehead with age."""
    out = np.zeros((SKIN_ROWS, WIDTH), np.float32)
    for eye in ((36, 41, 40, 39), (42, 47, 46, 45)):
        below = points[list(eye)] + np.array([0, 9], np.float32)
        out += (0.08 + 0.16 * look.age) * _soft(_polyline(below, 5), 4.0)
    for wing, corner in ((31, 48), (35, 54)):
        fold = np.stack(
            [points[wing] + (0, -4), (points[wing] + points[corner]) / 2, points[corner]]
        )
        fold[1:, 0] += np.sign(points[corner, 0] - points[30, 0]) * np.array([9, 12])
        out += (0.05 + 0.22 * look.age) * _soft(_polyline(fold, 2), 2.2)
    for i in range(3):
        if look.age > 0.45:
            y = points[19:25, 1].mean() - 26 - 15 * i + random.uniform(-3, 3)
            x = np.linspace(points[18, 0], points[25, 0], 12)
            line = np.stack([x, y + 2.5 * np.sin(x / 17 + random.uniform(0, 6))], 1)
            out += 0.25 * (look.age - 0.4) * _soft(_polyline(line, 1), 1.4)
    for eye in ((36, 37, 38, 39), (42, 43, 44, 45)):  # the crease of the upper lid
        crease = points[list(eye)] + np.array([0, -7], np.float32)
        out += 0.35 * _soft(_polyline(crease, 1), 1.3)
    return out


def _freckles(random: np.random.Generator, points: Floats) -> Floats:
    out = np.zeros((SKIN_ROWS, WIDTH), np.float32)
    for _ in range(int(random.integers(3, 8))):  # moles
        at = points[30] + random.normal(0, 1, 2) * (70, 60)
        cv2.circle(out, tuple(np.rint(at * 8).astype(int).tolist()), 12, 2.2, -1, cv2.LINE_AA, 3)
    for _ in range(140):
        at = points[29] + random.normal(0, 1, 2) * (60, 22)
        cv2.circle(out, tuple(np.rint(at * 8).astype(int).tolist()), 9, 0.7, -1, cv2.LINE_AA, 3)
    return _soft(out, 0.9)


def _hairs(random: np.random.Generator) -> Floats:
    """Fine grain along which hair covers skin unevenly (mean 0.75)."""
    grain = random.random((SKIN_ROWS, WIDTH)).astype(np.float32)
    return 0.55 + 0.4 * cv2.GaussianBlur(grain, (0, 0), sigmaX=0.6, sigmaY=1.4)


def _brows(random: np.random.Generator, look: Look, points: Floats) -> Floats:
    hairs = _hairs(random)
    out = np.zeros((SKIN_ROWS, WIDTH), np.float32)
    for brow in (points[17:22], points[22:27][::-1]):
        line = brow + np.array([0, 3.0 - 8 * look.brow_lift], np.float32)
        line[-1] += (line[-2] - line[-1]) * -0.15
        thick = 12 * look.brow_width
        for piece in range(4):
            taper = (0.55, 0.95, 1.1, 1.0)[piece]
            out = np.maximum(out, _polyline(line[piece : piece + 2], max(round(thick * taper), 1)))
    return (_soft(out, 1.6) * look.brow * (0.35 + hairs * 0.85)).clip(0, 0.97)


def _lashes(points: Floats) -> Floats:
    out = np.zeros((SKIN_ROWS, WIDTH), np.float32)
    for eye in ((36, 37, 38, 39), (42, 43, 44, 45)):
        out += 0.9 * _soft(_polyline(points[list(eye)] + (0, -0.5), 2), 0.9)
    for eye in ((36, 41, 40, 39), (42, 47, 46, 45)):
        out += 0.45 * _soft(_polyline(points[list(eye)] + (0, 0.5), 1), 0.9)
    return out.clip(0, 0.95)


def _beard(random: np.random.Generator, look: Look, points: Floats) -> Floats:
    """Stubble to full beard along the jaw, the chin and above the lip."""
    hairs = _hairs(random)
    if not (look.stubble or look.moustache):
        return np.zeros_like(hairs)
    jaw = points[2:15].copy()
    jaw[:, 1] += 14
    inner = np.stack([
        points[14] + (-6, 10), points[54] + (26, -6), points[54] + (8, -10), points[35] + (6, 10),
        points[33] + (0, 8), points[31] + (-6, 10), points[48] + (-8, -10), points[48] + (-26, -6),
        points[2] + (6, 10),
    ])  # fmt: skip
    area = _soft(_filled(np.concatenate([jaw, inner])), 6.0)
    mouth = _soft(_filled(points[48:60]), 2.0)
    area = area * (1 - mouth)
    lip = np.stack(
        [
            points[48] + (-2, -3),
            points[50] + (-6, -9),
            points[51] + (0, -8),
            points[52] + (6, -9),
            points[54] + (2, -3),
        ]
    )
    above = _soft(_polyline(lip, 9), 2.5) * (1 - mouth)
    cover = np.maximum(look.stubble * area, look.moustache * above)
    return (cover * (0.25 + hairs * 0.85)).clip(0, 0.95)


def _eye(random: np.random.Generator, iris: Floats, *, white: float) -> Floats:
    """An eyeball from the front: 178 x 180 texels."""
    y, x = np.mgrid[:178, :180].astype(np.float32)
    dx, dy = (x - 88) / 88, (y - 88) / 88
    radius, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    out = np.ones((178, 180, 3), np.float32) * np.array(
        [white, white * 0.95, white * 0.9], np.float32
    )
    out *= (1 - 0.25 * np.clip(radius - 0.5, 0, 1))[..., None]
    fibres = sum(np.sin(angle * k + random.uniform(0, 6)) for k in (7, 13, 21, 34)) * 0.12
    coloured = iris * (1 + fibres + 0.8 * np.clip(0.28 - radius, 0, 1) / 0.28)[..., None]
    coloured *= np.clip((0.43 - radius) / 0.05, 0.25, 1)[..., None]
    share = np.clip((0.43 - radius) / 0.03, 0, 1)[..., None]
    out += (coloured - out) * share
    pupil = np.clip((0.16 - radius) / 0.03, 0, 1)[..., None]
    return out + (0.004 - out) * pupil


def _strands(random: np.random.Generator) -> Floats:
    grain = random.standard_normal((HEIGHT - SKIN_ROWS, 512)).astype(np.float32)
    long = cv2.GaussianBlur(grain, (0, 0), sigmaX=0.8, sigmaY=14)
    return (1 + 0.45 * long / long.std()).clip(0.25, 2.6)
