"""Whether the skin looks like print or screen: a weight that never decides alone.

Colour micro-texture (Boulkenafet et al. 2016: uniform local binary patterns of brightness and
chroma), image distortion (Wen et al. 2015: chroma, highlights, sharpness) and the peaks of moiré
and print raster in the spectrum, together one term of log-odds. What such features learn does not
hold on other cameras (docs/faces.md has the figures), so the term is damped and capped: it shifts
how certain a failure is, and from `review_from` on it asks for a human look. Shipped, it is capped
below that.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.engine.session import Pixels
from apps.faces.engine.track import Track
from apps.faces.engine.verdict import Check, Finding, Outcome

_SIDE = 96
#: Feature: its usual value, its spread, and its weight in the log-odds of a picture of a picture.
_FEATURES = {
    "patterns_y": (0.920, 0.030, 0.182),
    "patterns_cr": (0.966, 0.011, 0.372),
    "patterns_cb": (0.958, 0.011, 0.174),
    "spread_cr": (1.890, 0.284, -0.611),
    "spread_cb": (1.761, 0.241, 0.445),
    "saturation": (0.199, 0.125, -1.480),
    "highlights": (0.021, 0.039, 0.180),
    "fineness": (-2.844, 0.760, -0.474),
    "raster": (5.322, 0.701, 0.533),
    "sharpness": (5.575, 0.768, -0.365),
}
_OFFSET = 0.437


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against: log-odds (natural), `offset` + `damping` × the sum.

    No term is larger than `most`; from `review_from` on a human looks.
    """

    frames: int = 6
    offset: float = 0.0
    damping: float = 0.5
    most: float = 2.0
    review_from: float = 2.5


def check(*, track: Track, limits: Limits) -> Finding:
    """The log-odds that this is a picture of a picture: positive speaks for it."""
    seen = [i for i, one in enumerate(track.sights) if one.landmarks is not None]
    if not seen:
        return _finding(Outcome.PASS, "TEXTURE_UNSEEN", "No skin was seen.", None, limits, {})
    places = np.linspace(0, len(seen) - 1, min(limits.frames, len(seen))).round().astype(int)
    chosen = [seen[i] for i in places]
    found = np.median([measure(_face(track, i)) for i in chosen], axis=0)
    usual, spread, weight = _table()
    raw = float(((found - usual) / spread) @ weight + _OFFSET)
    odds = float(np.clip(limits.offset + limits.damping * raw, -limits.most, limits.most))
    evidence = {"frames": chosen, "raw": round(raw, 3)} | {
        name: round(float(value), 4) for name, value in zip(_FEATURES, found, strict=True)
    }
    if odds >= limits.review_from:
        sentence = "The skin looks like print or a screen."
        return _finding(Outcome.REVIEW, "TEXTURE_ODD", sentence, odds, limits, evidence)
    return _finding(Outcome.PASS, "TEXTURE", "Weighed, not decided.", odds, limits, evidence)


def shifted(certainty: float, by: float) -> float:
    """A probability moved by log-odds."""
    if not 0 < certainty < 1:
        return certainty
    odds = certainty / (1 - certainty) * float(np.exp(by))
    return round(odds / (1 + odds), 3)


def measure(face: Pixels) -> NDArray[np.float64]:
    """The features of one square face, in the order of their table."""
    chroma = cv2.cvtColor(face, cv2.COLOR_RGB2YCrCb)
    colour = cv2.cvtColor(face, cv2.COLOR_RGB2HSV)
    grey = chroma[..., 0].astype(np.float32)
    power = np.abs(np.fft.rfft2((grey - grey.mean()) * _window())) ** 2
    fine, middle = power[_band(0.2, 0.5)], power[_band(0.05, 0.2)]
    return np.array(
        [
            *(_uniform_share(chroma[..., place]) for place in range(3)),
            np.log(chroma[..., 1].std() + 1),
            np.log(chroma[..., 2].std() + 1),
            colour[..., 1].mean() / 255,
            (colour[..., 2] > 235).mean(),
            np.log((fine.sum() + 1) / (middle.sum() + 1)),
            np.log((fine.max() + 1) / (np.median(fine) + 1)),
            np.log(cv2.Laplacian(grey, cv2.CV_32F).var() + 1),
        ]
    )


def _face(track: Track, index: int) -> Pixels:
    points = track.sights[index].landmarks
    assert points is not None
    low, high = points.min(0), points.max(0)
    side = max(float((high - low).max()), 1.0)
    left, top = (low + high) / 2 - side / 2
    scale = _SIDE / side
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    face = cv2.warpAffine(track.pixels(index), matrix, (_SIDE, _SIDE), flags=cv2.INTER_AREA)
    return np.asarray(face, np.uint8)


def _uniform_share(channel: NDArray[np.uint8]) -> float:
    """The share of local binary patterns with at most two changes around (Ojala et al. 2002)."""
    values = channel.astype(np.int16)
    high, wide = values.shape
    codes = np.zeros((high - 2, wide - 2), np.uint8)
    for bit, (down, across) in enumerate(_AROUND):
        beside = values[1 + down : high - 1 + down, 1 + across : wide - 1 + across]
        codes |= (beside >= values[1:-1, 1:-1]).astype(np.uint8) << np.uint8(bit)
    return float(_uniform()[codes].mean())


_AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


@cache
def _uniform() -> NDArray[np.bool_]:
    turned = [(code >> 1) | ((code & 1) << 7) for code in range(256)]
    return np.array([(code ^ other).bit_count() <= 2 for code, other in enumerate(turned)])


@cache
def _window() -> NDArray[np.float64]:
    return np.outer(np.hanning(_SIDE), np.hanning(_SIDE))


@cache
def _band(low: float, high: float) -> NDArray[np.bool_]:
    """Places of the spectrum between two frequencies, in cycles per pixel."""
    radius = np.hypot(np.fft.rfftfreq(_SIDE)[None], np.fft.fftfreq(_SIDE)[:, None])
    return (radius > low) & (radius <= high)


@cache
def _table() -> tuple[NDArray[np.float64], ...]:
    return tuple(np.array(column) for column in zip(*_FEATURES.values(), strict=True))


def _finding(
    outcome: Outcome,
    code: str,
    sentence: str,
    odds: float | None,
    limits: Limits,
    evidence: dict[str, Any],
) -> Finding:
    return Finding(
        check=Check.TEXTURE,
        outcome=outcome,
        code=code,
        sentence=sentence,
        score=None if odds is None else round(odds, 3),
        threshold=limits.review_from,
        evidence=evidence,
    )
