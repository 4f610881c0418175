"""What lists had to say of a person: never told, and freed of their name when they are erased.

Whoever is watched must not learn of it, so nothing of this is in an export.
"""

from apps.screening.models import Hit
from apps.users.models import User


def erase(user: User) -> dict[str, int]:
    """Destroy the person's name in what was found; that and how it was decided stays."""
    named = Hit.objects.filter(user=user, explanation__isnull=False)
    return {"list_hits": named.update(explanation=None)}
