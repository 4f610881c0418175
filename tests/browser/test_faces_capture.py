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

    def worker(id: Any) -> None:
        def work() -> None:
            face_judging.judge(id=id, at=datetime.now(UTC))
            connection.close()

        Thread(target=work).start()

    with (
        patch.object(faces, "send_to_worker", worker),
        patch("apps.risk.decide.draw", return_value=0.999),
    ):
        yield committed_p2p


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


def ends(page: Page, outcome: str) -> None:
    """The page tells this outcome, however busy the machine is."""
    root = page.locator("[data-face]")
    expect(root).to_have_attribute("data-state", "done", timeout=60_000)
    found = [(one.outcome, one.code, one.findings) for one in Attempt.objects.all()]
    assert root.get_attribute("data-outcome") == outcome, (root.inner_text(), found)


def sets_up(page: Page, camera: LiveCamera, user: User) -> None:
    page.goto("/account/face/")
    page.get_by_label("I agree that the desk checks my face").check()
    page.get_by_role("button", name="Agree").click()
    page.get_by_role("link", name="Set up your face").click()
    page.get_by_role("button", name="Start").click()
    obeys(page, camera, user)


def test_alice_sets_up_her_face_on_her_phone(desk: Desk, stand: Stand) -> None:
    alice = desk.person("alice")
    has_factor(alice)
    with before_the_camera(desk, stand, "alice", subject=3) as (page, camera):
        sets_up(page, camera, alice)
        ends(page, "PASS")
        expect(page.get_by_role("heading")).to_have_text("Your face is set up")
    assert Template.objects.filter(user=alice, superseded_at=None).count() == 1
    assert not Picture.objects.exists()
    assert Attempt.objects.get().outcome == "PASS"


def shows(page: Page, camera: LiveCamera, user: User, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Start").click()
    obeys(page, camera, user)


@pytest.mark.parametrize("kind", ["PRINT", "SCREEN"])
def test_mallory_holds_something_else_before_the_camera(
    desk: Desk, stand: Stand, kind: str
) -> None:
    """A photograph, or a screen whose picture obeys but does not take on the light."""
    mallory = desk.person("mallory")
    has_factor(mallory)
    with before_the_camera(desk, stand, "mallory", subject=3, kind=kind) as (page, camera):
        sets_up(page, camera, mallory)
        expect(page.locator("[data-face]")).to_have_attribute("data-state", "done", timeout=60_000)
        assert page.locator("[data-face]").get_attribute("data-outcome") in ("FAIL", "RETRY")
    assert not Template.objects.exists()
    assert Attempt.objects.get().outcome in ("FAIL", "RETRY")
