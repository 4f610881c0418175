"""Whether it is the same person throughout, also while acting: faces swapped in mid-session.

Whoever shows the victim's photograph while standing still and their own face while turning must
not pass. So one picture under each prompt is embedded, in a turn while the head is turned, and
also those on both sides of the least smooth change of the face.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.faces.engine.dlib_models import averaged
from apps.faces.engine.session import TURNS, Challenge, Step
from apps.faces.engine.track import Sight, Track
from apps.faces.engine.verdict import Check, Finding, Outcome, Species


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against.

    `distance` of one picture to the mean of the others; `turned` for pictures of a turned head,
    from `turned_from` degrees on. `cut`: how alike faces of following pictures are at least.
    """

    distance: float = 0.36
    turned: float = 0.42
    turned_from: float = 12.0
    cut: float = 0.8
    #: Widths of the face, and times its size, from one picture to one 100 ms later.
    jump: float = 0.9
    resized: float = 1.7
    #: In a turn, the picture nearest to this angle is embedded: more isn't well recognised.
    turn: float = 14.0


_AXES = ("yaw", "pitch")
#: How many sights beside a sudden change may stand for what was before and after it.
_NEAR = 8


def chosen(*, challenge: Challenge, track: Track, limits: Limits) -> list[int]:
    """The indices of the sights to embed."""
    usable = [i for i, one in enumerate(track.sights) if one.landmarks is not None]
    if not usable:
        return []
    ahead, level = (float(np.median([getattr(track.sights[i], a) for i in usable])) for a in _AXES)
    found: list[int] = []
    for aim, indices in _parts(challenge, track, usable, limits):
        if indices:
            unsuited = [_unsuited(track.sights[i], ahead + aim, level) for i in indices]
            found.append(indices[int(np.argmin(unsuited))])
    found += _around_cut(track, usable, limits)
    return sorted(set(found))


def check(*, track: Track, embeddings: dict[int, NDArray[np.float64]], limits: Limits) -> Finding:
    """Compares each embedded picture with the mean of the others."""
    if len(embeddings) < 2:
        return _found(Outcome.RETRY, "TOO_FEW_EMBEDDED", "Too few pictures show the face well.")
    ahead = float(np.median([one.yaw for one in track.sights if one.yaw is not None]))
    distances: dict[int, float] = {}
    worst, its_limit, excess = 0.0, limits.distance, -np.inf
    for index, vector in embeddings.items():
        others = averaged([one for other, one in embeddings.items() if other != index])
        assert others is not None
        away = float(np.linalg.norm(vector - others))
        distances[index] = away
        turned = abs((track.sights[index].yaw or 0.0) - ahead) >= limits.turned_from
        limit = limits.turned if turned else limits.distance
        if away - limit > excess:
            worst, its_limit, excess = away, limit, away - limit
    evidence: dict[str, Any] = {
        "frames": list(distances),
        "distances": [round(away, 3) for away in distances.values()],
    }
    if excess > 0:
        return _found(
            Outcome.FAIL,
            "PERSON_CHANGED",
            "The face is not the same from beginning to end.",
            worst,
            its_limit,
            certainty=min(0.95, 0.5 + excess * 4),
            evidence=evidence,
        )
    moved, grown = _largest_jump([one for one in track.sights if one.box])
    if moved > limits.jump:
        return _found(
            Outcome.RETRY,
            "FACE_JUMPED",
            "The face jumped from one place to another.",
            moved,
            limits.jump,
            evidence=evidence,
        )
    if grown > limits.resized:
        return _found(
            Outcome.RETRY,
            "FACE_RESIZED",
            "The face changed its size at once.",
            grown,
            limits.resized,
            evidence=evidence,
        )
    return _found(
        Outcome.PASS,
        "SAME_THROUGHOUT",
        "It is the same face from beginning to end.",
        worst,
        its_limit,
        evidence=evidence,
    )


