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

    `distance` of one picture to the mean of the others, `runs` of several to the mean of several;
    `turned` for one of a turned head, from `turned_from` degrees on. `cut`: how alike the faces of
    following pictures are at least.
    """

    distance: float = 0.36
    runs: float = 0.31
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
            found.append(_best(track, indices, ahead + aim, level))
    found += _around_cut(track, usable, limits)
    return sorted({int(index) for index in found})


def instead(*, finding: Finding, track: Track) -> tuple[int, int] | None:
    """A picture that alone was unlike the others, and one beside it to embed in its place.

    Landmarks slip now and then; another person who is there for one picture only gains nothing.
    """
    apart = finding.evidence.get("apart", [])
    if finding.outcome is not Outcome.FAIL or len(apart) != 1:
        return None
    lone = apart[0]
    near = [
        i
        for i in range(max(0, lone - _NEAR), min(len(track.sights), lone + _NEAR + 1))
        if track.sights[i].box and abs(i - lone) > 1
    ]
    yaw, pitch = (getattr(track.sights[lone], axis) for axis in _AXES)
    return (lone, _best(track, near, yaw, pitch)) if near else None


def check(*, track: Track, embeddings: dict[int, NDArray[np.float64]], limits: Limits) -> Finding:
    """Compares each run of embedded pictures with all the others."""
    if len(embeddings) < 2:
        return _found(Outcome.RETRY, "TOO_FEW_EMBEDDED", "Too few pictures show the face well.")
    ahead = float(np.median([one.yaw for one in track.sights if one.yaw is not None]))
    indices = sorted(embeddings)
    turned = [abs((track.sights[i].yaw or 0.0) - ahead) >= limits.turned_from for i in indices]
    vectors = [embeddings[i] for i in indices]
    parts = [
        (away, _limit(turned[first:last], len(vectors), limits), first, last)
        for first, last, away in _parted(vectors)
    ]
    worst, its_limit, first, last = max(parts, key=lambda part: part[0] - part[1])
    excess = worst - its_limit
    evidence: dict[str, Any] = {
        "frames": indices,
        "distances": [round(away, 3) for away, _, first, last in parts if last == first + 1],
        "apart": indices[first:last],
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


def _best(track: Track, indices: list[int], yaw: float, pitch: float) -> int:
    """The sight that is fittest to be embedded, of a head that points about this way."""
    return min(indices, key=lambda index: _unsuited(track.sights[index], yaw, pitch))


def _unsuited(sight: Sight, yaw: float, pitch: float) -> float:
    """How little a picture is fit to be embedded: its pose, closed eyes, blur, haste."""
    blur = 20.0 / (1.0 + (sight.sharpness or 0.0))
    closed = 5.0 if (sight.eye_openness or 0.0) < 0.15 else 0.0
    slipped = 60.0 * max(0.0, 0.9 - (1.0 if sight.alike is None else sight.alike))
    turned = abs((sight.yaw or 0.0) - yaw) + abs((sight.pitch or 0.0) - pitch)
    return turned + 0.5 * abs(sight.roll or 0.0) + closed + blur + slipped


def _parted(vectors: list[NDArray[np.float64]]) -> list[tuple[int, int, float]]:
    """Each run of pictures, from one to half of them, and how far its mean is from the others'."""
    found = []
    for first in range(len(vectors)):
        for last in range(first + 1, len(vectors) + 1):
            inside, outside = vectors[first:last], vectors[:first] + vectors[last:]
            if outside and len(inside) <= max(1, len(vectors) // 2 + 1):
                one, other = averaged(inside), averaged(outside)
                assert one is not None
                assert other is not None
                found.append((first, last, float(np.linalg.norm(one - other))))
    return found


def _limit(turned: list[bool], of: int, limits: Limits) -> float:
    """How far a run may be from the others: two and more against two and more come closer."""
    if len(turned) >= 2 and of - len(turned) >= 2:
        return limits.runs
    return limits.turned if any(turned) else limits.distance


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
    return [_best(track, side, ahead, level) for side in sides if side]


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
