"""Staff for tests of the console: people with a role, and sessions that showed a second factor."""

import time

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.account.internal.userkit import user_id_to_str
from django.test import Client as Browser

from apps.users import roles
from apps.users.models import User
from apps.users.roles import Role


def colleague(role: Role, name: str = "") -> User:
    """A member of staff with this role."""
    name = name or role.value
    user = User.objects.create_user(f"{name}@example.org", display_name=name.capitalize())
    roles.give(user=user, role=role)
    return User.objects.get(pk=user.pk)


def signed_in(user: User, *, second_factor: bool = True) -> Browser:
    """A browser in which this person is signed in."""
    browser = Browser()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    if second_factor:
        session = browser.session
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = user_id_to_str(user)
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "mfa", "type": "totp", "at": time.time()}
        ]
        session.save()
    return browser
