"""Pictures of a face in the light of a room and of a screen, without a head: flat, but lit right.

Reflectance times the light of the place and of the screen, a camera that balances white, noise,
JPEG. For the checks of light and for bench/light; rendered heads are in apps/faces/rendering.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from apps.faces.engine import light
from apps.faces.engine.session import Flash, Frame
from apps.faces.engine.track import Sight, Track

#: The 68 landmarks of a mean face: millimetres right and down, away from the middle of the eyes.
MEAN_FACE = np.array([
    [-74, -2, 56], [-73, 20, 53], [-69, 39, 47], [-66, 58, 40], [-57, 79, 31], [-43, 96, 19],
    [-31, 104, 5], [-15, 107, -10], [0, 110, -12], [15, 107, -10], [31, 104, 5], [43, 96, 19],
    [57, 79, 31], [66, 58, 40], [69, 39, 47], [73, 20, 53], [74, -2, 56], [-58, -18, 13],
    [-49, -25, 2], [-38, -28, -6], [-24, -27, -13], [-12, -25, -15], [12, -25, -15],
    [24, -27, -13], [38, -28, -6], [49, -25, 2], [58, -18, 13], [0, -3, -15], [0, 8, -23],
    [0, 18, -31], [0, 30, -38], [-13, 46, -16], [-6, 46, -22], [0, 46, -23], [6, 46, -22],
    [13, 46, -16], [-45, 0, 6], [-39, -4, -1], [-28, -5, -3], [-18, 2, 0], [-27, 4, -2],
    [-39, 4, 0], [18, 2, 0], [28, -5, -3], [39, -4, -1], [45, 0, 6], [39, 4, 0], [27, 4, -2],
    [-25, 70, -10], [-17, 62, -20], [-7, 59, -25], [0, 59, -26], [7, 59, -25], [17, 62, -20],
    [25, 70, -10], [18, 75, -17], [10, 77, -22], [0, 78, -23], [-10, 77, -22], [-18, 75, -17],
    [-22, 69, -9], [-10, 67, -19], [0, 68, -21], [10, 67, -19], [22, 69, -9], [11, 68, -18],
    [0, 68, -20], [-11, 68, -18],
], float)  # fmt: skip

#: Linear reflectance of skin, lightest and darkest.
PALE, DARK = np.array([0.55, 0.36, 0.28]), np.array([0.10, 0.055, 0.04])


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Where the face is seen. `screen` is the screen's light on the face over that of the place.

    `wall` is the wall's share of the screen's light; `balances` how far white balance goes after
    the picture's mean (0-1); `tone` runs from pale (0) to dark (1). `glass` is what a display in
    the place of the face mirrors of the screen: a veil, and much more in a spot.
    """

    screen: float = 0.25
    wall: float = 0.1
    tone: float = 0.3
    fps: float = 13.0
    balances: float = 0.3
    noise: float = 2.5
    quality: int = 82
    warmth: float = 0.0
    sway: float = 1.5
    delay_ms: float = 130.0
    level: float = 0.22
    glass: float = 0.0
    width: int = 320


