"""The pages of face checks: who sees what, what waits, pictures by look alone, rates in numbers."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from apps.cases.models import Case
from apps.console import relief
from apps.faces.engine.verdict import Species
from apps.faces.models import Attempt, Channel, Look, ManualCheck, Review, Ruling
from apps.flows import face_manual
from apps.users.models import User
from apps.users.roles import Role
from tests.camera import Camera, verdict
from tests.desk import Desk, facts
from tests.staff import colleague, signed_in

TRACE = {
    "width": 640,
    "height": 480,
    "seq": [0, 1],
    "t_ms": [0, 77],
    "prompt": [0, 0],
    "yaw": [1.5, 2.5],
    "landmarks": [[314, 159] * 68, None],
    "box": [[1, 2, 3, 4], None],
}


@pytest.fixture
def camera(p2p: Desk) -> Iterator[Camera]:
    """A desk at the console's own time."""
    with time_machine.travel(p2p.now, tick=False):
        yield Camera(p2p)


@pytest.fixture
def doubtful(camera: Camera) -> Attempt:
    """A check of alice's that people have to see."""
    camera.known("alice")
    return camera.judged("alice", verdict("REVIEW", species=Species.SCREEN, trace=TRACE))


@pytest.fixture
def sara(camera: Camera) -> Browser:
    """A senior analyst's browser."""
    return signed_in(colleague(Role.SENIOR, "sara"))


def page_of(attempt: Attempt) -> str:
    return reverse("console:face", args=[attempt.pk])


def asks(browser: Browser, attempt: Attempt, reason: str = "RULE") -> Any:
    return browser.post(reverse("console:face_look", args=[attempt.pk]), {"reason": reason})


def first_picture(attempt: Attempt) -> str:
    picture = attempt.pictures.order_by("seq").first()
    assert picture is not None
    return reverse("console:face_picture", args=[attempt.pk, picture.pk])


def label(camera: Camera, attempt: Attempt, ruling: str, truth: str) -> None:
    Review(
        attempt=attempt,
        by=colleague(Role.ANALYST, f"by-{Review.objects.count()}"),
        ruling=ruling,
        truth=truth,
        channel=Channel.CALL,
        note="seen",
        at=camera.desk.now,
    ).save()


def test_every_role_sees_the_numbers_and_nobody_else_anything(
    camera: Camera, doubtful: Attempt
) -> None:
    addresses = [
        reverse("console:faces"),
        page_of(doubtful),
        reverse("console:face_attacks"),
        reverse("console:face_attacks_csv"),
    ]
    for role in Role:
        browser = signed_in(colleague(role))
        for address in addresses:
            assert browser.get(address).status_code == 200, (role, address)
    strangers = {
        "alice": signed_in(doubtful.user),
        "trader": signed_in(User.objects.create_user("trader@example.org")),
    }
    for name, browser in strangers.items():
        for address in [*addresses, first_picture(doubtful)]:
            assert browser.get(address).status_code == 403, (name, address)
    assert Browser().get(page_of(doubtful))["Location"].startswith("/accounts/login/")


def test_pictures_and_landmarks_are_for_who_has_said_why(camera: Camera, doubtful: Attempt) -> None:
    may = {Role.SENIOR, Role.COMPLIANCE}
    for role in Role:
        browser = signed_in(colleague(role))
        before = browser.get(page_of(doubtful)).content.decode()
        assert "314" not in before.split("session-data")[1]
        assert "/pictures/" not in before
        assert "1.5, 2.5" in before
        assert browser.get(first_picture(doubtful)).status_code == 403
        answer = asks(browser, doubtful)
        assert answer.status_code == (302 if role in may else 403), role
        if role not in may:
            continue
        shown = browser.get(page_of(doubtful)).content.decode()
        assert "314" in shown.split("session-data")[1]
        assert first_picture(doubtful) in shown
        file = browser.get(first_picture(doubtful))
        assert (file.status_code, file["Content-Type"]) == (200, "image/jpeg")
        assert file["Cache-Control"] == "no-store"
        assert file["X-Content-Type-Options"] == "nosniff"
    assert set(Look.objects.values_list("by__groups__name", flat=True)) == {r.value for r in may}


def test_pictures_are_gone_from_the_page_after_ten_minutes(
    camera: Camera, doubtful: Attempt, sara: Browser
) -> None:
    asks(sara, doubtful)
    assert sara.get(first_picture(doubtful)).status_code == 200
    with time_machine.travel(camera.desk.now + timedelta(minutes=10, seconds=1), tick=False):
        assert sara.get(first_picture(doubtful)).status_code == 403
        assert "/pictures/" not in sara.get(page_of(doubtful)).content.decode()


