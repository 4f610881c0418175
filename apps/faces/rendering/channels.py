"""What a depth camera and an infrared camera beside the colour camera see of a scene.

Both look from the colour camera's place at half its size: registered pictures, as phones and
depth webcams deliver them.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.engine.session import DepthFrame, InfraredFrame, Intrinsics, Sensor
from apps.faces.rendering import raster
from apps.faces.rendering.raster import Canvas, Floats
from apps.faces.rendering.stage import Stage

#: Frames of each channel in a session, and their size against the colour picture.
FRAMES, FACTOR = 12, 0.5

#: Noise of a depth camera at half a metre, and how far it reaches, in millimetres.
NOISE_MM, REACH_MM = 2.0, 3000


def moments(times: list[float]) -> list[float]:
    """The frames of a session at which the other cameras look too."""
    places = np.linspace(0, len(times) - 1, min(FRAMES, len(times))).round().astype(int)
    return [times[one] for one in places]


def depth(*, stage: Stage, canvas: Canvas, t: float, random: np.random.Generator) -> DepthFrame:
    """Distances in millimetres with noise, steps and holes."""
    true = np.where(canvas.distance >= raster.NOTHING, stage.wall_mm, canvas.distance)
    spread = NOISE_MM * np.clip(true / 500, 0.6, 6) ** 1.5
    wave = cv2.resize(
        random.standard_normal((9, 12)).astype(np.float32), true.shape[::-1],
        interpolation=cv2.INTER_CUBIC,
    )  # fmt: skip
    grain = cv2.GaussianBlur(random.standard_normal(true.shape).astype(np.float32), (0, 0), 0.8)
    grain /= grain.std()
    seen = true + spread * grain + 0.5 * spread * wave
    step = np.clip(true / 500, 0.5, 4)  # triangulation sees nearer things in finer steps
    millimetres = np.rint(np.rint(seen / step) * step)
    millimetres[_holes(true, random) | (millimetres > REACH_MM)] = 0
    camera = stage.camera.scaled(FACTOR)
    return DepthFrame(
        t_ms=int(t),
        image=_png(millimetres.astype(np.uint16)),
        intrinsics=Intrinsics(camera.focal, camera.focal, camera.cx, camera.cy),
    )


def _holes(true: Floats, random: np.random.Generator) -> NDArray[np.bool_]:
    """Where nothing comes back: along edges that shadow the projector, and here and there."""
    jump = cv2.morphologyEx(true.astype(np.float32), cv2.MORPH_GRADIENT, np.ones((3, 3))) > 25
    edge = jump & (random.random(true.shape) < 0.75)
    blobs = cv2.GaussianBlur(random.standard_normal(true.shape).astype(np.float32), (0, 0), 2.0)
    return edge | (blobs > 2.6 * blobs.std())


def infrared(*, canvas: Canvas, t: float, random: np.random.Generator) -> InfraredFrame:
    """Brightness under the camera's own lamp, with noise."""
    light = cv2.GaussianBlur(canvas.light[..., 0], (0, 0), 0.6)
    noise = random.standard_normal(light.shape).astype(np.float32)
    seen = light * 255 + noise * (1.2 + 2.0 * np.sqrt(np.clip(light, 0, 1)))
    return InfraredFrame(t_ms=int(t), image=_png(np.rint(seen.clip(0, 255)).astype(np.uint8)))


def watch(
    *,
    stage: Stage,
    canvases: list[tuple[float, Canvas]],
    sensors: frozenset[Sensor],
    random: np.random.Generator,
) -> tuple[tuple[DepthFrame, ...], tuple[InfraredFrame, ...]]:
    """The depth and infrared frames of a session, of scenes drawn by Stage.in_infrared."""
    deep, red = [], []
    for t, canvas in canvases:
        if Sensor.DEPTH in sensors:
            deep.append(depth(stage=stage, canvas=canvas, t=t, random=random))
        if Sensor.INFRARED in sensors:
            red.append(infrared(canvas=canvas, t=t, random=random))
    return tuple(deep), tuple(red)


def _png(image: NDArray) -> bytes:
    _, data = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    return data.tobytes()
