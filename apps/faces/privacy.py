"""What is held of a person's face: handed out without what could be held before a camera, or gone.

The templates are never handed out: a vector is no use to its person and all the use to a thief.
"""

import base64
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from apps.core import crypto
from apps.faces import queries
from apps.faces.models import (
    Attempt,
    AuditPicture,
    Challenge,
    Consent,
    ManualCheck,
    Outcome,
    Review,
    Template,
)
from apps.faces.services import attempts, challenges, keys, templates
from apps.faces.states import ChallengeState
from apps.users.models import User

Section = list[dict[str, Any]]
#: Why a check failed, or is doubted, is what an impostor would like to know.
UNTOLD = (Outcome.FAIL, Outcome.REVIEW)


def open_matters(user: User) -> list[str]:
    """Why this person can't be erased yet, in sentences."""
    if queries.is_being_judged(user):
        return ["A face check is being judged. Try again in a minute."]
    return []


def export(user: User, *, with_pictures: bool) -> dict[str, Section]:
    """What is held of a person's face, by section, ready for json.dumps.

    `with_pictures`: the pictures kept of checks that passed, which are those of the person.
    """
    sections = {
        "face_consents": [
            {
                "wording": one.wording,
                "with_search": one.with_search,
                "given_at": one.given_at.isoformat(),
                "withdrawn_at": _text(one.withdrawn_at),
            }
            for one in Consent.objects.filter(user=user).order_by("given_at")
        ],
        "face_templates": [
            {
                "model": one.model,
                "frames": one.frames,
                "known_since": one.known_since.isoformat(),
                "enrolled_at": one.enrolled_at.isoformat(),
                "superseded_at": _text(one.superseded_at),
                "erased": one.sealed is None,
            }
            for one in Template.objects.filter(user=user).order_by("enrolled_at")
        ],
        "face_checks": [
            {
                "id": str(one.pk),
                "purpose": one.challenge.purpose,
                "outcome": one.outcome,
                "code": None if one.outcome in UNTOLD else one.code,
                "at": one.at.isoformat(),
                "pictures_kept": one.kept,
            }
            for one in Attempt.objects.filter(user=user)
            .select_related("challenge")
            .annotate(kept=Count("pictures"))
            .order_by("at")
        ],
    }
    if with_pictures:
        sections["face_pictures"] = _pictures(user)
    return sections


def erase(user: User, *, at: datetime) -> dict[str, int]:
    """Destroy the person's key and whatever was sealed under it; how much there was."""
    for one in Challenge.objects.filter(user=user, state=ChallengeState.OPEN):
        challenges.end(one, ChallengeState.ABANDONED, at=at)
    mine = Q(attempt__user=user)
    counts = {
        "face_consents": Consent.objects.filter(user=user, withdrawn_at=None).update(
            withdrawn_at=at
        ),
        "face_templates": templates.erase(user, at=at),
        "face_pictures": AuditPicture.objects.filter(mine).delete()[0],
        "face_reviews": Review.objects.filter(mine, note__isnull=False).update(note=None),
    }
    ManualCheck.objects.filter(user=user, note__isnull=False).update(note=None)
    Attempt.objects.filter(user=user, trace__isnull=False).update(trace=None)
    keys.destroy(user, at=at)
    return counts


def _pictures(user: User) -> Section:
    kept = AuditPicture.objects.filter(attempt__user=user, attempt__outcome=Outcome.PASS)
    shown = []
    for one in kept.select_related("attempt__user").order_by("attempt__at", "kind", "seq"):
        try:
            file = attempts.opened_picture(one)
        except (keys.Destroyed, crypto.Unreadable):
            continue
        shown.append(
            {
                "check": str(one.attempt_id),
                "kind": one.kind,
                "deleted_at": one.delete_at.isoformat(),
                "file": base64.b64encode(file).decode(),
            }
        )
    return shown


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
