"""allauth's signals about second factors and changed credentials, translated into flows."""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from apps.core import clock
from apps.flows import accounts
from apps.flows.request_facts import facts_of
from apps.users.models import User

CHANGE_OF = {
    Authenticator.Type.TOTP: "totp",
    Authenticator.Type.WEBAUTHN: "passkey",
    Authenticator.Type.RECOVERY_CODES: "recovery",
}


def connect() -> None:
    """Listen; called once when the app is ready."""
    for signal, change, how in (
        (account.password_changed, "password", "CHANGED"),
        (account.password_reset, "password", "CHANGED"),
        (account.password_set, "password", "CHANGED"),
        (account.email_changed, "email", "CHANGED"),
        (account.email_added, "email", "ADDED"),
        (account.email_removed, "email", "REMOVED"),
    ):
        receiver = _receiver(change, how)
        signal.connect(receiver, weak=False, dispatch_uid=f"flows.{change}.{id(signal)}")
    for signal, how in (
        (mfa.authenticator_added, "ADDED"),
        (mfa.authenticator_removed, "REMOVED"),
        (mfa.authenticator_reset, "CHANGED"),
    ):
        receiver = _factor_receiver(how)
        signal.connect(receiver, weak=False, dispatch_uid=f"flows.second_factor.{how}")
    mfa.authentication_failed.connect(second_factor_failed, dispatch_uid="flows.second_factor")
    account.login_code_rejected.connect(code_rejected, dispatch_uid="flows.code")


def second_factor_failed(*, request: HttpRequest, user: User, **_: Any) -> None:
    """A wrong code of an authenticator app, or a security key that did not match."""
    _failed(request, user, "second_factor")


def code_rejected(*, request: HttpRequest, user: User, **_: Any) -> None:
    """A wrong code from the e-mail that a step-up sent."""
    _failed(request, user, "email_code")


def _receiver(change: str, how: str) -> Any:
    def changed(*, request: HttpRequest, user: User, **_: Any) -> None:
        _changed(request, user, change, how)

    return changed


def _factor_receiver(how: str) -> Any:
    def changed(
        *, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
    ) -> None:
        _changed(request, user, CHANGE_OF[Authenticator.Type(authenticator.type)], how)

    return changed


def _changed(request: HttpRequest, user: User, change: str, how: str) -> None:
    accounts.security_changed(
        user=user,
        request_facts=facts_of(request, user=user),
        at=clock.now(),
        change=change,
        how=how,
    )


def _failed(request: HttpRequest, user: User, why: str) -> None:
    accounts.sign_in_failed(user=user, request_facts=facts_of(request), at=clock.now(), why=why)
