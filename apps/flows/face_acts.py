"""What a judged face check tells the risk engine: codes and numbers, in the engine's words."""

import re
from datetime import datetime
from typing import Any

from apps.faces import queries
from apps.faces.engine.verdict import Check, Outcome, Species, Verdict
from apps.faces.models import Challenge
from apps.flows import waiting, withdrawal_steps

#: Species that show that it is somebody else, not with what somebody hides.
SOMEBODY_ELSE = (Species.OTHER_PERSON, Species.SWAP)
#: Cameras that are programs: what they show is made, not seen.
PROGRAMS = re.compile(
    r"\bobs\b|manycam|snap camera|xsplit|vcam\b|virtual|v4l2loopback|splitcam|deepfacelive",
    re.IGNORECASE,
)


def told(challenge: Challenge, verdict: Verdict, *, at: datetime) -> dict[str, Any]:
    """The facts of a check for its act; what is unknown is absent."""
    missing = _missing(challenge)
    facts: dict[str, Any] = {
        "face_purpose": str(challenge.purpose),
        "face_with_flashes": bool(challenge.colours),
        "face_with_depth": bool(challenge.sensors) and not missing,
        "face_device_changed": _device_changed(challenge),
        "face_match": _match(verdict),
        "face_waiting_usd": _waiting_usd(challenge),
    }
    if challenge.sensors:
        facts["sensors_missing"] = missing
    if verdict.species and verdict.outcome is not Outcome.PASS:
        facts["face_attack"] = str(verdict.species)
        facts["face_certainty"] = round(min(1.0, max(0.0, verdict.certainty)), 3)
    if verdict.outcome is Outcome.PASS:
        facts["operator_mismatch"] = False
    elif verdict.species in SOMEBODY_ELSE:
        facts["operator_mismatch"] = True
    if PROGRAMS.search(str(challenge.hints.get("camera", ""))):
        facts["virtual_camera"] = True
    return {name: fact for name, fact in facts.items() if fact is not None}


def _missing(challenge: Challenge) -> bool:
    """Whether a sensor was asked for of which nothing has come."""
    came = set(challenge.pictures.order_by().values_list("kind", flat=True).distinct())
    return bool(set(challenge.sensors) - came)


def _device_changed(challenge: Challenge) -> bool | None:
    before = queries.last_passed(challenge.user)
    if before is None or before.challenge.device_id is None or challenge.device_id is None:
        return None
    return bool(before.challenge.device_id != challenge.device_id)


def _match(verdict: Verdict) -> float | None:
    found = verdict.of(Check.MATCH)
    if found is None or found.score is None or not found.threshold:
        return None
    return round(found.score / found.threshold, 3)


def _waiting_usd(challenge: Challenge) -> float:
    user = challenge.user
    waits = [*waiting.waiting_for(user), *withdrawal_steps.waiting_for(user)]
    return float(max((one.usd for one in waits), default=0))