def test_a_look_without_a_reason_is_refused_on_the_page(doubtful: Attempt, sara: Browser) -> None:
    answer = asks(sara, doubtful, reason="")
    assert answer.status_code == 422
    assert "Say why you want to see this face." in answer.content.decode()
    assert not Look.objects.exists()


def test_no_picture_is_found_by_guessing(doubtful: Attempt, camera: Camera, sara: Browser) -> None:
    camera.known("bob")
    other = camera.judged("bob", verdict("REVIEW"))
    asks(sara, doubtful)
    picture = other.pictures.first()
    assert picture is not None
    through = reverse("console:face_picture", args=[doubtful.pk, picture.pk])
    assert sara.get(through).status_code == 404
    nowhere = reverse("console:face_picture", args=[doubtful.pk, doubtful.pk])
    assert sara.get(nowhere).status_code == 404


def test_an_erased_picture_is_nowhere(camera: Camera, doubtful: Attempt, sara: Browser) -> None:
    from apps.faces.services import keys

    asks(sara, doubtful)
    keys.destroy(doubtful.user, at=camera.desk.now)
    assert sara.get(first_picture(doubtful)).status_code == 404
    assert sara.get(page_of(doubtful)).status_code == 200


def test_what_nobody_has_ruled_on_waits(camera: Camera, doubtful: Attempt, sara: Browser) -> None:
    camera.known("bob")
    passed = camera.judged("bob", verdict("PASS"))
    page = sara.get(reverse("console:faces")).content.decode()
    assert page_of(doubtful) in page
    assert page_of(passed) not in page
    assert page_of(passed) in sara.get(reverse("console:faces") + "?all=on").content.decode()
    label(camera, doubtful, Ruling.REJECTED, "SCREEN")
    assert page_of(doubtful) not in sara.get(reverse("console:faces")).content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("outcome=REVIEW", True),
        ("outcome=PASS", False),
        ("species=SCREEN", True),
        ("species=PRINT", False),
        ("device=nokia", False),
        ("all=on&start=2026-03-08T00:00", True),
        ("all=on&end=2026-03-08T00:00", False),
        ("page=2", False),
        ("all=on&person=01920000-0000-7000-8000-000000000000", False),
        ("person=nobody&page=-1&outcome=X", True),
    ],
)
def test_filters_find(doubtful: Attempt, sara: Browser, query: str, found: bool) -> None:
    page = sara.get(f"{reverse('console:faces')}?{query}")
    assert page.status_code == 200
    assert (page_of(doubtful) in page.content.decode()) == found


