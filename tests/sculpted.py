"""What depth and infrared cameras see of a head, a sheet or a mask, without rendering one.

A surface over the landmarks of the mean face, or a plane, or a cylinder: points in space that are
turned, projected and splatted. Rendered heads of many people are in apps/faces/rendering.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from apps.faces.engine import pose
from apps.faces.engine.session import DepthFrame, InfraredFrame, Intrinsics
from apps.faces.engine.track import Sight, Track
from tests.lamps import MEAN_FACE

WIDTH, HEIGHT, FOCAL = 320, 240, 280.0
DISTANCE = 450.0
#: Moments of the sensors (ms), and how the head is turned then (degrees).
TURNS = {0: 0, 800: 1, 1600: 0, 2400: 24, 3200: 12, 4000: 0, 4800: -2, 5600: -22, 6400: 0, 7200: 1}
_LEFT, _TOP, _RIGHT, _BOTTOM = -78, -70, 78, 118


@dataclass(frozen=True, kw_only=True)
class Thing:
    """What is held before the cameras. Reflectances are those of infrared, 0-1.

    `radius_mm` bends a sheet about an upright axis; 0 leaves it flat. `is_head` gives it a
    face's form. `scale` is its size against a person's.
    """

    is_head: bool = True
    radius_mm: float = 0.0
    scale: float = 1.0
    skin: float = 0.55
    brows: float = 0.2
    eyes: float = 0.22
    lips: float = 0.42
    blinks: bool = True
    noise_mm: float = 2.0
    turns: dict[int, int] = field(default_factory=lambda: dict(TURNS))


LIVING = Thing()
PRINT = Thing(is_head=False, brows=0.55, eyes=0.55, lips=0.55, skin=0.56, blinks=False)
TONER = Thing(is_head=False, blinks=False)
BENT = Thing(is_head=False, radius_mm=90.0, blinks=False)
SCREEN = Thing(is_head=False, skin=0.035, brows=0.035, eyes=0.035, lips=0.035)
RIGID_MASK = Thing(brows=0.55, eyes=0.5, lips=0.55, blinks=False)
SILICONE_MASK = Thing(brows=0.55, eyes=0.46, lips=0.55)


def session(thing: Thing, *, seed: int = 0) -> tuple[Track, tuple, tuple]:
    """The track, the depth frames and the infrared frames of this thing."""
    chance = np.random.default_rng(seed)
    surface, reflects = _surface(thing), _reflectance(thing)
    depth, infrared = [], []
    for at, yaw in thing.turns.items():
        z, value = _seen(surface, reflects, yaw)
        depth.append(_deep(chance, z, thing, at))
        infrared.append(_red(chance, value, at))
    return _track(chance, thing, surface), tuple(depth), tuple(infrared)


def _surface(thing):
    """Points of the surface in millimetres: rows × columns × 3, right, down, away."""
    v, u = np.mgrid[_TOP : _BOTTOM + 1 : 1.0, _LEFT : _RIGHT + 1 : 1.0]
    if thing.is_head:
        away = _thin_plate(np.stack([u, v], axis=-1).reshape(-1, 2)).reshape(u.shape)
    elif thing.radius_mm:
        away = thing.radius_mm - np.sqrt(np.maximum(thing.radius_mm**2 - u**2, 1.0))
    else:
        away = np.zeros_like(u)
    return np.stack([u, v, away], axis=-1) * thing.scale


def _thin_plate(at):
    """The mean face's depth between its landmarks (thin plate spline)."""
    known, value = MEAN_FACE[:, :2], MEAN_FACE[:, 2]

    def kernel(one, other):
        squared = ((one[:, None] - other[None]) ** 2).sum(axis=2)
        return 0.5 * squared * np.log(squared + 1e-9)

    flat = np.column_stack([np.ones(len(known)), known])
    whole = np.block([[kernel(known, known) + 5 * np.eye(68), flat], [flat.T, np.zeros((3, 3))]])
    solved = np.linalg.solve(whole, np.concatenate([value, np.zeros(3)]))
    return kernel(at, known) @ solved[:68] + np.column_stack([np.ones(len(at)), at]) @ solved[68:]


