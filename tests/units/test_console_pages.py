"""The other pages: people and things, lists, approvals, the audit log, catalogues, upkeep."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.cases.models import Case
from apps.cases.proposals import Proposal
from apps.console import catalogue, figures
from apps.console.entity_urls import EntityId
from apps.console.trend import Move, trend
from apps.core import clock
from apps.events.act import Party
from apps.events.models import Entity, Event
from apps.flows import review, upkeep
from apps.restrictions.models import Restriction
from apps.risk.models import ListEntry
from apps.users import services
from apps.users.models import ApiKey, Client, User
from apps.users.roles import Role
from tests.market import World, user
from tests.signing_in import code_of
from tests.staff import colleague, signed_in


@pytest.fixture
def world(world: World) -> Iterator[World]:
    """A world at the console's own time."""
    with time_machine.travel(world.now + timedelta(hours=1), tick=False):
        yield world


@pytest.fixture
def cora(world: World) -> User:
    """A compliance officer."""
    return colleague(Role.COMPLIANCE, "cora")


@pytest.fixture
def browser(cora: User) -> Browser:
    """Her browser."""
    return signed_in(cora)


def page(browser: Browser, name: str, *args: Any, **query: Any) -> str:
    answer = browser.get(reverse(f"console:{name}", args=args), query)
    assert answer.status_code == 200, answer.content[:2000]
    return str(answer.content.decode())


@pytest.mark.django_db
def test_a_users_page_tells_score_links_and_what_happened(world: World, browser: Browser) -> None:
    world.happens("signin.succeeded", by="mallory", tor=True, device="laptop")
    world.happens("signin.succeeded", by="trent", device="laptop")
    text = page(browser, "entity", user("mallory").id)
    for part in ("Risk score now", "175", "TOR", "laptop", "signed in", "When this user acts"):
        assert part in text
    laptop = Entity.objects.get(ref="laptop")
    text = page(browser, "entity", laptop.id)
    for part in ("Users of this device", "mallory", "trent", "Acts from the device"):
        assert part in text


@pytest.mark.django_db
def test_the_score_on_the_page_has_decayed_since(world: World, browser: Browser) -> None:
    world.happens("signin.succeeded", by="mallory", tor=True)
    context = browser.get(reverse("console:entity", args=[user("mallory").id])).context
    with time_machine.travel(clock.now() + timedelta(days=14), tick=False):
        later_browser = signed_in(User.objects.get(display_name="Cora"))
        later = later_browser.get(reverse("console:entity", args=[user("mallory").id])).context
    half_lives = 14 * 24 / context["score"].half_life_hours
    assert later["score"].now == pytest.approx(context["score"].now * 0.5**half_lives, rel=1e-6)


@pytest.mark.django_db
def test_the_path_to_a_ban_is_shown(world: World, cora: User, browser: Browser) -> None:
    world.happens("signin.succeeded", by="mallory", device="laptop")
    world.happens("signin.succeeded", by="trent", device="laptop")
    sam = colleague(Role.SENIOR, "sam")
    proposal = review.propose_ban(
        by=sam,
        at=world.now,
        subject=Entity.objects.get(pk=user("mallory").id),
        reason="fraud",
        user_sentence="Your account is closed for good.",
        note="proven",
    )
    assert "proven" in page(browser, "approvals")
    answer = browser.post(reverse("console:answer", args=[proposal.pk, "approve"]))
    assert answer.status_code == 302
    context = browser.get(reverse("console:entity", args=[user("trent").id])).context
    names = {entity.id: entity.ref for entity in Entity.objects.all()}
    assert [(names[id], hops) for id, hops in context["path"]] == [
        ("trent", 2),
        ("laptop", 1),
        ("mallory", 0),
    ]


@pytest.mark.django_db
def test_a_stale_second_factor_is_asked_for_again_before_a_ban(world: World, cora: User) -> None:
    TOTP.activate(cora, generate_totp_secret())
    world.happens("signin.succeeded", by="mallory")
    proposal = review.propose_ban(
        by=colleague(Role.SENIOR, "sam"),
        at=world.now,
        subject=Entity.objects.get(pk=user("mallory").id),
        reason="fraud",
        user_sentence="Your account is closed for good.",
        note="proven",
    )
    browser = signed_in(cora)
    with time_machine.travel(clock.now() + timedelta(minutes=20), tick=False):
        answer = browser.post(reverse("console:answer", args=[proposal.pk, "approve"]))
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("mfa_reauthenticate"))
        proposal.refresh_from_db()
        assert proposal.stage == "PENDING"
        assert not Restriction.objects.filter(ability="all").exists()
        # The code given, the very deed goes on.
        browser.post(answer["Location"], {"code": code_of(cora)}, follow=True)
    proposal.refresh_from_db()
    assert proposal.stage == "APPROVED"
    assert Restriction.objects.filter(ability="all").exists()


