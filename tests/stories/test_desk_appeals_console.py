"""The console's pages of appeals: by role, from the queue to the decision."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.events.models import Event
from apps.flows import chat
from apps.trades.models import Appeal, Evidence, Order, Ruling
from apps.users.models import User
from apps.users.roles import Role
from tests.appeals import FINDING, STATEMENT, Court, picture
from tests.desk import Desk
from tests.staff import colleague, signed_in
from tests.stories.test_desk_appeals import everything

SAID = "Please send it to my brother's account instead."


@pytest.fixture
def court(p2p: Desk) -> Iterator[Court]:
    """An appeal that everybody has spoken in, at the console's own time."""
    court = Court(p2p)
    order = court.paid()

    chat.say(actor=order.buyer, order=order, text=SAID, at=p2p.now)
    appeal = court.opens(order)
    court.tells(appeal, "bob", what="SCREENSHOT", data=picture())
    court.tells(appeal, "alice")
    with time_machine.travel(p2p.now + timedelta(minutes=1), tick=False):
        yield court


def url(name: str, *more: Any) -> str:
    return reverse(f"console:{name}", args=[Appeal.objects.get().pk, *more])


def test_every_role_sees_the_queue_and_nobody_else(court: Court) -> None:
    for role in Role:
        browser = signed_in(colleague(role))
        page = browser.get(reverse("console:appeals"))
        assert page.status_code == 200, role
        assert Order.objects.get().number in page.content.decode()
        page = browser.get(url("appeal"))
        assert page.status_code == 200, role
        # The words of the parties are not on it.
        for words in (STATEMENT, SAID, "I see nothing in my bank."):
            assert words not in page.content.decode(), role
    trader = signed_in(User.objects.create_user("trader@example.org"))
    alice = signed_in(court.desk.person("alice"))
    for browser in (trader, alice):
        assert browser.get(url("appeal")).status_code == 403
    assert Browser().get(url("appeal"))["Location"].startswith("/accounts/login/")


DECIDE = {Role.ANALYST, Role.SENIOR, Role.COMPLIANCE}
AGREE = {Role.SENIOR, Role.COMPLIANCE}
DEEDS = {
    "appeal_take": DECIDE,
    "appeal_ask": DECIDE,
    "appeal_decide": DECIDE,
    "appeal_approve": AGREE,
    "appeal_send_back": AGREE,
}


@pytest.mark.parametrize("name", DEEDS)
def test_deeds_are_for_their_roles(court: Court, name: str) -> None:
    nobody = reverse(f"console:{name}", args=[uuid4()])
    before = everything()
    for role in Role:
        status = signed_in(colleague(role)).post(nobody).status_code
        assert (status == 403) == (role not in DEEDS[name]), (role, status)
    assert everything() == before


