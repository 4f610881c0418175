"""The ledger in the admin: everything can be looked at, nothing can be edited."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from apps.core.ids import uuid7
from apps.ledger import services
from apps.ledger.models import Account, AccountKind, Asset, Entry
from apps.users.roles import Role
from tests.books import SIGNED, asset, fund, person
from tests.staff import colleague, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(db: None) -> Entry:
    """Alice's 12.5 USDT, frozen for a case."""
    usdt, alice = asset(), person("alice")
    fund(alice, usdt, "100")
    return services.freeze(user=alice, ref=uuid7(), asset=usdt, amount=D("12.5"), key="1", **SIGNED)


def test_an_entry_shows_both_its_sides(entry: Entry) -> None:
    browser = signed_in(colleague(Role.AUDITOR))
    page = browser.get(reverse("admin:ledger_entry_change", args=[entry.pk])).content.decode()
    assert "FROZEN USDT-TRC20" in page
    assert "-12.5" in page
    found = browser.get(reverse("admin:ledger_entry_changelist"), {"q": str(entry.ref)})
    assert str(entry.pk) in found.content.decode()


def test_balances_are_read_without_the_zeros_nobody_reads(entry: Entry) -> None:
    browser = signed_in(colleague(Role.ANALYST))
    page = browser.get(reverse("admin:ledger_account_changelist")).content.decode()
    assert ">87.5<" in page
    assert "87.500" not in page


@pytest.mark.parametrize("role", list(Role))
def test_nobody_edits_a_balance_an_entry_or_an_asset(entry: Entry, role: Role) -> None:
    browser = signed_in(colleague(role))
    account = Account.objects.get(kind=AccountKind.FROZEN)
    for row, change in (
        (account, {"balance": "1000"}),
        (entry, {"reason": "OTHER"}),
        (entry.postings.first(), {"amount": "1000"}),
        (Asset.objects.get(pk="BTC"), {"withdrawal_fee": "0"}),
    ):
        name = f"admin:ledger_{row._meta.model_name}"
        assert browser.post(reverse(f"{name}_change", args=[row.pk]), change).status_code == 403
        delete = reverse(f"{name}_delete", args=[row.pk])
        assert browser.post(delete, {"post": "yes"}).status_code == 403
        assert type(row).objects.filter(pk=row.pk).exists()
    account.refresh_from_db()
    assert account.balance == D("12.5")
