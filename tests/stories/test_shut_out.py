"""Whoever may not sign in any more is signed out at once: browsers, apps, by staff or engine."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client as Browser

from apps.core.clock import now
from apps.core.ids import uuid7
from apps.events.act import Act, Party
from apps.events.models import Entity, Event
from apps.flows import review
from apps.flows.judge import judge
from apps.restrictions.models import Restriction
from apps.risk.models import Decision, Policy, Rule
from apps.users.models import DESK, User
from apps.users.roles import Role
from tests.signing_in import PASSWORD, QUICK_HASHERS, app_call, person, sign_in

SENTENCE = "Your account is closed. Write to support."


@pytest.fixture(autouse=True)
def _calm(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = QUICK_HASHERS


def app_token(user: User) -> str:
    answer = app_call(Browser(), "POST", "/auth/login", {"email": user.email, "password": PASSWORD})
    token: str = answer.json()["meta"]["session_token"]
    return token


def entity_of(user: User) -> Entity:
    return Entity.objects.get(pk=user.entity_id)


def impose(by: User, user: User, **changes: Any) -> Restriction:
    terms: dict[str, Any] = {
        "kind": "DENY",
        "ability": "login",
        "reason": "TAKEOVER",
        "user_sentence": SENTENCE,
        "note": "stolen account",
        "until": now() + timedelta(days=1),
    }
    return review.impose(by=by, at=now(), subject=entity_of(user), **terms | changes)


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/").status_code == 200


def app_works(token: str) -> bool:
    status: int = app_call(Browser(), "GET", "/auth/session", token=token).status_code
    return status == 200


@pytest.mark.parametrize("ability", ["login", "all"])
def test_a_denied_sign_in_ends_browsers_and_apps_and_keeps_them_out(
    committed_desk: Policy, ability: str
) -> None:
    mia, sam, browser = person("mia"), person("sam", role=Role.SENIOR), Browser()
    sign_in(browser, mia)
    token = app_token(mia)
    assert is_signed_in(browser)
    assert app_works(token)
    impose(sam, mia, ability=ability)
    assert not is_signed_in(browser)
    assert not app_works(token)
    assert UserSession.objects.filter(user=mia).count() == 0
    answer = sign_in(browser, mia)
    assert answer.status_code == 403
    assert not is_signed_in(browser)
    last = Decision.objects.filter(maker="ENGINE").order_by("-at", "-pk")[0]
    assert last.outcome == "BLOCK"
    assert "RESTRICTED" in last.reasons
    refused = app_call(Browser(), "POST", "/auth/login", {"email": mia.email, "password": PASSWORD})
    assert refused.status_code == 403


def test_what_forbids_less_leaves_the_session(committed_desk: Policy) -> None:
    mia, sam, browser = person("mia"), person("sam", role=Role.SENIOR), Browser()
    sign_in(browser, mia)
    impose(sam, mia, ability="withdraw")
    impose(sam, mia, kind="STEP_UP")
    impose(sam, mia, kind="CAP", ability="all", cap_usd=Decimal(10))
    assert is_signed_in(browser)


def test_only_the_banned_person_is_signed_out_once_a_second_one_approves(
    committed_desk: Policy,
) -> None:
    mia, ben = person("mia"), person("ben")
    sam, cora = person("sam", role=Role.SENIOR), person("cora", role=Role.COMPLIANCE)
    browser, other = Browser(), Browser()
    sign_in(browser, mia)
    sign_in(other, ben)
    proposal = review.propose_ban(
        by=sam,
        at=now(),
        subject=entity_of(mia),
        reason="FRAUD",
        user_sentence=SENTENCE,
        note="many victims",
    )
    assert is_signed_in(browser)
    review.approve(by=cora, at=now(), proposal=proposal)
    assert not is_signed_in(browser)
    assert is_signed_in(other)


def test_an_integrators_user_of_the_same_name_signs_nobody_out(committed_desk: Policy) -> None:
    mia, sam, browser = person("mia"), person("sam", role=Role.SENIOR), Browser()
    sign_in(browser, mia)
    party = Party("user", "exchange", str(mia.id))
    theirs = Entity.objects.create(
        id=party.id, kind="user", scope="exchange", ref=party.ref, first_at=now()
    )
    review.impose(
        by=sam,
        at=now(),
        subject=theirs,
        kind="DENY",
        ability="all",
        reason="TAKEOVER",
        user_sentence=SENTENCE,
        note="stolen account",
        until=now() + timedelta(days=1),
    )
    assert is_signed_in(browser)


def test_the_engine_signs_out_whom_it_suspends(committed_desk: Policy) -> None:
    mia, browser = person("mia"), Browser()
    sign_in(browser, mia)
    token = app_token(mia)
    suspends(committed_desk)
    judged = judge(act_of(mia, "withdrawal.requested", amount_usd=Decimal("666.00")))
    assert ("all", "DENY") in [(i.ability, i.kind) for i in judged.consequences.impositions]
    assert not is_signed_in(browser)
    assert not app_works(token)
    assert Session.objects.filter(pk=token).count() == 0
    imposed = Event.objects.filter(kind="restriction.imposed", user=mia.entity_id)
    assert "all" in {event.data["ability"] for event in imposed}


def suspends(policy: Policy) -> None:
    """Make a policy live that suspends whoever withdraws 666, and does nothing else."""
    policy.status, policy.retired_at = "RETIRED", now()
    policy.save()
    stricter = Policy.objects.create(name="stricter", settings=policy.settings, created_at=now())
    Rule.objects.create(
        policy=stricter,
        code="SIX_SIX_SIX",
        checkpoints=["CP5"],
        expression="amount_usd == 666",
        points=900,
        at_least="BLOCK",
        hard=True,
        analyst_sentence="The amount of the beast.",
        user_sentence=SENTENCE,
        measure={"kind": "DENY", "ability": "all", "hours": 24, "on": "user"},
    )
    stricter.status, stricter.live_at = "LIVE", now()
    stricter.save()


def act_of(user: User, kind: str, **words: Any) -> Act:
    at, party = now(), Party("user", DESK, str(user.id))
    return Act(id=uuid7(at), at=at, kind=kind, scope=DESK, user=party, actor=party, **words)
