"""Depth as a picture that people can read: shaded as if light fell on it from the upper left."""

import io

import numpy as np
from PIL import Image

#: Millimetres from the nearest point on that are drawn; what lies behind is left dark.
REACH = 350.0
#: Towards the light: left, up, and towards the camera.
_LIGHT = np.array([-0.5, -0.6, -0.62])


def shaded(png: bytes) -> bytes:
    """A grey PNG of the relief in a 16-bit PNG of millimetres (0: not measured)."""
    with Image.open(io.BytesIO(png)) as opened:
        depth = np.asarray(opened, dtype=np.float64)
    seen = depth > 0
    if not seen.any():
        return _png(np.zeros(depth.shape, np.uint8))
    near = float(np.percentile(depth[seen], 1))
    drawn = seen & (depth <= near + REACH)
    filled = np.where(drawn, depth, near + REACH)
    down, right = np.gradient(_smoothed(filled))
    normals = np.stack([right, down, -np.ones_like(right)], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    light = np.clip(normals @ _LIGHT, 0, 1)
    height = 1 - (filled - near) / REACH
    grey = np.where(drawn, 255 * (0.25 + 0.75 * light) * (0.5 + 0.5 * height), 0)
    return _png(np.clip(grey, 0, 255).astype(np.uint8))


def _smoothed(depth: np.ndarray) -> np.ndarray:
    """The mean of each point and its neighbours: sensors are noisy by a millimetre or two."""
    padded = np.pad(depth, 1, mode="edge")
    rows, columns = depth.shape
    parts = [padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
    return np.mean(parts, axis=0)


def _png(grey: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG")
    return out.getvalue()
