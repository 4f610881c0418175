"""What operators do to faces: move them to another encoder, or under another secret rotation."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from apps.core import crypto
from apps.faces import protection
from apps.faces.models import Attempt, AuditPicture, PictureKind, ProtectedFace, Template
from apps.faces.services import attempts, keys, protected
from apps.faces.services.attempts import Face
from apps.flows import face_keeping, flow, own_acts

#: Single pictures of strangers are nearer than this once in a thousand times (bench/face_search).
ALIKE = 0.38
MOVED, NO_PICTURES, UNLIKE = "MOVED", "NO_PICTURES", "UNLIKE"


def of_other_models() -> Iterator[Template]:
    """The faces in use that the encoder of today can't compare with anything."""
    from apps.faces.engine.dlib_models import EMBEDDING_MODEL

    rows = Template.objects.filter(superseded_at=None, sealed__isnull=False)
    return rows.exclude(model=EMBEDDING_MODEL).select_related("user", "challenge").iterator()


def migrate(*, template: Template, at: datetime) -> str:
    """Encode a face anew from the pictures kept of its own check; says why where it can't be.

    Who is left is asked as ever: their next check is looked at by people, and kept if they approve.
    """
    face = _encoded_anew(template)
    return face if isinstance(face, str) else _replace(template, face, at=at)


def turn_protected() -> int:
    """Move every protected face to the current rotation; how many were moved."""
    rows = ProtectedFace.objects.exclude(rotation=protection.current())
    return sum(protected.turn(row) for row in rows.iterator())


@flow.deed
def _replace(template: Template, face: Face, *, at: datetime) -> str:
    with flow.transaction(template.user, at=at):
        fresh = Template.objects.filter(pk=template.pk, superseded_at=None).first()
        if fresh is None or fresh.sealed is None:
            return NO_PICTURES
        face_keeping.replace(fresh, face, at=at)
        if ProtectedFace.objects.filter(user=template.user).exists():
            protected.add(template.user, at=at)
        own_acts.note("face.migrated", by=None, of=template.user, at=at, model=face.model)
    return MOVED


def _encoded_anew(template: Template) -> Face | str:
    from apps.faces.engine import decode, dlib_models

    vectors = []
    for picture in _pictures(template):
        try:
            pixels = decode.colour(attempts.opened_picture(picture))
        except (keys.Destroyed, crypto.Unreadable):
            continue
        found = dlib_models.detect(pixels, enlarged=1)
        if len(found) == 1:
            vectors.append(dlib_models.embed(picture=pixels, box=found[0].box))
    mean = dlib_models.averaged(vectors)
    if mean is None or len(vectors) < face_keeping.LEAST_FRAMES:
        return NO_PICTURES
    furthest = max(float(np.linalg.norm(one - mean)) for one in vectors)
    if furthest > ALIKE:
        return UNLIKE
    return Face(
        vector=mean,
        model=dlib_models.EMBEDDING_MODEL,
        frames=len(vectors),
        poses=frozenset(template.poses),
    )


def _pictures(template: Template) -> list[AuditPicture]:
    attempt = Attempt.objects.filter(challenge=template.challenge_id).first()
    if attempt is None:
        return []
    return list(attempt.pictures.filter(kind=PictureKind.COLOUR).order_by("seq"))