def _reflectance(thing):
    picture = np.full((_BOTTOM - _TOP + 1, _RIGHT - _LEFT + 1), thing.skin, np.float32)
    marks = np.rint(MEAN_FACE[:, :2] - (_LEFT, _TOP)).astype(np.int32)
    for eye in (marks[36:42], marks[42:48]):
        cv2.fillPoly(picture, [eye], thing.eyes)
    for brow in (marks[17:22], marks[22:27]):
        cv2.polylines(picture, [brow], False, thing.brows, 7)
    cv2.fillPoly(picture, [marks[48:60]], thing.lips)
    return cv2.GaussianBlur(picture, (0, 0), 0.8)


def _placed(points, yaw):
    angle = np.radians(yaw)
    turn = np.array(
        [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    )
    return points @ turn.T + (0, -20, DISTANCE)


def _seen(surface, reflects, yaw):
    """Distance and brightness per pixel: the nearest point wins, small gaps are closed."""
    points = _placed(surface, yaw)
    across, down = np.gradient(points, axis=1), np.gradient(points, axis=0)
    normal = np.cross(across, down)
    away = np.linalg.norm(points, axis=-1)
    cosine = np.abs((normal * points).sum(-1)) / np.linalg.norm(normal, axis=-1) / away
    bright = 1.15 * reflects * cosine * (DISTANCE / away) ** 2
    x = np.rint(points[..., 0] / points[..., 2] * FOCAL + WIDTH / 2).astype(int).ravel()
    y = np.rint(points[..., 1] / points[..., 2] * FOCAL + HEIGHT / 2).astype(int).ravel()
    order = np.argsort(-points[..., 2].ravel())
    z, value = np.full((HEIGHT, WIDTH), 1600.0), np.full((HEIGHT, WIDTH), 0.02)
    z[y[order], x[order]] = points[..., 2].ravel()[order]
    value[y[order], x[order]] = bright.ravel()[order]
    return z, value


def _deep(chance, z, thing, at):
    wave = cv2.resize(chance.standard_normal((9, 12)), (WIDTH, HEIGHT))
    seen = z + thing.noise_mm * (chance.standard_normal(z.shape) + 0.5 * wave)
    seen[chance.random(z.shape) < 0.01] = 0
    camera = Intrinsics(FOCAL, FOCAL, WIDTH / 2, HEIGHT / 2)
    return DepthFrame(t_ms=at, image=_png(np.rint(seen).astype(np.uint16)), intrinsics=camera)


def _red(chance, value, at):
    seen = 255 * value + 2 * chance.standard_normal(value.shape)
    return InfraredFrame(t_ms=at, image=_png(np.clip(np.rint(seen), 0, 255).astype(np.uint8)))


def _png(picture):
    return cv2.imencode(".png", picture)[1].tobytes()


def _track(chance, thing, surface):
    """Sights at 12.5 pictures a second, twice as large as what the sensors see."""
    moments, yaws = list(thing.turns), list(thing.turns.values())
    times = np.arange(0, moments[-1] + 1, 80)
    turned = np.interp(times, moments, yaws)
    columns, rows = np.rint(MEAN_FACE[:, :2] - (_LEFT, _TOP)).astype(int).T
    on_surface = surface[rows.clip(0, surface.shape[0] - 1), columns.clip(0, surface.shape[1] - 1)]
    marks = []
    for yaw in turned:
        points = _placed(on_surface, yaw)
        seen = points[:, :2] / points[:, 2:] * 2 * FOCAL + (WIDTH, HEIGHT)
        marks.append(seen + chance.normal(0, 0.8, seen.shape))
    poses = pose.solve(np.array(marks), width=2 * WIDTH, height=2 * HEIGHT)
    open_eyes = 0.3 + chance.normal(0, 0.008, len(times))
    if thing.blinks:
        open_eyes[[20, 21, 52, 53]] = 0.14
    sights = [
        Sight(
            seq=seq, t_ms=int(at), prompt_seq=0, faces=1, landmarks=marks[seq].astype(np.float32),
            yaw=float(poses.yaw[seq]), pitch=0.0, roll=0.0, eye_openness=float(open_eyes[seq]),
        )
        for seq, at in enumerate(times)
    ]  # fmt: skip
    return Track(frames=(), sights=sights, width=2 * WIDTH, height=2 * HEIGHT)
