"""The moments of allauth's sign-in at which the engine is asked, and what its answer means."""

from typing import Any

from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginStage
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.internal.restkit.response import APIResponse
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import Refused
from apps.flows import accounts
from apps.flows.request_facts import facts_of
from apps.users import second_factor
from apps.users.models import User

REFUSED = "SIGN_IN_REFUSED"
PROOF_WANTED = "proof_wanted"


class RefusedSignIn(AuthenticationResponse):
    """The answer to an app or a browser script: 403 and a sentence that says what to do."""

    def __init__(self, request: HttpRequest, sentence: str) -> None:
        errors = [{"code": REFUSED, "message": sentence}]
        APIResponse.__init__(self, request, errors=errors, status=403)


class Registration(LoginStage):
    """A person has signed up: judged before anything else, and in place of the first sign-in."""

    key = "registration"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if not self.login.signup or not isinstance(user, User):
            return None, True
        return _conclude(self, accounts.registered, user, at_once=True)


class SignIn(LoginStage):
    """A person has shown every factor that the account asks for: may this session begin?"""

    key = "sign_in"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if self.login.signup or not isinstance(user, User):
            return None, True
        return _conclude(self, accounts.sign_in, user, at_once=False)


class Proven(LoginStage):
    """Everything was shown that was asked for: the device counts, and what waited is lifted."""

    key = "proven"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if isinstance(user, User):
            accounts.signed_in(
                user=user,
                request_facts=facts_of(self.request, user=user),
                at=clock.now(),
                proven=_wants_proof(self.login),
            )
        return None, True


def asks_for_code(request: HttpRequest, login: Login) -> bool:
    """Whether a code by e-mail is due: the engine wants a step-up that nothing else can give.

    Staff who have no second factor yet confirm this way too, else a stolen password alone would
    set up the thief's own.
    """
    if not isinstance(login.user, User):
        return False
    if second_factor.was_used(session=request.session, user=login.user):
        return False
    return _wants_proof(login) or login.user.is_staff


def refusal(request: HttpRequest, sentence: str) -> HttpResponse:
    """The page or the JSON that ends a sign-in without a session."""
    sentence = sentence or _(
        "This account is closed. Write to support if you think it is a mistake."
    )
    if is_headless_request(request):
        return RefusedSignIn(request, sentence)
    return render(request, "account/sign_in_refused.html", {"sentence": sentence}, status=403)


def _wants_proof(login: Login) -> bool:
    stages = login.state.get("stages", {})
    return any(
        stages.get(stage.key, {}).get("data", {}).get(PROOF_WANTED)
        for stage in (Registration, SignIn)
    )


def _conclude(
    stage: LoginStage, flow: Any, user: User, *, at_once: bool
) -> tuple[HttpResponse | None, bool]:
    request = stage.request
    try:
        verdict = flow(user=user, request_facts=facts_of(request, user=user), at=clock.now())
        outcome, sentence = verdict.outcome, verdict.user_sentence
    except Refused as refused:
        outcome, sentence = "BLOCK", refused.detail
    if outcome == "BLOCK":
        clear_login(request)
        response = refusal(request, sentence)
        if is_headless_request(request) and not at_once:
            # Some of allauth's views drop what a stage answers.
            raise ImmediateHttpResponse(response)
        return response, False
    stage.state[PROOF_WANTED] = outcome == "STEP_UP"
    return None, True
