"""Signing in: what the engine is told, and what its answer does to the session."""

from collections.abc import Callable
from secrets import randbelow
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client as Browser

from apps.core.errors import Refused
from apps.events.act import Act
from apps.flows import accounts
from apps.users import services
from apps.users.models import User
from tests.signing_in import (
    PASSWORD,
    QUICK_HASHERS,
    app_call,
    code_of,
    person,
    sign_in,
    sign_in_with_factor,
)

pytestmark = pytest.mark.django_db


class Engine:
    """Answers as a test tells it to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.answer: Callable[[Act], accounts.Answer] = lambda act: accounts.Answer("ALLOW")

    def says(self, outcome: str, sentence: str = "") -> None:
        self.answer = lambda act: accounts.Answer(outcome, sentence)

    def judge(self, act: Act) -> accounts.Answer:
        self.acts.append(act)
        return self.answer(act)

    @property
    def kinds(self) -> list[str]:
        return [act.kind for act in self.acts]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Engine:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = QUICK_HASHERS
    made = Engine()
    monkeypatch.setattr(accounts, "_judge", made.judge)
    return made


@pytest.fixture
def browser() -> Browser:
    return Browser(REMOTE_ADDR="203.0.113.9", HTTP_USER_AGENT="Mozilla/5.0 Firefox/140.0")


@pytest.fixture
def mia(engine: Engine) -> User:
    return person("mia", kyc_country="DE")


def signed_in(browser: Browser) -> bool:
    return "_auth_user_id" in browser.session


# ── What the engine is told ──────────────────────────────────────────────────────────────────────


def test_a_sign_in_is_an_act_of_the_person_from_an_address(
    browser: Browser, mia: User, engine: Engine
) -> None:
    assert sign_in(browser, mia).status_code == 302
    assert signed_in(browser)
    (act,) = engine.acts
    assert act.kind == "signin.succeeded"
    assert act.ids["user"] == mia.entity_id
    assert act.parties["ip"].ref == "203.0.113.9"
    assert act.parties["subnet"].ref == "203.0.113.0/24"
    assert act.data["session_verified"] is False
    assert act.data["kyc_country"] == "DE"


def test_an_act_carries_no_personal_data(browser: Browser, mia: User, engine: Engine) -> None:
    sign_in(browser, mia, password="wrong")
    sign_in(browser, mia)
    for act in engine.acts:
        assert "@" not in repr(act)
        assert mia.display_name not in repr(act.data)


def test_a_wrong_password_is_an_act_against_the_person(
    browser: Browser, mia: User, engine: Engine
) -> None:
    assert sign_in(browser, mia, password="wrong").status_code == 200
    assert not signed_in(browser)
    (act,) = engine.acts
    assert act.kind == "signin.failed"
    assert act.ids["user"] == mia.entity_id
    assert act.data["why"] == "password"


def test_an_unknown_address_is_an_act_of_nobody_from_somewhere(
    browser: Browser, engine: Engine
) -> None:
    answer = browser.post("/accounts/login/", {"login": "nobody@example.org", "password": "x" * 12})
    assert answer.status_code == 200
    (act,) = engine.acts
    assert act.kind == "signin.failed"
    assert act.user is None
    assert act.parties["subnet"].ref == "203.0.113.0/24"


def test_known_and_unknown_addresses_get_the_same_words(
    browser: Browser, mia: User, engine: Engine
) -> None:
    known = sign_in(browser, mia, password="wrong").context["form"].errors
    form = {"login": "nobody@example.org", "password": "wrong"}
    unknown = browser.post("/accounts/login/", form).context["form"].errors
    assert known == unknown


def test_a_sign_in_is_judged_once_every_factor_was_shown(browser: Browser, engine: Engine) -> None:
    mia = person("mia", factor=True)
    sign_in(browser, mia)
    assert engine.acts == []
    assert not signed_in(browser)
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(mia)})
    assert signed_in(browser)
    (act,) = engine.acts
    assert act.kind == "signin.succeeded"
    assert act.data["session_verified"] is True


def test_a_wrong_code_is_a_failed_sign_in(browser: Browser, engine: Engine) -> None:
    mia = person("mia", factor=True)
    sign_in(browser, mia)
    browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert not signed_in(browser)
    assert engine.kinds == ["signin.failed"]
    assert engine.acts[0].data["why"] == "second_factor"
    assert engine.acts[0].ids["user"] == mia.entity_id


def test_a_code_works_once(engine: Engine) -> None:
    mia = person("mia", factor=True)
    code = code_of(mia)
    first, second = Browser(), Browser()
    for browser in (first, second):
        sign_in(browser, mia)
        browser.post("/accounts/2fa/authenticate/", {"code": code})
    assert signed_in(first)
    assert not signed_in(second)


def test_signing_up_is_one_act_and_no_sign_in_beside_it(browser: Browser, engine: Engine) -> None:
    form = {
        "email": "New.Trader@example.org",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "display_name": "Newbie",
    }
    assert browser.post("/accounts/signup/", form).status_code == 302
    user = User.objects.get(email="new.trader@example.org")
    assert user.nickname == "Newbie"
    assert engine.kinds == ["user.registered"]
    assert engine.acts[0].ids["user"] == user.entity_id
    assert signed_in(browser)


def test_where_addresses_are_verified_a_sign_up_is_one_act_and_no_session(
    browser: Browser, engine: Engine, settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    form = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    browser.post("/accounts/signup/", form)
    assert not signed_in(browser)
    assert engine.kinds == ["user.registered"]
    # Signing up a second time looks the same from outside, and is no act of the first person.
    again = browser.post("/accounts/signup/", form)
    assert again.url == "/accounts/confirm-email/"
    assert engine.kinds == ["user.registered"]
    user = User.objects.get(email="new@example.org")
    user.emailaddress_set.update(verified=True)
    sign_in(browser, user)
    assert signed_in(browser)
    assert engine.kinds == ["user.registered", "signin.succeeded"]


def test_what_protects_an_account_changes_as_an_act(
    browser: Browser, mia: User, engine: Engine
) -> None:
    sign_in(browser, mia)
    changed = "a different staple of horses"
    form = {"oldpassword": PASSWORD, "password1": changed, "password2": changed}
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert browser.post("/accounts/password/change/", form).status_code == 302
    assert engine.kinds[-1] == "security.changed"
    assert engine.acts[-1].data["change"] == "password"
    assert engine.acts[-1].ids["user"] == mia.entity_id


# ── What its answer does ─────────────────────────────────────────────────────────────────────────


def test_block_leaves_no_session_and_says_what_to_do(
    browser: Browser, mia: User, engine: Engine
) -> None:
    engine.says("BLOCK", "Reset your password, then sign in again.")
    answer = sign_in(browser, mia)
    assert answer.status_code == 403
    assert "Reset your password, then sign in again." in answer.content.decode()
    assert not signed_in(browser)
    assert not UserSession.objects.exists()
    assert browser.get("/").status_code == 302
    mia.refresh_from_db()
    assert mia.last_login is None


def test_block_after_the_second_factor_leaves_no_session_either(
    browser: Browser, engine: Engine
) -> None:
    mia = person("mia", factor=True)
    engine.says("BLOCK", "Call us.")
    assert sign_in_with_factor(browser, mia).status_code == 403
    assert not signed_in(browser)
    assert "account_login" not in browser.session
    # The factors just shown are forgotten: the next try starts from nothing.
    engine.says("ALLOW")
    sign_in(browser, mia)
    assert not signed_in(browser)


def test_a_refusal_of_the_flow_reads_like_a_block(
    browser: Browser, mia: User, engine: Engine
) -> None:
    def refuse(act: Act) -> accounts.Answer:
        raise Refused("LOGIN_DENIED", 403, "This account is suspended until Friday.")

    engine.answer = refuse
    answer = sign_in(browser, mia)
    assert answer.status_code == 403
    assert "suspended until Friday" in answer.content.decode()
    assert not signed_in(browser)


def test_a_fault_of_the_flow_opens_no_session(browser: Browser, mia: User, engine: Engine) -> None:
    def fail(act: Act) -> accounts.Answer:
        raise RuntimeError("the database is gone")

    engine.answer = fail
    browser.raise_request_exception = False
    assert sign_in(browser, mia).status_code == 500
    assert not signed_in(browser)


def test_step_up_asks_those_without_a_factor_for_a_code_by_mail(
    browser: Browser, mia: User, engine: Engine
) -> None:
    engine.says("STEP_UP")
    answer = sign_in(browser, mia)
    assert answer.url == "/accounts/login/code/confirm/"
    assert not signed_in(browser)
    (letter,) = mail.outbox
    assert letter.to == [mia.email]
    browser.post("/accounts/login/code/confirm/", {"code": "WRONG1"})
    assert not signed_in(browser)
    assert engine.kinds == ["signin.succeeded", "signin.failed"]
    code = browser.session["account_login"]["state"]["stages"]["login_by_code"]["data"]["code"]
    assert code in letter.body
    browser.post("/accounts/login/code/confirm/", {"code": code})
    assert signed_in(browser)
    assert engine.kinds == ["signin.succeeded", "signin.failed"]


def test_step_up_is_met_by_the_factor_just_shown(browser: Browser, engine: Engine) -> None:
    mia = person("mia", factor=True)
    engine.says("STEP_UP")
    sign_in_with_factor(browser, mia)
    assert signed_in(browser)
    assert mail.outbox == []


@pytest.mark.parametrize("outcome", ["ALLOW", "LIMIT", "REVIEW"])
def test_what_concerns_later_deeds_does_not_stop_a_sign_in(
    browser: Browser, mia: User, engine: Engine, outcome: str
) -> None:
    engine.says(outcome)
    sign_in(browser, mia)
    assert signed_in(browser)


def test_a_blocked_sign_up_keeps_the_account_and_gives_no_session(
    browser: Browser, engine: Engine
) -> None:
    engine.says("BLOCK", "Write to support.")
    form = {"email": "bot@example.org", "password1": PASSWORD, "password2": PASSWORD}
    answer = browser.post("/accounts/signup/", form)
    assert answer.status_code == 403
    assert "Write to support." in answer.content.decode()
    assert User.objects.filter(email="bot@example.org").exists()
    assert not signed_in(browser)


def test_a_closed_account_does_not_open(browser: Browser, mia: User, engine: Engine) -> None:
    User.objects.filter(pk=mia.pk).update(is_active=False)
    answer = sign_in(browser, mia)
    assert answer.status_code == 403
    assert "closed" in answer.content.decode()
    assert not signed_in(browser)


def test_ending_all_sessions_ends_pages_and_apps_at_once(
    browser: Browser, mia: User, engine: Engine
) -> None:
    sign_in(browser, mia)
    form = {"email": mia.email, "password": PASSWORD}
    token = app_call(browser, "POST", "/auth/login", form).json()["meta"]["session_token"]
    assert browser.get("/").status_code == 200
    assert app_call(browser, "GET", "/auth/session", token=token).status_code == 200
    assert services.end_sessions(user=mia) == 2
    assert browser.get("/").status_code == 302
    assert app_call(browser, "GET", "/auth/session", token=token).status_code == 410


# ── The same for apps ────────────────────────────────────────────────────────────────────────────


def test_an_app_signs_in_with_a_token_and_is_judged_the_same(
    browser: Browser, mia: User, engine: Engine
) -> None:
    answer = app_call(browser, "POST", "/auth/login", {"email": mia.email, "password": PASSWORD})
    assert answer.status_code == 200
    token = answer.json()["meta"]["session_token"]
    assert engine.kinds == ["signin.succeeded"]
    assert engine.acts[0].data["channel"] == "app"
    user = app_call(browser, "GET", "/auth/session", token=token).json()["data"]["user"]
    assert user["id"] == str(mia.id)
    assert user["display"] == "mia"


def test_a_blocked_app_gets_a_sentence_and_no_token(
    browser: Browser, mia: User, engine: Engine
) -> None:
    engine.says("BLOCK", "Reset your password, then sign in again.")
    answer = app_call(browser, "POST", "/auth/login", {"email": mia.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert answer.json()["errors"] == [
        {"code": "SIGN_IN_REFUSED", "message": "Reset your password, then sign in again."}
    ]
    assert "access_token" not in answer.content.decode()
    token = answer.json().get("meta", {}).get("session_token", "")
    assert app_call(browser, "GET", "/auth/session", token=token).status_code == 401
    assert not UserSession.objects.exists()


def test_a_blocked_app_with_a_second_factor_gets_the_sentence_too(
    browser: Browser, engine: Engine
) -> None:
    mia = person("mia", factor=True)
    engine.says("BLOCK", "Call us.")
    form = {"email": mia.email, "password": PASSWORD}
    first = app_call(browser, "POST", "/auth/login", form)
    assert first.status_code == 401
    token = first.json()["meta"]["session_token"]
    second = app_call(browser, "POST", "/auth/2fa/authenticate", {"code": code_of(mia)}, token)
    assert second.status_code == 403
    assert second.json()["errors"][0]["message"] == "Call us."
    assert app_call(browser, "GET", "/auth/session", token=token).status_code in (401, 410)
    assert not UserSession.objects.exists()


def test_a_stepped_up_app_confirms_with_the_code_from_the_mail(
    browser: Browser, mia: User, engine: Engine
) -> None:
    engine.says("STEP_UP")
    form = {"email": mia.email, "password": PASSWORD}
    answer = app_call(browser, "POST", "/auth/login", form)
    assert answer.status_code == 401
    assert {"id": "login_by_code", "is_pending": True} in answer.json()["data"]["flows"]
    token = answer.json()["meta"]["session_token"]
    code = next(word for word in mail.outbox[0].body.split() if word.isupper() and "-" in word)
    confirmed = app_call(browser, "POST", "/auth/code/confirm", {"code": code}, token)
    assert confirmed.status_code == 200
    assert confirmed.json()["meta"]["is_authenticated"]


def test_a_blocked_app_sign_up_gets_the_sentence(browser: Browser, engine: Engine) -> None:
    engine.says("BLOCK", "Write to support.")
    form = {"email": "bot@example.org", "password": PASSWORD}
    answer = app_call(browser, "POST", "/auth/signup", form)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["message"] == "Write to support."


def test_an_app_fails_to_sign_in_as_an_act(browser: Browser, mia: User, engine: Engine) -> None:
    answer = app_call(browser, "POST", "/auth/login", {"email": mia.email, "password": "wrong"})
    assert answer.status_code == 400
    assert engine.kinds == ["signin.failed"]


# ── Pages that say no ────────────────────────────────────────────────────────────────────────────


def test_a_missing_page_is_one_of_ours(browser: Browser, engine: Engine) -> None:
    answer = browser.get("/no/such/page")
    assert answer.status_code == 404
    assert b"There is nothing here that you may see." in answer.content


def test_a_fault_shows_a_page_and_no_detail(browser: Browser, mia: User, engine: Engine) -> None:
    def fail(act: Act) -> accounts.Answer:
        raise RuntimeError("secret detail")

    engine.answer = fail
    browser.raise_request_exception = False
    answer = sign_in(browser, mia)
    assert answer.status_code == 500
    assert b"The fault is ours" in answer.content
    assert b"secret detail" not in answer.content


def test_too_many_tries_are_told_to_wait(browser: Browser, engine: Engine, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}
    # Tries are counted for a minute, longer than a run of the tests.
    address = f"198.18.{randbelow(256)}.{randbelow(256)}"
    tries = [
        browser.post(
            "/accounts/login/",
            {"login": "nobody@example.org", "password": "wrong"},
            REMOTE_ADDR=address,
        )
        for _ in range(4)
    ]
    assert [answer.status_code for answer in tries] == [200, 200, 200, 429]
    assert b"Too many requests" in tries[-1].content
