"""The console in a real browser: what an analyst sees, and what two people do together."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from apps.cases.models import Case
from apps.flows import policies
from apps.risk.models import Decision, Policy
from apps.users.models import User
from apps.users.roles import Role
from tests.market import World, user
from tests.staff import colleague, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


@pytest.fixture
def world(committed_desk: Policy) -> World:
    """A desk on which ten minutes ago the day began."""
    cache.delete("console:pulse")
    return World(now=datetime.now(UTC) - timedelta(minutes=10))


@pytest.fixture
def open_as(browser: Browser, live_server: Any) -> Iterator[Any]:
    """Open the console as a member of staff; whatever the browser refuses or misses fails."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            complaints.append(message.text)

    @contextmanager
    def opened(by: User, **how: Any) -> Iterator[Page]:
        context = browser.new_context(
            base_url=live_server.url, **{"viewport": DESK, "color_scheme": "light"} | how
        )
        session = signed_in(by).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(20_000)
        yield page
        context.close()

    yield opened
    assert complaints == []


def test_the_stream_shows_what_happens_and_filters_it(world: World, open_as: Any) -> None:
    world.happens("signin.succeeded", by="alice")
    world.happens("signin.succeeded", by="trent", tor=True, ip="203.0.113.9")
    with open_as(colleague(Role.ANALYST)) as page:
        page.goto(reverse("console:stream"))
        rows = page.locator("#rows tbody tr")
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("trent")

        # What happens now appears by itself.
        world.happens("order.created", by="bob", to="alice", usd="50", side="buy")
        expect(rows).to_have_count(3)
        expect(rows.first).to_contain_text("opened an order to buy")

        # … but not while the stream is paused.
        page.keyboard.press("p")
        expect(page.locator("#beat")).to_have_text("Paused")
        world.happens("signin.succeeded", by="carol")
        page.wait_for_timeout(4_000)
        expect(rows).to_have_count(3)
        page.keyboard.press("p")
        expect(rows).to_have_count(4)

        page.locator("label", has_text="Step-up").first.click()
        expect(rows).to_have_count(1)
        expect(rows.first).to_contain_text("trent")
        assert "outcome=STEP_UP" in page.url

        # The keyboard opens what it chose.
        page.locator("body").press("j")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("Decision")
        expect(page.locator(".headline")).to_contain_text("trent signed in")


def test_a_decision_explains_itself_as_a_waterfall(world: World, open_as: Any) -> None:
    for _ in range(6):
        world.happens("signin.failed", by="carol", ip="203.0.113.66", tor=True)
    id = world.judged("signin.succeeded", by="carol", ip="203.0.113.66", tor=True).act.id
    decision = Decision.objects.get(pk=id)
    with open_as(colleague(Role.ANALYST)) as page:
        page.goto(reverse("console:decision", args=[id]))
        bars = page.locator(".waterfall rect.bar")
        shares = [weight for weight in decision.weights if weight >= 0.05]
        expect(bars).to_have_count(len(shares))
        boxes = [bar.bounding_box() for bar in bars.all()]
        track = page.locator(".waterfall rect.track").bounding_box()
        assert track is not None
        left = track["x"]
        for box, weight in zip(boxes, sorted(shares, reverse=True), strict=True):
            assert box is not None
            assert box["x"] == pytest.approx(left, abs=1)
            assert box["width"] == pytest.approx(track["width"] * weight / 1000, abs=1.5)
            left += box["width"]
        total = page.locator(".waterfall rect.total").bounding_box()
        assert total is not None
        assert total["x"] + total["width"] == pytest.approx(left, abs=2)
        expect(page.locator(".waterfall")).to_have_attribute("role", "img")
        expect(page.get_by_text("login_failures_10m (6) ≥ 5")).to_be_visible()


