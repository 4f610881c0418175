"""Which faces are kept, and when: enough pictures in enough poses, of one who is known to live.

A face that people have to look at first waits, sealed with its check, until they have ruled.
"""

import dataclasses
from datetime import datetime

from apps.faces.engine.verdict import Check, Finding, Outcome, Verdict
from apps.faces.models import Attempt, Challenge, Purpose, Template
from apps.faces.services import attempts, templates
from apps.faces.services.attempts import Face
from apps.users.models import User

LEAST_FRAMES, LEAST_POSES = 3, 2
#: What the engine says where the template is of another model of the encoder.
OTHER_MODEL = "OTHER_MODEL"


def fit(purpose: str, verdict: Verdict) -> Verdict:
    """The verdict, or a RETRY where a face would be kept and too little of it was seen."""
    if purpose == Purpose.VERIFY or verdict.outcome is not Outcome.PASS:
        return verdict
    if verdict.embedding is None or verdict.embedding_frames < LEAST_FRAMES:
        return _again(verdict, "TOO_FEW_FRAMES", "HOLD_STILL", verdict.embedding_frames)
    if len(verdict.poses) < LEAST_POSES:
        return _again(verdict, "TOO_FEW_POSES", "FOLLOW_PROMPTS", len(verdict.poses))
    return verdict


def waiting(challenge: Challenge, verdict: Verdict) -> Face | None:
    """The face that is kept if people approve; None where there is nothing to decide on."""
    if verdict.outcome is not Outcome.REVIEW or verdict.embedding is None:
        return None
    match = verdict.of(Check.MATCH)
    by_old_model = match is not None and match.code == OTHER_MODEL
    enough = verdict.embedding_frames >= LEAST_FRAMES and len(verdict.poses) >= LEAST_POSES
    to_keep = challenge.purpose != Purpose.VERIFY or by_old_model
    return seen(verdict) if to_keep and enough else None


def seen(verdict: Verdict) -> Face:
    """The face of a verdict, ready to keep."""
    assert verdict.embedding is not None
    return Face(
        vector=verdict.embedding,
        model=verdict.model,
        frames=verdict.embedding_frames,
        poses=verdict.poses,
    )


def keep(challenge: Challenge, face: Face, *, at: datetime) -> Template:
    """Make this the person's face; one that was known goes on being known since then."""
    before = templates.in_use(challenge.user)
    since = before.known_since if before else at
    return _enrol(challenge.user, face, challenge, since, at)


def replace(template: Template, face: Face, *, at: datetime) -> Template:
    """Put the same face, encoded anew, in the place of a template."""
    return _enrol(template.user, face, None, template.known_since, at)


def keep_approved(attempt: Attempt, *, at: datetime) -> Template | None:
    """Keep the face that waited for people's approval; None where none waited."""
    face = attempts.opened_face(attempt)
    return keep(attempt.challenge, face, at=at) if face else None


def _enrol(
    user: User, face: Face, challenge: Challenge | None, known_since: datetime, at: datetime
) -> Template:
    return templates.enrol(
        user=user,
        vector=face.vector,
        model=face.model,
        frames=face.frames,
        poses=face.poses,
        challenge=challenge,
        known_since=known_since,
        at=at,
    )


def _again(verdict: Verdict, code: str, hint: str, seen: int) -> Verdict:
    finding = Finding(
        check=Check.IDENTITY,
        outcome=Outcome.RETRY,
        code=code,
        sentence="Too little of the face was seen to know it by.",
        score=seen,
        threshold=LEAST_FRAMES if code == "TOO_FEW_FRAMES" else LEAST_POSES,
    )
    return dataclasses.replace(
        verdict,
        outcome=Outcome.RETRY,
        code=code,
        hint=hint,
        findings=(*verdict.findings, finding),
        embedding=None,
    )