def test_the_list_takes_as_many_queries_for_many_as_for_one(
    camera: Camera, doubtful: Attempt, sara: Browser
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as told:
            sara.get(reverse("console:faces"))
        return len(told)

    count()
    one = count()
    for name in ("bob", "carol", "dave"):
        camera.known(name)
        camera.judged(name, verdict("FAIL"))
    assert count() == one


def test_locked_people_and_requests_by_hand_are_listed(camera: Camera, sara: Browser) -> None:
    camera.known("mallory")
    for _ in range(5):
        camera.judged("mallory", verdict("FAIL"))
        camera.desk.pass_time(minutes=11)
    bob = camera.desk.person("bob")
    face_manual.ask(actor=bob, reason="NO_CAMERA", request_facts=facts(bob), at=camera.desk.now)
    with time_machine.travel(camera.desk.now, tick=False):
        page = sara.get(reverse("console:faces")).content.decode()
        assert "5 failures in 24 h" in page
        assert "no camera" in page
        answer = sara.post(
            reverse("console:face_by_hand", args=[bob.pk]),
            {"answer": "reject", "channel": "CALL", "note": "nobody answered"},
        )
    assert answer.status_code == 302
    assert ManualCheck.objects.get().ruling == "REJECTED"


def test_a_ruling_is_made_on_the_page(camera: Camera, doubtful: Attempt, sara: Browser) -> None:
    address = reverse("console:face_rule", args=[doubtful.pk])
    form = {"ruling": "REJECTED", "truth": "SCREEN", "channel": "PICTURES", "note": "moiré"}
    refused = sara.post(address, form)
    assert refused.status_code == 422
    assert "You have not looked at the pictures" in refused.content.decode()
    asks(sara, doubtful)
    assert sara.post(address, form).status_code == 302
    assert Review.objects.get().truth == "SCREEN"
    assert "moiré" in sara.get(page_of(doubtful)).content.decode()


def test_ones_own_check_has_neither_pictures_nor_a_ruling(camera: Camera) -> None:
    cora = colleague(Role.COMPLIANCE, "cora")
    camera.desk.people["cora"] = cora
    camera.known("cora")
    attempt = camera.judged("cora", verdict("REVIEW"))
    browser = signed_in(cora)
    assert (
        "This is you: a colleague has to look at it."
        in browser.get(page_of(attempt)).content.decode()
    )
    assert asks(browser, attempt).status_code == 403
    assert browser.get(first_picture(attempt)).status_code == 403
    form = {"ruling": "REJECTED", "channel": "CALL", "note": "me"}
    assert browser.post(reverse("console:face_rule", args=[attempt.pk]), form).status_code == 403
    assert not Review.objects.exists()


def test_rates_count_what_people_said_it_was(camera: Camera, sara: Browser) -> None:
    said = [("PASS", "SCREEN"), ("FAIL", "SCREEN"), ("FAIL", "PRINT"), ("FAIL", "LIVE")]
    said += [("PASS", "LIVE"), ("REVIEW", "LIVE"), ("PASS", "LIVE"), ("RETRY", "LIVE")]
    for number, (outcome, truth) in enumerate(said):
        camera.known(f"p{number}")
        attempt = camera.judged(f"p{number}", verdict(outcome))
        label(camera, attempt, Ruling.APPROVED if truth == "LIVE" else Ruling.REJECTED, truth)
    # Whoever looks again is right.
    label(camera, Attempt.objects.get(user=camera.desk.person("p1")), Ruling.REJECTED, "SCREEN")
    (row,) = csv.DictReader(
        io.StringIO(sara.get(reverse("console:face_attacks_csv")).content.decode())
    )
    assert (row["week"], row["attacks"], row["attacks_passed"]) == ("2026-03-09", "3", "1")
    assert (row["living"], row["living_failed"], row["living_doubted"]) == ("4", "1", "1")
    assert (row["apcer"], row["bpcer"]) == ("0.3333", "0.2500")
    assert float(row["apcer_low"]) < 1 / 3 < float(row["apcer_high"])
    page = sara.get(reverse("console:face_attacks"))
    charts = page.context["charts"]
    assert charts["rates"]["series"][0]["values"][-1] == 33.3
    assert charts["rates"]["series"][0]["values"][0] is None
    assert page.content.decode().count('class="open"') == 3


def test_a_device_can_put_no_formula_into_the_numbers(camera: Camera, sara: Browser) -> None:
    camera.known("mallory")
    attempt = camera.judged("mallory", verdict("FAIL"))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE faces_attempt SET device_model = '=HYPERLINK(1)'")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    label(camera, attempt, Ruling.REJECTED, "SCREEN")
    told = sara.get(reverse("console:face_attacks_csv")).content.decode()
    assert ",'=HYPERLINK(1)," in told


def test_the_pages_of_a_case_and_of_a_person_lead_to_the_checks(
    doubtful: Attempt, sara: Browser
) -> None:
    wanted = f"{reverse('console:faces')}?all=on&amp;person={doubtful.user_id}"
    entity = reverse("console:entity", args=[doubtful.user.entity_id])
    assert wanted in sara.get(entity).content.decode()
    case = Case.objects.get(subject=doubtful.user.entity_id)
    assert wanted in sara.get(reverse("console:case", args=[case.pk])).content.decode()
    found = sara.get(wanted.replace("&amp;", "&")).content.decode()
    assert page_of(doubtful) in found


def test_relief_shows_what_stands_out() -> None:
    y, x = np.mgrid[-60:60, -80:80]
    depth = np.where(np.hypot(x, y) < 50, 500 - np.sqrt(np.maximum(0, 2500 - x**2 - y**2)), 2_000)
    depth[:5] = 0
    file = io.BytesIO()
    Image.fromarray(depth.astype(np.uint16)).save(file, "PNG")
    drawn = np.asarray(Image.open(io.BytesIO(relief.shaded(file.getvalue()))))
    assert drawn.dtype == np.uint8
    assert drawn.shape == depth.shape
    assert (drawn[:5] == 0).all()
    assert drawn[60, 5] == 0
    lit, dark = int(drawn[60 - 25, 80 - 25]), int(drawn[60 + 25, 80 + 25])
    assert lit > dark + 40
    empty = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(empty, "PNG")
    assert not np.asarray(Image.open(io.BytesIO(relief.shaded(empty.getvalue())))).any()
