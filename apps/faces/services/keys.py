"""A person's own key: everything biometric of theirs is sealed under it, and dies with it."""

from datetime import datetime

from apps.core import crypto
from apps.core.ids import uuid7
from apps.faces.models import PersonKey
from apps.users.models import User


class Destroyed(Exception):
    """The person's key was destroyed: nothing of theirs can be opened any more."""


def key_for(user: User, *, at: datetime) -> bytes:
    """The person's key to seal under, made at first use; the person is locked."""
    row, _ = PersonKey.objects.get_or_create(
        user=user, defaults={"id": uuid7(at), "secret": crypto.new_key(), "made_at": at}
    )
    if row.secret is None:
        # Who took their consent back and gave it again begins anew: what was, stays unreadable.
        row.secret, row.destroyed_at = crypto.new_key(), None
        row.save(update_fields=["secret", "destroyed_at"])
    secret: bytes = row.secret
    return secret


def key_of(user: User) -> bytes:
    """The person's key to open with; Destroyed where there is none."""
    row = PersonKey.objects.filter(user=user).first()
    if row is None or row.secret is None:
        raise Destroyed(str(user.pk))
    secret: bytes = row.secret
    return secret


def destroy(user: User, *, at: datetime) -> bool:
    """Make everything that was sealed under the person's key unreadable for good."""
    return bool(
        PersonKey.objects.filter(user=user, destroyed_at=None).update(secret=None, destroyed_at=at)
    )
