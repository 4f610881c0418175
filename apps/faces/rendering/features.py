"""The features of a face as they are painted on its texture: coverage or depth per texel.

Places come from the landmarks on the unwrapped skin; `random` gives each person their own grain.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.rendering.looks import HEIGHT, SKIN_ROWS, WIDTH, Look, hairline
from apps.faces.rendering.raster import Floats


def noise(random: np.random.Generator, cells: tuple[int, int]) -> Floats:
    """Smooth noise of unit variance over the skin."""
    coarse = random.standard_normal(cells).astype(np.float32)
    return cv2.resize(coarse, (WIDTH, SKIN_ROWS), interpolation=cv2.INTER_CUBIC)


def _spot(at: NDArray, wide: float, high: float) -> Floats:
    """A soft spot (0-1), its half axes in texels."""
    y, x = np.mgrid[:SKIN_ROWS, :WIDTH].astype(np.float32)
    return np.exp(-(((x - at[0]) / wide) ** 2) - ((y - at[1]) / high) ** 2)


def flushed(points: Floats) -> Floats:
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


def lips(look: Look, points: Floats) -> Floats:
    """The lips, and the dark seam between them."""
    outer = points[48:60].copy()
    middle = points[48:68].mean(0)
    outer = middle + (outer - middle) * np.array([1.0, 1.04 + look.lip_fullness], np.float32)
    seam = _soft(_polyline(points[[60, 61, 62, 63, 64]], 1), 1.2)
    return _soft(_filled(outer), 1.8) * (0.85 + 0.0) + 0.9 * seam


def lines(random: np.random.Generator, look: Look, points: Floats) -> Floats:
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


def freckles(random: np.random.Generator, points: Floats) -> Floats:
    """Moles and freckles."""
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


def roots(random: np.random.Generator, look: Look) -> Floats:
    """Where hair begins on the scalp: thinly, a little before the shell of hair."""
    if look.is_bald:
        return np.zeros((SKIN_ROWS, WIDTH), np.float32)
    angle = np.abs(np.arange(WIDTH) / (WIDTH - 1) - 0.5) * 2 * np.pi
    height = 15 - np.arange(SKIN_ROWS) / (SKIN_ROWS - 1) * 35
    above = height[:, None] - hairline(angle, look)[None, :]
    cover = np.clip((above + 0.45) / 0.8, 0, 1).astype(np.float32)
    return cover * (0.45 + 0.6 * _hairs(random)).clip(0, 0.95)


def brows(random: np.random.Generator, look: Look, points: Floats) -> Floats:
    """Both brows, hair by hair."""
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


def lashes(points: Floats) -> Floats:
    """The dark edges of the lids."""
    out = np.zeros((SKIN_ROWS, WIDTH), np.float32)
    for eye in ((36, 37, 38, 39), (42, 43, 44, 45)):
        out += 1.1 * _soft(_polyline(points[list(eye)] + (0, -0.5), 3), 0.8)
    for eye in ((36, 41, 40, 39), (42, 47, 46, 45)):
        out += 0.45 * _soft(_polyline(points[list(eye)] + (0, 0.5), 1), 0.9)
    return out.clip(0, 0.95)


def beard(random: np.random.Generator, look: Look, points: Floats) -> Floats:
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


def eye(random: np.random.Generator, iris: Floats, *, white: float) -> Floats:
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


def strands(random: np.random.Generator) -> Floats:
    """Strands of hair, around one."""
    grain = random.standard_normal((HEIGHT - SKIN_ROWS, 512)).astype(np.float32)
    long = cv2.GaussianBlur(grain, (0, 0), sigmaX=0.8, sigmaY=14)
    return (1 + 0.45 * long / long.std()).clip(0.25, 2.6)
