"""Templates: sealed for one person and one model, opened to compare, superseded by newer ones."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from apps.core import crypto
from apps.core.ids import uuid7
from apps.faces.engine.session import Template as Known
from apps.faces.models import Challenge, ProtectedFace, Template
from apps.faces.services import keys
from apps.users.models import User


def enrol(
    *,
    user: User,
    vector: NDArray[np.float64],
    model: str,
    frames: int,
    poses: frozenset[str],
    challenge: Challenge | None,
    known_since: datetime,
    at: datetime,
) -> Template:
    """Keep a face; those that were in use are superseded and emptied."""
    Template.objects.filter(user=user, superseded_at=None).update(superseded_at=at, sealed=None)
    template = Template(
        id=uuid7(at),
        user=user,
        model=model,
        frames=frames,
        poses=sorted(poses),
        challenge=challenge,
        known_since=known_since,
        enrolled_at=at,
    )
    plain = np.asarray(vector, dtype="<f8").tobytes()
    template.sealed = crypto.seal(plain, aad=_place(user, model), key=keys.key_for(user, at=at))
    template.save(force_insert=True)
    return template


def in_use(user: User, *, model: str | None = None) -> Template | None:
    """The person's template in use: of this model, or the newest."""
    found = Template.objects.filter(user=user, superseded_at=None, sealed__isnull=False)
    if model is not None:
        found = found.filter(model=model)
    return found.order_by("-enrolled_at").first()


def opened(template: Template) -> Known:
    """A template to compare with; crypto.Unreadable or keys.Destroyed where it can't be opened."""
    plain = crypto.open_(
        bytes(template.sealed or b""),
        aad=_place(template.user, template.model),
        key=keys.key_of(template.user),
    )
    return Known(vector=np.frombuffer(plain, dtype="<f8"), model=template.model)


def erase(user: User, *, at: datetime) -> int:
    """Empty every template of a person; how many were in use."""
    count = Template.objects.filter(user=user, superseded_at=None).update(superseded_at=at)
    Template.objects.filter(user=user, sealed__isnull=False).update(sealed=None)
    ProtectedFace.objects.filter(user=user).delete()
    return count


def _place(user: User, model: str) -> str:
    return f"faces_template:{user.pk}:{model}"
