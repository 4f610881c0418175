"""Who may open what: every page and every deed of the console, by every role and by nobody."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from apps.cases.models import Case
from apps.cases.proposals import Proposal
from apps.core import clock
from apps.core.errors import Refused
from apps.events.models import Entity, Event
from apps.flows import policies, review
from apps.restrictions.models import Restriction
from apps.risk.models import Decision, ListEntry, Policy, Rule, Snooze
from apps.users.models import User
from apps.users.roles import Role
from tests.market import World, user
from tests.staff import colleague, signed_in

UUID_OF_NOBODY = UUID("019ad000-0000-7000-8000-000000000000")

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(world: World) -> Iterator[World]:
    """A world in which mallory was held, at the console's own time."""
    with time_machine.travel(world.now + timedelta(minutes=5), tick=False):
        world.happens("signin.succeeded", by="mallory", ip="203.0.113.9", tor=True, ip_risk=90)
        world.happens("user.registered", by="alice")
        yield world


def everything() -> tuple[int, ...]:
    """How much there is of whatever staff can change."""
    tables = (Event, Decision, Restriction, Case, Proposal, ListEntry, Policy, Rule, Snooze)
    return tuple(table.objects.count() for table in tables)


def pages(world: World) -> dict[str, str]:
    """An address for every page of the console that shows something."""
    mallory = user("mallory").id
    decision = Decision.objects.order_by("id").first()
    assert decision is not None
    policy = Policy.objects.get()
    return {
        "home": reverse("console:home"),
        "tiles": reverse("console:tiles"),
        "find": reverse("console:find") + "?q=mallory",
        "stream": reverse("console:stream"),
        "rows": reverse("console:stream_rows"),
        "pulse": reverse("console:stream_pulse"),
        "decision": reverse("console:decision", args=[decision.id]),
        "user": reverse("console:entity", args=[mallory]),
        "timeline": reverse("console:timeline", args=[mallory]),
        "restrictions": reverse("console:restrictions"),
        "approvals": reverse("console:approvals"),
        "cases": reverse("console:cases"),
        "lists": reverse("console:lists"),
        "policies": reverse("console:policies"),
        "policy": reverse("console:policy", args=[policy.pk]),
        "diff": reverse("console:policy_diff", args=[policy.pk, policy.pk]),
        "shadow": reverse("console:policy_shadow", args=[policy.pk]),
        "features": reverse("console:features"),
    }


def test_every_role_may_look(world: World) -> None:
    for role in Role:
        browser = signed_in(colleague(role))
        for name, address in pages(world).items():
            found = browser.get(address)
            expected = 302 if name == "find" else 200
            assert found.status_code == expected, (role, name, found.content[:500])


def test_nobody_else_may_look(world: World) -> None:
    trader = User.objects.create_user("trader@example.org")
    stranger, anonymous = signed_in(trader), Browser()
    password_only = signed_in(colleague(Role.SENIOR), second_factor=False)
    for address in pages(world).values():
        assert anonymous.get(address)["Location"].startswith("/accounts/login/")
        assert stranger.get(address).status_code == 403
        sent_away = password_only.get(address)
        assert sent_away.status_code == 302
        assert "/console/" not in sent_away["Location"].split("?")[0]


#: Deeds by name: who may do it. Everybody else gets 403, and nothing changes.
DEEDS: dict[str, set[Role]] = {
    "review": {Role.ANALYST, Role.SENIOR, Role.COMPLIANCE},
    "impose": {Role.ANALYST, Role.SENIOR, Role.COMPLIANCE},
    "lift": {Role.SENIOR, Role.COMPLIANCE},
    "ban": {Role.SENIOR, Role.COMPLIANCE},
    "list_add": {Role.COMPLIANCE},
    "identity": {Role.COMPLIANCE},
    "case_take": {Role.ANALYST, Role.SENIOR, Role.COMPLIANCE},
    "case_close": {Role.ANALYST, Role.SENIOR, Role.COMPLIANCE},
    "policy_copy": {Role.SENIOR, Role.ADMIN},
    "policy_promote": {Role.COMPLIANCE, Role.ADMIN},
    "silence": {Role.COMPLIANCE, Role.ADMIN},
}


