"""Verbs that write: integrators, their API keys, and the end of somebody's sessions."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q

from apps.core.errors import Refused
from apps.users import keys, queries
from apps.users.models import ApiKey, Client, Scope, User

OVERLAP = timedelta(days=7)


def add_client(
    *, slug: str, name: str, contact: str = "", is_desk: bool = False, at: datetime
) -> Client:
    """A new integrator, or (`is_desk`) the desk's own backend for mobile apps."""
    return Client.objects.create(
        slug=slug, name=name, contact=contact, is_desk=is_desk, created_at=at
    )


def issue_key(
    *,
    client: Client,
    scopes: Iterable[str],
    at: datetime,
    name: str = "",
    created_by: User | None = None,
    expires_at: datetime | None = None,
    replaces: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its plaintext, which nobody can see again; Refused for an unknown scope."""
    wanted = set(scopes)
    if unknown := wanted - set(Scope.values):
        raise Refused(
            "UNKNOWN_SCOPE",
            detail=f"There is no scope {', '.join(sorted(unknown))}.",
            fields={"scopes": [f"Choose from: {', '.join(Scope.values)}."]},
        )
    if not wanted:
        raise Refused("NO_SCOPE", detail="A key needs at least one scope.")
    if expires_at is not None and expires_at <= at:
        raise Refused("EXPIRED_ALREADY", detail="The key would have expired before its first use.")
    new = keys.make()
    key = ApiKey.objects.create(
        client=client,
        name=name,
        prefix=new.prefix,
        digest=new.digest,
        scopes=sorted(wanted),
        replaces=replaces,
        created_by=created_by,
        created_at=at,
        expires_at=expires_at,
    )
    return key, new.plaintext


def rotate_key(
    *,
    key: ApiKey,
    at: datetime,
    overlap: timedelta = OVERLAP,
    created_by: User | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A successor with the same scopes; the old key goes on for `overlap`, then expires."""
    if overlap < timedelta(0):
        raise Refused("NEGATIVE_OVERLAP", detail="The overlap can't be negative.")
    with transaction.atomic():
        old = ApiKey.objects.select_for_update().select_related("client").get(pk=key.pk)
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= at):
            raise Refused("KEY_ENDED", 409, "This key has ended already: issue a new one instead.")
        successor = issue_key(
            client=old.client,
            scopes=old.scopes,
            at=at,
            name=old.name,
            created_by=created_by,
            expires_at=expires_at,
            replaces=old,
        )
        end = at + overlap
        ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=end), pk=old.pk).update(
            expires_at=end
        )
        transaction.on_commit(lambda: queries.forget_key(prefix=old.prefix))
    key.refresh_from_db(fields=["expires_at"])
    return successor


def revoke_key(*, key: ApiKey, at: datetime) -> bool:
    """End a key now: here at once, in every other process within seconds; False if it had ended."""
    ended = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at) == 1
    transaction.on_commit(lambda: queries.forget_key(prefix=key.prefix))
    key.refresh_from_db(fields=["revoked_at"])
    return ended


def clear_sessions(*, at: datetime) -> int:
    """Delete the sessions that are over, and allauth's rows about them; how many of those."""
    engine = import_module(settings.SESSION_ENGINE)
    engine.SessionStore.clear_expired()
    # A row younger than this may belong to a session that is being written right now.
    known = UserSession.objects.filter(created_at__lt=at - timedelta(hours=1))
    over = known.exclude(session_key__in=Session.objects.values("session_key"))
    return over.delete()[0]


def end_sessions(*, user: User, but: str | None = None) -> int:
    """Sign the person out everywhere, browsers and apps (but for one session key); how many."""
    sessions = [s for s in UserSession.objects.filter(user=user) if s.session_key != but]
    for session in sessions:
        session.end()
    return len(sessions)
