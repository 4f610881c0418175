"""The wallet's, account's and merchant's pages: who gets in, what is flat, what stays inert."""

import hashlib
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.ids import uuid7
from apps.trades.models import Notice, Rating, Relation
from apps.users.models import User
from tests.desk import Desk
from tests.staff import signed_in

PRIVATE = [
    "account", "settings", "security", "limits", "payment_accounts", "payment_account_new",
    "wallet", "statement", "statement_csv", "notices", "merchant", "merchant_apply",
    "merchant_profile", "privacy", "deposit", "withdraw", "addresses", "address_new", "proof",
]  # fmt: skip
PUBLIC = ["penalties", "fees"]
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


@pytest.fixture(autouse=True)
def calm_clock(monkeypatch: pytest.MonkeyPatch, p2p: Desk) -> None:
    """The pages' clock is the desk's."""
    cache.clear()
    monkeypatch.setattr("apps.core.clock.now", lambda: p2p.now)


def text_of(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(body.decode())


def queries_of(browser: Browser, url: str) -> int:
    browser.get(url)
    with CaptureQueriesContext(connection) as seen:
        assert text_of(browser.get(url))
    return len(seen)


@pytest.mark.parametrize("name", PRIVATE)
def test_a_stranger_is_asked_to_sign_in(name: str) -> None:
    answer = Browser().get(reverse(name))
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/login/")


@pytest.mark.parametrize("name", PRIVATE + PUBLIC)
def test_a_newcomer_sees_what_to_do_first(p2p: Desk, name: str) -> None:
    page = text_of(signed_in(p2p.person("bob")).get(reverse(name)))
    assert "Traceback" not in page
    if name != "statement_csv":
        assert "<h1" in page
        assert 'style="' not in page
        assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))", page)


@pytest.mark.parametrize("name", PUBLIC)
def test_anybody_may_read_what_the_desk_publishes(p2p: Desk, name: str) -> None:
    assert Browser().get(reverse(name)).status_code == 200


def test_other_peoples_things_are_not_there(p2p: Desk) -> None:
    # given things of alice's
    alice, mallory = p2p.person("alice"), signed_in(p2p.person("mallory"))
    account = p2p.account("alice")
    notice = Notice.objects.create(user=alice, code="AD_CLEARED", at=p2p.now)
    elsewhere = signed_in(alice)
    session = UserSession.objects.create(
        user=alice,
        session_key=elsewhere.session.session_key,
        ip="203.0.113.9",
        user_agent="Firefox",
    )
    urls = [
        reverse("payment_account_remove", args=[account.pk]),
        reverse("notice", args=[notice.pk]),
        reverse("session_end", args=[session.pk]),
        reverse("relate", args=[uuid4()]),
    ]
    for url in urls:
        # then mallory may not so much as know of them, and nothing changes
        assert mallory.post(url).status_code == 404, url
        assert mallory.get(url).status_code == 405, url
    account.refresh_from_db()
    notice.refresh_from_db()
    assert (account.removed_at, notice.read_at) == (None, None)
    assert elsewhere.get(reverse("account")).status_code == 200


def test_staff_and_the_closed_have_no_public_page(p2p: Desk) -> None:
    bob = p2p.person("bob")
    assert Browser().get(reverse("person", args=[bob.pk])).status_code == 200
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert Browser().get(reverse("person", args=[bob.pk])).status_code == 404


def test_pages_cost_the_same_however_much_there_is(p2p: Desk) -> None:
    bob = p2p.person("bob")
    browser = signed_in(bob)
    p2p.funds("bob")
    p2p.account("bob")
    names = ["wallet", "statement", "notices", "security", "limits", "merchant", "payment_accounts"]
    public = reverse("person", args=[bob.pk])

    order = p2p.order(buyer="bob", step="COMPLETED")

    def notices(count: int) -> None:
        Notice.objects.bulk_create(
            Notice(id=uuid7(), user=bob, code="PAY_NOW", order=order, at=p2p.now)
            for _ in range(count)
        )

    notices(10)
    Rating.objects.create(order=order, rater=order.seller, rated=bob, is_positive=True, at=p2p.now)
    few = {name: queries_of(browser, reverse(name)) for name in names}
    few["public"] = queries_of(browser, public)
    notices(1000)
    for n in range(12):
        p2p.funds("bob", "10")
        p2p.account("bob", number=f"DE99{n:018d}") if n == 0 else None
        Relation.objects.create(user=p2p.person(f"p{n}"), other=bob, kind="TRUST", at=p2p.now)
    many = {name: queries_of(browser, reverse(name)) for name in names}
    many["public"] = queries_of(browser, public)
    assert many == few
    assert max(few.values()) <= 26, few


def test_hostile_text_is_shown_and_does_nothing(p2p: Desk) -> None:
    # given people, accounts, comments, headlines of markup
    alice, bob = p2p.merchant("alice"), p2p.person("bob")
    order = p2p.order(step="COMPLETED")
    User.objects.filter(pk__in=[alice.pk, bob.pk]).update(display_name=HOSTILE[:40])
    alice.merchant.headline = HOSTILE
    alice.merchant.save()
    Rating.objects.create(
        order=order, rater=bob, rated=alice, is_positive=False, comment=HOSTILE, at=p2p.now
    )
    account = p2p.account("alice")
    account.bank, account.holder = HOSTILE[:80], HOSTILE
    account.save()
    browser = signed_in(User.objects.get(pk=alice.pk))
    for url in [
        *(reverse(name) for name in PRIVATE),
        reverse("person", args=[alice.pk]),
        reverse("report", args=[bob.pk]),
    ]:
        page = text_of(browser.get(url))
        assert "<script>alert" not in page, url
        assert "<img src=x" not in page, url
    assert "&lt;script&gt;alert(1)" in text_of(browser.get(reverse("person", args=[alice.pk])))


def test_the_chart_library_is_the_file_that_its_version_names() -> None:
    folder = Path(settings.BASE_DIR) / "static" / "vendor" / "echarts"
    digest = hashlib.sha256((folder / "echarts.simple.min.js").read_bytes()).hexdigest()
    assert digest in (folder / "VERSION").read_text()
    assert "Apache License" in (folder / "LICENSE").read_text()
