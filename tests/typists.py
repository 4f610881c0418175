"""People who type and touch, made up: each has a rhythm, from which sessions and pages stray.

The spreads are assumptions: between people wider than between a person's own sessions by a factor
of two to three, sessions with heavy tails. They are no measurement of real people.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apps.devices import rhythm

#: Of each measure: the middle of all people, and deviations between people, sessions and pages.
KEYS: dict[str, tuple[float, float, float, float]] = {
    "dwell": (math.log(95), 0.18, 0.06, 0.05),
    "flight": (math.log(140), 0.25, 0.10, 0.08),
    "dwell_sd": (math.log(25), 0.25, 0.10, 0.12),
    "flight_sd": (math.log(80), 0.20, 0.10, 0.12),
}
TOUCH: dict[str, tuple[float, float, float, float]] = {
    "touch_size": (math.log(22), 0.15, 0.06, 0.05),
    "scroll": (math.log(1500), 0.30, 0.20, 0.25),
}
TAILS = 5


@dataclass(frozen=True)
class Typist:
    """Somebody's own rhythm."""

    rhythm: dict[str, float]
    made_of: dict[str, tuple[float, float, float, float]]

    def session(self, rng: np.random.Generator, pages: int) -> list[rhythm.View]:
        """What pages tell in one go at the device."""
        scale = math.sqrt((TAILS - 2) / TAILS)
        today = {
            name: own + self.made_of[name][2] * scale * rng.standard_t(TAILS)
            for name, own in self.rhythm.items()
        }
        return [
            {name: at + self.made_of[name][3] * rng.standard_normal() for name, at in today.items()}
            for _ in range(pages)
        ]


def typist(rng: np.random.Generator, *, touches: bool = False) -> Typist:
    """Somebody new."""
    made_of = KEYS | TOUCH if touches else KEYS
    own = {name: rng.normal(middle, between) for name, (middle, between, _, _) in made_of.items()}
    return Typist(own, made_of)


def profile(rng: np.random.Generator, who: Typist, *, sessions: int = 12) -> rhythm.Profile:
    """What is known of somebody after so many sessions of one to four pages."""
    known: rhythm.Profile = {}
    for _ in range(sessions):
        for view in who.session(rng, int(rng.integers(1, 5))):
            known = rhythm.learnt(known, view)
    return known


def together(views: Sequence[rhythm.View]) -> rhythm.View:
    """What a few pages were like."""
    seen: rhythm.Profile = {}
    for view in views:
        seen = rhythm.learnt(seen, view)
    return rhythm.mean_of(seen)


def distances(
    rng: np.random.Generator, *, people: int, tries: int, touches: bool
) -> tuple[list[float], list[float]]:
    """How unlike their profiles people are themselves, and how unlike others at their devices."""
    cast = [typist(rng, touches=touches) for _ in range(people)]
    known = [profile(rng, who) for who in cast]
    own, other = [], []
    for place, who in enumerate(cast):
        for _ in range(tries):
            somebody = cast[(place + int(rng.integers(1, people))) % people]
            for found, at in ((own, who), (other, somebody)):
                pages = at.session(rng, int(rng.integers(1, 4)))
                z = rhythm.distance(known[place], together(pages))
                if z is not None:
                    found.append(z)
    return own, other
