"""Whether what turned is a head and not a flat or bent picture of one (parallax.py).

A turn is needed: without one it can't be told, and that is a retry, never an attack. A failure
says that the whole face moved as a sheet does, nose and all, although it seemed to turn.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from apps.faces.engine import parallax
from apps.faces.engine.parallax import Parallax, Relief, Sheet, View
from apps.faces.engine.session import Challenge
from apps.faces.engine.track import Track
from apps.faces.engine.verdict import Check, Finding, Outcome, Species


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against. Angles in degrees, heights in shares of the mean head."""

    #: Views are compared that differ by a turn of so much.
    turned_from: float = 7.0
    turned_to: float = 35.0
    #: Of these, the ones nearest to this: far enough to tell, and the nose hides little.
    turned_best: float = 18.0
    #: And by no more of a nod than this.
    nodded: float = 16.0
    views: int = 7
    straight_views: int = 2
    #: So many pairs of views have to be comparable.
    pairs: int = 4
    #: A head: at least this high, so much better than a sheet, in so many of the pairs; the nose
    #: was seen to move by so much (in distances between the eyes), and a sheet does not explain
    #: it better than this.
    height: float = 0.35
    contrast: float = 0.012
    agreeing: float = 0.5
    moved: float = 0.07
    alike: float = 0.945
    #: A picture: at most this high, and a sheet explains face and nose so well, although it was
    #: turned or tilted by so much.
    flat_height: float = 0.2
    flat_held: float = 0.9
    flat_error: float = 0.012
    flat_alike: float = 0.9
    flat_turn: float = 10.0
    flat_slant: float = 25.0
    #: A sheet that moves less straight than this is bent.
    bent: float = 0.06


@dataclass(frozen=True, slots=True)
class _Pair:
    straight: int
    turned: int
    turn: float


@dataclass(frozen=True, slots=True)
class _Compared:
    pair: _Pair
    sheet: Sheet
    nose: Parallax


@dataclass(frozen=True, slots=True)
class _Measures:
    """What all pairs say: `relief` together, the rest as medians."""

    relief: Relief
    moved: float
    turn: float
    slant: float
    held: float
    error: float
    alike: float
    bend: float


def check(*, challenge: Challenge, track: Track, limits: Limits) -> Finding:
    """Whether the nose moved against the face as a head's does, on all turns of the session."""
    turns = _turns(track)
    pairs = _turned_pairs(track, turns, limits)
    is_turned = len(pairs) >= limits.pairs
    if not is_turned:  # a picture may give itself away all the same
        pairs = _other_pairs(turns, limits)
    compared = _compared(track, pairs)
    if len(compared) < limits.pairs:
        return _untold(limits, evidence=_seen(pairs, compared), is_turned=is_turned)
    found = _measures(compared)
    evidence = _seen(pairs, compared) | _numbers(found) | {"is_turned": is_turned}
    if is_turned and _is_head(found, limits):
        return Finding(
            check=Check.SHAPE,
            outcome=Outcome.PASS,
            code="HEAD",
            sentence="The nose moved as on a head.",
            score=evidence["height"],
            threshold=limits.height,
            evidence=evidence,
        )
    if _is_sheet(found, limits):
        return Finding(
            check=Check.SHAPE,
            outcome=Outcome.FAIL,
            code="FLAT",
            sentence="The whole face moved as a picture does, flat or bent.",
            score=evidence["height"],
            threshold=limits.height,
            species=Species.BENT if found.bend > limits.bent else Species.PRINT,
            certainty=round(1 - 0.5 ** (len(compared) / limits.pairs), 2),
            evidence=evidence,
        )
    return _untold(limits, evidence=evidence, is_turned=is_turned)


def _turns(track: Track) -> dict[int, float]:
    """Degrees from the line of sight, of each sight that shows a face."""
    return {
        index: parallax.turn(landmarks=sight.landmarks)
        for index, sight in enumerate(track.sights)
        if sight.landmarks is not None
    }


