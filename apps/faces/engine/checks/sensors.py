"""Whether depth and infrared show a living head, where the device has to show them.

Depth tells a head from a sheet, however it is bent (relief.py); a rigid mask it can't tell from a
head, so where it is alone the eyes must close once (asking.py asks for it). Infrared tells skin
from screens, prints and masks (near_infrared.py). What a device registered as having sensors does
not deliver is missed, or else an attacker would leave it out.

Sources: Bhattacharjee & Marcel 2017 (what vulnerable systems do not see), WMCA (George et al.
2019: masks in depth, infrared and colour), SpecDiff (Ebihara et al. 2020: relief under a flash).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from apps.faces.engine import decode, sensing
from apps.faces.engine.headers import Unreadable
from apps.faces.engine.near_infrared import Glance
from apps.faces.engine.relief import Relief
from apps.faces.engine.sensing import Measured
from apps.faces.engine.session import Challenge, DepthFrame, InfraredFrame, Sensor
from apps.faces.engine.track import Track
from apps.faces.engine.verdict import Check, Finding, Outcome, Species


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against; medians over the session.

    Depth: shares, millimetres and degrees of relief.Relief. Infrared: `dark` is brightness of
    0-255, `features` how much the eyes stand out (below `features_none` they don't),
    `shading` how much light the cheek that turns away loses, per radian.
    """

    fewest: int = 4
    within_ms: int = 150
    #: The share of the session that the sensors' pictures span at least.
    span: float = 0.5
    covered: float = 0.5
    flat_mm: float = 4.5
    bent_mm: float = 2.4
    relief: float = 0.28
    smallest_eyes_mm: float = 45.0
    largest_eyes_mm: float = 80.0
    yaw_apart: float = 16.0
    yaw_follows: float = 0.5
    #: Standard deviation of the head's yaw, in degrees, from which turning says something.
    turned: float = 6.0
    #: Degrees from the usual pose within which eyes and features are measured.
    ahead: float = 12.0
    closed: float = 0.75
    opened: float = 0.85
    dark: float = 40.0
    features: float = 0.92
    features_none: float = 0.8
    shading: float = 0.15


def check(
    *,
    challenge: Challenge,
    track: Track,
    limits: Limits,
    depth: Sequence[DepthFrame] = (),
    infrared: Sequence[InfraredFrame] = (),
) -> Finding:
    """The first thing that does not look like a living head; what is delivered is judged."""
    delivered = {Sensor.DEPTH: depth, Sensor.INFRARED: infrared}
    missing = sorted(one for one in challenge.sensors if not delivered[one])
    if missing:
        return _finding(
            Outcome.FAIL,
            "SENSOR_MISSING",
            f"{missing[0].capitalize()} was required and not delivered.",
            {"missing": [one.value for one in missing]},
            species=Species.INJECTED,
            certainty=0.4,
        )
    if not depth and not infrared:
        return _finding(Outcome.PASS, "SENSOR_NOT_ASKED", "No depth or infrared was required.", {})
    try:
        deep = [decode.png(one.image, bits=16) if isinstance(one.image, bytes) else one.image
                for one in depth]  # fmt: skip
        red = [decode.png(one.image, bits=8) if isinstance(one.image, bytes) else one.image
               for one in infrared]  # fmt: skip
    except Unreadable as reason:
        return _finding(
            Outcome.FAIL,
            "SENSOR_UNREADABLE",
            "A picture of depth or infrared could not be decoded.",
            {"reason": reason.code},
        )
    if _repeated(deep) or _repeated(red):
        return _finding(
            Outcome.FAIL,
            "SENSOR_REPEATED",
            "The same picture of a sensor came twice.",
            {},
            species=Species.INJECTED,
            certainty=0.8,
        )
    return _judged(depth, deep, infrared, red, track, limits)


def _judged(
    depth: Sequence[DepthFrame],
    deep: list[NDArray],
    infrared: Sequence[InfraredFrame],
    red: list[NDArray],
    track: Track,
    limits: Limits,
) -> Finding:
    """The relief first, then skin: what is flat and dark is a screen."""
    measured: Measured = {}
    reliefs = sensing.reliefs(depth, deep, track, within_ms=limits.within_ms)
    glances = sensing.glances(infrared, red, track, within_ms=limits.within_ms)
    for frames, found in ((depth, [one for one, _ in reliefs]), (infrared, glances)):
        if frames and not _enough(found, track, limits):
            return _finding(
                Outcome.RETRY,
                "SENSOR_FACE_UNSEEN",
                "The face was not seen often enough by the sensors.",
                {"measured": len(found)},
            )
    if glances:
        measured |= sensing.complexion(glances, ahead=limits.ahead, turned=limits.turned)
    if reliefs:
        measured |= sensing.form(reliefs)
    measured["closed"] = sensing.most_closed(
        track, ahead=limits.ahead, closed=limits.closed, opened=limits.opened
    )
    for is_so, finding in _questions(measured, limits):
        if is_so:
            return finding
    name = "relief" if "relief" in measured else "features"
    return _finding(
        Outcome.PASS,
        "SENSOR_HEAD",
        "The sensors show a living head.",
        measured,
        score=measured[name],
        threshold=getattr(limits, name),
    )


