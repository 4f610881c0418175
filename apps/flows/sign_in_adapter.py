"""allauth's questions about accounts, translated into flows: nothing is decided here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import Login
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from apps.core import clock
from apps.flows import accounts
from apps.flows.request_facts import facts_of
from apps.flows.sign_in_stages import asks_for_code, refusal
from apps.users import second_factor
from apps.users.models import User

REGISTRATION = "apps.flows.sign_in_stages.Registration"
SIGN_IN = "apps.flows.sign_in_stages.SignIn"
CODE = "allauth.account.stages.LoginByCodeStage"
PROVEN = "apps.flows.sign_in_stages.Proven"


class SignInAdapter(DefaultAccountAdapter):
    def get_login_stages(self) -> list[str]:
        """A sign-up is judged first; a sign-in once every factor was shown; a code comes last."""
        theirs = [stage for stage in super().get_login_stages() if stage != CODE]
        return [REGISTRATION, *theirs, SIGN_IN, CODE, PROVEN]

    def is_login_by_code_required(self, login: Login) -> bool:
        return asks_for_code(self.request, login)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A wrong password, also when somebody signed in is asked for it again."""
        accounts.sign_in_failed(
            user=_user_of(credentials.get("email")),
            request_facts=facts_of(request),
            at=clock.now(),
            why="password",
        )

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        return refusal(request, "")

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, Any]]:
        """Whoever has a second factor confirms with it: the password alone no longer does."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if isinstance(user, User) and second_factor.is_set_up(user):
            return [method for method in methods if method["id"] != "reauthenticate"]
        return methods

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        if isinstance(user, User) and second_factor.is_set_up(user):
            return False
        return bool(super().reauthenticate(user, password))


def _user_of(email: str | None) -> User | None:
    found = filter_users_by_email(email, for_login=True) if email else []
    return found[0] if len(found) == 1 else None
