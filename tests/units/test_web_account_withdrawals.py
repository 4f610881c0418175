"""Deposits, addresses and withdrawals on the web: what is asked, refused, shown and taken back."""

import base64
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client as Browser
from django.urls import reverse

from apps.ledger import queries as ledger
from apps.ledger.models import Asset
from apps.trades.models import AddressBookEntry, DepositAddress, Withdrawal
from tests.desk import Desk
from tests.signing_in import has_factor
from tests.staff import signed_in
from tests.stories.test_desk_wallet import REAL, TWIN
from tests.units.test_web_account_access import queries_of, text_of
from tests.units.test_web_account_pages import page_of
from tests.wallet import USDT, address, clock, cool_entry, entry, reports, withdraws


@pytest.fixture(autouse=True)
def calm_clock(monkeypatch: pytest.MonkeyPatch, p2p: Desk) -> None:
    """The pages' clock is the desk's, and no random check falls."""
    cache.clear()
    monkeypatch.setattr("apps.core.clock.now", lambda: p2p.now)
    monkeypatch.setattr("apps.risk.decide.draw", lambda *_, **__: 0.999)


def asked(to: AddressBookEntry, amount: str = "100", **words: Any) -> dict[str, Any]:
    return {"asset": USDT, "entry": str(to.pk), "amount": amount} | words


def available(p2p: Desk, name: str = "alice") -> Decimal:
    return ledger.available(p2p.person(name), Asset.objects.get(pk=USDT))


def test_a_deposit_address_is_made_once_and_shown_as_text_and_code(p2p: Desk) -> None:
    alice = p2p.person("alice")
    browser = signed_in(alice)
    assert "You have no address on TRON yet" in page_of(browser, "deposit", asset=USDT)
    assert not DepositAddress.objects.exists()
    for _ in range(2):
        browser.post(reverse("deposit"), {"asset": USDT})
    given = DepositAddress.objects.get(user=alice)
    page = page_of(browser, "deposit", asset=USDT)
    assert given.address in page
    code = page.partition('src="data:image/svg+xml;base64,')[2].partition('"')[0]
    assert b"<svg" in base64.b64decode(code)
    assert signed_in(p2p.person("bob")).get(reverse("deposit")).status_code == 200
    assert given.address not in page_of(signed_in(p2p.person("bob")), "deposit", asset=USDT)


def test_an_address_is_added_by_whoever_shows_who_they_are(p2p: Desk) -> None:
    alice = p2p.person("alice")
    said = {
        "asset": USDT, "address": address("cold"), "label": "Cold", "destination": "SELF_HOSTED",
        "is_own": "yes",
    }  # fmt: skip
    has_factor(alice)
    # without a fresh confirmation the desk asks for one, and adds nothing
    answer = signed_in(alice, second_factor=False).post(reverse("address_new"), said)
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert not AddressBookEntry.objects.exists()
    browser = signed_in(alice)
    assert browser.post(reverse("address_new"), said).status_code == 302
    page = page_of(browser, "addresses")
    assert address("cold") in page
    assert "cools off" in page
    assert "24:00:00" in page
    p2p.pass_time(hours=24)
    assert "ready" in page_of(browser, "addresses")


def test_a_wrong_network_and_a_twin_are_refused_in_words_beside_the_field(p2p: Desk) -> None:
    known = entry(p2p)
    browser = signed_in(p2p.person("alice"))
    said = {"label": "Other", "destination": "SELF_HOSTED", "is_own": "yes", "asset": "BTC"}
    wrong = browser.post(reverse("address_new"), said | {"address": address("x")})
    assert wrong.status_code == 422
    assert 'id="id_address_error"' in text_of(wrong)
    # an address that begins and ends like a known one, and is another
    entry(p2p, asset="ETH", address=REAL, label="My Ledger")
    twin = browser.post(reverse("address_new"), said | {"asset": "ETH", "address": TWIN})
    assert twin.status_code == 422
    assert "looks like “My Ledger” of your address book" in text_of(twin)
    assert AddressBookEntry.objects.count() == 2
    again = browser.post(
        reverse("address_new"), said | {"asset": USDT, "address": known.address, "label": "Twin"}
    )
    assert again.status_code == 409
    assert "You have this address already" in text_of(again)


