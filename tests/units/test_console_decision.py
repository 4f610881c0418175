"""A decision's page: the score as a waterfall, rules with their values, the user's own past."""

import math
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.console import decision as sheets
from apps.console import past
from apps.console.waterfall import waterfall
from apps.events.models import Entity
from apps.flows import review
from apps.risk import live
from apps.risk.models import Decision, Policy
from apps.users.roles import Role
from tests.market import World, user
from tests.staff import colleague, signed_in

#: Session, user, role, two of permissions, what waits; decision with event, entities, the user's
#: past, restrictions, verdicts, cases, shadows.
QUERIES_OF_DECISION = 13


@pytest.fixture
def world(world: World) -> Iterator[World]:
    """A world at the console's own time."""
    with time_machine.travel(world.now + timedelta(days=2), tick=False):
        yield world


@pytest.fixture
def browser(world: World) -> Browser:
    """An analyst's browser."""
    return signed_in(colleague(Role.ANALYST))


def taken_over(world: World) -> UUID:
    """Carol's usual days, then a sign-in over Tor from far away after many failures."""
    for _ in range(12):
        world.happens("signin.succeeded", by="carol", lat=52.5, lon=13.4, ip_risk=5)
        world.pass_time(hours=2)
    for _ in range(6):
        world.happens("signin.failed", by="carol", ip="203.0.113.66", tor=True, ip_risk=90)
    return world.judged(
        "signin.succeeded",
        by="carol",
        ip="203.0.113.66",
        device="evil-laptop",
        tor=True,
        ip_risk=90,
        lat=6.5,
        lon=3.3,
    ).act.id


@pytest.mark.django_db
def test_the_waterfall_leads_from_nothing_to_the_score(world: World) -> None:
    chart = sheets.sheet(taken_over(world)).waterfall
    assert chart is not None
    assert len(chart.bars) >= 2
    assert chart.bars[0].start == 0
    for bar, following in zip(chart.bars, chart.bars[1:], strict=False):
        assert following.start == pytest.approx(bar.end)
        assert following.weight <= bar.weight
    assert chart.bars[-1].total == pytest.approx(chart.score, abs=1)
    assert chart.bars[-1].end <= 100
    passed = [line.outcome for line in chart.lines if line.passed]
    assert chart.by_score == (passed[-1] if passed else "ALLOW")


@pytest.mark.django_db
def test_what_only_forces_stands_below_the_bars(desk: Policy) -> None:
    settings = live.compiled(desk.pk).settings
    chart = waterfall(
        reasons=["RESTRICTED", "TOR"],
        weights=[0.0, 350.0],
        sentences=["a restriction", "a Tor exit"],
        forces=["BLOCK", "STEP_UP"],
        score=350,
        settings=settings,
        checkpoint="CPL",
    )
    assert [bar.code for bar in chart.bars] == ["TOR"]
    assert [(bar.code, bar.forces) for bar in chart.forced] == [
        ("RESTRICTED", "BLOCK"),
        ("TOR", "STEP_UP"),
    ]
    assert [(line.outcome, line.score) for line in chart.lines] == [
        ("STEP_UP", 600),
        ("REVIEW", 900),
        ("BLOCK", 950),
    ]
    assert chart.by_score == "ALLOW"


@pytest.mark.django_db
def test_rules_are_explained_with_their_values(world: World) -> None:
    sheet = sheets.sheet(taken_over(world))
    words = {hit.rule.code: hit.words for hit in sheet.hits}
    assert words["TOR"] == "tor (yes)"
    assert "login_failures_10m (6) ≥ 5" in words["BRUTE_FORCED"]
    assert sheet.policy is not None
    rules = sheet.policy.by_checkpoint["CPL"]
    shown = (*sheet.hits, *sheet.unknown, *sheet.snoozed, *sheet.errors, *sheet.misses)
    assert sorted(one.rule.code for one in shown) == sorted(rule.code for rule in rules)
    for one in sheet.unknown:
        assert one.missing


@pytest.mark.django_db
def test_what_is_unusual_for_this_user_comes_first(world: World) -> None:
    sheet = sheets.sheet(taken_over(world))
    first = {one.name: one for one in sheet.compared if one.is_unusual}
    assert first["login_failures_10m"].shown == "6"
    assert first["login_failures_10m"].median == "0"
    assert first["travel_km"].percentile == 100
    # An account only ever grows older: being older than ever is nothing unusual.
    age = next(one for one in sheet.compared if one.name == "user_age_hours")
    assert age.percentile == 100
    assert not age.is_unusual


