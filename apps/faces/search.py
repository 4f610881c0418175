"""Who of the banned looks like somebody: the index proposes, the face itself decides."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from pgvector.django import L2Distance

from apps.faces import protection
from apps.faces.models import ProtectedFace
from apps.users.models import User

#: So many of the nearest to the blurred ones are compared with the face itself.
PROPOSED = 1_000


@dataclass(frozen=True, slots=True)
class Alike:
    """A banned person whose face is near, and how near."""

    user: UUID
    distance: float


def banned_alike(vector: NDArray[np.float64], *, model: str, but: User) -> list[Alike]:
    """The banned people whose face is as near as one pair of strangers in a million, nearest first.

    The index (HNSW) proposes under each rotation of the ring. Inside a transaction.
    """
    with connection.cursor() as cursor:
        # Filters come after the index: it goes on until enough are left.
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        cursor.execute(f"SET LOCAL hnsw.ef_search = {PROPOSED:d}")
    found = []
    for rotation in protection.known():
        asked = protection.protect(vector, model=model, rotation=rotation)
        rows = ProtectedFace.objects.filter(model=model, rotation=rotation).exclude(user=but)
        near = rows.order_by(L2Distance("vector", asked)).only("user_id", "exact")[:PROPOSED]
        found += [
            Alike(row.user_id, float(np.linalg.norm(vector - np.frombuffer(row.exact, "<f8"))))
            for row in near
        ]
    return sorted(
        (one for one in found if one.distance <= protection.NEAR), key=lambda one: one.distance
    )
