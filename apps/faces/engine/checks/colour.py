"""Whether the light of the screen came back from the skin, in the order it was shown.

After AuroraGuard (Liu et al. 2019) and Face Flashing (Tang et al., NDSS 2018): a replayed video
answers the light it was recorded under, not the light that is asked now. What is measured is the
log chromaticity of cheeks and forehead, in linear light, with and without that of the wall behind,
which takes off what the camera's white balance does to the whole picture. following.py says what
it is compared with, and why the rate at which wrong light passes is known.

The wall is farther away than the face and answers less. Where it answers alike, either the face is
held flat against it, or somebody tints whole pictures. And a face answers with all of its skin:
on the glass of a display the light is a faint veil, and a spot where it is mirrored.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.faces.engine import following, skin
from apps.faces.engine.following import Following
from apps.faces.engine.session import Challenge, Prompt, Step
from apps.faces.engine.track import Sight, Track
from apps.faces.engine.verdict import Check, Finding, Outcome, Species


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against.

    `correlation` with the asked light, and `share` of the sequences never shown that fit as well.
    A different sequence was answered where it fits with `other`, moves the skin by `other_gain`
    and the asked one stays below `unlike`. Skin as dark as `dim` (linear, 0-1) in a picture says
    that the screen must have been its main light. `alike` is the wall's answer over the skin's.
    """

    correlation: float = 0.65
    share: float = 0.001
    other: float = 0.85
    other_gain: float = 0.04
    unlike: float = 0.5
    dim: float = 0.03
    dim_gain: float = 0.02
    alike: float = 0.5
    #: Changes of log chromaticity per unit of light below which a veil on glass is not excluded.
    gain: float = 0.07
    #: How much like glass the face answers: the standard deviation of the logarithms of what
    #: forehead, cheeks and chin answer, and the wall's answer over the skin's, together.
    glass: float = 0.62
    wall_correlation: float = 0.7
    #: Degrees that the head may be turned away from how it is held during the flashes.
    turned: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was measured: times since the first flash, log chromaticities, brightness of skin."""

    at_ms: NDArray[np.float64]
    skin: NDArray[np.float64]
    wall: NDArray[np.float64] | None
    patches: list[NDArray[np.float64]]
    levels: list[float]
    brightness: float


def check(*, challenge: Challenge, track: Track, limits: Limits) -> Finding:
    """Whether the skin followed the colours; passes where none were asked."""
    prompt = next((one for one in challenge.prompts if one.step is Step.COLOURS), None)
    if prompt is None or not prompt.flashes:
        return _finding(Outcome.PASS, "COLOUR_NOT_ASKED", "No colours were shown.")
    seen = _look(prompt, track, limits)
    if seen is None:
        return _unseen()
    signals = [seen.skin] if seen.wall is None else [seen.skin, seen.skin - seen.wall]
    found = following.follow(at_ms=seen.at_ms, signals=signals, shown=prompt.flashes)
    if found is None:
        return _unseen()
    wall = (
        following.follow(at_ms=seen.at_ms, signals=[seen.wall], shown=prompt.flashes)
        if seen.wall is not None
        else None
    )
    answers = [
        level
        * (
            following.gain(
                at_ms=seen.at_ms, signal=one, shown=prompt.flashes, delay_ms=found.delay_ms
            )
            or 0.0
        )
        for one, level in zip(seen.patches, seen.levels, strict=True)
    ]
    return _judged(found, wall, answers, seen, limits)


def _judged(
    found: Following, wall: Following | None, answers: list[float], seen: _Seen, limits: Limits
) -> Finding:
    evidence = _evidence(found, wall, seen) | {
        "patches": [round(one, 4) for one in answers],
        "glass": round(_like_glass(found, wall, answers), 3),
    }
    measured = {"score": found.correlation, "threshold": limits.correlation, "evidence": evidence}
    follows = found.correlation >= limits.correlation and found.share <= limits.share
    if follows and wall is not None and _answers_alike(found, wall, limits):
        return _finding(
            Outcome.RETRY,
            "COLOUR_EVERYWHERE",
            "What is behind the face answered the light as much as the face did.",
            **measured,
        )
    if follows and found.gain >= limits.gain and _like_glass(found, wall, answers) > limits.glass:
        return _finding(
            Outcome.RETRY,
            "COLOUR_PATCHY",
            "The light lies on parts of the face only, as on glass that mirrors it.",
            **measured,
        )
    if follows and found.gain >= limits.gain:
        return _finding(
            Outcome.PASS, "COLOUR_FOLLOWED", "The skin followed the colours shown.", **measured
        )
    if (
        found.other >= limits.other
        and abs(found.other_gain) >= limits.other_gain
        and found.correlation < limits.unlike
    ):
        return _finding(
            Outcome.FAIL,
            "COLOUR_OTHER",
            "The skin followed a sequence of colours that was not the one shown.",
            species=Species.SCREEN,
            certainty=0.9,
            **measured,
        )
    if seen.brightness < limits.dim and abs(found.gain) < limits.dim_gain:
        return _finding(
            Outcome.FAIL,
            "COLOUR_ABSENT",
            "The face is dark, and yet the screen's light does not show on it.",
            species=Species.SCREEN,
            certainty=0.6,
            **measured,
        )
    return _finding(
        Outcome.RETRY,
        "COLOUR_WEAK",
        "The screen's light could not be told from the light of the place.",
        **measured,
    )


def _answers_alike(found: Following, wall: Following, limits: Limits) -> bool:
    return wall.correlation >= limits.wall_correlation and wall.gain >= limits.alike * found.gain


def _like_glass(found: Following, wall: Following | None, answers: list[float]) -> float:
    """A spot on the face and a veil over all: the light of the place is taken off, skin is even."""
    uneven = float(np.log(np.maximum(answers, 1e-4)).std()) if len(answers) > 2 else 0.0
    veil = max(wall.gain / found.gain, 0.0) if wall is not None and found.gain > 0 else 0.0
    return uneven + veil


def _look(prompt: Prompt, track: Track, limits: Limits) -> _Seen | None:
    """The light on skin and wall while the colours were on the screen, and shortly after."""
    during = track.during(prompt.seq)
    if not during:
        return None
    start = track.sights[during[0]].t_ms
    length = sum(one.for_ms for one in prompt.flashes)
    chosen = [
        (index, one)
        for index, one in enumerate(track.sights)
        if one.landmarks is not None
        and following.DELAYS[0] <= one.t_ms - start < length + following.DELAYS[-1]
    ]
    chosen = _held_still(chosen, limits)
    if not chosen:
        return None
    times, faces, walls, parts, where = [], [], [], [], None
    for index, sight in chosen:
        picture = track.half(index)
        if where is None:
            boxes = np.array([one.box for _, one in chosen]) / 2
            where = skin.surroundings(boxes, picture.shape)
        outlines = skin.patches(np.asarray(sight.landmarks) / 2)
        face = skin.colour(picture, outlines)
        if face is not None:
            times.append(sight.t_ms - start)
            faces.append(face)
            walls.append(skin.wall(picture, where))
            chin = skin.chin(np.asarray(sight.landmarks) / 2)
            parts.append([skin.colour(picture, [one]) for one in (*outlines, chin)])
    if not faces:
        return None
    walled = [one for one in walls if one is not None]
    whole = [np.array(one) for one in zip(*parts, strict=True) if not any(c is None for c in one)]
    return _Seen(
        at_ms=np.array(times, dtype=np.float64),
        skin=_log_chroma(np.array(faces)),
        wall=_log_chroma(np.array(walled)) if len(walled) == len(faces) else None,
        patches=[_log_chroma(one) for one in whole],
        levels=[float(one.mean()) for one in whole],
        brightness=float(np.mean(faces)),
    )


def _held_still(chosen: list[tuple[int, Sight]], limits: Limits) -> list[tuple[int, Sight]]:
    angles = np.array([(one.yaw or 0.0, one.pitch or 0.0) for _, one in chosen]).reshape(-1, 2)
    if not len(angles):
        return []
    away = np.abs(angles - np.median(angles, axis=0)).max(axis=1)
    return [one for one, by in zip(chosen, away, strict=True) if by <= limits.turned]


def _log_chroma(colours: NDArray) -> NDArray[np.float64]:
    logs = np.log(np.maximum(colours, 1e-4))
    return np.stack([logs[:, 0] - logs[:, 1], logs[:, 2] - logs[:, 1]], axis=1)


def _evidence(found: Following, wall: Following | None, seen: _Seen) -> dict[str, object]:
    def rounded(values: NDArray) -> list:
        return np.round(values, 4).tolist()

    return {
        "share": found.share,
        "delay_ms": found.delay_ms,
        "gain": round(found.gain, 4),
        "other": round(found.other, 4),
        "other_letters": found.other_letters,
        "other_gain": round(found.other_gain, 4),
        "brightness": round(seen.brightness, 4),
        "wall_gain": None if wall is None else round(wall.gain, 4),
        "wall_correlation": None if wall is None else round(wall.correlation, 4),
        "at_ms": seen.at_ms.astype(int).tolist(),
        "red_green": rounded(seen.skin[:, 0]),
        "blue_green": rounded(seen.skin[:, 1]),
    }


def _unseen() -> Finding:
    return _finding(
        Outcome.RETRY,
        "COLOUR_UNSEEN",
        "The face was not seen long enough while the colours were shown.",
    )


def _finding(outcome: Outcome, code: str, sentence: str, **measured: object) -> Finding:
    return Finding(check=Check.COLOUR, outcome=outcome, code=code, sentence=sentence, **measured)  # type: ignore[arg-type]
