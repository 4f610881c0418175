"""The page with the camera in real Chromium: a rendered person obeys it, attackers pretend to.

Chromium plays a file as its camera (tests/live_camera.py); the engine that judges is the real one.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from playwright.sync_api import Browser, Page, expect

from apps.faces import queries
from apps.faces.models import Attempt, Challenge, Picture, Template
from apps.flows import face_judging, faces
from apps.users.models import User
from tests import chromium
from tests.desk import Desk
from tests.live_camera import READ_NUMBER, LiveCamera
from tests.signing_in import has_factor
from tests.staff import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HEAD = Path(settings.OTCRISK_DATA) / "faces" / "head" / "ict_head.npz"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def desk(committed_p2p: Desk) -> Iterator[Desk]:
    """A desk at the real time, whose worker judges what is finished."""
    if not HEAD.exists():
        pytest.skip("the head is absent: set OTCRISK_DATA to the folder that holds faces/")
    cache.clear()
    committed_p2p.now = datetime.now(UTC)

    at_work: list[Thread] = []

    def worker(id: Any, **_: Any) -> None:
        def work() -> None:
            face_judging.judge(id=id, at=datetime.now(UTC))
            connection.close()

        at_work.append(Thread(target=work))
        at_work[-1].start()

    with (
        patch.object(faces, "send_to_worker", worker),
        patch("apps.risk.decide.draw", return_value=0.999),
    ):
        yield committed_p2p
        for thread in at_work:
            thread.join()


@dataclass
class Stand:
    """Where browsers with a camera are opened."""

    browser: Browser
    url: str
    folder: Path


@pytest.fixture
def stand(browser: Browser, live_server: Any, tmp_path: Path) -> Stand:
    return Stand(browser, live_server.url, tmp_path)


@contextmanager
def before_the_camera(
    desk: Desk, stand: Stand, name: str, *, subject: int, kind: str = "live"
) -> Iterator[tuple[Page, LiveCamera]]:
    """Somebody's browser, with somebody before its camera."""
    session = signed_in(desk.person(name)).cookies["sessionid"].value
    file = stand.folder / "camera.y4m"
    with LiveCamera(file, head=HEAD, subject=subject, seed=1, kind=kind) as camera:
        own = stand.browser.browser_type.launch(
            executable_path=chromium.find(), args=["--no-sandbox", *camera.arguments]
        )
        context = own.new_context(base_url=stand.url, viewport=PHONE)
        context.add_cookies([{"name": "sessionid", "value": session, "url": stand.url}])
        page = context.new_page()
        page.set_default_timeout(30_000)
        yield page, camera
        own.close()


def obeys(page: Page, camera: LiveCamera, user: User) -> None:
    """Whoever is before the camera follows what the page asks, until it has all been shown."""
    root, told = page.locator("[data-face]"), 0
    followed, until = False, time.monotonic() + 60
    while time.monotonic() < until:
        state = root.get_attribute("data-state")
        if state in ("judging", "done"):
            return
        if state in ("ready", "prompts") and not followed:
            number = page.evaluate(READ_NUMBER)
            if number is not None:
                camera.follows(number=number)
                followed = True
        if state == "prompts":
            challenge = Challenge.objects.filter(user=user).latest("issued_at")
            shown = len(challenge.released)
            for prompt in challenge.prompts[told:shown]:
                camera.told(prompt["step"], prompt["flashes"])
            told = max(told, shown)
        time.sleep(0.03)
    pytest.fail("the page never came to an end")


def ended(page: Page) -> str:
    """How the check ended; a page on a busy machine stops waiting earlier."""
    root = page.locator("[data-face]")
    expect(root).to_have_attribute("data-state", "done", timeout=60_000)
    told, until = root.get_attribute("data-outcome"), time.monotonic() + 90
    while told == "LATE" and time.monotonic() < until:
        time.sleep(0.2)
        latest = Attempt.objects.filter(challenge__state="JUDGED").order_by("-at").first()
        if latest is not None and not Challenge.objects.filter(state="FINISHED").exists():
            told = latest.outcome
    return told or ""


def passes(page: Page, camera: LiveCamera, user: User) -> None:
    """The check passes: at the first try, or as people do it who are asked once more."""
    for _ in range(3):
        obeys(page, camera, user)
        outcome = ended(page)
        if outcome != "RETRY":
            break
        camera.rests()
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("[data-face]")).not_to_have_attribute("data-state", "done")
    found = [(one.outcome, one.code, one.findings) for one in Attempt.objects.all()]
    assert outcome == "PASS", (page.locator("[data-face]").inner_text(), found)


def sets_up(page: Page) -> None:
    page.goto("/account/face/")
    page.get_by_label("I agree that the desk checks my face").check()
    page.get_by_role("button", name="Agree").click()
    page.get_by_role("link", name="Set up your face").click()
    page.get_by_role("button", name="Start").click()


def test_alice_sets_up_her_face_and_shows_it_when_an_order_waits(
    desk: Desk, stand: Stand, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a desk on which a face proves something at once
    settings.PROOF_FACTOR_AGE_H = 0
    monkeypatch.setattr(queries, "MOST_BEGUN", 9)
    alice = desk.person("alice")
    has_factor(alice)
    with before_the_camera(desk, stand, "alice", subject=3) as (page, camera):
        # when she sets it up on her phone
        sets_up(page)
        passes(page, camera, alice)
        assert Template.objects.filter(user=alice, superseded_at=None).count() == 1
        assert not Picture.objects.exists()
        # and the engine asks for it as she takes an offer
        desk.funds("bob")
        ad = desk.ad("bob")
        desk.now = datetime.now(UTC)
        order = desk.judged("STEP_UP", lambda: desk.opens("alice", ad)).order
        assert order.status == "CREATED"
        camera.rests()
        page.goto(f"/orders/{order.pk}/prove/")
        page.get_by_role("link", name="Start the face check").click()
        page.get_by_role("button", name="Start").click()
        # then it goes on by itself, and she is led back to it
        passes(page, camera, alice)
        assert f"/orders/{order.pk}/" in (
            page.locator("[data-face]").get_attribute("data-next") or ""
        )
    order.refresh_from_db()
    assert order.status == "AWAITING_PAYMENT"
    passed = Attempt.objects.filter(user=alice, outcome="PASS")
    assert set(passed.values_list("challenge__purpose", flat=True)) == {"ENROL", "VERIFY"}


@pytest.mark.parametrize("kind", ["PRINT", "SCREEN"])
def test_mallory_holds_something_else_before_the_camera(
    desk: Desk, stand: Stand, kind: str
) -> None:
    """A photograph, or a screen whose picture obeys but does not take on the light."""
    mallory = desk.person("mallory")
    has_factor(mallory)
    with before_the_camera(desk, stand, "mallory", subject=3, kind=kind) as (page, camera):
        sets_up(page)
        obeys(page, camera, mallory)
        assert ended(page) in ("FAIL", "RETRY")
    assert not Template.objects.exists()
    assert Attempt.objects.get().outcome in ("FAIL", "RETRY")
