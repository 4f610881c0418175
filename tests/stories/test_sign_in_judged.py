"""Signing in under the engine itself: what is written, and what a restriction or an attack does."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client as Browser

from apps.core import clock
from apps.events.models import Entity, Event
from apps.restrictions.models import Ability, Kind, LiftedBy, Restriction
from apps.risk.models import Decision, Policy
from apps.users.models import User
from tests.signing_in import (
    PASSWORD,
    QUICK_HASHERS,
    code_for,
    code_of,
    person,
    sign_in,
    sign_in_with_factor,
)


@pytest.fixture(autouse=True)
def _calm(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = QUICK_HASHERS


@pytest.fixture
def browser() -> Browser:
    return Browser(REMOTE_ADDR="203.0.113.9", HTTP_USER_AGENT="Mozilla/5.0 Firefox/140.0")


def kinds() -> list[str]:
    """What people did, in order; not what the engine did about it."""
    acts = Event.objects.exclude(kind__startswith="restriction.").order_by("id")
    return list(acts.values_list("kind", flat=True))


def signed_in(browser: Browser) -> bool:
    return "_auth_user_id" in browser.session


def forbid(user: User, ability: Ability, kind: Kind, **terms: Any) -> Restriction:
    entity, _new = Entity.objects.get_or_create(
        id=user.entity_id,
        defaults={"kind": "user", "scope": "desk", "ref": str(user.id), "first_at": clock.now()},
    )
    return Restriction.objects.create(
        subject=entity,
        ability=ability,
        kind=kind,
        reason="ACCOUNT_TAKEOVER",
        user_sentence="Write to support.",
        imposed_at=clock.now() - timedelta(minutes=1),
        **terms,
    )


def test_every_part_of_a_life_with_an_account_is_written(
    browser: Browser, committed_desk: Policy
) -> None:
    form = {"email": "mia@example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert browser.post("/accounts/signup/", form).status_code == 302
    mia = User.objects.get(email="mia@example.org")
    mia.emailaddress_set.update(verified=True)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    secret = browser.get("/accounts/2fa/totp/activate/").context["form"].secret
    browser.post("/accounts/2fa/totp/activate/", {"code": code_for(secret)})
    assert Authenticator.objects.filter(user=mia, type="totp").exists()
    browser.post("/accounts/logout/")
    sign_in(browser, mia, password="wrong")
    sign_in_with_factor(browser, mia)
    assert kinds() == [
        "user.registered",
        "security.changed",
        "security.changed",
        "signin.failed",
        "signin.succeeded",
    ]
    changes = Event.objects.filter(kind="security.changed").order_by("id")
    assert {event.data["change"] for event in changes} == {"totp", "recovery"}
    assert set(Event.objects.values_list("user_id", flat=True)) == {mia.entity_id}
    assert Decision.objects.filter(maker="ENGINE").count() == 5
    for row in Event.objects.values():
        assert "@" not in str(row)


def test_a_failed_sign_in_to_nobody_is_counted_for_where_it_came_from(
    browser: Browser, committed_desk: Policy
) -> None:
    for name in ("a", "b", "c"):
        browser.post("/accounts/login/", {"login": f"{name}@example.org", "password": "wrong"})
    events = Event.objects.all()
    assert {event.kind for event in events} == {"signin.failed"}
    assert {event.user_id for event in events} == {None}
    (subnet,) = Entity.objects.filter(kind="subnet")
    assert {event.subnet_id for event in events} == {subnet.id}
    assert subnet.ref == "203.0.113.0/24"


def test_who_may_not_sign_in_is_told_why_and_gets_no_session(
    browser: Browser, committed_desk: Policy
) -> None:
    mia = person("mia")
    forbid(mia, Ability.LOGIN, Kind.DENY)
    answer = sign_in(browser, mia)
    assert answer.status_code == 403
    assert not signed_in(browser)
    assert kinds() == ["signin.succeeded"]
    assert Decision.objects.get().outcome == "BLOCK"


def test_who_must_prove_more_gets_a_code_by_mail(browser: Browser, committed_desk: Policy) -> None:
    mia = person("mia")
    forbid(mia, Ability.LOGIN, Kind.STEP_UP)
    assert sign_in(browser, mia).url == "/accounts/login/code/confirm/"
    assert not signed_in(browser)
    assert len(mail.outbox) == 1


def test_a_guessed_password_after_many_wrong_ones_is_not_enough(
    browser: Browser, committed_desk: Policy
) -> None:
    mia = person("mia")
    for number in range(12):
        sign_in(browser, mia, password=f"guess {number}")
    sign_in(browser, mia)
    assert not signed_in(browser)
    last = Decision.objects.filter(event__kind="signin.succeeded").get()
    assert last.outcome in {"STEP_UP", "REVIEW", "BLOCK"}


def test_the_proof_of_a_sign_in_lifts_nothing_that_waits_for_a_face(
    browser: Browser, committed_desk: Policy
) -> None:
    mia = person("mia", factor=True)
    login = forbid(mia, Ability.LOGIN, Kind.STEP_UP, lifts_by=LiftedBy.FACE)
    withdraw = forbid(mia, Ability.WITHDRAW, Kind.STEP_UP, lifts_by=LiftedBy.FACE)
    sign_in_with_factor(browser, mia)
    assert signed_in(browser)
    login.refresh_from_db()
    withdraw.refresh_from_db()
    assert login.lifted_at is not None
    assert withdraw.lifted_at is None
    assert Event.objects.filter(kind="restriction.lifted").count() == 1


def test_a_quiet_sign_in_is_not_disturbed(browser: Browser, committed_desk: Policy) -> None:
    mia = person("mia", factor=True)
    sign_in(browser, mia)
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(mia)})
    assert signed_in(browser)
    assert mail.outbox == []
