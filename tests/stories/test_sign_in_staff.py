"""Staff and their second factor: without one in the session, nothing but the account pages."""

import re
import time
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.core.cache import cache
from django.test import Client as Browser
from django.test import RequestFactory
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from apps.flows import accounts
from apps.users import second_factor
from apps.users.authentication import SessionTokenAuthentication
from apps.users.models import User
from apps.users.roles import Role
from tests.signing_in import (
    PASSWORD,
    QUICK_HASHERS,
    app_call,
    code_for,
    code_of,
    person,
    sign_in,
    sign_in_with_factor,
)

pytestmark = pytest.mark.django_db

RECORDS = "account_authentication_methods"


@pytest.fixture(autouse=True)
def _calm(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = QUICK_HASHERS
    monkeypatch.setattr(accounts, "_judge", lambda act: accounts.Answer("ALLOW"))


@pytest.fixture
def browser() -> Browser:
    return Browser()


def superuser(*, factor: bool) -> User:
    user = person("root", factor=factor, is_staff=True)
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    user.refresh_from_db()
    return user


def staff(who: Role | None, *, factor: bool) -> User:
    """A member of staff with this role; None is a superuser without any."""
    return person("ana", role=who, factor=factor) if who else superuser(factor=factor)


def sent_to(answer: Any) -> str:
    assert answer.status_code == 302, answer.status_code
    return urlparse(answer.url).path


EVERYBODY = [*Role, None]


# ── The door ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("who", EVERYBODY)
def test_with_a_password_alone_staff_see_nothing(browser: Browser, who: Role | None) -> None:
    browser.force_login(staff(who, factor=False))
    for page in ("/console/", "/admin/users/user/", "/"):
        assert sent_to(browser.get(page)) == "/accounts/2fa/"


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_factor_that_was_not_shown_does_not_count(browser: Browser, who: Role | None) -> None:
    browser.force_login(staff(who, factor=True))
    answer = browser.get("/admin/users/user/?q=1")
    assert sent_to(answer) == "/accounts/2fa/reauthenticate/"
    assert parse_qs(urlparse(answer.url).query)["next"] == ["/admin/users/user/?q=1"]


@pytest.mark.parametrize("who", EVERYBODY)
def test_with_both_factors_staff_reach_the_console(browser: Browser, who: Role | None) -> None:
    sign_in_with_factor(browser, staff(who, factor=True))
    assert browser.get("/console/").status_code == 200
    assert sent_to(browser.get("/")) == "/console/"


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_scripts_get_a_problem_and_nothing_is_done(browser: Browser, method: str) -> None:
    browser.force_login(staff(Role.ADMIN, factor=True))
    for headers in ({"Accept": "application/json"}, {"HX-Request": "true", "Accept": "text/html"}):
        answer = getattr(browser, method)("/console/", headers=headers)
        assert answer.status_code == 403
        assert answer.json()["code"] == "SECOND_FACTOR_REQUIRED"


def test_a_form_that_was_sent_too_early_is_not_carried_out(browser: Browser) -> None:
    ana = staff(Role.ADMIN, factor=True)
    browser.force_login(ana)
    answer = browser.post(f"/admin/users/user/{ana.pk}/delete/", {"post": "yes"})
    assert parse_qs(urlparse(answer.url).query)["next"] == ["/"]
    assert User.objects.filter(pk=ana.pk).exists()


def test_the_account_pages_stay_open_for_the_set_up(browser: Browser) -> None:
    browser.force_login(staff(Role.ANALYST, factor=False))
    assert browser.get("/accounts/2fa/").status_code == 200
    assert browser.get("/accounts/sessions/").status_code == 200


def test_traders_need_no_second_factor_and_find_no_console(browser: Browser) -> None:
    browser.force_login(person("mia"))
    assert browser.get("/").status_code == 200
    assert browser.get("/console/").status_code == 403
    assert sent_to(browser.get("/admin/users/user/")) == "/admin/login/"
    assert browser.get("/admin/login/?next=/admin/users/user/").status_code == 403


def test_strangers_are_sent_to_the_sign_in(browser: Browser) -> None:
    assert sent_to(browser.get("/")) == "/accounts/login/"
    for page in ("/console/", "/admin/users/user/"):
        answer = browser.get(page, follow=True)
        doors = [urlparse(url).path for url, _status in answer.redirect_chain]
        assert doors == ["/accounts/login/"]
        assert b'name="login"' in answer.content
        assert f'value="{page}"'.encode() in answer.content


def test_the_admin_takes_no_password_of_its_own(browser: Browser) -> None:
    ana = staff(Role.ADMIN, factor=True)
    form = {"username": ana.email, "password": PASSWORD, "next": "/console/"}
    assert sent_to(browser.post("/admin/login/", form)) == "/accounts/login/"
    assert "_auth_user_id" not in browser.session
    sign_in_with_factor(browser, ana)
    assert sent_to(browser.post("/admin/password_change/", {})) == "/accounts/password/change/"


def test_who_becomes_staff_in_the_middle_of_a_session_is_stopped_at_once(browser: Browser) -> None:
    mia = person("mia")
    browser.force_login(mia)
    assert browser.get("/").status_code == 200
    User.objects.filter(pk=mia.pk).update(is_staff=True)
    assert sent_to(browser.get("/")) == "/accounts/2fa/"


def test_staff_without_a_role_are_told_so(browser: Browser) -> None:
    lost = person("lost", factor=True, is_staff=True)
    sign_in_with_factor(browser, lost)
    answer = browser.get("/console/")
    assert answer.status_code == 403
    assert b"no role" in answer.content


def test_a_second_factor_is_shown_again_after_the_hours_of_a_shift(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_with_factor(browser, staff(Role.ANALYST, factor=True))
    assert browser.get("/console/").status_code == 200
    later = time.time() + 12 * 3600
    monkeypatch.setattr(second_factor.time, "time", lambda: later)
    assert sent_to(browser.get("/console/")) == "/accounts/2fa/reauthenticate/"


def test_anothers_factor_in_the_same_session_does_not_count(browser: Browser) -> None:
    ana = staff(Role.ANALYST, factor=True)
    sign_in_with_factor(browser, ana)
    records = browser.session[RECORDS]
    other = person("sam", role=Role.SENIOR, factor=True)
    browser.force_login(other)
    session = browser.session
    session[RECORDS] = records
    session.save()
    assert sent_to(browser.get("/console/")) == "/accounts/2fa/reauthenticate/"


# ── Setting up, and losing ───────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_new_staff_confirm_by_mail_set_up_an_app_and_are_in(browser: Browser) -> None:
    ana = staff(Role.ANALYST, factor=False)
    assert sent_to(sign_in(browser, ana)) == "/accounts/login/code/confirm/"
    (letter,) = mail.outbox
    code = re.search(r"^[A-Z0-9]+-?[A-Z0-9]+$", letter.body, re.MULTILINE)
    assert code is not None
    browser.post("/accounts/login/code/confirm/", {"code": code[0]})
    assert sent_to(browser.get("/console/")) == "/accounts/2fa/"
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = browser.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    done = browser.post("/accounts/2fa/totp/activate/", {"code": code_for(secret)})
    assert done.status_code == 302
    assert browser.get("/console/").status_code == 200


def test_a_secret_is_stored_encrypted(browser: Browser) -> None:
    ana = staff(Role.ANALYST, factor=True)
    stored = Authenticator.objects.get(user=ana).data["secret"]
    assert not re.fullmatch(r"[A-Z2-7]{32}", stored)
    sign_in_with_factor(browser, ana)
    assert browser.get("/console/").status_code == 200


def test_staff_can_not_give_up_their_last_factor(browser: Browser) -> None:
    ana = staff(Role.ANALYST, factor=True)
    sign_in_with_factor(browser, ana)
    confirm_with_factor(browser, ana)
    browser.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=ana, type="totp").exists()


def test_a_trader_can_give_up_a_factor_after_confirming_with_it(browser: Browser) -> None:
    mia = person("mia", factor=True)
    sign_in_with_factor(browser, mia)
    confirm_with_factor(browser, mia)
    browser.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=mia).exists()


