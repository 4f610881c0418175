"""Whether each action was made in its window after its prompt, in order, and none before.

A replayed recording passes every passive check; what it can't know is what is asked next. So
each prompt has a reaction window (nobody reacts within 100 ms: Thompson 1992 and the rules of
athletics), motion that nobody asked for counts against, and everything is measured against the
person's own pose and eyes while they looked ahead. Blinks: Soukupová & Čech 2016, relative.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from apps.faces.engine import eyes
from apps.faces.engine.session import ACTIONS, Challenge, Prompt, Step
from apps.faces.engine.track import Sight, Track
from apps.faces.engine.verdict import Check, Finding, Outcome, Species


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against: degrees from the person's own pose, milliseconds.

    An action counts from its degrees on, `onset` is the share of them at which it begins. What
    nobody asked for counts from the `unasked_…` degrees on: people nod a little while they turn.
    """

    turn: float = 13.0
    up: float = 7.0
    down: float = 6.0
    tilt: float = 11.0
    unasked_turn: float = 18.0
    unasked_nod: float = 13.0
    unasked_tilt: float = 17.0
    onset: float = 0.5
    reaction_ms: int = 100
    #: How long a motion that was asked for may last into the next prompt.
    returning_ms: int = 1_100
    #: Shares of how far the person's own eyes are open.
    closed: float = 0.75
    opened: float = 0.82
    blinks: int = 2
    blink_longest_ms: int = 900