def session(*, seed: int, answered: tuple[Flash, ...], scene: Scene, prompt_seq: int = 1) -> Track:
    """The track of a face that is lit by these flashes, a second before and half of one after."""
    chance = np.random.default_rng(seed)
    height, scale = scene.width * 3 // 4, scene.width / 640 * 1.35
    middle = np.array([scene.width / 2, height * 0.42])
    points = middle + MEAN_FACE[:, :2] * scale
    reflectance, is_face = _painted(chance, scene, points, height)
    place = np.exp(np.array([scene.warmth, 0, -scene.warmth]))
    reach = np.where(is_face, 1.0, scene.wall)[..., None] * scene.screen
    spot = _spot(points[54], 30 * scale, (height, scene.width))
    mirrored = scene.glass * reflectance[is_face].mean() * (1 + 8 * spot)[..., None]
    side = np.linspace(*chance.uniform(0.8, 1.2, 2), scene.width)[None, :, None]
    length = sum(one.for_ms for one in answered)
    count = int((length + 1500) / 1000 * scene.fps)
    times = np.cumsum(1000 / scene.fps * chance.uniform(0.8, 1.2, count))
    start = times[np.searchsorted(times, 1000)]
    drift = np.cumsum(chance.normal(0, scene.sway * 0.25, (count, 2)), axis=0)
    drift -= np.linspace(0, 1, count)[:, None] * drift[-1]
    balance, exposure, frames, sights = np.zeros(3), 0.0, [], []
    for seq, at in enumerate(times):
        shown = _shown(answered, at - start - scene.delay_ms)
        lit = reflectance * (place * side * (1 + 0.01 * drift[seq, 0]) + reach * shown)
        lit = lit + mirrored * shown
        mean = np.log(lit[::8, ::8].mean(axis=(0, 1)))
        balance += (scene.balances * (mean.mean() - mean) - balance) * (1 if seq == 0 else 0.06)
        wanted = np.log(scene.level / lit[::8, ::8][is_face[::8, ::8]].mean())
        exposure += (wanted - exposure) * (1 if seq == 0 else 0.06)
        lit = (lit * np.exp(balance + exposure)).astype(np.float32)
        frames.append(_taken(chance, lit, drift[seq], scene, seq, int(at)))
        sights.append(_sight(points + drift[seq], seq, int(at), prompt_seq * (at >= start)))
    return Track(frames=frames, sights=sights, width=scene.width, height=height)


def _painted(chance, scene, points, height):
    rows, columns = np.mgrid[:height, : scene.width]
    face = np.zeros((height, scene.width), np.uint8)
    outline = np.concatenate([points[:17], points[[24, 19]] - (0, points[8, 1] - points[33, 1])])
    cv2.fillPoly(face, [np.rint(outline).astype(np.int32)], 1)
    skin = np.exp(np.log(PALE) * (1 - scene.tone) + np.log(DARK) * scene.tone)
    wall = chance.uniform(0.15, 0.6) * chance.uniform(0.85, 1.15, 3)
    blocks = cv2.resize(chance.uniform(0.5, 1.3, (5, 7)), (scene.width, height))
    painted = np.where(face[..., None] > 0, skin, wall * blocks[..., None])
    for lid in (points[36:42], points[42:48], points[17:22], points[22:27]):
        hull = cv2.convexHull(np.rint(lid).astype(np.int32))
        painted[cv2.fillPoly(np.zeros_like(face), [hull], 1) > 0] = 0.05
    shade = 1 - 0.35 * np.hypot(columns - points[30, 0], rows - points[30, 1]) / height
    return painted * shade[..., None], face > 0


def _spot(at, size, shape):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.exp(-((columns - at[0]) ** 2 + (rows - at[1]) ** 2) / (2 * size**2))


def _shown(answered, elapsed):
    """The screen's linear light; a grey page before and after."""
    ends = np.cumsum([one.for_ms for one in answered])
    if not 0 <= elapsed < ends[-1]:
        return np.full(3, 0.8)
    one = answered[int(np.searchsorted(ends, elapsed, side="right"))]
    return light.linear(np.array([one.red, one.green, one.blue]))


def _taken(chance, lit, shift, scene, seq, at):
    moved = cv2.warpAffine(
        lit, np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32), lit.shape[1::-1],
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    clipped = np.clip(moved, 0, 1)
    levels = 255 * np.where(clipped < 0.0031, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    levels += scene.noise * chance.standard_normal(levels.shape, dtype=np.float32)
    picture = np.clip(levels + 0.5, 0, 255).astype(np.uint8)
    data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, scene.quality])[1]
    return Frame(seq=seq, t_ms=at, image=data.tobytes())


def _sight(points, seq, at, prompt_seq):
    low, high = points.min(axis=0), points.max(axis=0)
    return Sight(
        seq=seq, t_ms=at, prompt_seq=int(prompt_seq), faces=1, yaw=0.0, pitch=0.0, roll=0.0,
        box=(*low.tolist(), *high.tolist()), landmarks=points.astype(np.float32),
    )  # fmt: skip