def test_the_password_alone_confirms_nothing_for_those_with_a_factor(browser: Browser) -> None:
    mia = person("mia", factor=True)
    sign_in_with_factor(browser, mia)
    answer = browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert sent_to(answer) == "/accounts/2fa/reauthenticate/"
    assert (
        sent_to(browser.post("/accounts/2fa/totp/deactivate/")) == "/accounts/2fa/reauthenticate/"
    )
    assert Authenticator.objects.filter(user=mia).exists()
    token = app_session(browser, mia)
    answer = app_call(browser, "POST", "/auth/reauthenticate", {"password": PASSWORD}, token)
    assert answer.status_code == 400


def test_a_recovery_code_opens_the_console_once(browser: Browser) -> None:
    ana = staff(Role.ANALYST, factor=True)
    code = RecoveryCodes.activate(ana).get_unused_codes()[0]
    sign_in(browser, ana)
    browser.post("/accounts/2fa/authenticate/", {"code": code})
    assert browser.get("/console/").status_code == 200
    again = Browser()
    sign_in(again, ana)
    again.post("/accounts/2fa/authenticate/", {"code": code})
    assert "_auth_user_id" not in again.session


# ── Sensitive deeds ──────────────────────────────────────────────────────────────────────────────


def request_of(browser: Browser, user: User | AnonymousUser) -> Any:
    request = RequestFactory().get("/")
    request.user, request.session = user, browser.session
    return request


