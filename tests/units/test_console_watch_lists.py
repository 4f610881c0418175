"""The pages of watch-lists: where each stands, loading one, what was found, deciding it."""

from collections.abc import Iterator

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from apps.cases.models import Case
from apps.flows import identity
from apps.screening.models import Hit, Version
from apps.users.roles import Role
from tests.desk import Desk
from tests.lists import people, sanctions
from tests.staff import colleague, signed_in

LISTED = "Brenwick Tolloway"


@pytest.fixture
def found(p2p: Desk) -> Iterator[Hit]:
    """Alice bears a listed name."""
    with time_machine.travel(p2p.now, tick=False):
        people(LISTED, at=p2p.now)
        identity.verify(
            user=p2p.person("alice"),
            legal_name="Tolloway Brenwik",
            country="DE",
            level=2,
            by=None,
            at=p2p.now,
        )
        yield Hit.objects.get()


def uploads(browser: Browser, text: str, **words: str) -> str:
    answer = browser.post(
        reverse("console:watch_list_load"),
        {"code": "OWN_SCAMS", "file": SimpleUploadedFile("own.csv", text.encode()), **words},
        follow=True,
    )
    return answer.content.decode()


def test_the_lists_page_says_how_each_stands(p2p: Desk) -> None:
    with time_machine.travel(p2p.now, tick=False):
        carl = signed_in(colleague(Role.COMPLIANCE))
        url = reverse("console:watch_lists")
        assert "No list is loaded" in carl.get(url).content.decode()
        sanctions("0x" + "1" * 40, at=p2p.now)
        said = carl.get(url).content.decode()
        assert "TEST" in said
        assert "fresh" in said
    with time_machine.travel(p2p.now.replace(day=20), tick=False):
        assert "too old" in signed_in(colleague(Role.SENIOR)).get(url).content.decode()


def test_compliance_loads_a_file_and_forces_a_shrunken_one_with_a_reason(p2p: Desk) -> None:
    with time_machine.travel(p2p.now, tick=False):
        carl = signed_in(colleague(Role.COMPLIANCE))
        many = "\n".join(["address", *(f"0x{n:040x}" for n in range(20))])
        assert "Version 1 is live: 20 added" in uploads(carl, many)
        said = uploads(carl, "address\n0x" + "1" * 40)
        assert "more than 10% would be lost" in said
        said = uploads(carl, "address\n0x" + "1" * 40, force="the rest was delisted")
        assert "Version 3 is live" in said
        assert "the rest was delisted" in said
        assert Version.objects.filter(state="REFUSED").count() == 1
        # An analyst looks, and loads nothing.
        ada = signed_in(colleague(Role.ANALYST))
        assert ada.get(reverse("console:watch_list", args=["OWN_SCAMS"])).status_code == 200
        url = reverse("console:watch_list_load")
        assert ada.post(url, {"code": "OWN_SCAMS"}).status_code == 403


def test_a_hit_is_explained_to_those_who_may_read_names(found: Hit) -> None:
    url = reverse("console:hit", args=[found.pk])
    said = signed_in(colleague(Role.COMPLIANCE)).get(url).content.decode()
    assert "brenwik" in said
    assert "same sound" in said
    said = signed_in(colleague(Role.ANALYST)).get(url).content.decode()
    assert "brenwik" not in said
    assert LISTED in said


def test_its_case_leads_to_it(found: Hit) -> None:
    ada = signed_in(colleague(Role.ANALYST))
    said = ada.get(reverse("console:case", args=[Case.objects.get().pk])).content.decode()
    assert reverse("console:hit", args=[found.pk]) in said


def test_somebody_else_is_meant(found: Hit) -> None:
    url = reverse("console:hit_answer", args=[found.pk, "clear"])
    ada = signed_in(colleague(Role.ANALYST))
    assert ada.post(url, {"reason": "born later"}).status_code == 403
    sam = signed_in(colleague(Role.SENIOR))
    assert "Please say why" in sam.post(url, {"reason": ""}).content.decode()
    said = sam.post(url, {"reason": "born in 2001", "days": "30"}, follow=True).content.decode()
    assert "somebody else is meant" in said
    found.refresh_from_db()
    assert found.state == "CLEARED"
    assert (found.quiet_until - found.decided_at).days == 30
    assert sam.post(url, {"reason": "again and again"}).status_code == 409


@pytest.mark.django_db
def test_a_stale_list_alarms(p2p: Desk) -> None:
    sanctions("0x" + "1" * 40, at=p2p.now)
    with time_machine.travel(p2p.now, tick=False):
        assert Browser().get("/healthz/lists").json() == {"status": "ok", "lists": 1, "stale": []}
    with time_machine.travel(p2p.now.replace(day=20), tick=False):
        answer = Browser().get("/healthz/lists")
        assert (answer.status_code, answer.json()["stale"]) == (503, ["TEST"])
