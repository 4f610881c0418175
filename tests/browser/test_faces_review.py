"""A doubtful face check before a reviewer: asked for, gone through by keyboard, ruled on."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.urls import reverse
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from apps.core import crypto
from apps.faces.engine.verdict import Check, Finding, Outcome, Species
from apps.faces.models import Attempt, AuditPicture, Look, PictureKind, Review
from apps.faces.services import attempts, keys
from apps.users.models import User
from apps.users.roles import Role
from tests.camera import Camera, verdict
from tests.desk import Desk
from tests.faces import landmarks
from tests.staff import colleague, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
#: A folder for pictures of every page, for whoever wants to look at them.
PICTURES = os.environ.get("SCREENSHOTS")


@pytest.fixture
def camera(committed_p2p: Desk) -> Camera:
    """Face checks at the real time."""
    cache.clear()
    committed_p2p.now = datetime.now(UTC)
    return Camera(committed_p2p)


@pytest.fixture
def open_as(browser: Browser, live_server: Any) -> Iterator[Any]:
    """Open the console as a member of staff; whatever the browser refuses or misses fails."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # The test itself reads what the canvases show, which the browser calls slow.
        ours = "status of 4" in message.text or message.text.startswith("Canvas2D")
        if message.type in ("error", "warning") and not ours:
            complaints.append(message.text)

    @contextmanager
    def opened(by: User, **how: Any) -> Iterator[Page]:
        context = browser.new_context(
            base_url=live_server.url, **{"viewport": DESKTOP, "color_scheme": "light"} | how
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


def turning(count: int) -> dict[str, Any]:
    """What is seen of a head that turns to one side and back, a blink on the way."""
    yaw = (25 * np.sin(np.linspace(0, np.pi, count))).round(1)
    opened = [0.08 if number == count // 2 else 0.3 for number in range(count)]
    points = [
        landmarks(yaw=one, openness=eyes) for one, eyes in zip(yaw.tolist(), opened, strict=True)
    ]
    return {
        "width": 640,
        "height": 480,
        "seq": list(range(count)),
        "t_ms": [number * 77 for number in range(count)],
        "prompt": [0 if number < 16 else 1 for number in range(count)],
        "yaw": yaw.tolist(),
        "pitch": [0.0] * count,
        "roll": [1.0] * count,
        "eye_openness": opened,
        "box": [[200, 120, 440, 400]] * count,
        "landmarks": [np.rint(one).astype(int).ravel().tolist() for one in points],
    }


def light(count: int) -> Finding:
    return Finding(
        check=Check.COLOUR,
        outcome=Outcome.REVIEW,
        code="COLOUR_WEAK",
        sentence="The screen's light could not be told from the light of the place.",
        score=0.41,
        threshold=0.6,
        evidence={
            "at_ms": [number * 77 for number in range(count)],
            "red_green": np.sin(np.arange(count) / 4).round(3).tolist(),
            "blue_green": np.cos(np.arange(count) / 4).round(3).tolist(),
            "delay_ms": 120,
        },
    )


def doubtful(camera: Camera) -> Attempt:
    """A check of alice's with pictures on which something is to be seen, and depth."""
    camera.known("alice")
    said = verdict(
        "REVIEW",
        species=Species.SCREEN,
        certainty=0.6,
        trace=turning(60),
        findings=(light(30),),
    )
    attempt = camera.judged("alice", said)
    key = keys.key_of(attempt.user)
    for row in attempt.pictures.all():
        file = io.BytesIO()
        drawn = Image.new("RGB", (640, 480), (90, 100 + row.seq, 120))
        ImageDraw.Draw(drawn).ellipse((220, 100, 420, 420), fill=(205, 165, 140))
        drawn.save(file, "JPEG")
        row.sealed = crypto.seal(file.getvalue(), aad=attempts.picture_place(row), key=key)
        row.save()
    y, x = np.mgrid[-60:60, -80:80]
    depth = np.where(np.hypot(x, y) < 50, 450 - np.sqrt(np.maximum(0, 2500 - x**2 - y**2)), 900)
    file = io.BytesIO()
    Image.fromarray(depth.astype(np.uint16)).save(file, "PNG")
    row = AuditPicture(
        attempt=attempt,
        kind=PictureKind.DEPTH,
        seq=0,
        t_ms=0,
        prompt_seq=0,
        intrinsics=[600.0, 600.0, 80.0, 60.0],
        delete_at=attempt.at.replace(year=attempt.at.year + 1),
    )
    row.sealed = crypto.seal(file.getvalue(), aad=attempts.picture_place(row), key=key)
    row.save()
    return attempt


def picture_of(page: Page, name: str) -> None:
    """Keep a picture of the page, and see that nothing sticks out of it."""
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], name
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def colours_on(page: Page, canvas: str) -> int:
    """How many different colours a canvas shows."""
    return int(
        page.evaluate(
            """(id) => { const c = document.getElementById(id);
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            const seen = new Set();
            for (let i = 0; i < d.length; i += 4) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);
            return seen.size; }""",
            canvas,
        )
    )


def test_a_reviewer_goes_through_a_check_and_rules(camera: Camera, open_as: Any) -> None:
    attempt = doubtful(camera)
    with open_as(colleague(Role.SENIOR)) as page:
        page.goto(reverse("console:faces"))
        picture_of(page, "faces")
        page.locator("body").press("j")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("Face check")

        # Numbers at once, pictures only for a reason.
        expect(page.locator("#pose")).to_have_attribute("data-drawn", "yes")
        expect(page.locator("#eyes")).to_have_attribute("data-drawn", "yes")
        expect(page.locator("#light")).to_have_attribute("data-drawn", "yes")
        expect(page.locator("#strip rect").first).to_be_attached()
        expect(page.locator("#frame")).to_have_count(0)
        picture_of(page, "face-veiled")
        page.get_by_label("Reason").select_option("RULE")
        page.get_by_role("button", name="Show 49 pictures for ten minutes").click()
        expect(page.locator("#frame")).to_have_attribute("data-drawn", "yes")
        assert Look.objects.get().attempt == attempt

        # What was seen lies over the picture, and can be taken off it.
        overlaid = colours_on(page, "frame")
        page.locator("#overlay").uncheck()
        assert colours_on(page, "frame") < overlaid
        page.locator("#overlay").check()
        relief = page.locator("#sensors img")
        expect(relief).to_have_count(1)
        assert (
            relief.evaluate("async (one) => { await one.decode(); return one.naturalWidth; }")
            == 160
        )

        # The keyboard goes from picture to picture, plays, and chooses the ruling.
        words = page.locator("#frame-words")
        expect(words).to_contain_text("Picture 0,")
        page.locator("body").press("ArrowRight")
        expect(words).not_to_contain_text("Picture 0,")
        page.locator("body").press("ArrowLeft")
        expect(words).to_contain_text("Picture 0,")
        page.locator("body").press("Space")
        expect(words).to_contain_text("Turned 2", timeout=10_000)
        page.locator("body").press("Space")
        picture_of(page, "face")
        page.locator("body").press("2")
        expect(page.get_by_label("It is not")).to_be_checked()
        page.keyboard.type("its light does not follow")
        page.get_by_label("What it really was").select_option("SCREEN")
        page.get_by_label("How you came to know").select_option("PICTURES")
        page.get_by_role("button", name="Rule", exact=True).click()
        expect(page.get_by_text("Ruled. The person is told.")).to_be_visible()
        expect(page.get_by_text("Nothing waits")).to_be_visible()
        page.goto(reverse("console:face_attacks"))
        expect(page.locator("figure[data-drawn]")).to_have_count(1)
        picture_of(page, "attacks")
    row = Review.objects.get()
    assert (row.ruling, row.truth, row.channel) == ("REJECTED", "SCREEN", "PICTURES")
    assert row.note == "its light does not follow"


def test_the_page_fits_a_phone_and_the_dark(camera: Camera, open_as: Any) -> None:
    attempt = doubtful(camera)
    with open_as(colleague(Role.COMPLIANCE), viewport=PHONE, color_scheme="dark") as page:
        page.goto(reverse("console:faces"))
        picture_of(page, "faces-phone")
        page.goto(reverse("console:face", args=[attempt.pk]))
        page.get_by_label("Reason").select_option("RULE")
        page.get_by_role("button", name="Show 49 pictures").click()
        expect(page.locator("#frame")).to_have_attribute("data-drawn", "yes")
        picture_of(page, "face-phone")
        page.goto(reverse("console:face_attacks"))
        picture_of(page, "attacks-phone")
