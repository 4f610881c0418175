"""Whether one face was there all the time, large, sharp and bright enough to judge.

Bad quality is a RETRY with a hint, never an attack: light and cameras differ more than people do
(ISO/IEC 29794-5 names the same measures). Two faces can't be told apart, so nobody is judged.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.faces.engine.session import Challenge
from apps.faces.engine.track import Sight, Track
from apps.faces.engine.verdict import Check, Finding, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against. Widths are shares of the picture's shorter side."""

    seen: float = 0.9
    longest_unseen_ms: int = 700
    most_unreadable: int = 2
    several: int = 2
    smallest: float = 0.22
    largest: float = 1.05
    darkest: float = 35.0
    brightest: float = 235.0
    blurred: float = 6.0
    misfit: float = 0.09


def check(*, challenge: Challenge, track: Track, limits: Limits) -> Finding:
    """The first thing that keeps this face from being judged."""
    seen = [one for one in track.sights if one.landmarks is not None]
    evidence = _evidence(track, seen)
    for code, sentence, score, threshold, is_bad in _questions(track, seen, limits):
        if is_bad:
            return Finding(
                check=Check.PRESENCE,
                outcome=Outcome.RETRY,
                code=code,
                sentence=sentence,
                score=score,
                threshold=threshold,
                evidence=evidence,
            )
    return Finding(
        check=Check.PRESENCE,
        outcome=Outcome.PASS,
        code="ONE_FACE",
        sentence="One face, well seen, from beginning to end.",
        score=evidence["seen"],
        threshold=limits.seen,
        evidence=evidence,
    )


Question = tuple[str, str, float, float, bool]


def _questions(track: Track, seen: list[Sight], limits: Limits) -> list[Question]:
    unreadable = len(track.unreadable)
    share = len(seen) / max(1, len(track.sights))
    several = sum((one.faces or 0) > 1 for one in track.sights)
    found: list[Question] = [
        (
            "PICTURES_UNREADABLE",
            "Some pictures could not be decoded.",
            unreadable,
            limits.most_unreadable,
            unreadable > limits.most_unreadable,
        ),
        (
            "SEVERAL_FACES",
            "More than one face is in the picture.",
            several,
            limits.several,
            several >= limits.several,
        ),
        ("NO_FACE", "No face was seen.", share, limits.seen, not seen),
    ]
    if not seen:
        return found
    width = float(np.median([one.box[2] - one.box[0] for one in seen if one.box]))
    width /= max(1, min(track.width, track.height))
    bright = float(np.median([one.brightness or 0.0 for one in seen]))
    sharp = float(np.percentile([one.sharpness or 0.0 for one in seen], 75))
    misfit = float(np.median([one.misfit or 0.0 for one in seen]))
    unseen = _longest_unseen(track)
    return [
        *found,
        (
            "FACE_TOO_SMALL",
            "The face is too far away.",
            width,
            limits.smallest,
            width < limits.smallest,
        ),
        ("FACE_TOO_LARGE", "The face is too near.", width, limits.largest, width > limits.largest),
        ("TOO_DARK", "There is too little light.", bright, limits.darkest, bright < limits.darkest),
        (
            "TOO_BRIGHT",
            "There is too much light on the face.",
            bright,
            limits.brightest,
            bright > limits.brightest,
        ),
        ("BLURRED", "The picture is not sharp.", sharp, limits.blurred, sharp < limits.blurred),
        (
            "FACE_LOST",
            "The face left the picture for a while.",
            unseen,
            limits.longest_unseen_ms,
            unseen > limits.longest_unseen_ms,
        ),
        (
            "FACE_NOT_ALWAYS",
            "The face was not always seen.",
            share,
            limits.seen,
            share < limits.seen,
        ),
        (
            "FACE_UNCLEAR",
            "What is seen does not fit a face: something covers it.",
            misfit,
            limits.misfit,
            misfit > limits.misfit,
        ),
    ]


def _longest_unseen(track: Track) -> int:
    """Milliseconds between two sights of the face, or to the ends of the session."""
    times = [one.t_ms for one in track.sights]
    with_face = [one.t_ms for one in track.sights if one.landmarks is not None]
    return int(np.diff([times[0], *with_face, times[-1]]).max())


def _evidence(track: Track, seen: list[Sight]) -> dict[str, Any]:
    return {
        "frames": len(track.sights),
        "seen": round(len(seen) / max(1, len(track.sights)), 3),
        "searched": sum(one.faces is not None for one in track.sights),
        "several": [i for i, one in enumerate(track.sights) if (one.faces or 0) > 1],
        "unreadable": {str(index): code for index, code in track.unreadable.items()},
    }