def age_records(browser: Browser, seconds: int) -> None:
    session = browser.session
    session[RECORDS] = [r | {"at": r["at"] - seconds} for r in session[RECORDS]]
    session.save()


def test_a_sensitive_deed_wants_the_factor_of_the_last_minutes(browser: Browser) -> None:
    ana = staff(Role.COMPLIANCE, factor=True)
    sign_in_with_factor(browser, ana)
    second_factor.require_recent(request_of(browser, ana))
    age_records(browser, 301)
    with pytest.raises(ReauthenticationRequired):
        second_factor.require_recent(request_of(browser, ana))


def test_without_a_factor_the_password_of_the_last_minutes_will_do(browser: Browser) -> None:
    mia = person("mia")
    sign_in(browser, mia)
    second_factor.require_recent(request_of(browser, mia))
    age_records(browser, 301)
    with pytest.raises(ReauthenticationRequired):
        second_factor.require_recent(request_of(browser, mia))


@pytest.mark.parametrize("factor", [True, False])
def test_the_password_will_not_do_for_staff(browser: Browser, factor: bool) -> None:
    ana = staff(Role.COMPLIANCE, factor=factor)
    browser.force_login(ana)
    with pytest.raises(ReauthenticationRequired):
        second_factor.require_recent(request_of(browser, ana))


def test_nobody_can_not_confirm(browser: Browser) -> None:
    with pytest.raises(ReauthenticationRequired):
        second_factor.require_recent(request_of(browser, AnonymousUser()))


# ── Apps ─────────────────────────────────────────────────────────────────────────────────────────


def app_session(browser: Browser, user: User) -> str:
    form = {"email": user.email, "password": PASSWORD}
    answer = app_call(browser, "POST", "/auth/login", form)
    token: str = answer.json()["meta"]["session_token"]
    if answer.status_code == 401:
        forget_used_codes(user)
        answer = app_call(browser, "POST", "/auth/2fa/authenticate", {"code": code_of(user)}, token)
        assert answer.status_code == 200, answer.content
        token = answer.json()["meta"].get("session_token", token)
    return token


def forget_used_codes(user: User) -> None:
    """As if half a minute had passed: a code counts once."""
    cache.delete(f"allauth.mfa.totp.used?user={user.pk}&code={code_of(user)}")


def confirm_with_factor(browser: Browser, user: User) -> None:
    forget_used_codes(user)
    answer = browser.post("/accounts/2fa/reauthenticate/", {"code": code_of(user)})
    assert answer.status_code == 302


def who_is(token: str) -> User | None:
    request = Request(RequestFactory().get("/api/v1/", headers={"X-Session-Token": token}))
    found = SessionTokenAuthentication().authenticate(request)
    return found[0] if found else None


@pytest.mark.parametrize("who", EVERYBODY)
def test_the_api_knows_staff_by_token_only_with_a_second_factor(
    browser: Browser, who: Role | None
) -> None:
    ana = staff(who, factor=True)
    token = app_session(browser, ana)
    assert who_is(token) == ana
    Authenticator.objects.filter(user=ana).delete()
    forced = Browser()
    forced.force_login(ana)
    with pytest.raises(PermissionDenied):
        who_is(str(forced.session.session_key))


def test_the_api_knows_traders_by_token(browser: Browser) -> None:
    mia = person("mia")
    assert who_is(app_session(browser, mia)) == mia


def test_a_token_of_nobody_or_of_somebody_closed_is_refused(browser: Browser) -> None:
    mia = person("mia")
    token = app_session(browser, mia)
    User.objects.filter(pk=mia.pk).update(is_active=False)
    for wrong in (token, "x" * 32):
        with pytest.raises(AuthenticationFailed):
            who_is(wrong)
    assert who_is("") is None


def test_a_new_address_does_not_slip_past_the_second_factor(browser: Browser) -> None:
    ana = staff(Role.ANALYST, factor=True)
    browser.force_login(ana)
    browser.post("/accounts/email/", {"action_add": "", "email": "thief@example.org"})
    assert not EmailAddress.objects.filter(email="thief@example.org").exists()