@pytest.mark.django_db
def test_find_goes_straight_to_what_is_meant(world: World, browser: Browser) -> None:
    decision = world.judged("signin.succeeded", by="alice", ip="198.51.100.77").act.id
    find = reverse("console:find")
    expected = {
        str(decision): reverse("console:decision", args=[decision]),
        "alice": reverse("console:entity", args=[user("alice").id]),
        "198.51.100.77": reverse("console:entity", args=[Party("ip", "", "198.51.100.77").id]),
    }
    for text, address in expected.items():
        assert browser.get(find, {"q": text})["Location"] == address
    assert "Nothing goes by" in page(browser, "find", q="nobody")


@pytest.mark.django_db
def test_a_restriction_is_imposed_and_lifted_from_the_pages(world: World, browser: Browser) -> None:
    world.happens("signin.succeeded", by="mallory")
    address = reverse("console:impose", args=[user("mallory").id])
    form = browser.get(address)
    assert form.context["next_step"] == "WARN"
    said = {
        "kind": "CAP",
        "ability": "withdraw",
        "lifts_by": "STAFF",
        "reason": "ato",
        "user_sentence": "Your withdrawals are capped while we check.",
        "note": "the victim called",
    }
    wrong = browser.post(address, said)
    assert wrong.status_code == 422
    assert "A cap, and nothing else, needs an amount." in wrong.content.decode()
    assert not Restriction.objects.exists()
    assert browser.post(address, said | {"cap_usd": "100"}).status_code == 302
    capped = Restriction.objects.get()
    assert "100.00 USD" in page(browser, "restrictions")
    lift = reverse("console:lift", args=[capped.pk])
    assert browser.post(lift, {"reason": "checked"}).status_code == 302
    capped.refresh_from_db()
    assert capped.lifted_for == "checked"
    assert "Nobody is restricted" not in page(browser, "restrictions", state="ended")


@pytest.mark.django_db
def test_a_ban_on_the_ordinary_form_is_refused_and_leads_to_the_right_one(
    world: World, browser: Browser
) -> None:
    world.happens("signin.succeeded", by="mallory")
    answer = browser.post(
        reverse("console:impose", args=[user("mallory").id]),
        {
            "kind": "DENY",
            "ability": "all",
            "lifts_by": "STAFF",
            "reason": "fraud",
            "user_sentence": "Your account is closed for good.",
            "note": "proven",
        },
    )
    assert answer.status_code == 409
    assert reverse("console:ban", args=[user("mallory").id]) in answer.content.decode()
    assert not Restriction.objects.exists()


@pytest.mark.django_db
def test_lists_are_kept_on_the_pages(world: World, browser: Browser) -> None:
    world.happens("signin.succeeded", by="mallory")
    add = reverse("console:list_add", args=[user("mallory").id])
    assert browser.post(add, {"list": "WATCHED", "reason": ""}).status_code == 422
    assert browser.post(add, {"list": "WATCHED", "reason": "a tip"}).status_code == 302
    assert "a tip" in page(browser, "lists")
    entry = ListEntry.objects.get()
    assert browser.post(reverse("console:list_end", args=[entry.pk])).status_code == 302
    assert "a tip" not in page(browser, "lists")
    assert "a tip" in page(browser, "lists", ended="1")


@pytest.mark.django_db
def test_a_case_is_taken_and_closed_on_its_page(world: World, browser: Browser) -> None:
    world.happens("user.registered", by="mallory")
    world.pass_time(hours=1)
    world.happens("chargeback.reported", by="mallory", usd="500")
    case = Case.objects.get()
    assert "mallory" in page(browser, "cases")
    assert browser.post(reverse("console:case_take", args=[case.pk])).status_code == 302
    close = reverse("console:case_close", args=[case.pk])
    assert browser.post(close, {"outcome": "CONFIRMED"}).status_code == 422
    assert browser.post(close, {"outcome": "CONFIRMED", "note": "proven"}).status_code == 302
    assert "No open cases" in page(browser, "cases")
    assert "fraud confirmed" in page(browser, "cases", status="CLOSED")


@pytest.mark.django_db
def test_the_audit_log_tells_deeds_by_person_and_kind(
    world: World, cora: User, browser: Browser
) -> None:
    world.happens("signin.succeeded", by="mallory")
    sam, mallory = colleague(Role.SENIOR, "sam"), Entity.objects.get(pk=user("mallory").id)
    review.add_to_list(by=cora, at=world.now, subject=mallory, name="WATCHED", reason="a tip")
    world.pass_time(seconds=1)
    review.impose(
        by=sam,
        at=world.now,
        subject=mallory,
        kind="HOLD",
        ability="withdraw",
        reason="ato",
        user_sentence="We are checking a withdrawal of yours.",
        note="the victim called",
    )

    def rows(**query: str) -> list[tuple[str, str]]:
        context = browser.get(reverse("console:audit"), query).context
        return [(event.kind, person.display_name) for event, person, *_ in context["rows"]]

    assert rows() == [("restriction.imposed", "Sam"), ("list.changed", "Cora")]
    assert rows(person=str(sam.pk)) == [("restriction.imposed", "Sam")]
    assert rows(kind="list.changed") == [("list.changed", "Cora")]
    assert rows(end=world.now.isoformat()) == [("list.changed", "Cora")]
    # What people do themselves is in the log, but no deed of staff.
    assert Event.objects.filter(kind="signin.succeeded").exists()