def deeds(world: World) -> dict[str, tuple[str, dict[str, Any]]]:
    """An address and a form for every deed."""
    mallory = user("mallory").id
    decision = Decision.objects.filter(event__user=mallory).first()
    restriction = Restriction.objects.first()
    assert decision is not None
    assert restriction is not None
    policy = Policy.objects.get()
    return {
        "review": (reverse("console:review", args=[decision.id]), {"outcome": "REVIEW"}),
        "impose": (reverse("console:impose", args=[mallory]), {}),
        "lift": (reverse("console:lift", args=[restriction.pk]), {}),
        "ban": (reverse("console:ban", args=[mallory]), {}),
        "list_add": (reverse("console:list_add", args=[mallory]), {}),
        "identity": (reverse("console:identity", args=[mallory]), {}),
        "case_take": (reverse("console:case_take", args=[UUID_OF_NOBODY]), {}),
        "case_close": (reverse("console:case_close", args=[UUID_OF_NOBODY]), {}),
        "policy_copy": (reverse("console:policy_copy", args=[policy.pk]), {"name": ""}),
        "policy_promote": (reverse("console:policy_promote", args=[policy.pk]), {}),
        "silence": (reverse("console:silence", args=["TOR"]), {}),
    }


def test_deeds_are_for_their_roles(world: World) -> None:
    wanted = deeds(world)
    assert wanted.keys() == DEEDS.keys()
    before = everything()
    for role in Role:
        browser = signed_in(colleague(role))
        for name, (address, form) in wanted.items():
            # The forms lack what they need: whoever may do the deed is told so (or that there is
            # no such case), and whoever may not is refused before the form is looked at.
            refused = browser.post(address, form).status_code == 403
            assert refused == (role not in DEEDS[name]), (role, name)
    assert everything() == before


def test_the_audit_log_is_for_those_who_watch_the_watchers(world: World) -> None:
    allowed = {
        role: signed_in(colleague(role)).get(reverse("console:audit")).status_code for role in Role
    }
    watchers = {Role.COMPLIANCE, Role.ADMIN, Role.AUDITOR}
    assert allowed == {role: 200 if role in watchers else 403 for role in Role}


def test_flows_refuse_whoever_lacks_the_role_even_without_a_page(world: World) -> None:
    auditor, at = colleague(Role.AUDITOR), clock.now()
    mallory = Entity.objects.get(pk=user("mallory").id)
    policy = Policy.objects.get()
    before = everything()
    attempts = (
        lambda: review.impose(
            by=auditor,
            at=at,
            subject=mallory,
            kind="HOLD",
            ability="withdraw",
            reason="ATO",
            user_sentence="Please contact support about this.",
            note="seen",
        ),
        lambda: review.propose_ban(
            by=auditor,
            at=at,
            subject=mallory,
            reason="FRAUD",
            user_sentence="Your account is closed for good.",
            note="seen",
        ),
        lambda: review.add_to_list(
            by=auditor, at=at, subject=mallory, name="BLOCKED", reason="bad"
        ),
        lambda: policies.draft_from(by=auditor, at=at, policy=policy, name="mine"),
        lambda: policies.promote(by=auditor, at=at, policy=policy),
    )
    for attempt in attempts:
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.code == "NOT_PERMITTED"
    assert everything() == before


def test_the_admin_changes_nothing(world: World) -> None:
    browser = signed_in(colleague(Role.ADMIN))
    for name in (
        "users_user",
        "users_client",
        "users_apikey",
        "devices_device",
        "devices_sighting",
        "restrictions_restriction",
        "cases_case",
        "cases_proposal",
        "events_seal",
        "events_delivery",
        "risk_policy",
        "risk_listentry",
        "ledger_asset",
        "ledger_account",
        "ledger_entry",
        "ledger_posting",
        "django_celery_beat_periodictask",
    ):
        assert browser.get(reverse(f"admin:{name}_changelist")).status_code == 200, name
        assert browser.get(reverse(f"admin:{name}_add")).status_code == 403, name
    restriction = Restriction.objects.first()
    assert restriction is not None
    page = reverse("admin:restrictions_restriction_change", args=[restriction.pk])
    assert browser.get(page).status_code == 200
    assert browser.post(page, {"kind": "DENY"}).status_code == 403
    gone = reverse("admin:restrictions_restriction_delete", args=[restriction.pk])
    assert browser.post(gone, {"post": "yes"}).status_code == 403


def test_keys_and_tasks_are_seen_by_those_who_run_the_system(world: World) -> None:
    analyst = signed_in(colleague(Role.ANALYST))
    assert analyst.get(reverse("admin:users_apikey_changelist")).status_code == 403
    task = reverse("admin:django_celery_beat_periodictask_changelist")
    assert analyst.get(task).status_code == 403
    assert analyst.get(reverse("admin:users_user_changelist")).status_code == 200
