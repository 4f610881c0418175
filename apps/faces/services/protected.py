"""Faces of banned people in the protected space: added, removed, moved to the current rotation."""

from datetime import datetime

import numpy as np
import structlog
from numpy.typing import NDArray

from apps.core import crypto
from apps.core.ids import uuid7
from apps.faces import protection, queries
from apps.faces.models import ProtectedFace
from apps.faces.services import keys, templates
from apps.users.models import User

log = structlog.get_logger(__name__)


def add(user: User, *, at: datetime) -> bool:
    """Let a banned person's face be found, if they agreed to that and their face is known."""
    consent, template = queries.consent_of(user), templates.in_use(user)
    if consent is None or not consent.with_search or template is None:
        return False
    try:
        known = templates.opened(template)
    except (keys.Destroyed, crypto.Unreadable):
        # A ban doesn't wait for a face that can't be read.
        log.exception("faces.unreadable", template=str(template.pk))
        return False
    ProtectedFace.objects.filter(user=user).delete()
    ProtectedFace.objects.create(
        id=uuid7(at),
        user=user,
        model=known.model,
        rotation=protection.current(),
        vector=_stored(known.vector, known.model),
        exact=np.asarray(known.vector, "<f8").tobytes(),
        added_at=at,
    )
    return True


def remove(user: User) -> bool:
    """Let a face be found no longer."""
    return bool(ProtectedFace.objects.filter(user=user).delete()[0])


def turn(row: ProtectedFace) -> bool:
    """Move a face to the current rotation, unless that has happened meanwhile."""
    vector = _stored(np.frombuffer(row.exact, "<f8"), row.model)
    rows = ProtectedFace.objects.filter(pk=row.pk, rotation=row.rotation)
    return bool(rows.update(rotation=protection.current(), vector=vector))


def _stored(vector: NDArray[np.float64], model: str) -> NDArray[np.float64]:
    return protection.blurred(protection.protect(vector, model=model))