def test_a_withdrawal_is_looked_at_before_it_is_asked_for(p2p: Desk) -> None:
    p2p.funds("alice", "500")
    to = cool_entry(p2p)
    browser = signed_in(p2p.person("alice"))
    page = text_of(browser.post(reverse("withdraw"), asked(to)))
    assert "Is everything right?" in page
    for words in ("100 USDT-TRC20", "1 USDT-TRC20", "99 USDT-TRC20", to.address):
        assert words in page, words
    assert not Withdrawal.objects.exists()
    answer = browser.post(reverse("withdraw"), asked(to, sure="yes"))
    made = Withdrawal.objects.get()
    assert answer["Location"] == reverse("withdrawal", args=[made.pk])
    assert available(p2p) == 400


def test_without_a_fresh_confirmation_nothing_leaves(p2p: Desk) -> None:
    p2p.funds("alice", "500")
    to = cool_entry(p2p)
    has_factor(p2p.person("alice"))
    browser = signed_in(p2p.person("alice"), second_factor=False)
    answer = browser.post(reverse("withdraw"), asked(to, sure="yes"))
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert not Withdrawal.objects.exists()


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "1e5", "9", "0.1234567", "9" * 40, "1000000"])
def test_amounts_that_cannot_leave_are_refused_beside_the_field(p2p: Desk, amount: str) -> None:
    p2p.funds("alice", "500")
    to = cool_entry(p2p)
    browser = signed_in(p2p.person("alice"))
    answer = browser.post(reverse("withdraw"), asked(to, amount, sure="yes"))
    assert answer.status_code in (409, 422)
    assert 'id="id_amount_error"' in text_of(answer)
    assert not Withdrawal.objects.exists()
    assert available(p2p) == 500


def test_a_new_address_makes_it_wait_and_the_page_says_until_when(p2p: Desk) -> None:
    p2p.funds("alice", "500")
    to = entry(p2p)
    browser = signed_in(p2p.person("alice"))
    sure = text_of(browser.post(reverse("withdraw"), asked(to)))
    assert "It will wait first" in sure
    assert "2026-03-10 12:00" in sure
    browser.post(reverse("withdraw"), asked(to, sure="yes"))
    made = Withdrawal.objects.get()
    page = page_of(browser, "withdrawal", made.pk)
    assert "Cooling off" in page
    assert "The address is new" in page
    assert "24:00:00" in page
    # and it can be taken back meanwhile
    browser.post(reverse("withdrawal_cancel", args=[made.pk]))
    page = page_of(browser, "withdrawal", made.pk)
    assert "Cancelled" in page
    assert "You took it back." in page
    assert available(p2p) == 500
    assert browser.post(reverse("withdrawal_cancel", args=[made.pk])).status_code == 409


def test_what_waits_for_a_proof_goes_on_with_one(p2p: Desk) -> None:
    made = withdraws(p2p, judged="STEP_UP")
    alice = p2p.person("alice")
    browser = signed_in(alice)
    page = page_of(browser, "withdrawal", made.pk)
    assert "Waits for your proof" in page
    assert reverse("proof") in page
    assert "You have no second factor yet" in page_of(browser, "proof")
    made.refresh_from_db()
    assert made.status == "CHALLENGED"


def test_details_are_asked_for_and_given(p2p: Desk) -> None:
    made = withdraws(p2p, amount="2000")
    browser = signed_in(p2p.person("alice"))
    assert "Waits for details of the recipient" in page_of(browser, "withdrawal", made.pk)
    browser.post(
        reverse("withdrawal_details", args=[made.pk]), {"originator.name": "Alice Example"}
    )
    made.refresh_from_db()
    assert made.status != "TRAVEL_RULE_PENDING"
    assert made.travel_rule