def _questions(measured: Measured, limits: Limits) -> list[tuple[bool, Finding]]:
    """What could be wrong, in order; the first that is decides."""
    found: list[tuple[bool, Finding]] = []

    def ask(is_so: bool, code: str, sentence: str, name: str, limit: float, *like: Any) -> None:
        species, certainty = like or (None, 0.0)
        found.append(
            (
                is_so,
                _finding(
                    Outcome.FAIL if species else Outcome.RETRY,
                    code,
                    sentence,
                    measured,
                    score=measured[name],
                    threshold=limit,
                    species=species,
                    certainty=certainty,
                ),
            )
        )

    is_dark = measured.get("level", limits.dark) < limits.dark
    if "relief" in measured:
        flat = measured["flat_mm"] < limits.flat_mm and measured["relief"] < limits.relief
        sheet = Species.SCREEN if is_dark else Species.PRINT
        ask(measured["covered"] < limits.covered, "DEPTH_MISSING_ON_FACE",
            "Much of the face has no depth.", "covered", limits.covered)  # fmt: skip
        ask(flat, "DEPTH_FLAT", "What is seen is flat.", "flat_mm", limits.flat_mm, sheet, 0.95)
        ask(measured["relief"] < limits.relief, "DEPTH_WITHOUT_RELIEF",
            "What is seen is bent and has no nose.", "relief", limits.relief,
            Species.BENT, 0.9)  # fmt: skip
        ask(measured["bent_mm"] < limits.bent_mm, "DEPTH_SMOOTH",
            "What is seen is smoother than a face.", "bent_mm", limits.bent_mm,
            Species.BENT, 0.7)  # fmt: skip
    if "level" in measured:
        ask(is_dark, "INFRARED_DARK", "In infrared the face is dark, as screens are.",
            "level", limits.dark, Species.SCREEN, 0.9)  # fmt: skip
        mask = Species.SILICONE_MASK if measured["closed"] <= limits.closed else Species.RIGID_MASK
        mask = mask if "relief" in measured else Species.PRINT
        ask(measured["features"] < limits.features_none, "INFRARED_WITHOUT_FEATURES",
            "In infrared the eyes do not stand out from the skin.",
            "features", limits.features_none, mask, 0.8)  # fmt: skip
        ask(measured["features"] < limits.features, "INFRARED_UNCLEAR",
            "In infrared the eyes hardly stand out from the skin.",
            "features", limits.features)  # fmt: skip
        shading = measured["shading"]
        ask(shading is not None and shading < limits.shading, "INFRARED_FLAT",
            "In infrared both cheeks stay as bright when the face turns.",
            "shading", limits.shading, Species.PRINT, 0.8)  # fmt: skip
    if "relief" in measured:
        eyes_mm, apart = measured["eyes_mm"], measured["yaw_apart"]
        small, large = limits.smallest_eyes_mm, limits.largest_eyes_mm
        ask(eyes_mm < small, "DEPTH_SIZE", "The head is too small for a person's.",
            "eyes_mm", small, Species.RIGID_MASK, 0.6)  # fmt: skip
        ask(eyes_mm > large, "DEPTH_SIZE", "The head is too large for a person's.",
            "eyes_mm", large, Species.RIGID_MASK, 0.6)  # fmt: skip
        elsewhere = "Depth and colour do not show the same head."
        ask(apart > limits.yaw_apart, "DEPTH_ELSEWHERE", elsewhere,
            "yaw_apart", limits.yaw_apart, Species.INJECTED, 0.7)  # fmt: skip
        is_turned = measured["yaw_spread"] >= limits.turned
        ask(is_turned and measured["yaw_follows"] < limits.yaw_follows, "DEPTH_ELSEWHERE",
            elsewhere, "yaw_follows", limits.yaw_follows, Species.INJECTED, 0.7)  # fmt: skip
    if "level" not in measured:
        ask(measured["closed"] > limits.closed, "SENSOR_STILL",
            "Nothing moved by itself: the eyes never closed.",
            "closed", limits.closed)  # fmt: skip
    return found


def _enough(found: Sequence[Relief | Glance], track: Track, limits: Limits) -> bool:
    if len(found) < limits.fewest:
        return False
    whole = track.sights[-1].t_ms - track.sights[0].t_ms
    return found[-1].t_ms - found[0].t_ms >= limits.span * whole


def _repeated(pictures: list[NDArray]) -> bool:
    seen = {(one.shape, one.tobytes()) for one in pictures}
    return len(seen) < len(pictures)


def _finding(
    outcome: Outcome,
    code: str,
    sentence: str,
    evidence: Measured,
    *,
    score: float | None = None,
    threshold: float | None = None,
    species: Species | None = None,
    certainty: float = 0.0,
) -> Finding:
    return Finding(
        check=Check.SENSORS,
        outcome=outcome,
        code=code,
        sentence=sentence,
        score=score,
        threshold=threshold,
        species=species,
        certainty=certainty,
        evidence=evidence,
    )
