"""The light of a screen that shows one colour after another, and how alike two such sequences are.

What a camera's automatics leave of that light is its colour, not its strength, so a sequence is a
curve in two dimensions: red against green and blue against green, in linear light. Curves are
compared without their mean and drift, as white balance and exposure wander slowly.

Colours: six corners of the RGB cube, so that each is at least one full channel from every other
and stays so behind any tone curve. Red and black are left out. With 400 ms a colour there are 2.5
changes a second and at most 1.25 opposing pairs, below the three that WCAG 2.3.1, Ofcom and the
Harding test allow; no colour is a saturated red (red over the sum of all in linear light is at
most 0.5, the limit is 0.8).
"""

from random import Random

import numpy as np
from numpy.typing import NDArray

from apps.faces.engine.session import Flash

Curves = NDArray[np.float64]

FLASH_MS = 400
FLASHES = 7

#: One letter per colour: white, blue, green, cyan, magenta, yellow.
PALETTE = {
    "W": (255, 255, 255),
    "B": (0, 0, 255),
    "G": (0, 255, 0),
    "C": (0, 255, 255),
    "M": (255, 0, 255),
    "Y": (255, 255, 0),
}

#: Standard deviation that each of the two curves has at least, of at most 1.
SWING = 0.45


def draw(random: Random, count: int = FLASHES) -> str:
    """A sequence of colours, no two neighbours alike, that moves in both dimensions."""
    while True:
        letters = [random.choice(tuple(PALETTE))]
        while len(letters) < count:
            letters.append(random.choice([one for one in PALETTE if one != letters[-1]]))
        if np.all(_CHROMA[_places("".join(letters))].std(axis=0) >= SWING):
            return "".join(letters)


def flashes(letters: str, for_ms: int = FLASH_MS) -> tuple[Flash, ...]:
    """The flashes of a sequence of letters, each as long."""
    return tuple(Flash(*PALETTE[one], for_ms) for one in letters)


def linear(srgb: NDArray) -> NDArray[np.float64]:
    """Linear light, 0 to 1, of 8-bit sRGB."""
    return _LINEAR[np.asarray(srgb, dtype=np.uint8)]


def curve(shown: tuple[Flash, ...], at_ms: NDArray) -> Curves:
    """What was shown at times since the first flash, times × 2; NaN before it and after its end."""
    ends = np.cumsum([one.for_ms for one in shown])
    shades = linear(np.array([(one.red, one.green, one.blue) for one in shown]))
    at_ms = np.asarray(at_ms)
    place = np.searchsorted(ends, at_ms, side="right")
    outside = (at_ms < 0) | (place >= len(shown))
    found = chroma(shades)[np.minimum(place, len(shown) - 1)]
    found[outside] = np.nan
    return found


def chroma(light: NDArray) -> Curves:
    """Red against green and blue against green, of linear light."""
    return np.stack([light[..., 0] - light[..., 1], light[..., 2] - light[..., 1]], axis=-1)


def settled(curves: Curves, at: NDArray) -> Curves:
    """Curves (… × times × 2) without mean and drift."""
    base = drift(at)
    return curves - base @ (base.T @ curves)


def drift(at: NDArray) -> NDArray[np.float64]:
    """What is taken off as mean and drift: an orthonormal basis, times × 2."""
    at = np.asarray(at, dtype=np.float64)
    return np.linalg.qr(np.stack([np.ones_like(at), at - at.mean()], axis=1))[0]


#: Times at which sequences are compared, and by how much they may be moved against each other.
_STEP_MS = 100
_SHIFTS = range(-8, 9)


def likeness(candidates: list[str], earlier: list[str]) -> NDArray[np.float64]:
    """For each candidate the highest correlation with any earlier sequence, moved by ≤ 800 ms.

    Who plays a recording may choose when it begins; what lies outside of it is taken as grey.
    """
    if not earlier:
        return np.full(len(candidates), -1.0)
    played = np.stack([_steps(one) for one in earlier])
    moved = np.zeros((len(_SHIFTS), *played.shape))
    for place, shift in enumerate(_SHIFTS):
        begin, end = max(shift, 0), _COMPARED + min(shift, 0)
        moved[place, :, begin:end] = played[:, begin - shift : end - shift]
    shown = _unit(np.stack([_steps(one) for one in candidates]))
    return (shown @ _unit(moved.reshape(-1, _COMPARED, 2)).T).max(axis=1)


#: How many times are compared.
_COMPARED = FLASHES * FLASH_MS // _STEP_MS


def _steps(letters: str) -> Curves:
    whole = np.zeros((_COMPARED, 2))
    known = np.repeat(_CHROMA[_places(letters)], FLASH_MS // _STEP_MS, axis=0)[:_COMPARED]
    whole[: len(known)] = known
    return whole


def _unit(curves: Curves) -> NDArray[np.float64]:
    flat = settled(curves, np.arange(_COMPARED)).reshape(len(curves), -1)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)


def _places(letters: str) -> list[int]:
    order = "".join(PALETTE)
    return [order.index(one) for one in letters]


_LINEAR = np.where(
    np.arange(256) / 255 <= 0.04045,
    np.arange(256) / 255 / 12.92,
    ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4,
)
_CHROMA = chroma(linear(np.array(list(PALETTE.values()))))
