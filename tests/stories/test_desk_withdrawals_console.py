"""The console's pages of withdrawals and deposits: who sees them, who decides, what they say."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from apps.risk.models import ListName
from apps.trades.models import Deposit
from apps.users.models import User
from apps.users.roles import Role
from tests.desk import Desk
from tests.staff import colleague, signed_in
from tests.wallet import DETAILS, address, fresh, listed, money, reports, withdraws


@pytest.fixture
def now(p2p: Desk) -> Iterator[None]:
    """The console's clock stands where the desk's will be once somebody's address is cool."""
    with time_machine.travel(p2p.now + timedelta(hours=26), tick=False):
        yield


@pytest.fixture
def sam(p2p: Desk, now: None) -> User:
    return colleague(Role.SENIOR, "sam")


def page(browser: Browser, name: str, *args: Any, status: int = 200) -> str:
    answer = browser.get(reverse(f"console:{name}", args=args))
    assert answer.status_code == status, answer.content[:2000]
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    text = str(answer.content.decode())
    assert " style=" not in text
    assert " onclick=" not in text
    return text


def decide(browser: Browser, thing: str, one: Any, answer: str, note: str = "spoke to her") -> Any:
    url = reverse(f"console:{thing}_answer", args=[one.pk, answer])
    return browser.post(url, {"note": note}, follow=True)


def test_sam_finds_what_waits_and_approves_it(p2p: Desk, sam: User) -> None:
    made = withdraws(p2p, judged="REVIEW")
    browser = signed_in(sam)
    text = page(browser, "withdrawals")
    assert 'Withdrawals<span class="count">1<span class="sr"> waiting</span></span>' in text
    for part in ("Alice", "100 USDT-TRC20", "100 USD", made.address, str(made.pk)):
        assert part in text, part
    text = page(browser, "withdrawal", made.pk)
    for part in ("WATCHED_LIST", "under review", "Approve", "Reject", "on the withdrawal"):
        assert part in text, part

    assert "Please say why" in decide(browser, "withdrawal", made, "approve", "").content.decode()
    assert fresh(made).status == "UNDER_REVIEW"
    assert "Noted." in decide(browser, "withdrawal", made, "approve").content.decode()
    assert fresh(made).status == "APPROVED"
    assert "With the custodian" in page(browser, "withdrawals")
    again = decide(browser, "withdrawal", made, "approve")
    assert again.status_code == 409
    assert "nothing waits for you" in again.content.decode()


def test_above_the_limit_the_page_asks_for_a_colleague(p2p: Desk, sam: User) -> None:
    p2p.funds("alice", "20000")
    made = withdraws(p2p, amount="10000", judged="REVIEW", travel_rule=DETAILS)
    browser = signed_in(sam)
    assert "Propose to approve" in page(browser, "withdrawal", made.pk)
    said = decide(browser, "withdrawal", made, "approve").content.decode()
    assert "A colleague has to approve it as well" in said
    assert "You proposed this" in page(browser, "withdrawal", made.pk)
    cora = signed_in(colleague(Role.COMPLIANCE, "cora-c"))
    assert "Proposed for approval by Sam" in page(cora, "withdrawal", made.pk)
    decide(cora, "withdrawal", made, "approve")
    assert fresh(made).status == "APPROVED"


def test_rejecting_gives_the_money_back(p2p: Desk, sam: User) -> None:
    made = withdraws(p2p, judged="REVIEW")
    decide(signed_in(sam), "withdrawal", made, "reject", "a mule")
    assert (fresh(made).status, money(p2p, "alice")) == ("REJECTED", (10_000, 0))
    assert "a mule" in page(signed_in(sam), "withdrawal", made.pk)


def test_who_only_looks_decides_nothing(p2p: Desk, now: None) -> None:
    made = withdraws(p2p, judged="REVIEW")
    for role in (Role.ANALYST, Role.ADMIN, Role.AUDITOR):
        browser = signed_in(colleague(role))
        assert "Reject</button>" not in page(browser, "withdrawal", made.pk)
        for answer in ("approve", "reject"):
            assert decide(browser, "withdrawal", made, answer).status_code == 403
    alice = Browser()
    alice.force_login(p2p.person("alice"), backend="django.contrib.auth.backends.ModelBackend")
    assert alice.get(reverse("console:withdrawals")).status_code in (302, 403)
    assert fresh(made).status == "UNDER_REVIEW"


def test_a_deposit_in_quarantine_is_credited_or_sent_back(p2p: Desk, sam: User) -> None:
    listed(ListName.WATCHED, address("thief"), at=p2p.now)
    one = reports(p2p, "alice", sender=address("thief"))
    other = reports(p2p, "alice", sender=address("thief"), tx_id="tx-2")
    browser = signed_in(sam)
    assert "Deposits in quarantine" in page(browser, "withdrawals")
    assert "WATCHED_LIST" in page(browser, "deposit", one.pk)
    decide(browser, "deposit", one, "accept")
    decide(browser, "deposit", other, "return")
    assert [row.status for row in Deposit.objects.order_by("id")] == ["CREDITED", "RETURNED"]
    assert decide(browser, "deposit", one, "return").status_code == 409
    assert money(p2p, "alice") == (50, 0)


def test_there_is_no_such_thing(p2p: Desk, sam: User) -> None:
    made = withdraws(p2p, judged="REVIEW")
    browser = signed_in(sam)
    assert page(browser, "withdrawal", made.decision, status=404) != ""
    assert decide(browser, "withdrawal", made, "explode").status_code == 404
    assert decide(browser, "deposit", made, "accept").status_code == 404


def test_the_list_costs_the_same_however_long(
    p2p: Desk, sam: User, django_assert_max_num_queries: Any
) -> None:
    made = withdraws(p2p, judged="REVIEW")
    for name in ("bob", "carol", "dave"):
        withdraws(p2p, name, judged="REVIEW")
    browser = signed_in(sam)
    page(browser, "withdrawals")
    with django_assert_max_num_queries(14):
        page(browser, "withdrawals")
    with django_assert_max_num_queries(20):
        page(browser, "withdrawal", made.pk)