def test_papers_and_files_open_with_a_reason_to_whoever_has_taken_it(court: Court) -> None:
    sam = court.member("sam")
    browser, other = signed_in(sam), signed_in(court.member("cora"))
    file = url("appeal_file", Evidence.objects.exclude(attachment=None).get().attachment_id)
    before = everything()
    for address in (url("appeal_read"), file):
        assert browser.post(address, {"ground": "DECIDE"}).status_code == 403
    assert everything() == before

    assert browser.post(url("appeal_take")).status_code == 302
    assert "Open with this reason" in browser.get(url("appeal")).content.decode()
    assert browser.post(url("appeal_read"), {"ground": ""}).status_code == 422
    page = browser.post(url("appeal_read"), {"ground": "DECIDE"}).content.decode()
    for words in (STATEMENT, SAID.replace("'", "&#x27;"), "I see nothing in my bank."):
        assert words in page, words
    answer = browser.post(file, {"ground": "DECIDE"})
    assert answer["Content-Type"].startswith("image/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    looks = Event.objects.filter(kind="pii.read", actor=sam.entity_id)
    assert sorted(event.data["what"] for event in looks) == ["file", "papers", "papers"]
    assert other.post(url("appeal_read"), {"ground": "DECIDE"}).status_code == 403
    assert other.post(file, {"ground": "DECIDE"}).status_code == 403


def test_an_agent_asks_and_decides_on_the_page(court: Court) -> None:
    browser = signed_in(court.member("ana", Role.ANALYST))
    browser.post(url("appeal_take"))
    page = browser.get(url("appeal")).content.decode()
    # What this role may not do is not offered.
    assert 'value="SPLIT"' not in page
    assert 'value="NO_ACTION"' not in page
    wrong = browser.post(url("appeal_ask"), {"party": "judge", "what": "VIDEO", "words": "x" * 20})
    assert wrong.status_code == 422
    asked = {"party": "seller", "what": "BANK_STATEMENT", "words": "The page of yesterday."}
    assert browser.post(url("appeal_ask"), asked).status_code == 302
    decision = {"outcome": "RELEASE", "reason": "PAID_NOT_RELEASED", "fault": "SELLER",
                "finding": FINDING}  # fmt: skip
    early = browser.post(url("appeal_decide"), decision)
    assert early.status_code == 409
    assert "may still answer" in early.content.decode()
    assert FINDING[12:40] in early.content.decode()
    court.tells(Appeal.objects.get(), "alice", what="BANK_STATEMENT", words="Here.")
    evidence = Evidence.objects.get(what="SCREENSHOT")
    judged = browser.post(url("appeal_verdict", evidence.pk), {"verdict": "GENUINE"})
    assert judged.status_code == 302
    assert browser.post(url("appeal_decide"), decision).status_code == 302
    assert Order.objects.get().status == "COMPLETED"
    assert "SELLER_STALLING" in browser.get(url("appeal")).content.decode()


def test_two_people_on_two_pages(court: Court, settings: Any) -> None:
    settings.APPEAL_SECOND_PAIR_USD = "50"
    sam, cora = signed_in(court.member("sam")), signed_in(court.member("cora"))
    sam.post(url("appeal_take"))
    decision = {"outcome": "SPLIT", "reason": "AMOUNT_MISMATCH", "fault": "NOBODY",
                "finding": FINDING, "buyer_amount": "40", "seller_amount": "59,5"}  # fmt: skip
    assert sam.post(url("appeal_decide"), decision).status_code == 422
    assert sam.post(url("appeal_decide"), decision | {"seller_amount": "59"}).status_code == 302
    assert "wants a second person" in cora.get(reverse("console:appeals")).content.decode()
    # Whoever is asked to agree may look; whoever decided may not agree.
    assert cora.post(url("appeal_read"), {"ground": "APPROVE"}).status_code == 200
    assert "Agree: let it stand" not in sam.get(url("appeal")).content.decode()
    assert sam.post(url("appeal_approve")).status_code == 403
    assert cora.post(url("appeal_send_back"), {"note": "Why so little?"}).status_code == 302
    assert Ruling.objects.get().stage == "SENT_BACK"
    sam.post(url("appeal_decide"), decision | {"seller_amount": "59"})
    assert "Agree: let it stand" in cora.get(url("appeal")).content.decode()
    assert cora.post(url("appeal_approve")).status_code == 302
    assert Appeal.objects.get().state == "DECIDED"


def test_the_audit_log_tells_who_looked_and_decided(court: Court) -> None:
    browser = signed_in(court.member("sam"))
    browser.post(url("appeal_take"))
    browser.post(url("appeal_read"), {"ground": "DECIDE"})
    page = signed_in(colleague(Role.AUDITOR)).get(reverse("console:audit")).content.decode()
    for words in ("Took an appeal", "Read personal data", url("appeal")):
        assert words in page, words


def test_the_pages_cost_the_same_however_many_appeals_there_are(court: Court) -> None:
    browser = signed_in(court.member("sam"))

    def cost(address: str) -> int:
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        return len(queries)

    one = Appeal.objects.get()
    page = url("appeal")
    queue, sheet = cost(reverse("console:appeals")), cost(page)
    for name in ("carol", "dave", "erin"):
        court.opens(court.paid(buyer=name), name)
    assert cost(reverse("console:appeals")) == queue
    assert cost(reverse("console:appeal", args=[one.pk])) == sheet
    assert (queue, sheet) == (8, 20)
