"""The trained models: where faces are, their landmarks, their embedding.

The only module that imports dlib. Licences: detector (HOG, Dalal & Triggs 2005), 5-point landmarks
and the embedding (ResNet, 128 numbers, LFW protocol: dlib 19.3) are free of conditions. The
68-point predictor (Kazemi & Sullivan 2014) was trained on iBUG 300-W, which excludes commercial
use: `landmarks68` is the one function to replace, by anything that gives the same 68 points.
Models are loaded at first use and used by one thread at a time.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.faces.engine.session import Pixels

#: Embeddings of different models can't be compared.
EMBEDDING_MODEL = "dlib-resnet-v1"
DIMENSIONS = 128
#: Left, top, right, bottom in pixels.
Box = tuple[float, float, float, float]

_LOCK = threading.Lock()
_CHIP_SIDE, _CHIP_PADDING = 150, 0.25


@dataclass(frozen=True, slots=True)
class Detection:
    """A face that the detector found; `score` is its distance to the deciding plane."""

    box: Box
    score: float

    def enlarged(self, times: float) -> "Detection":
        """The same face in a picture so many times as large."""
        left, top, right, bottom = (side * times for side in self.box)
        return Detection((left, top, right, bottom), self.score)


def detect(
    picture: NDArray[np.uint8], *, at_least: float = 0.0, enlarged: int = 0
) -> list[Detection]:
    """Upright frontal faces of 80 pixels and more (40 where enlarged once), best first."""
    with _LOCK:
        found, scores, _ = _detector().run(picture, enlarged, at_least)
    return [
        Detection((float(d.left()), float(d.top()), float(d.right()), float(d.bottom())), score)
        for d, score in zip(found, scores, strict=True)
    ]


def landmarks68(*, picture: NDArray[np.uint8], box: Box) -> NDArray[np.float32]:
    """The 68 points of the iBUG scheme (68 x 2) of the face in this box, grey or RGB."""
    with _LOCK:
        shape = _predictor("shape_predictor_68_face_landmarks.dat")(picture, _rectangle(box))
    return np.array([(point.x, point.y) for point in shape.parts()], np.float32)


def embed(*, picture: Pixels, box: Box, is_mirrored_too: bool = False) -> NDArray[np.float64]:
    """The face in this box as a unit vector of 128 numbers; also as in a mirror, and averaged."""
    with _LOCK:
        import dlib  # type: ignore[import-untyped]

        points = _predictor("shape_predictor_5_face_landmarks.dat")(picture, _rectangle(box))
        chip = dlib.get_face_chip(picture, points, size=_CHIP_SIDE, padding=_CHIP_PADDING)
        chips = [chip, np.ascontiguousarray(chip[:, ::-1])] if is_mirrored_too else [chip]
        vectors = [unit(np.array(_encoder().compute_face_descriptor(one))) for one in chips]
    return unit(np.mean(vectors, axis=0))


def unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """The vector at length one; zero where it has no length."""
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else np.zeros_like(vector)


def averaged(vectors: list[NDArray[np.float64]]) -> NDArray[np.float64] | None:
    """The mean of unit vectors, at length one again; None of none."""
    return unit(np.mean(vectors, axis=0)) if vectors else None


def load() -> None:
    """Loads every model now, so that the first session doesn't wait for it."""
    with _LOCK:
        _detector()
        _predictor("shape_predictor_68_face_landmarks.dat")
        _predictor("shape_predictor_5_face_landmarks.dat")
        _encoder()


def _file(name: str) -> str:
    # face_recognition_models isn't imported: it needs pkg_resources, and ends the process without.
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise RuntimeError("install face-recognition-models: it holds the weights")
    return str(Path(spec.origin).parent / "models" / name)


def _rectangle(box: Box) -> Any:
    import dlib

    return dlib.rectangle(*(round(side) for side in box))


@cache
def _detector() -> Any:
    import dlib

    return dlib.get_frontal_face_detector()


@cache
def _predictor(name: str) -> Callable[..., Any]:
    import dlib

    return dlib.shape_predictor(_file(name))


@cache
def _encoder() -> Any:
    import dlib

    return dlib.face_recognition_model_v1(_file("dlib_face_recognition_resnet_model_v1.dat"))