def test_a_missing_value_is_unknown_and_never_unusual() -> None:
    series: list[dict[str, float | None]] = [{"orders_24h": 1.0} for _ in range(10)]
    (one,) = past.compare(
        values=[math.nan], names=["orders_24h"], past=series, used_by={"orders_24h": ["A_RULE"]}
    )
    assert (one.shown, one.percentile, one.is_unusual, one.used_by) == (
        "unknown",
        None,
        False,
        ("A_RULE",),
    )


def test_a_short_past_says_nothing() -> None:
    series: list[dict[str, float | None]] = [{"orders_24h": 1.0} for _ in range(past.ENOUGH - 1)]
    (one,) = past.compare(values=[50.0], names=["orders_24h"], past=series, used_by={})
    assert (one.percentile, one.is_unusual) == (None, False)


@pytest.mark.django_db
def test_the_page_tells_the_whole_story(world: World, browser: Browser) -> None:
    id = taken_over(world)
    page = browser.get(reverse("console:decision", args=[id]))
    text = page.content.decode()
    assert page.status_code == 200
    for part in (
        "carol",
        "signed in",
        "BRUTE_FORCED",
        "login_failures_10m",
        "203.0.113.66",
        "evil-laptop",
        "version",
        "Your verdict",
        "<svg",
        "Record verdict",
    ):
        assert part in text
    assert 'style="' not in text
    assert "onclick" not in text


@pytest.mark.django_db
def test_every_element_of_the_page_obeys_the_content_security_policy(
    world: World, browser: Browser
) -> None:
    page = browser.get(reverse("console:decision", args=[taken_over(world)]))
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


@pytest.mark.django_db
def test_a_verdict_from_the_page_and_its_trace(world: World) -> None:
    id = taken_over(world)
    browser = signed_in(colleague(Role.SENIOR, "sam"))
    address = reverse("console:review", args=[id])
    refused = browser.post(address, {"outcome": "ALLOW", "note": ""})
    assert refused.status_code == 422
    assert "Please say why" in refused.content.decode()
    assert not Decision.objects.filter(supersedes=id).exists()
    assert browser.post(address, {"outcome": "BLOCK", "note": "carol called"}).status_code == 302
    page = browser.get(reverse("console:decision", args=[id])).content.decode()
    assert "carol called" in page
    verdict = Decision.objects.get(supersedes=id)
    own_page = browser.get(reverse("console:decision", args=[verdict.pk]))
    assert own_page.status_code == 200
    assert str(id) in own_page.content.decode()


@pytest.mark.django_db
def test_a_degraded_decision_has_a_page(world: World, browser: Browser) -> None:
    Policy.objects.update(status="RETIRED")
    id = world.judged("withdrawal.requested", by="alice", usd="900").act.id
    page = browser.get(reverse("console:decision", args=[id]))
    assert page.status_code == 200
    assert "fail-safe" in page.content.decode()


@pytest.mark.django_db
def test_a_restriction_by_staff_has_a_page(world: World, browser: Browser) -> None:
    world.happens("signin.succeeded", by="mallory")
    held = review.impose(
        by=colleague(Role.SENIOR, "sam"),
        at=world.now,
        subject=Entity.objects.get(pk=user("mallory").id),
        kind="HOLD",
        ability="withdraw",
        reason="ATO",
        user_sentence="We are checking a withdrawal of yours.",
        note="the victim called",
    )
    page = browser.get(reverse("console:decision", args=[held.cause]))
    assert page.status_code == 200
    assert "of their own accord" in page.content.decode()


@pytest.mark.django_db
def test_the_number_of_queries_is_the_same_whatever_the_past(
    world: World, browser: Browser
) -> None:
    first = world.judged("signin.succeeded", by="carol").act.id
    address = reverse("console:decision", args=[first])
    browser.get(address)
    assert queries(browser, first) == QUERIES_OF_DECISION
    assert queries(browser, taken_over(world)) == QUERIES_OF_DECISION


def queries(browser: Browser, id: UUID) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(reverse("console:decision", args=[id])).status_code == 200
    return len(captured)
