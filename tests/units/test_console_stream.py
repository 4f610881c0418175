"""The stream of decisions: newest first, filtered, in a fixed number of queries however long."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.console import stream
from apps.console.forms import StreamFilter
from apps.flows import review
from apps.risk.models import Decision
from apps.users.roles import Role
from tests.market import World, user
from tests.staff import colleague, signed_in

pytestmark = pytest.mark.django_db

#: Session, user, role, two of permissions, what waits, rows, their entities, the last hour.
QUERIES_OF_STREAM = 9


@pytest.fixture
def world(world: World) -> Iterator[World]:
    """A world at the console's own time."""
    cache.delete("console:pulse")
    with time_machine.travel(world.now + timedelta(minutes=30), tick=False):
        yield world
    cache.delete("console:pulse")


@pytest.fixture
def browser(world: World) -> Browser:
    """An analyst's browser."""
    return signed_in(colleague(Role.ANALYST))


def found(**filters: Any) -> list[str]:
    """Who is found by a filter of the stream, newest first."""
    form = StreamFilter(filters)
    assert form.is_valid(), form.errors
    page = stream.page(form.wanted())
    entities = stream.entities_of(page.rows)
    return [entities[row.user_id].ref for row in page.rows if row.user_id]


def test_the_newest_decision_comes_first(world: World, browser: Browser) -> None:
    for name in ("alice", "bob", "carol"):
        world.happens("signin.succeeded", by=name)
    assert found() == ["carol", "bob", "alice"]
    page = browser.get(reverse("console:stream")).content.decode()
    assert page.index("carol") < page.index("bob") < page.index("alice")


def test_filters(world: World) -> None:
    world.happens("signin.succeeded", by="alice")
    world.happens("signin.succeeded", by="trent", tor=True, ip="203.0.113.9")
    world.happens(
        "order.created", by="bob", to="alice", usd="20", side="buy", account="f00dfeedcafe"
    )
    world.happens("withdrawal.requested", by="bob", usd="20", address="T-bob", device="bobs-laptop")
    assert found(outcome=["STEP_UP"]) == ["trent"]
    assert found(outcome=["STEP_UP", "BLOCK"]) == ["trent"]
    assert found(outcome=["ALLOW", "STEP_UP"]) == ["bob", "bob", "trent", "alice"]
    assert found(checkpoint=["CP5"]) == ["bob"]
    assert found(score_from="300") == ["trent"]
    assert found(score_to="0") == ["bob", "bob", "alice"]
    assert found(reason="tor") == ["trent"]
    assert found(user="bob") == ["bob", "bob"]
    assert found(user="bob", checkpoint=["CP1"]) == ["bob"]
    assert found(ip="203.0.113.9") == ["trent"]
    assert found(device="bobs-laptop") == ["bob"]
    assert found(thing="T-bob") == ["bob"]
    assert found(thing="f00dfeed…") == ["bob"]
    assert found(client="acme") == ["bob", "bob", "trent", "alice"]
    assert found(client="rival") == []
    assert found(user="nobody") == []
    assert found(degraded="on") == []
    second = world.now - timedelta(seconds=2)
    assert found(start=second.isoformat()) == ["bob", "bob"]
    assert found(end=second.isoformat()) == ["trent", "alice"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"score_from": "900", "score_to": "100"},
        {"outcome": "MAYBE"},
        {"start": "yesterday"},
        {"before": "1"},
        {"device": "d", "ip": "192.0.2.1"},
        {"start": "2026-03-02T00:00", "end": "2026-03-01T00:00"},
    ],
)
def test_a_wrong_filter_is_told_and_finds_nothing(
    world: World, browser: Browser, wrong: dict[str, str]
) -> None:
    world.happens("signin.succeeded", by="alice")
    answer = browser.get(reverse("console:stream"), wrong)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert answer.context["page"].rows == []


def test_pages_follow_each_other_without_gap_or_repetition(world: World) -> None:
    names = [f"user-{number:03}" for number in range(stream.PAGE * 2 + 7)]
    for name in names:
        world.happens("signin.succeeded", by=name)
    seen: list[str] = []
    before = ""
    while True:
        page = stream.page(_wanted(before=before))
        entities = stream.entities_of(page.rows)
        seen += [entities[row.user_id].ref for row in page.rows if row.user_id]
        if page.cursor is None:
            break
        before = str(page.cursor)
    assert seen == list(reversed(names))


