"""Whether a session was opened, or lately confirmed, with a second factor."""

import time
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Min
from django.http import HttpRequest

from apps.users.models import User

# What asks for something beyond the password. Recovery codes replace a lost one of these.
SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
RECENT = timedelta(minutes=5)


def is_set_up(user: User) -> bool:
    """Whether the person has an authenticator app or a passkey."""
    return bool(is_mfa_enabled(user, SECOND_FACTORS))


def since(user: User) -> datetime | None:
    """Since when the person has had the oldest of their present factors; None without any."""
    factors = Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS)
    oldest: datetime | None = factors.aggregate(since=Min("created_at"))["since"]
    return oldest


def was_used(*, session: SessionBase, user: User, within: timedelta | None = None) -> bool:
    """Whether this session of the user showed a second factor (in the last `within`)."""
    used = [
        float(record.get("at", 0))
        for record in _records(session, user)
        if record.get("method") == "mfa"
    ]
    return bool(used) and (within is None or time.time() - max(used) < within.total_seconds())


def opens_console(*, session: SessionBase, user: User) -> bool:
    """Whether staff may go beyond their own account pages in this session."""
    return was_used(
        session=session, user=user, within=timedelta(hours=settings.STAFF_SESSION_HOURS)
    )


def was_confirmed(*, session: SessionBase, user: User, within: timedelta = RECENT) -> bool:
    """Whether the person has just shown again who they are, as well as they can.

    Whoever has a second factor confirms with it; the password counts only for those without one.
    """
    if was_used(session=session, user=user, within=within):
        return True
    if is_set_up(user) or user.is_staff:
        return False
    confirmed = [
        float(record.get("at", 0))
        for record in _records(session, user)
        if record.get("method") in {"password", "code"}
    ]
    return bool(confirmed) and time.time() - max(confirmed) < within.total_seconds()


def require_recent(request: HttpRequest, *, within: timedelta = RECENT) -> None:
    """Before a sensitive deed: raise allauth's ReauthenticationRequired unless just confirmed."""
    user = request.user
    if not isinstance(user, User) or not was_confirmed(
        session=request.session, user=user, within=within
    ):
        raise ReauthenticationRequired


def count_set_up(
    *, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    """Setting up an authenticator proves that one holds it: the session counts as confirmed."""
    if authenticator.type in SECOND_FACTORS and request.user.is_authenticated:
        record_authentication(
            request, user, method="mfa", type=authenticator.type, id=authenticator.pk
        )


def _records(session: SessionBase, user: User) -> list[dict[str, Any]]:
    # allauth reads nothing of the request but its session.
    request = cast(HttpRequest, SimpleNamespace(session=session))
    return list(get_authentication_records(request, user))