@pytest.mark.django_db
def test_proposals_of_others_are_not_mine_to_take_back(world: World, browser: Browser) -> None:
    world.happens("signin.succeeded", by="mallory")
    proposal = review.propose_ban(
        by=colleague(Role.SENIOR, "sam"),
        at=world.now,
        subject=Entity.objects.get(pk=user("mallory").id),
        reason="fraud",
        user_sentence="Your account is closed for good.",
        note="proven",
    )
    answer = browser.post(reverse("console:answer", args=[proposal.pk, "withdraw"]))
    assert answer.status_code == 403
    assert "Only who proposed it" in answer.content.decode()
    assert Proposal.objects.get().stage == "PENDING"


@pytest.mark.django_db
def test_upkeep_leaves_its_trace(world: World) -> None:
    adam = colleague(Role.ADMIN, "adam")
    every, _ = IntervalSchedule.objects.get_or_create(every=10, period="seconds")
    task = PeriodicTask.objects.create(name="seal", task="apps.seal", interval=every)
    client = Client.objects.create(slug="acme", name="Acme")
    key, _ = services.issue_key(client=client, scopes=["events:write"], at=world.now)
    browser = signed_in(adam)

    def act(name: str, action: str, row: Any) -> None:
        browser.post(
            reverse(f"admin:{name}_changelist"),
            {"action": action, "_selected_action": [str(row.pk)]},
        )

    act("django_celery_beat_periodictask", "pause", task)
    act("users_apikey", "revoke", key)
    task.refresh_from_db()
    assert not task.enabled
    assert ApiKey.objects.get().revoked_at is not None
    act("django_celery_beat_periodictask", "resume", task)
    task.refresh_from_db()
    assert task.enabled
    kinds = Event.objects.filter(actor=adam.entity_id).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["schedule.paused", "apikey.revoked", "schedule.resumed"]
    with pytest.raises(Exception, match="NOT_PERMITTED"):
        upkeep.switch_task(by=colleague(Role.ANALYST), at=world.now, task=task, on=False)


def test_the_catalogues_are_current() -> None:
    for path, text in catalogue.files().items():
        assert path.read_text() == text, f"{path.name} is not current: run manage.py catalogue"
    call_command("catalogue", "--check")


@pytest.mark.parametrize("number", [0, 1, -1, 2**63 - 1, -(2**63)])
def test_entity_ids_survive_the_way_into_an_address_and_back(number: int) -> None:
    converter = EntityId()
    assert converter.to_python(converter.to_url(number)) == number
    assert len(converter.to_url(number)) == 16


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.0, "count", "0"),
        (12500.0, "count", "12,500"),
        (1234.5, "usd", "1,234.50 USD"),
        (980.0, "usd", "980 USD"),
        (0.125, "ratio", "0.125"),
        (0.5, "hours", "30 min"),
        (26.0, "hours", "26 h"),
        (240.0, "hours", "10 d"),
        (6.0, "seconds", "6 s"),
        (1.0, "yes/no", "yes"),
        (14.5, "hour", "14:30"),
        (1.0, "links", "1 link"),
        (2.345, "sigma", "2.35 σ"),
        (float("nan"), "usd", "unknown"),
        (None, "count", "unknown"),
    ],
)
def test_values_are_shown_in_their_unit(value: float | None, unit: str, shown: str) -> None:
    assert figures.in_unit(value, unit) == shown


def test_a_trend_jumps_and_decays() -> None:
    start = clock.now()
    moves = [
        Move(at=start, value=800.0, moved=800.0, reason="TOR"),
        Move(at=start + timedelta(hours=100), value=390.0, moved=-5.0, reason=""),
    ]
    drawn = trend(moves, floor=0, half_life_hours=100, now=start + timedelta(hours=200))
    assert drawn is not None
    points = [tuple(map(float, point.split(","))) for point in drawn.line.split()]
    assert points[0] == (0.0, 40.0)  # 800 of 1000, from above
    halfway = [y for x, y in points if x == 500.0]
    assert halfway[0] == pytest.approx(120.0, abs=0.2)  # 400 after one half-life
    assert points[-1][0] == 1000.0
    assert points[-1][1] == pytest.approx(161.0, abs=0.2)
    assert [dot.move.reason for dot in drawn.dots] == ["TOR"]
    assert trend([], floor=0, half_life_hours=100, now=start) is None
