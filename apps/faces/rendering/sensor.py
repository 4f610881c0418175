"""A camera's electronics: exposure, white balance, noise, a soft lens, JPEG."""

from dataclasses import dataclass
from typing import Self

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from apps.faces.engine.session import Pixels
from apps.faces.rendering.raster import Floats

#: Steps of the table from linear light to sRGB.
TABLE = 4096


def _table() -> Floats:
    share = np.arange(TABLE) / (TABLE - 1)
    level = np.where(share <= 0.0031308, 12.92 * share, 1.055 * share ** (1 / 2.4) - 0.055)
    return (level * 255).astype(np.float32)


SRGB = _table()


@dataclass(slots=True, kw_only=True)
class Sensor:
    """One camera in one session; it exposes for what it saw, slowly, and adds its noise."""

    random: np.random.Generator
    gain: float
    balance: Floats
    #: Levels of noise of a black and of a white pixel.
    read: float
    shot: float
    blur: float
    quality: int
    adapts: float
    noise: NDArray[np.float32]
    _wanted: float = 0.0

    @classmethod
    def draw(cls, random: np.random.Generator, *, lux: float, level: float = 0.20) -> Self:
        """A camera drawn by chance that exposes a surface of `lux` x reflectance to `level`."""
        dim = np.clip(np.log(260 / max(lux, 1)) / 2, 0, 1)
        return cls(
            random=random,
            gain=level / lux,
            balance=(1 + random.normal(0, 0.025, 3)).astype(np.float32),
            read=float(random.uniform(0.5, 1.0) + 0.9 * dim),
            shot=float(random.uniform(0.5, 1.1) + 0.9 * dim),
            blur=float(random.uniform(0.45, 0.85)),
            quality=int(random.integers(80, 91)),
            adapts=float(random.uniform(0.01, 0.05)),
            noise=random.standard_normal(1 << 20, dtype=np.float32),
        )

    def settle(self, *, light: Floats, box: tuple[int, int, int, int]) -> None:
        """Expose so that the middle of the picture comes out as it should, once."""
        top, bottom, left, right = box
        self._wanted = float(np.median(light[top:bottom:4, left:right:4, 1]))
        self.gain = 0.2 / max(self._wanted, 1e-3)

    def see(self, light: Floats, *, box: tuple[int, int, int, int] | None = None) -> Pixels:
        """Pixels of linear light. `box` is where the camera measures for its exposure."""
        if box is not None:
            top, bottom, left, right = box
            seen = float(np.median(light[top:bottom:8, left:right:8, 1])) * self.gain
            self.gain *= (0.2 / max(seen, 1e-4)) ** self.adapts
        return _developed(
            cv2.GaussianBlur(light, (3, 3), self.blur),
            (self.balance * self.gain).astype(np.float32),
            SRGB,
            self.noise,
            int(self.random.integers(len(self.noise))),
            np.float32(self.read),
            np.float32(self.shot),
        )

    def jpeg(self, pixels: Pixels) -> bytes:
        """The picture as the client sends it."""
        return jpeg(pixels, self.quality)


def jpeg(pixels: Pixels, quality: int) -> bytes:
    """RGB pixels as JPEG."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


@numba.njit(cache=True, fastmath=True)
def _developed(
    light: Floats,
    gain: Floats,
    table: Floats,
    noise: Floats,
    start: int,
    read: np.float32,
    shot: np.float32,
) -> Pixels:
    """Linear light to noisy sRGB."""
    height, width, _ = light.shape
    out = np.empty((height, width, 3), np.uint8)
    mask = noise.shape[0] - 1
    zero, top, most = np.float32(0), np.float32(TABLE - 1), np.float32(255)
    half, most_common, own = np.float32(0.5), np.float32(0.6), np.float32(0.8)
    spread = np.empty(256, np.float32)
    for i in range(256):
        spread[i] = read + shot * np.sqrt(np.float32(i) / most)
    at = start
    for y in range(height):
        for x in range(width):
            common = noise[(at * 7 + 13) & mask] * most_common
            for k in range(3):
                share = min(max(light[y, x, k] * gain[k] * top, zero), top)
                level = table[int(share)]
                level += spread[int(level)] * (common + own * noise[at & mask])
                out[y, x, k] = np.uint8(min(max(level + half, zero), most))
                at += 1
    return out
