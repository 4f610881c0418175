"""How well what was seen follows one sequence of colours, compared with sequences never shown.

A sequence's curve is laid over the measured one at every delay a screen and a camera may have
(light.py says why curves of chromaticity, and why without drift). The asked sequence was drawn
like the decoys: if the light had nothing to do with it, it would be as likely as any of them to
fit best. So the share of decoys that fit at least as well is the rate at which wrong light passes,
whatever the recording (a permutation test).
"""

from dataclasses import dataclass
from functools import lru_cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from apps.faces.engine import light
from apps.faces.engine.session import Flash

DECOYS = 4000
#: Delays between the colour on the screen and its picture, from the first picture of the prompt.
DELAYS = range(-100, 501, 50)
#: Pictures and flashes below which nothing is compared.
_FEWEST = 16

_COLOURS = light.chroma(light.linear(np.array(list(light.PALETTE.values()))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """How the curve of the asked sequence fits.

    `share` is that of the decoys that fit at least as well. `other` is the best fit of any
    sequence of the palette, and `other_letters` that sequence. `gain` is the change of the first
    signal (log chromaticity) per unit of the asked light, `other_gain` per unit of the other.
    """

    correlation: float
    delay_ms: int
    share: float
    gain: float
    other: float
    other_letters: str
    other_gain: float


@dataclass(frozen=True, slots=True)
class Overlay:
    """The pictures that fall on flashes at one delay, and what they sum to per flash."""

    delay_ms: int
    counts: NDArray[np.float64]
    drift: NDArray[np.float64]
    signals: tuple[NDArray[np.float64], ...]
    sizes: tuple[float, ...]

    def energies(self, colours: NDArray) -> NDArray[np.float64]:
        """Squared lengths of the settled curves of sequences (sequences × flashes × 2)."""
        whole = (colours**2).sum(axis=2) @ self.counts
        off = np.matmul(self.drift, colours)
        return np.maximum(whole - (off**2).sum(axis=(1, 2)), 1e-9)

    def correlations(self, colours: NDArray) -> NDArray[np.float64]:
        """The best correlation of each sequence with any of the signals."""
        flat = colours.reshape(len(colours), -1)
        units = np.stack(
            [signal.ravel() / size for signal, size in zip(self.signals, self.sizes, strict=True)]
        )
        return (flat @ units.T).max(axis=1) / np.sqrt(self.energies(colours))

    def gain(self, colours: NDArray) -> float:
        """The slope of the first signal on one sequence."""
        return float((colours * self.signals[0]).sum() / self.energies(colours[None])[0])


def follow(*, at_ms: NDArray, signals: list[NDArray], shown: tuple[Flash, ...]) -> Following | None:
    """How `signals` (each times × 2) follow what was shown; None where too little was seen."""
    overlays = lay_over(at_ms=at_ms, signals=signals, shown=shown)
    if not overlays:
        return None
    asked = light.chroma(light.linear(np.array([(f.red, f.green, f.blue) for f in shown])))
    own = [float(one.correlations(asked[None])[0]) for one in overlays]
    best = overlays[int(np.argmax(own))]
    places = decoys(len(shown))
    all_fits = fits(overlays, places)
    where, which = np.unravel_index(int(all_fits.argmax()), all_fits.shape)
    other, letters, at = _improved(overlays, int(where), places[which])
    return Following(
        correlation=max(own),
        delay_ms=best.delay_ms,
        share=float((1 + (all_fits.max(axis=0) >= max(own)).sum()) / (1 + len(places))),
        gain=best.gain(asked),
        other=other,
        other_letters="".join("".join(light.PALETTE)[one] for one in letters),
        other_gain=at.gain(_COLOURS[letters]),
    )


def lay_over(*, at_ms: NDArray, signals: list[NDArray], shown: tuple[Flash, ...]) -> list[Overlay]:
    """The signals at every delay at which enough pictures fall on flashes as long as these."""
    found = (_overlay(at_ms, signals, shown, delay) for delay in DELAYS)
    return [one for one in found if one is not None]


def gain(
    *, at_ms: NDArray, signal: NDArray, shown: tuple[Flash, ...], delay_ms: int
) -> float | None:
    """The change of one signal per unit of the light shown, at a known delay."""
    laid = _overlay(at_ms, [signal], shown, delay_ms)
    asked = light.chroma(light.linear(np.array([(f.red, f.green, f.blue) for f in shown])))
    return laid.gain(asked) if laid else None


def fits(overlays: list[Overlay], places: NDArray) -> NDArray[np.float64]:
    """How sequences (as places in the palette) fit at each delay: delays × sequences."""
    return np.stack([one.correlations(_COLOURS[places]) for one in overlays])


@lru_cache(maxsize=4)
def decoys(length: int) -> NDArray[np.int64]:
    """Sequences drawn like those asked; always the same ones."""
    return drawn(Random(length), length, DECOYS)


def drawn(random: Random, length: int, count: int) -> NDArray[np.int64]:
    """Sequences as places in the palette: count × length."""
    order = "".join(light.PALETTE)
    return np.array(
        [[order.index(letter) for letter in light.draw(random, length)] for _ in range(count)]
    )


def _overlay(
    at_ms: NDArray, signals: list[NDArray], shown: tuple[Flash, ...], delay_ms: int
) -> Overlay | None:
    ends = np.cumsum([one.for_ms for one in shown])
    elapsed = at_ms - delay_ms
    inside = (elapsed >= 0) & (elapsed < ends[-1])
    flash = np.searchsorted(ends, elapsed[inside], side="right")
    if len(flash) < _FEWEST or len(set(flash.tolist())) < len(shown) - 1:
        return None
    member = np.eye(len(shown))[flash]
    base = light.drift(at_ms[inside])
    settled = [light.settled(one[inside], at_ms[inside]) for one in signals]
    return Overlay(
        delay_ms,
        member.sum(axis=0),
        base.T @ member,
        tuple(member.T @ one for one in settled),
        tuple(max(float(np.linalg.norm(one)), 1e-9) for one in settled),
    )


def _improved(
    overlays: list[Overlay], where: int, letters: NDArray
) -> tuple[float, NDArray, Overlay]:
    """The sequence that fits best around the best decoy: one flash and one delay at a time."""
    best, value = overlays[where], -1.0
    while True:
        tried = np.repeat(letters[None], len(letters) * len(_COLOURS), axis=0)
        place = np.repeat(np.arange(len(letters)), len(_COLOURS))
        tried[np.arange(len(tried)), place] = np.tile(np.arange(len(_COLOURS)), len(letters))
        found = fits(overlays, tried)
        if found.max() <= value + 1e-9:
            return value, letters, best
        at, which = np.unravel_index(int(found.argmax()), found.shape)
        best, value, letters = overlays[int(at)], float(found.max()), tried[which]