def _turned_pairs(track: Track, turns: dict[int, float], limits: Limits) -> list[_Pair]:
    """Straight and turned views to compare."""
    if not turns:
        return []
    seen = list(turns)
    turn = np.array([turns[i] for i in seen])
    pitch = np.array([track.sights[i].pitch or 0.0 for i in seen])
    ahead = np.argsort(np.abs(turn) + np.abs(pitch - np.median(pitch)))
    straight = sorted(int(i) for i in ahead[: max(limits.straight_views, len(seen) // 8)])
    pairs: list[_Pair] = []
    for first in _spread(straight, limits.straight_views):
        by = turn - turn[first]
        is_far = (np.abs(by) >= limits.turned_from) & (np.abs(by) <= limits.turned_to)
        is_level = np.abs(pitch - pitch[first]) <= limits.nodded
        found = sorted(
            (int(i) for i in np.flatnonzero(is_far & is_level)),
            key=lambda i: abs(abs(by[i]) - limits.turned_best),
        )
        chosen = _spread(found[: 2 * limits.views], limits.views)
        pairs += [_Pair(seen[first], seen[i], float(by[i])) for i in chosen]
    return pairs


def _other_pairs(turns: dict[int, float], limits: Limits) -> list[_Pair]:
    """The view that is turned least against others from the whole session."""
    if not turns:
        return []
    first = min(turns, key=lambda i: abs(turns[i]))
    others = [i for i in turns if i != first]
    return [_Pair(first, i, turns[i] - turns[first]) for i in _spread(others, 2 * limits.views)]


def _spread(from_these: list[int], number: int) -> list[int]:
    if len(from_these) <= number:
        return list(from_these)
    places = np.linspace(0, len(from_these) - 1, number).round().astype(int)
    return [from_these[i] for i in places]


def _compared(track: Track, pairs: list[_Pair]) -> list[_Compared]:
    views: dict[int, View] = {}
    for index in sorted({pair.straight for pair in pairs} | {pair.turned for pair in pairs}):
        views[index] = _view(track, index)
    found = []
    for pair in pairs:
        straight, turned = views[pair.straight], views[pair.turned]
        sheet = parallax.sheet(straight=straight, turned=turned)
        if sheet is not None:
            nose = parallax.of_nose(straight=straight, turned=turned, lain=sheet, turn=pair.turn)
            found.append(_Compared(pair, sheet, nose))
    return found


def _view(track: Track, index: int) -> View:
    landmarks = track.sights[index].landmarks
    assert landmarks is not None
    grey = cv2.cvtColor(track.pixels(index), cv2.COLOR_RGB2GRAY)
    return parallax.view(picture=np.asarray(grey, np.uint8), landmarks=landmarks)


def _measures(compared: list[_Compared]) -> _Measures:
    together = parallax.together([one.nose for one in compared])
    turns = np.abs([one.pair.turn for one in compared])
    sheets = [one.sheet for one in compared]
    farther = float(np.percentile(turns, 75))
    return _Measures(
        relief=together,
        moved=together.height * float(np.sin(np.radians(farther))),
        turn=farther,
        slant=float(np.percentile([one.slant for one in sheets], 75)),
        held=float(np.median([one.held for one in sheets])),
        error=float(np.median([one.error for one in sheets])),
        alike=float(np.median([one.nose.of_a_sheet for one in compared])),
        bend=float(np.median([one.bend for one in sheets])),
    )


def _is_head(found: _Measures, limits: Limits) -> bool:
    return (
        found.relief.height >= limits.height
        and found.relief.contrast >= limits.contrast
        and found.relief.agreeing >= limits.agreeing
        and found.moved >= limits.moved
        and found.alike <= limits.alike
    )


def _is_sheet(found: _Measures, limits: Limits) -> bool:
    return (
        abs(found.relief.height) <= limits.flat_height
        and found.held >= limits.flat_held
        and found.error <= limits.flat_error
        and found.alike >= limits.flat_alike
        and (found.turn >= limits.flat_turn or found.slant >= limits.flat_slant)
    )


def _seen(pairs: list[_Pair], compared: list[_Compared]) -> dict[str, Any]:
    return {
        "straight": sorted({pair.straight for pair in pairs}),
        "frames": [one.pair.turned for one in compared],
        "turns": [round(one.pair.turn, 1) for one in compared],
        "heights": [round(one.nose.best, 2) for one in compared],
        "unfollowed": len(pairs) - len(compared),
    }


def _numbers(found: _Measures) -> dict[str, Any]:
    return {
        "height": round(found.relief.height, 2),
        "contrast": round(found.relief.contrast, 4),
        "agreeing": round(found.relief.agreeing, 2),
        "moved": round(found.moved, 3),
        "turn": round(found.turn, 1),
        "slant": round(found.slant, 1),
        "held": round(found.held, 3),
        "error": round(found.error, 4),
        "alike": round(found.alike, 3),
        "bend": round(found.bend, 3),
    }


def _untold(limits: Limits, *, evidence: dict[str, Any], is_turned: bool) -> Finding:
    code, sentence = (
        ("TURN_UNCLEAR", "Neither a head nor a picture explains the turn.")
        if is_turned
        else ("NOT_TURNED", "The head did not turn far enough to tell.")
    )
    return Finding(
        check=Check.SHAPE,
        outcome=Outcome.RETRY,
        code=code,
        sentence=sentence,
        score=evidence.get("height") if is_turned else None,
        threshold=limits.height,
        evidence=evidence,
    )