def test_a_rare_thing_is_looked_for_so_far_and_then_further(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "WALK", 4)
    world.happens("signin.succeeded", by="trent", tor=True)
    for _ in range(9):
        world.happens("signin.succeeded", by="alice")
    first = stream.page(_wanted(reason="TOR"))
    assert (first.rows, first.cursor is not None) == ([], True)
    assert first.looked_back_to is not None
    second = stream.page(_wanted(reason="TOR", before=str(first.cursor)))
    third = stream.page(_wanted(reason="TOR", before=str(second.cursor)))
    assert [row.reasons for row in third.rows] == [["TOR"]]
    assert third.cursor is None


def test_a_busy_persons_rare_device_is_looked_for_in_steps(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "EACH", 3)
    world.happens("signin.succeeded", by="alice", device="old-phone")
    for _ in range(5):
        world.happens("signin.succeeded", by="alice", device="new-phone")
    first = stream.page(_wanted(device="old-phone"))
    assert (first.rows, first.looked_back_to is not None) == ([], True)
    second = stream.page(_wanted(device="old-phone", before=str(first.cursor)))
    assert len(second.rows) == 1


def _wanted(**filters: Any) -> stream.Wanted:
    form = StreamFilter(filters)
    assert form.is_valid(), form.errors
    return form.wanted()


def test_a_reviewed_decision_says_so(world: World) -> None:
    decision = world.judged("signin.succeeded", by="trent", tor=True).act.id
    row = Decision.objects.select_related("event").get(pk=decision)
    sam = colleague(Role.SENIOR, "sam")
    review.decide(by=sam, at=world.now, decision=row, outcome="BLOCK", note="a stolen account")
    page = stream.page(stream.Wanted())
    assert [(one.id, one.outcome, one.reviewed) for one in page.rows] == [
        (decision, "STEP_UP", "BLOCK")
    ]


def test_refreshing_without_news_sends_nothing(world: World, browser: Browser) -> None:
    world.happens("signin.succeeded", by="alice")
    seen = browser.get(reverse("console:stream")).context["seen"]
    rows = reverse("console:stream_rows")
    assert browser.get(rows, {"seen": seen}).status_code == 204
    world.happens("signin.succeeded", by="bob")
    fresh = browser.get(rows, {"seen": seen})
    assert fresh.status_code == 200
    assert "bob" in fresh.content.decode()


def test_the_last_hour_is_counted_and_timed(world: World, browser: Browser) -> None:
    world.happens("signin.succeeded", by="alice")
    world.happens("signin.succeeded", by="trent", tor=True)
    world.pass_time(hours=-2)
    world.happens("signin.succeeded", by="bob")
    hour = browser.get(reverse("console:stream_pulse")).context["hour"]
    assert hour.count == 2
    assert hour.outcomes == {"ALLOW": 1, "LIMIT": 0, "STEP_UP": 1, "REVIEW": 0, "BLOCK": 0}
    assert 0 < hour.p50_us <= hour.p99_us


def queries(browser: Browser, address: str, **filters: Any) -> int:
    """How many statements a page takes, when nothing is remembered of the last hour."""
    cache.delete("console:pulse")
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address, filters).status_code == 200
    return len(captured)


def test_the_number_of_queries_is_the_same_for_an_empty_desk_and_a_full_page(
    world: World, browser: Browser
) -> None:
    address = reverse("console:stream")
    browser.get(address)
    assert queries(browser, address) <= QUERIES_OF_STREAM
    for number in range(stream.PAGE + 5):
        world.happens("order.created", by=f"user-{number}", to="alice", usd="20", side="buy")
    assert queries(browser, address) == QUERIES_OF_STREAM
    assert queries(browser, address, outcome="ALLOW") == QUERIES_OF_STREAM
    assert queries(browser, address, user="user-3") == QUERIES_OF_STREAM + 1


def test_an_account_is_shown_by_its_beginning_only(world: World, browser: Browser) -> None:
    fingerprint = "0123456789abcdef" * 4
    world.happens("account.added", by="alice", account=fingerprint)
    pages = (
        reverse("console:stream"),
        reverse("console:entity", args=[user("alice").id]),
        reverse("console:find") + "?q=0123456789",
    )
    for address in pages:
        assert fingerprint not in browser.get(address, follow=True).content.decode()
    assert "0123456789…" in browser.get(pages[1]).content.decode()
