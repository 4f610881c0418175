"""How somebody types, touches and scrolls at a device: means and spreads, against their own.

Numbers alone: no key, no text, no position. Pure, so that a bench can ask it about people whom it
made up. Each page view gives one observation of each measure; a person's profile is the mean and
the variance of those, forgetting the old ones (Welford's method with halving weights; West 1979).

The distance of a page view to a profile is the Wilson-Hilferty z of the mean of the measures'
squared deviations, each held to MOST_Z, so that no measure alone says that it is somebody else.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

#: What older page views count at each new one: after 34 of them half.
KEEPS = 0.98
#: Page views in a profile before it is compared with, and measures that both sides need.
LEAST_VIEWS, LEAST_MEASURES = 15, 3
MOST_Z = 4.5
#: What is this unlike the person is not learnt as theirs.
LEARNS_BELOW = 3.0


@dataclass(frozen=True, slots=True)
class Measure:
    """Something measured: bounds of its mean, events that it takes, and least spread.

    Times vary in proportion, so their logarithms are compared (`in_log`).
    """

    low: float
    high: float
    least: int
    spread: float
    in_log: bool = True


MEASURES: dict[str, Measure] = {
    # Milliseconds from press to release, and from release to the next press, pauses left out.
    "dwell": Measure(15, 600, 12, 0.04),
    "flight": Measure(5, 1500, 12, 0.06),
    # Pixels of a finger on the screen, its pressure (0-1), pixels a second while scrolling.
    "touch_size": Measure(1, 200, 5, 0.05),
    "touch_force": Measure(0.01, 1, 5, 0.05),
    "scroll": Measure(10, 50_000, 8, 0.15),
    # Degrees by which the device is tilted towards the person.
    "tilt": Measure(-180, 180, 5, 5.0, in_log=False),
}
#: Of which the spread within a page view is a measure of its own.
SPREADS = ("dwell", "flight")
SPREAD_FLOOR = 0.1

#: Observations of one page view, by measure.
View = dict[str, float]
#: Of each measure: weight, mean and weighted sum of squares of the observations.
Profile = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Told:
    """What a page tells of one measure: how many events, their mean, their standard deviation."""

    n: int
    mean: float
    sd: float


def view_of(told: Mapping[str, Told]) -> View:
    """The observations of a page view: of what was too seldom to say anything there are none."""
    view: View = {}
    for name, one in told.items():
        measure = MEASURES[name]
        if one.n < measure.least:
            continue
        view[name] = math.log(one.mean) if measure.in_log else one.mean
        if name in SPREADS and one.sd > 0:
            view[f"{name}_sd"] = math.log(one.sd)
    return view


def learnt(profile: Profile, view: View) -> Profile:
    """The profile with one more page view in it."""
    after = dict(profile)
    for name, value in view.items():
        weight, mean, squares = after.get(name, [0.0, 0.0, 0.0])
        weight = KEEPS * weight + 1
        moved = mean + (value - mean) / weight
        after[name] = [weight, moved, KEEPS * squares + (value - mean) * (value - moved)]
    return after


def mean_of(views: Profile) -> View:
    """What a few page views were like together."""
    return {name: mean for name, (_weight, mean, _squares) in views.items()}


def distance(profile: Profile, view: View) -> float | None:
    """How unlike the person this is, in standard deviations from 0 up; None: can't be told."""
    squares = [
        min(MOST_Z, _z(profile[name], value, _spread(name))) ** 2
        for name, value in view.items()
        if name in profile and profile[name][0] >= _weight(LEAST_VIEWS)
    ]
    if len(squares) < LEAST_MEASURES:
        return None
    of = 2 / (9 * len(squares))
    mean = sum(squares) / len(squares)
    return max(0.0, (mean ** (1 / 3) - (1 - of)) / math.sqrt(of))


def _z(known: list[float], value: float, spread: float) -> float:
    weight, mean, squares = known
    variance = squares / max(1.0, weight - 1)
    return abs(value - mean) / math.sqrt(variance * (1 + 1 / weight) + spread**2)


def _spread(name: str) -> float:
    return MEASURES[name].spread if name in MEASURES else SPREAD_FLOOR


def _weight(views: int) -> float:
    """What so many page views weigh."""
    return float((1 - KEEPS**views) / (1 - KEEPS)) - 1e-9
