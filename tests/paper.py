"""Heads, photographs and bent photographs on paper: one skin on different surfaces, turned.

Places are in distances between the eyes' centres; depth counts towards the camera.
"""

from datetime import UTC, datetime
from functools import cache

import cv2
import numpy as np

from apps.faces.engine.session import Challenge, Frame
from apps.faces.engine.track import Sight, Track

WIDTH, HEIGHT, UNIT = 200, 200, 48.0
MIDDLE = (100.0, 76.0)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RECORDED = Challenge(id="paper", issued_at=NOW, expires_at=NOW)


def head(x, y):
    nose = 0.5 * np.exp(-0.5 * ((x / 0.17) ** 2 + ((y - 0.6) / 0.27) ** 2))
    return 0.3 - 0.6 * x * x - 0.08 * y * y + nose


def plane(x, y):
    return np.zeros_like(x + y)


def upright_bend(x, y):
    return 0.3 - 0.45 * x * x + 0 * y


def slanted_bend(x, y):
    return 0.3 - 0.35 * (0.8 * x + 0.6 * (y - 0.4)) ** 2


def turned(surface, *, yaw, subject=0, noise=0.0, seed=0):
    """A picture of this surface, turned by so many degrees; noise in grey levels."""
    across, down = _seen_points(surface, float(yaw))
    skin = cv2.remap(_skin(subject), across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    skin = skin + np.random.default_rng(seed).normal(0, noise, skin.shape)
    grey = np.clip(skin, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


@cache
def _seen_points(surface, yaw):
    """Which point of the skin is seen in each pixel."""
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    u, y = (u - MIDDLE[0]) / UNIT, (v - MIDDLE[1]) / UNIT
    sine, cosine = np.float32(np.sin(np.radians(yaw))), np.float32(np.cos(np.radians(yaw)))
    x = np.clip(u / cosine, -1.7, 1.7)
    for _ in range(24):
        x = np.clip(0.4 * x + 0.6 * (u - surface(x, y) * sine) / cosine, -1.7, 1.7)
    return (x * 60 + 200).astype(np.float32), (y * 60 + 150).astype(np.float32)


@cache
def _skin(subject):
    random = np.random.default_rng(subject)
    fine, coarse = (random.normal(size=(400, 400)).astype(np.float32) for _ in range(2))
    skin = cv2.GaussianBlur(fine, (0, 0), 2.0) * 4 + cv2.GaussianBlur(coarse, (0, 0), 7.0) * 14
    return 128 + 28 * skin / skin.std()


def landmarks(surface, *, yaw, noise=0.0, seed=0):
    """The 68 points where a predictor would put them on this surface; noise in pixels."""
    points = np.zeros((68, 2))
    along = np.linspace(-1, 1, 17)
    points[:17] = np.column_stack([1.15 * np.sin(along * 1.5), 1.7 * np.cos(along * 1.5) - 0.1])
    points[27:31] = [(0, 0.0), (0, 0.25), (0, 0.45), (0, 0.65)]
    for middle, first in ((-0.5, 36), (0.5, 42)):
        points[first : first + 6] = [
            (middle + 0.21 * np.cos(a), 0.07 * np.sin(a)) for a in np.pi + np.arange(6) * np.pi / 3
        ]
    points[48], points[54] = (-0.4, 1.1), (0.4, 1.1)
    x, y = points.T
    angle = np.radians(yaw)
    seen = np.column_stack([x * np.cos(angle) + surface(x, y) * np.sin(angle), y])
    jitter = np.random.default_rng(seed).normal(0, noise, seen.shape)
    return (seen * UNIT + MIDDLE + jitter).astype(np.float32)


def track(surface, *, yaws, believed=None, noise=0.0, jitter=0.0, subject=0):
    """A session of this surface. Landmarks see `believed` instead, where a predictor errs."""
    frames, sights = [], []
    for seq, yaw in enumerate(yaws):
        image = turned(surface, yaw=yaw, noise=noise, seed=seq, subject=subject)
        frames.append(Frame(seq=seq, t_ms=seq * 75, image=image))
        points = landmarks(believed or surface, yaw=yaw, noise=jitter, seed=seq)
        sights.append(
            Sight(seq=seq, t_ms=seq * 75, prompt_seq=0, faces=1, landmarks=points, yaw=yaw, pitch=0)
        )
    return Track(frames=frames, sights=sights, width=WIDTH, height=HEIGHT)