def _parts(
    challenge: Challenge, track: Track, usable: list[int], limits: Limits
) -> list[tuple[float, list[int]]]:
    """What to look for in each part of the session: an angle of yaw, and the sights it has."""
    if challenge.is_prompted:
        parts = []
        for prompt in challenge.prompts:
            under = [i for i in usable if track.sights[i].prompt_seq == prompt.seq]
            aim = limits.turn if prompt.step in TURNS else 0.0
            parts.append((-aim if prompt.step is Step.RIGHT else aim, under))
        return parts
    thirds = [list(part) for part in np.array_split(usable, 3)]
    yaws = [track.sights[i].yaw or 0.0 for i in usable]
    ahead = float(np.median(yaws))
    aims = [0.0, 0.0, 0.0]
    turns = [
        (float(np.clip(extreme - ahead, -limits.turn, limits.turn)), usable)
        for extreme in (max(yaws), min(yaws))
        if abs(extreme - ahead) >= limits.turned_from
    ]
    return [*zip(aims, thirds, strict=True), *turns]


def _unsuited(sight: Sight, yaw: float, pitch: float) -> float:
    """How little a picture is fit to be embedded: its pose, closed eyes, blur, haste."""
    blur = 20.0 / (1.0 + (sight.sharpness or 0.0))
    closed = 5.0 if (sight.eye_openness or 0.0) < 0.15 else 0.0
    slipped = 60.0 * max(0.0, 0.9 - (1.0 if sight.alike is None else sight.alike))
    turned = abs((sight.yaw or 0.0) - yaw) + abs((sight.pitch or 0.0) - pitch)
    return turned + 0.5 * abs(sight.roll or 0.0) + closed + blur + slipped


def _around_cut(track: Track, usable: list[int], limits: Limits) -> list[int]:
    """A good sight on each side of the least smooth change, where it is too large for a face."""
    # A face that had been lost is like none before.
    found = (track.sights[i].alike for i in usable[1:])
    alikes = [0.0 if one is None else one for one in found]
    if not alikes or min(alikes) >= limits.cut:
        return []
    index = usable[1 + int(np.argmin(alikes))]
    place = usable.index(index)
    sides = (usable[max(0, place - _NEAR) : place], usable[place : place + _NEAR])
    ahead, level = (float(np.median([getattr(track.sights[i], a) for i in usable])) for a in _AXES)
    return [
        min(side, key=lambda i: _unsuited(track.sights[i], ahead, level)) for side in sides if side
    ]


def _largest_jump(seen: list[Sight]) -> tuple[float, float]:
    """The farthest move between two pictures in face widths per 100 ms, the largest resizing."""
    moved, grown = 0.0, 1.0
    for before, after in pairwise(seen):
        assert before.box is not None
        assert after.box is not None
        width, later = before.box[2] - before.box[0], after.box[2] - after.box[0]
        way = np.hypot(
            (after.box[0] + after.box[2] - before.box[0] - before.box[2]) / 2,
            (after.box[1] + after.box[3] - before.box[1] - before.box[3]) / 2,
        )
        ticks = max(1.0, (after.t_ms - before.t_ms) / 100)
        moved = max(moved, float(way / width / ticks))
        grown = max(grown, max(later / width, width / later) ** (1 / ticks))
    return moved, float(grown)


def _found(
    outcome: Outcome,
    code: str,
    sentence: str,
    score: float | None = None,
    threshold: float | None = None,
    *,
    certainty: float = 0.0,
    evidence: dict[str, Any] | None = None,
) -> Finding:
    return Finding(
        check=Check.IDENTITY,
        outcome=outcome,
        code=code,
        sentence=sentence,
        score=None if score is None else round(score, 4),
        threshold=threshold,
        species=Species.SWAP if outcome is Outcome.FAIL else None,
        certainty=round(certainty, 3),
        evidence=dict(evidence or {}),
    )