def test_a_withdrawal_is_followed_until_it_has_arrived(p2p: Desk) -> None:
    made = withdraws(p2p)
    browser = signed_in(p2p.person("alice"))
    part = browser.get(reverse("withdrawal", args=[made.pk]), headers={"HX-Request": "true"})
    assert text_of(part).startswith('<div id="withdrawal"')
    assert "<html" not in text_of(part)
    assert "hx-trigger" in text_of(part)


def test_other_peoples_addresses_and_withdrawals_are_not_there(p2p: Desk) -> None:
    made = withdraws(p2p)
    mallory = signed_in(p2p.person("mallory"))
    p2p.funds("mallory")
    assert mallory.get(reverse("withdrawal", args=[made.pk])).status_code == 404
    for name, id in (
        ("withdrawal_cancel", made.pk),
        ("withdrawal_details", made.pk),
        ("address_remove", made.entry_id),
        ("address_verify", made.entry_id),
    ):
        assert mallory.post(reverse(name, args=[id])).status_code == 404, name
    # nor may mallory send to alice's entry
    foreign = mallory.post(reverse("withdraw"), asked(made.entry, sure="yes"))
    assert foreign.status_code == 422
    assert Withdrawal.objects.count() == 1
    for name in ("withdrawal", "address_new", "withdraw", "deposit"):
        args = [made.pk] if name == "withdrawal" else []
        assert Browser().get(reverse(name, args=args)).status_code == 302


def test_an_address_that_a_withdrawal_waits_for_stays(p2p: Desk) -> None:
    p2p.funds("alice", "500")
    to = entry(p2p)
    browser = signed_in(p2p.person("alice"))
    browser.post(reverse("withdraw"), asked(to, sure="yes"))
    refused = browser.post(reverse("address_remove", args=[to.pk]))
    assert refused.status_code == 409
    assert "Cancel it first" in text_of(refused)
    verify = browser.post(reverse("address_verify", args=[to.pk]))
    assert verify.status_code == 409
    assert "Send any amount from this address" in text_of(verify)


def test_the_wallets_pages_cost_the_same_however_much_there_is(p2p: Desk) -> None:
    made = withdraws(p2p)
    browser = signed_in(p2p.person("alice"))
    urls = [
        reverse("withdraw") + f"?asset={USDT}",
        reverse("addresses"),
        reverse("deposit") + f"?asset={USDT}",
        reverse("withdrawal", args=[made.pk]),
    ]
    browser.post(reverse("deposit"), {"asset": USDT})
    reports(p2p, "alice", tx_id="first")
    few = [queries_of(browser, url) for url in urls]
    for n in range(8):
        reports(p2p, "alice", tx_id=f"tx-{n}")
        entry(p2p, seed=f"more {n}")
        p2p.calm(lambda: browser.post(reverse("withdraw"), asked(made.entry, "20", sure="yes")))
    assert Withdrawal.objects.count() == 9
    assert [queries_of(browser, url) for url in urls] == few
    assert max(few) <= 14, few


def test_hostile_names_of_addresses_do_nothing(p2p: Desk) -> None:
    entry(p2p, label="<script>alert(1)</script>")
    browser = signed_in(p2p.person("alice"))
    p2p.pass_time(hours=30)
    for name in ("addresses", "withdraw", "limits"):
        page = page_of(browser, name)
        assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page_of(browser, "addresses")


def test_the_page_ends_with_what_has_arrived(p2p: Desk) -> None:
    made = withdraws(p2p)
    clock(p2p, seconds=5)
    clock(p2p, minutes=6)
    made.refresh_from_db()
    assert made.status == "CONFIRMED"
    page = page_of(signed_in(p2p.person("alice")), "withdrawal", made.pk)
    assert "99 USDT-TRC20 have arrived" in page
    assert made.tx_id in page
    assert "hx-trigger" not in page.partition('id="withdrawal"')[2].partition(">")[0]
