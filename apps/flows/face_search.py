"""Banned people who come back under another name: their faces are found, and people decide.

Only faces of people who agreed to that are searched, and only among such. A hit is a sign to the
engine (`face_of_banned`), which leaves it to a human; it never bans.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.events.models import Entity
from apps.faces import protection, queries, search
from apps.faces.engine.verdict import Outcome, Verdict
from apps.faces.models import Challenge, Purpose
from apps.faces.search import Alike
from apps.faces.services import protected
from apps.users.models import DESK, User

#: What may become a known face, at once or when people approve.
KEEPABLE = (Outcome.PASS, Outcome.REVIEW)


def alike(challenge: Challenge, verdict: Verdict) -> list[Alike] | None:
    """The banned people who look like a face that is about to be known; None: not asked."""
    consent = queries.consent_of(challenge.user)
    asked = challenge.purpose != Purpose.VERIFY and consent is not None and consent.with_search
    if not asked or verdict.embedding is None or verdict.outcome not in KEEPABLE:
        return None
    return search.banned_alike(verdict.embedding, model=verdict.model, but=challenge.user)


def told(found: list[Alike] | None) -> dict[str, Any]:
    """What the engine is told of a search."""
    return {} if found is None else {"face_of_banned": bool(found)}


def as_findings(found: list[Alike] | None) -> list[dict[str, Any]]:
    """What the reviewer is shown of a search: who, and how near."""
    return [
        {
            "check": "SEARCH",
            "outcome": Outcome.REVIEW.value,
            "code": "FACE_OF_BANNED",
            "sentence": "A banned person's face is this near.",
            "score": round(one.distance, 4),
            "threshold": protection.NEAR,
            "evidence": {"user": str(one.user)},
        }
        for one in found or []
    ]


def banned(subject: Entity, *, at: datetime) -> bool:
    """A person of the desk is banned for good: let their face be found, if they agreed to that."""
    user = _person(subject)
    return user is not None and protected.add(user, at=at)


def unbanned(subject: Entity) -> bool:
    """A ban is over: the face is found no longer."""
    user = _person(subject)
    return user is not None and protected.remove(user)


def _person(subject: Entity) -> User | None:
    if (subject.kind, subject.scope) != ("user", DESK):
        return None
    return User.objects.filter(pk=UUID(subject.ref)).first()
