"""How tests sign people in: through the real pages and the real app API, with real codes."""

import json
import time
from datetime import UTC, datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt
from django.test import Client as Browser

from apps.users import roles
from apps.users.models import User
from apps.users.roles import Role

PASSWORD = "correct horse battery staple"
APP = "/_allauth/app/v1"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
# Good hashers take a tenth of a second on purpose.
QUICK_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def person(name: str, *, role: Role | None = None, factor: bool = False, **fields: Any) -> User:
    """Somebody with a verified address; staff when a role is given."""
    user = User.objects.create_user(f"{name}@example.org", PASSWORD, display_name=name, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if role:
        roles.give(user=user, role=role)
    if factor:
        has_factor(user)
    return user


def has_factor(user: User) -> None:
    """The person has had an authenticator app for long enough to prove something with it."""
    TOTP.activate(user, generate_totp_secret())
    Authenticator.objects.filter(user=user).update(created_at=LONG_AGO)


def code_of(user: User) -> str:
    """What the person's authenticator app shows now."""
    app = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    return code_for(decrypt(app.data["secret"]))


def code_for(secret: str) -> str:
    """The code of a secret now; waits when this half minute is about to end."""
    if time.time() % 30 > 28:
        time.sleep(2.1)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(browser: Browser, user: User, password: str = PASSWORD, **headers: Any) -> Any:
    """Fill in the sign-in page; the answer to it."""
    form = {"login": user.email, "password": password}
    return browser.post("/accounts/login/", form, **headers)


def sign_in_with_factor(browser: Browser, user: User) -> Any:
    """Fill in both pages; the answer to the second."""
    sign_in(browser, user)
    return browser.post("/accounts/2fa/authenticate/", {"code": code_of(user)})


def app_call(browser: Browser, method: str, path: str, body: Any = None, token: str = "") -> Any:
    """One call of a mobile app: JSON, a session token instead of cookies."""
    headers = {"X-Session-Token": token} if token else {}
    return browser.generic(
        method,
        f"{APP}{path}",
        json.dumps(body) if body is not None else "",
        content_type="application/json",
        headers=headers,
    )
