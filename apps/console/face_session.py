"""A face check as its page draws it: pictures, what was seen in each, what was asked, the light.

Without a look (flows/face_review.py) there are numbers alone: neither pictures nor landmarks.
"""

from typing import Any

from django.urls import reverse

from apps.core import crypto
from apps.faces.engine.verdict import Check
from apps.faces.models import Attempt, AuditPicture, PictureKind
from apps.faces.services import attempts, challenges, keys
from apps.flows import face_review

#: Columns of the trace that show no face.
NUMBERS = ("seq", "t_ms", "prompt", "yaw", "pitch", "roll", "eye_openness", "brightness")
SHAPES = ("box", "landmarks")


def session(attempt: Attempt, *, shown: bool) -> dict[str, Any]:
    """What the page's script draws, ready for JSON; `shown`: pictures and landmarks too."""
    try:
        trace = attempts.opened_trace(attempt)
    except (keys.Destroyed, crypto.Unreadable):
        trace = {}
    columns = NUMBERS + (SHAPES if shown else ())
    beside = face_review.enrolment_of(attempt) if shown else None
    return {
        "width": trace.get("width", 640),
        "height": trace.get("height", 480),
        "trace": {name: trace.get(name, []) for name in columns},
        "prompts": prompts(attempt),
        "colour": _colour(attempt),
        "pictures": _pictures(attempt, attempt, PictureKind.COLOUR) if shown else [],
        "depth": _pictures(attempt, attempt, PictureKind.DEPTH) if shown else [],
        "infrared": _pictures(attempt, attempt, PictureKind.INFRARED) if shown else [],
        "enrolment": _pictures(attempt, beside, PictureKind.COLOUR) if beside else [],
    }


def prompts(attempt: Attempt) -> list[dict[str, Any]]:
    """The timetable: what was asked, from when, and the colours that were on the screen."""
    return [
        {
            "seq": one.seq,
            "step": one.step.value,
            "at_ms": one.released_ms,
            "flashes": [
                {"colour": f"#{f.red:02x}{f.green:02x}{f.blue:02x}", "for_ms": f.for_ms}
                for f in one.flashes
            ],
        }
        for one in challenges.prompts_of(attempt.challenge)
    ]


def _colour(attempt: Attempt) -> dict[str, Any]:
    found = next((one for one in attempt.findings if one["check"] == Check.COLOUR), None)
    evidence = found["evidence"] if found else {}
    wanted = ("at_ms", "red_green", "blue_green", "delay_ms")
    return {name: evidence[name] for name in wanted if name in evidence}


def _pictures(attempt: Attempt, of: Attempt, kind: PictureKind) -> list[dict[str, Any]]:
    rows = AuditPicture.objects.filter(attempt=of, kind=kind).defer("sealed").order_by("seq", "pk")
    return [
        {
            "seq": row.seq,
            "t_ms": row.t_ms,
            "prompt": row.prompt_seq,
            "url": reverse("console:face_picture", args=[attempt.pk, row.pk]),
        }
        for row in rows
    ]