def test_a_ban_takes_two_people(world: World, open_as: Any) -> None:
    world.happens("signin.succeeded", by="mallory", device="laptop")
    world.happens("signin.succeeded", by="trent", device="laptop")
    sam, cora = colleague(Role.SENIOR, "sam"), colleague(Role.COMPLIANCE, "cora")
    mallory = reverse("console:entity", args=[user("mallory").id])
    with open_as(sam) as page:
        page.goto(mallory)
        page.get_by_role("link", name="Propose a ban").click()
        page.get_by_label("Reason code").fill("fraud proven")
        page.get_by_label("What the person reads").fill("Your account is closed for good.")
        page.get_by_label("Why, for the second person").fill("Three chargebacks from one device.")
        page.get_by_role("button", name="Propose the ban").click()
        expect(page.get_by_role("status")).to_contain_text("waits for a second person")
        page.goto(reverse("console:approvals"))
        expect(page.get_by_role("button", name="Take it back")).to_be_visible()
        expect(page.get_by_role("button", name="Approve")).to_have_count(0)
        page.goto(mallory)
        expect(page.get_by_text("Nothing is forbidden at present.")).to_be_visible()
    with open_as(cora) as page:
        page.goto("/console/")
        page.locator("#side").get_by_role("link", name="Approvals").click()
        expect(page.get_by_text("Three chargebacks from one device.")).to_be_visible()
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("status")).to_contain_text("Approved and carried out")
        page.goto(mallory)
        expect(page.locator(".hero")).to_contain_text("banned")
        page.goto(reverse("console:entity", args=[user("trent").id]))
        expect(page.locator(".hero")).to_contain_text("2 links from a ban")
        expect(page.get_by_text("Nothing is forbidden at present.")).to_be_visible()
        expect(page.locator(".hero")).to_contain_text("open case: linked to a banned account")


def test_the_author_of_a_policy_cannot_make_it_live(
    world: World, committed_desk: Policy, open_as: Any
) -> None:
    adam, cora = colleague(Role.ADMIN, "adam"), colleague(Role.COMPLIANCE, "cora")
    with open_as(adam) as page:
        page.goto(reverse("console:policy", args=[committed_desk.pk]))
        page.get_by_text("Copy into a draft of your own").click()
        page.get_by_label("Name of the draft").fill("Rounder")
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("link", name="Add a rule").click()

        # What is wrong is told while one types, and what may be meant.
        page.get_by_label("When").fill("amont_usd > 5")
        expect(page.locator("#checked")).to_contain_text("Did you mean amount_usd?")
        page.get_by_label("When").fill("amount_usd > 5")
        expect(page.locator("#checked")).to_contain_text("It reads: amount_usd > 5")

        page.get_by_label("Code", exact=True).fill("ANY_AMOUNT")
        page.get_by_label("Points").fill("100")
        page.locator("label", has_text="Order").first.click()
        page.get_by_label("Sentence for analysts").fill("More than nothing.")
        page.get_by_label("Sentence for the user").fill("Please wait a moment.")
        page.get_by_label("Typology").fill("ST")
        page.get_by_label("Source").fill("a story")
        page.get_by_role("button", name="Save in the draft").click()
        expect(page.get_by_role("status")).to_contain_text("ANY_AMOUNT is saved")
        draft = Policy.objects.get(name="Rounder")
        page.get_by_role("button", name="Make it live").click()
        expect(page.locator("main")).to_contain_text("somebody else has to make it live")
    draft.refresh_from_db()
    assert draft.status == "DRAFT"
    with open_as(cora) as page:
        page.goto(reverse("console:policy_diff", args=[draft.pk, committed_desk.pk]))
        expect(page.locator("ins").first).to_contain_text("ANY_AMOUNT")
        page.goto(reverse("console:policy", args=[draft.pk]))
        page.get_by_role("button", name="Make it live").click()
        expect(page.get_by_role("status")).to_contain_text("judges from now on")
    draft.refresh_from_db()
    assert (draft.status, draft.promoted_by) == ("LIVE", cora)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone_and_obeys_the_security_policy(
    world: World, committed_desk: Policy, open_as: Any, scheme: str
) -> None:
    world.happens("user.registered", by="mallory")
    world.pass_time(seconds=30)
    decision = world.judged("chargeback.reported", by="mallory", usd="500").act.id
    adam = colleague(Role.ADMIN, "adam")
    draft = policies.draft_from(by=adam, at=world.now, policy=committed_desk, name="Draft")
    policies.set_shadow(by=adam, at=world.now, policy=draft, on=True)
    mallory = user("mallory").id
    with open_as(colleague(Role.COMPLIANCE), viewport=PHONE, color_scheme=scheme) as page:
        for address in (
            reverse("console:home"),
            reverse("console:stream"),
            reverse("console:decision", args=[decision]),
            reverse("console:entity", args=[mallory]),
            reverse("console:impose", args=[mallory]),
            reverse("console:ban", args=[mallory]),
            reverse("console:restrictions"),
            reverse("console:approvals"),
            reverse("console:cases"),
            reverse("console:case", args=[Case.objects.get().pk]),
            reverse("console:lists"),
            reverse("console:policies"),
            reverse("console:policy", args=[committed_desk.pk]),
            reverse("console:policy_shadow", args=[draft.pk]),
            reverse("console:features"),
            reverse("console:audit"),
        ):
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= PHONE["width"], address
        page.get_by_role("button", name="Menu").click()
        expect(page.locator("#side").get_by_role("link", name="Decisions")).to_be_visible()
