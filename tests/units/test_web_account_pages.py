"""The wallet's, account's and merchant's pages: what they say, and what their buttons do."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client as Browser
from django.urls import reverse

from apps.core.ids import uuid7
from apps.flows import flow
from apps.ledger import services as ledger
from apps.ledger.models import Asset
from apps.restrictions.models import Restriction
from apps.trades.models import MerchantProfile, Notice, Penalty, Relation, Report
from apps.users.models import PayoutAccount, User
from tests.desk import Desk
from tests.staff import signed_in
from tests.units.test_web_account_access import text_of


@pytest.fixture(autouse=True)
def calm_clock(monkeypatch: pytest.MonkeyPatch, p2p: Desk) -> None:
    """The pages' clock is the desk's."""
    cache.clear()
    monkeypatch.setattr("apps.core.clock.now", lambda: p2p.now)


def page_of(browser: Browser, name: str, *args: object, **query: str) -> str:
    answer = browser.get(reverse(name, args=args), query)
    assert answer.status_code == 200, answer.status_code
    return text_of(answer)


def test_the_wallet_says_where_everything_stands_and_why_it_stays(p2p: Desk) -> None:
    # given 2000 USDT: 907 in an ad, 93 in an order, 400 bought lately
    p2p.funds("alice", "2000")
    ad = p2p.ad("alice", price=Decimal(1))
    p2p.order(ad=ad, fiat="93")
    alice, usdt = p2p.person("alice"), Asset.objects.get(pk="USDT-TRC20")
    order = uuid7()
    with flow.transaction(alice, at=p2p.now):
        ledger.lock_acquired(
            user=alice,
            asset=usdt,
            amount=Decimal(400),
            order=order,
            until=p2p.now + timedelta(days=3),
            at=p2p.now,
        )
    page = page_of(signed_in(alice), "wallet", fiat="EUR")
    assert "2,000 USDT" in page
    for words in ('Available</dt><dd class="strong">1,000<', ">600<", "In escrow of open orders"):
        assert words in page, words
    assert "400 USDT can't leave yet" in page
    assert "2026-03-12 12:00" in page
    assert "1,850.00 EUR" in page  # 2000 at the reference of 0.925


def test_the_chosen_currency_is_remembered(p2p: Desk) -> None:
    p2p.funds("alice", "100")
    browser = signed_in(p2p.person("alice"))
    page_of(browser, "wallet", fiat="EUR")
    assert "92.50 EUR" in page_of(browser, "wallet")


def test_the_statement_goes_on_where_it_ended_and_can_be_taken_along(p2p: Desk) -> None:
    for n in range(60):
        p2p.funds("alice", str(n + 1))
    p2p.funds("alice", "3", "BTC")
    browser = signed_in(p2p.person("alice"))
    first = page_of(browser, "statement", asset="USDT-TRC20")
    assert first.count(">+") == 50
    assert "+60 USDT" in first
    assert "+3 BTC" not in first
    before = first.partition("before=")[2].partition('"')[0]
    second = page_of(browser, "statement", asset="USDT-TRC20", before=before)
    assert second.count("USDT-TRC20</td>") == 10
    assert "+1 USDT" in second

    answer = browser.get(reverse("statement_csv"))
    assert answer.streaming
    rows = list(csv.DictReader(io.StringIO(text_of(answer).removeprefix("\ufeff"))))
    assert len(rows) == 61
    assert sum(Decimal(r["amount"]) for r in rows if r["asset"] == "USDT-TRC20") == 60 * 61 // 2
    assert rows[0]["asset"] == "BTC"
    assert Decimal(rows[0]["balance"]) == 3


def test_nonsense_in_the_address_of_the_statement_is_no_error(p2p: Desk) -> None:
    browser = signed_in(p2p.person("alice"))
    for before in ("x", "-1", "9" * 40, "٣", "1.5"):
        assert browser.get(reverse("statement"), {"before": before}).status_code == 200, before
    assert browser.get(reverse("statement"), {"asset": "DOGE"}).status_code == 404


def test_accounts_are_listed_with_what_their_age_allows_and_removed_once_unused(p2p: Desk) -> None:
    p2p.funds("alice")
    p2p.ad("alice")
    p2p.account("alice", "paypal", first_used_at=None)
    alice = p2p.person("alice")
    browser = signed_in(alice)
    page = page_of(browser, "payment_accounts")
    assert "up to 500 USD" in page
    assert "30 days after the first completed order" in page
    assert "in use" in page
    # what an ad names stays, what nobody needs goes
    used, free = p2p.account("alice"), p2p.account("alice", "paypal")
    refused = browser.post(reverse("payment_account_remove", args=[used.pk]))
    assert refused.status_code == 409
    assert "An ad of yours names this account" in text_of(refused)
    assert browser.post(reverse("payment_account_remove", args=[free.pk])).status_code == 302
    assert set(PayoutAccount.objects.filter(user=alice, removed_at=None)) == {used}


def test_the_bell_opens_what_it_is_about_and_counts_down(p2p: Desk) -> None:
    bob = p2p.person("bob")
    order = p2p.order(buyer="bob", step="PAID")
    Notice.objects.filter(user=bob).delete()
    p2p.order(buyer="carol", ad=order.ad)
    alice = p2p.person("alice")
    browser = signed_in(alice)
    page = page_of(browser, "notices")
    assert page.count('class="unread"') == 3
    paid = Notice.objects.get(user=alice, code="ORDER_PAID")
    assert browser.post(reverse("notice", args=[paid.pk])).status_code == 302
    paid.refresh_from_db()
    assert paid.read_at == p2p.now
    browser.post(reverse("notices_read"))
    assert page_of(browser, "notices").count('class="unread"') == 0


def test_the_security_page_says_why_and_what_next_but_never_a_code_or_score(p2p: Desk) -> None:
    # given an act that was held, and two restrictions
    p2p.funds("alice")
    ad = p2p.ad("alice")
    p2p.judged("STEP_UP", lambda: p2p.opens("bob", ad))
    bob = p2p.person("bob")
    Restriction.objects.create(
        subject_id=bob.entity_id, ability="withdraw", kind="DENY", lifts_by="TIME",
        until=p2p.now + timedelta(hours=5), reason="PASSWORD_CHANGED",
        user_sentence="Withdrawals rest for a day.", imposed_at=p2p.now,
    )  # fmt: skip
    page = page_of(signed_in(bob), "security")
    assert "You opened an order" in page
    assert "Asked for a proof" in page
    assert "Withdrawals rest for a day." in page
    assert "2026-03-09 17:00" in page
    assert "It ends by itself." in page
    assert "WATCHED_LIST" not in page
    assert "PASSWORD_CHANGED" not in page
    # and the limits page tells the same
    assert "Withdrawals rest for a day." in page_of(signed_in(bob), "limits")


def test_somebody_ends_other_sessions_and_keeps_this_one(p2p: Desk) -> None:
    bob = p2p.person("bob")
    here, there, third = signed_in(bob), signed_in(bob), signed_in(bob)
    rows = [
        UserSession.objects.create(
            user=bob, session_key=one.session.session_key, ip="203.0.113.9", user_agent=agent
        )
        for one, agent in ((here, "Firefox Linux"), (there, "Chrome Android"), (third, "odd"))
    ]
    page = page_of(here, "security")
    assert "Firefox, Linux" in page
    assert "Chrome, Android" in page
    assert "203.0.113.0/24" in page
    assert "203.0.113.9" not in page
    here.post(reverse("session_end", args=[rows[1].pk]))
    assert there.get(reverse("account")).status_code == 302
    assert here.post(reverse("session_end", args=[rows[0].pk])).status_code == 404
    here.post(reverse("sessions_end"))
    assert third.get(reverse("account")).status_code == 302
    assert here.get(reverse("account")).status_code == 200


def test_settings_are_kept_and_nonsense_is_not(p2p: Desk) -> None:
    bob = p2p.person("bob")
    browser = signed_in(bob)
    said = {"locale": "zh-hans", "timezone": "Asia/Shanghai"}
    assert browser.post(reverse("settings"), said).status_code == 302
    bob.refresh_from_db()
    assert (bob.locale, bob.timezone, bob.wants_mail) == ("zh-hans", "Asia/Shanghai", False)
    answer = browser.post(reverse("settings"), {"locale": "tlh", "timezone": "Mars/Olympus"})
    assert answer.status_code == 422
    bob.refresh_from_db()
    assert bob.timezone == "Asia/Shanghai"


def test_a_trader_sees_what_a_tier_lacks_and_applies_once_it_is_there(p2p: Desk) -> None:
    bob = p2p.person("bob", kyc_level=2)
    browser = signed_in(bob)
    page = page_of(browser, "merchant_apply")
    assert "Orders with 10 different people" in page
    assert "you: 0" in page
    refused = browser.post(reverse("merchant_apply"), {"tier": "LITE"})
    assert refused.status_code == 403
    assert "Lite merchant asks for" in text_of(refused)
    assert not MerchantProfile.objects.filter(user=bob).exists()


def test_a_merchant_changes_the_profile_that_everybody_sees(p2p: Desk) -> None:
    alice = p2p.merchant("alice")
    browser = signed_in(alice)
    said = {"headline": "Fast and polite", "opens_at": "13:00", "closes_at": "18:00"}
    assert browser.post(reverse("merchant_profile"), said).status_code == 302
    page = page_of(Browser(), "person", alice.pk)
    assert "Fast and polite" in page
    assert "closed at this hour" in page
    contact = browser.post(
        reverse("merchant_profile"), {"headline": "telegram @alice_fast, +49 151 23456789"}
    )
    assert contact.status_code == 422
    assert "no contact details" in text_of(contact)


def test_trust_follow_block_and_report(p2p: Desk) -> None:
    alice, bob = p2p.person("alice"), p2p.person("bob")
    browser = signed_in(bob)
    url = reverse("relate", args=[alice.pk])
    browser.post(url, {"kind": "TRUST", "on": "yes"})
    assert "Trusted</button>" in page_of(browser, "person", alice.pk)
    browser.post(url, {"kind": "BLOCK", "on": "yes"})
    assert [r.kind for r in Relation.objects.filter(user=bob)] == ["BLOCK"]
    browser.post(url, {"kind": "BLOCK", "on": "no"})
    assert not Relation.objects.filter(user=bob).exists()
    assert browser.post(url, {"kind": "LOVE", "on": "yes"}).status_code == 422

    report = reverse("report", args=[alice.pk])
    assert browser.post(report, {"category": "OTHER", "words": ""}).status_code == 422
    said = {"category": "OFF_PLATFORM", "words": "Wanted me on another site."}
    assert browser.post(report, said).status_code == 302
    assert Report.objects.get().target_id == alice.pk
    again = browser.post(report, said)
    assert again.status_code == 409
    assert "You have reported this" in text_of(again)
    # nobody reports themselves, or an order of others
    assert signed_in(alice).get(report).status_code == 404
    foreign = browser.post(report, {"category": "THREATS", "order": str(uuid4())})
    assert foreign.status_code == 422


def test_the_dashboard_shows_first_what_waits_for_the_reader(p2p: Desk) -> None:
    ad = p2p.order(buyer="bob", step="AWAITING_PAYMENT").ad
    p2p.order(buyer="carol", ad=ad, step="PAID", fiat="150")
    page = page_of(signed_in(p2p.person("alice")), "merchant")
    assert page.index(">Carol<") < page.index(">Bob<")
    assert page.count("your turn") == 1
    assert 'type="application/json"' in page


def test_penalties_and_fees_are_published_in_words(p2p: Desk) -> None:
    # given the desk's own matrix
    known = Penalty.objects.get(code="FALSE_PAID")
    assert len(known.steps) == 3
    page = page_of(Browser(), "penalties")
    for words in (
        known.name,
        "<li>A warning</li>",
        "<li>Buy: not possible, for 24 hours</li>",
        "<li>Buy, Sell, Post ads: not possible, for 30 days</li>",
        f"{known.memory_days} days",
    ):
        assert words in page, words
    assert page.count("<li>") == sum(len(one.steps) for one in Penalty.objects.all())
    fees = page_of(Browser(), "fees")
    assert "0.05 % / 0 %" in fees
    assert "0.0001 BTC" in fees
    assert "can be charged back" in fees


def test_erasing_says_what_is_still_open(p2p: Desk) -> None:
    p2p.funds("alice")
    alice = p2p.person("alice")
    answer = signed_in(alice).post(reverse("privacy_erase"), {"email": alice.email})
    assert answer.status_code == 409
    assert "There is money in the wallet" in text_of(answer)
    assert User.objects.get(pk=alice.pk).is_active