#: The axis of each action, and its sign there.
_AXES = {
    Step.LEFT: ("yaw", 1.0),
    Step.RIGHT: ("yaw", -1.0),
    Step.UP: ("pitch", 1.0),
    Step.DOWN: ("pitch", -1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was seen of one prompt: when the motion began, how far it went, what else moved."""

    step: Step
    begun_ms: int | None
    reached: float
    needed: float
    early: bool
    other: Step | None


def check(*, challenge: Challenge, track: Track, limits: Limits) -> Finding:
    """Goes through the prompts in order; the first that was answered wrongly decides."""
    ahead = _ahead(challenge, track)
    if ahead is None:
        return _found(Outcome.RETRY, "NO_LOOK", "The face was not seen looking ahead.", [])
    seen: list[Done] = []
    before: Prompt | None = None
    for prompt in challenge.prompts:
        sights = [track.sights[i] for i in track.during(prompt.seq)]
        seen.append(_answer(prompt, before, [one for one in sights if one.box], ahead, limits))
        before = prompt
    return _judged(seen, limits)


def _judged(seen: list[Done], limits: Limits) -> Finding:
    for done in seen:
        if done.early:
            return _found(
                Outcome.FAIL,
                "MOVED_BEFORE_ASKED",
                f"{done.step.value} began before its prompt could be answered.",
                seen,
                certainty=0.6,
            )
        if done.other is not None:
            return _found(
                Outcome.FAIL,
                "UNASKED_MOTION",
                f"{done.other.value} was seen where {done.step.value} was asked.",
                seen,
                certainty=0.5,
            )
    missing = [one for one in seen if one.step in ACTIONS and one.reached < one.needed]
    if missing:
        return _found(
            Outcome.RETRY,
            "ACTION_MISSING",
            f"{missing[0].step.value} was not seen, or not far enough.",
            seen,
            worst=missing[0],
        )
    return _found(
        Outcome.PASS, "ACTIONS_DONE", "Every action was made when it was asked for.", seen
    )


def _answer(
    prompt: Prompt, before: Prompt | None, sights: list[Sight], ahead: Sight, limits: Limits
) -> Done:
    """What was done while this prompt was on the screen."""
    if not sights:
        return Done(
            step=prompt.step, begun_ms=None, reached=0.0, needed=1.0, early=False, other=None
        )
    start = sights[0].t_ms
    times = np.array([one.t_ms - start for one in sights])
    motions = {step: _motion(step, sights, ahead) for step in (*_AXES, Step.TILT)}
    other = _other(prompt, before, times, motions, limits)
    if prompt.step is Step.BLINK_TWICE:
        count, begun = _blinks(sights, ahead, times, limits)
        return Done(
            step=prompt.step,
            begun_ms=begun,
            reached=count,
            needed=limits.blinks,
            early=False,
            other=other,
        )
    if prompt.step not in motions:
        return Done(
            step=prompt.step, begun_ms=None, reached=0.0, needed=0.0, early=False, other=other
        )
    motion = motions[prompt.step] / _needed(prompt.step, limits)
    peak = int(np.argmax(motion))
    moving = np.flatnonzero(motion[: peak + 1] < limits.onset)
    begun = int(times[min(moving[-1] + 1, peak)]) if len(moving) else 0
    is_done = motion[peak] >= 1.0
    kept_on = before is not None and before.step is prompt.step
    return Done(
        step=prompt.step,
        begun_ms=begun if is_done else None,
        reached=float(motion[peak]),
        needed=1.0,
        early=bool(is_done and begun < limits.reaction_ms and not kept_on),
        other=other,
    )


def _other(
    prompt: Prompt,
    before: Prompt | None,
    times: np.ndarray,
    motions: dict[Step, np.ndarray],
    limits: Limits,
) -> Step | None:
    """The largest motion that this prompt did not ask for, and that isn't one dying away."""
    worst, found = 1.0, None
    turned = np.maximum(motions[Step.LEFT], motions[Step.RIGHT]) >= limits.turn
    for step, degrees in motions.items():
        if step is prompt.step or {step, prompt.step} in _COUPLED:
            continue
        motion = degrees / _unasked(step, limits)
        if step in (Step.UP, Step.DOWN):  # a turned head's nod is measured badly
            motion = np.where(turned, 0.0, motion)
        asked_before = before is not None and before.step is step
        counted = motion[times > limits.returning_ms] if asked_before else motion
        # Two pictures: a single one may be a landmark that slipped.
        sustained = np.minimum(counted[1:], counted[:-1]) if len(counted) > 1 else counted[:0]
        if len(sustained) and float(sustained.max()) >= worst:
            worst, found = float(sustained.max()), step
    return found


#: Who leans their head also nods and turns it a little, and who nods opens and closes the mouth.
_COUPLED: tuple[set[Step], ...] = (
    {Step.TILT, Step.LEFT},
    {Step.TILT, Step.RIGHT},
    {Step.TILT, Step.UP},
    {Step.TILT, Step.DOWN},
)


def _motion(step: Step, sights: list[Sight], ahead: Sight) -> np.ndarray:
    """How many degrees each sight went in this direction."""
    if step is Step.TILT:
        return np.abs([(one.roll or 0.0) - (ahead.roll or 0.0) for one in sights])
    axis, sign = _AXES[step]
    return sign * np.array([getattr(one, axis) - getattr(ahead, axis) for one in sights], float)


def _needed(step: Step, limits: Limits) -> float:
    known = {Step.UP: limits.up, Step.DOWN: limits.down, Step.TILT: limits.tilt}
    return known.get(step, limits.turn)


def _unasked(step: Step, limits: Limits) -> float:
    if step is Step.TILT:
        return limits.unasked_tilt
    return limits.unasked_nod if step in (Step.UP, Step.DOWN) else limits.unasked_turn


def _blinks(
    sights: list[Sight], ahead: Sight, times: np.ndarray, limits: Limits
) -> tuple[int, int | None]:
    """How often the eyes closed and opened, and when they closed first."""
    open_shares = eyes.open_shares(
        eyes.shares([one.eye_openness for one in sights], usual=ahead.eye_openness),
        eyes.shares([one.eye_contrast for one in sights], usual=ahead.eye_contrast),
    )
    found = eyes.blinks(
        open_shares,
        closed_below=limits.closed,
        open_above=limits.opened,
    )
    short = [
        (start, end) for start, end in found if times[end] - times[start] <= limits.blink_longest_ms
    ]
    return len(short), int(times[short[0][0]]) if short else None


def _ahead(challenge: Challenge, track: Track) -> Sight | None:
    """How the person looks ahead: the middle of what was seen while nothing was asked."""
    look = [prompt.seq for prompt in challenge.prompts if prompt.step is Step.LOOK]
    seen = [one for one in track.sights if one.box and one.prompt_seq in look]
    if not seen:
        return None
    yaw, pitch, roll = np.median([(one.yaw, one.pitch, one.roll) for one in seen], axis=0)
    return replace(
        seen[0],
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        eye_openness=eyes.baseline([one.eye_openness for one in seen]),
        eye_contrast=eyes.baseline([one.eye_contrast for one in seen]),
    )


def _found(
    outcome: Outcome,
    code: str,
    sentence: str,
    seen: list[Done],
    *,
    worst: Done | None = None,
    certainty: float = 0.0,
) -> Finding:
    asked = [one for one in seen if one.step in ACTIONS]
    weakest = worst or min(asked, key=lambda one: one.reached / one.needed, default=None)
    evidence: dict[str, Any] = {
        "steps": [one.step.value for one in seen],
        "begun_ms": [one.begun_ms for one in seen],
        "reached": [round(one.reached, 2) for one in seen],
    }
    return Finding(
        check=Check.ACTIONS,
        outcome=outcome,
        code=code,
        sentence=sentence,
        score=round(weakest.reached / weakest.needed, 3) if weakest else None,
        threshold=1.0 if weakest else None,
        species=Species.SCREEN if outcome is Outcome.FAIL else None,
        certainty=certainty,
        evidence=evidence,
    )
