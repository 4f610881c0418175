"""Judgements written down: what was found, and the few pictures that people may have to see."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.core import crypto
from apps.core.ids import uuid7
from apps.faces.engine.verdict import Outcome, Verdict
from apps.faces.models import Attempt, AuditPicture, Challenge, Picture, PictureKind
from apps.faces.services import keys

#: How many colour pictures are kept of a check: all moments of a doubtful one, few of a good one.
KEPT = {Outcome.PASS: 3, Outcome.RETRY: 3, Outcome.REVIEW: 48, Outcome.FAIL: 48}
#: Under this name a face waits in the sealed trace for people to rule.
FACE = "face"


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A face as it is kept: the mean unit vector, the model, and of how much it is the mean."""

    vector: NDArray[np.float64]
    model: str
    frames: int
    poses: frozenset[str]


def record(
    challenge: Challenge,
    verdict: Verdict,
    *,
    device_model: str,
    platform: str,
    took_ms: int,
    event: UUID | None,
    at: datetime,
    face: Face | None = None,
    also: Sequence[dict[str, Any]] = (),
) -> Attempt:
    """Write down a verdict with the audit pictures; the challenge's own pictures still exist.

    `face` waits for people to rule; `also` are findings that are not the engine's.
    """
    user = challenge.user
    attempt = Attempt(
        id=uuid7(at),
        challenge=challenge,
        user=user,
        outcome=verdict.outcome,
        code=verdict.code,
        hint=verdict.hint,
        species=verdict.species or "",
        certainty=min(1.0, max(0.0, verdict.certainty)),
        findings=[
            {
                "check": one.check,
                "outcome": one.outcome,
                "code": one.code,
                "sentence": one.sentence,
                "score": one.score,
                "threshold": one.threshold,
                "evidence": one.evidence,
            }
            for one in verdict.findings
        ]
        + list(also),
        frames=challenge.pictures.filter(kind=PictureKind.COLOUR).count(),
        with_flashes=bool(challenge.colours),
        device_model=device_model[:80],
        platform=platform,
        model=verdict.model,
        policy=verdict.policy,
        took_ms=took_ms,
        event=event,
        at=at,
    )
    key = keys.key_for(user, at=at)
    trace = verdict.trace | ({FACE: _as_json(face)} if face else {})
    attempt.trace = _sealed(attempt, trace, key=key)
    attempt.save(force_insert=True)
    _audit(attempt, key=key, most=KEPT[verdict.outcome], at=at)
    return attempt


def trace_place(attempt: Attempt) -> str:
    """What an attempt's trace is sealed for."""
    return f"faces_attempt.trace:{attempt.user_id}:{attempt.pk}"


def picture_place(picture: AuditPicture) -> str:
    """What an audit picture is sealed for."""
    return f"faces_auditpicture:{picture.attempt_id}:{picture.pk}"


def opened_trace(attempt: Attempt) -> dict[str, Any]:
    """What was seen in each frame; empty once it was deleted. Never the face itself."""
    opened = _opened(attempt)
    opened.pop(FACE, None)
    return opened


def opened_face(attempt: Attempt) -> Face | None:
    """The face that waits for people to rule."""
    said = _opened(attempt).get(FACE)
    if said is None:
        return None
    return Face(
        vector=np.array(said["vector"], np.float64),
        model=said["model"],
        frames=said["frames"],
        poses=frozenset(said["poses"]),
    )


def drop_face(attempt: Attempt) -> None:
    """People have ruled: the face waits no longer."""
    trace = _opened(attempt)
    if trace.pop(FACE, None) is not None:
        sealed = _sealed(attempt, trace, key=keys.key_of(attempt.user))
        Attempt.objects.filter(pk=attempt.pk).update(trace=sealed)
        attempt.trace = sealed


def opened_picture(picture: AuditPicture) -> bytes:
    """The file of an audit picture: JPEG for colour, PNG for the others."""
    key = keys.key_of(picture.attempt.user)
    return crypto.open_(bytes(picture.sealed), aad=picture_place(picture), key=key)


def _sealed(attempt: Attempt, trace: dict[str, Any], *, key: bytes) -> bytes:
    plain = json.dumps(trace, separators=(",", ":")).encode()
    return crypto.seal(plain, aad=trace_place(attempt), key=key)


def _opened(attempt: Attempt) -> dict[str, Any]:
    if attempt.trace is None:
        return {}
    sealed, key = bytes(attempt.trace), keys.key_of(attempt.user)
    opened: dict[str, Any] = json.loads(crypto.open_(sealed, aad=trace_place(attempt), key=key))
    return opened


def _as_json(face: Face) -> dict[str, Any]:
    return {
        "vector": [float(number) for number in face.vector],
        "model": face.model,
        "frames": face.frames,
        "poses": sorted(face.poses),
    }


def _audit(attempt: Attempt, *, key: bytes, most: int, at: datetime) -> None:
    delete_at = at + timedelta(days=settings.FACE_AUDIT_DAYS)
    rows = []
    for picture in _chosen(attempt.challenge, most):
        row = AuditPicture(
            id=uuid7(at),
            attempt=attempt,
            kind=picture.kind,
            seq=picture.seq,
            t_ms=picture.t_ms,
            prompt_seq=picture.prompt_seq,
            intrinsics=picture.intrinsics,
            delete_at=delete_at,
        )
        row.sealed = crypto.seal(picture.content, aad=picture_place(row), key=key)
        rows.append(row)
    AuditPicture.objects.bulk_create(rows)


def _chosen(challenge: Challenge, most: int) -> Sequence[Picture]:
    """Spread evenly over the check, all depth and infrared pictures of a doubtful one included."""
    colour = list(
        challenge.pictures.filter(kind=PictureKind.COLOUR)
        .order_by("seq")
        .values_list("pk", flat=True)
    )
    spread = (
        colour if len(colour) <= most else [colour[i * len(colour) // most] for i in range(most)]
    )
    chosen = list(challenge.pictures.filter(pk__in=spread).order_by("seq"))
    if most > 3:
        chosen += challenge.pictures.exclude(kind=PictureKind.COLOUR).order_by("kind", "seq")
    return chosen
