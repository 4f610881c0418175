"""The desk in the console: looked at by all, kept by administrators, decided by their roles."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from apps.console.admin.desk import encrypted
from apps.events.models import Event
from apps.flows import merchants, relations
from apps.trades.models import (
    DayTally,
    MerchantProfile,
    Order,
    PairTally,
    Rail,
    Rating,
    ReferencePrice,
    Tier,
)
from apps.users.models import User
from apps.users.roles import Role
from tests.desk import Desk, facts
from tests.staff import colleague, signed_in


def change(row: Any) -> str:
    """Where a row is looked at, or changed."""
    return reverse(f"admin:trades_{row._meta.model_name}_change", args=[row.pk])


def seen_by(role: Role, address: str) -> str:
    """A page as this role sees it."""
    answer = signed_in(colleague(role)).get(address)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def test_an_order_shows_its_steps_and_no_account_numbers(p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    page = seen_by(Role.ANALYST, change(order))
    assert "AWAITING_PAYMENT" in page
    assert order.payee_number not in page
    assert "Alice Example" not in page
    assert order.number in seen_by(Role.AUDITOR, reverse("admin:trades_order_changelist"))


def test_no_page_of_the_admin_shows_what_is_encrypted() -> None:
    for model, page in admin.site._registry.items():
        if model._meta.app_label == "trades" and encrypted(model):
            assert set(encrypted(model)) <= set(page.get_exclude(None) or ()), model
    assert encrypted(Order) == ["payee_holder", "payee_number", "payer_holder"]


@pytest.mark.parametrize("role", list(Role))
def test_nobody_edits_what_happened(p2p: Desk, role: Role) -> None:
    order = p2p.order()
    browser = signed_in(colleague(role))
    for row in (order, order.ad):
        assert browser.post(change(row), {"status": "CLOSED"}).status_code == 403
    order.refresh_from_db()
    assert order.status == "AWAITING_PAYMENT"


def test_every_table_of_the_desk_that_is_registered_opens(p2p: Desk) -> None:
    order = p2p.order(step="COMPLETED")
    assert order
    browser = signed_in(colleague(Role.ADMIN))
    for model in apps.get_app_config("trades").get_models():
        if admin.site.is_registered(model):
            address = reverse(f"admin:trades_{model._meta.model_name}_changelist")
            assert browser.get(address).status_code == 200, model


def test_an_administrator_changes_a_rail_and_the_log_says_so(p2p: Desk) -> None:
    rail = Rail.objects.get(pk="pix")
    form = {
        field.name: ",".join(value) if isinstance(value, list) else value
        for field in Rail._meta.fields
        if (value := getattr(rail, field.name)) not in (None, False)
    } | {"limit_usd": "9000"}
    address = change(rail)
    assert signed_in(colleague(Role.COMPLIANCE)).post(address, form).status_code == 403
    answer = signed_in(colleague(Role.ADMIN)).post(address, form)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    rail.refresh_from_db()
    assert rail.limit_usd == 9000
    event = Event.objects.get(kind="catalogue.changed")
    assert (event.data["table"], event.data["row"], event.data["fields"]) == (
        "rail",
        "pix",
        ["limit_usd"],
    )


def test_a_new_seed_leaves_alone_what_staff_changed(p2p: Desk) -> None:
    from apps.trades import catalogue

    Tier.objects.filter(pk="LITE").update(day_limit_usd=77)
    catalogue.seed()
    assert Tier.objects.get(pk="LITE").day_limit_usd == 77


def test_a_price_that_moves_far_is_confirmed_in_the_admin_too(p2p: Desk) -> None:
    row = ReferencePrice.objects.get(asset="BTC", fiat="EUR")
    browser = signed_in(colleague(Role.ADMIN))
    asked = browser.post(change(row), {"price": "120000"})
    assert asked.status_code == 200
    assert "+42.2 %" in asked.content.decode()
    row.refresh_from_db()
    assert row.price == Decimal("84406.25")

    assert browser.post(change(row), {"price": "120000", "confirmed": "on"}).status_code == 302
    row.refresh_from_db()
    assert (row.price, row.source) == (120_000, "staff")
    assert Event.objects.filter(kind="price.set").count() == 1


def test_an_application_is_accepted_in_the_admin(p2p: Desk) -> None:
    with time_machine.travel(p2p.now + timedelta(minutes=1), tick=False):
        alice = p2p.person("alice")
        DayTally.objects.create(user=alice, day=p2p.now.date(), sold=20)
        for number in range(10):
            other = p2p.person(f"partner{number}")
            PairTally.objects.create(user=alice, other=other, first_at=p2p.now, last_at=p2p.now)
        p2p.funds("alice")
        merchants.apply(actor=alice, tier="LITE", at=p2p.now)
        page = seen_by(Role.ANALYST, change(MerchantProfile.objects.get()))
        assert "20 completed orders: yes" in page

        form = {"action": "accept", "_selected_action": [str(alice.pk)]}
        address = reverse("admin:trades_merchantprofile_changelist")
        signed_in(User.objects.get(email="analyst@example.org")).post(address, form)
        assert MerchantProfile.objects.get().state == "APPLIED"
        signed_in(colleague(Role.SENIOR)).post(address, form)
        assert MerchantProfile.objects.get().state == "ACTIVE"


def test_staff_read_what_was_reported_and_hide_a_rating(p2p: Desk) -> None:
    order = p2p.order(step="COMPLETED")
    bob, alice = order.buyer, order.seller
    from apps.flows import ratings

    rating = ratings.rate(actor=bob, order=order, is_positive=False, at=p2p.now)
    report = relations.report(
        actor=bob,
        target=alice,
        order=order,
        category="THREATS",
        words="She wrote that she knows where I live.",
        request_facts=facts(bob),
        at=p2p.now,
    )
    assert "knows where I live" in seen_by(Role.ANALYST, change(report))
    assert "knows where I live" not in seen_by(Role.ADMIN, change(report))

    form = {"action": "hide", "_selected_action": [str(rating.pk)]}
    address = reverse("admin:trades_rating_changelist")
    signed_in(User.objects.get(email="admin@example.org")).post(address, form)
    assert Rating.objects.get().hidden_at is None
    signed_in(User.objects.get(email="analyst@example.org")).post(address, form)
    assert Rating.objects.get().hidden_at is not None


def test_compliance_records_an_identity(p2p: Desk) -> None:
    order = p2p.order()
    bob = order.buyer
    address = reverse("console:identity", args=[bob.entity_id])
    form = {"legal_name": "Robert Beispiel", "country": "AT", "level": "2"}
    assert signed_in(colleague(Role.SENIOR)).post(address, form).status_code == 403
    browser = signed_in(colleague(Role.COMPLIANCE))
    assert "stands at level 3" in browser.get(address).content.decode()
    assert browser.post(address, form | {"legal_name": "7!"}).status_code == 422
    assert browser.post(address, form).status_code == 302
    bob.refresh_from_db()
    assert (bob.legal_name, bob.kyc_country, bob.kyc_level) == ("Robert Beispiel", "AT", 2)
    link = browser.get(reverse("console:entity", args=[bob.entity_id])).content.decode()
    assert address in link
    order_page = reverse("console:identity", args=[order.entity])
    assert browser.get(order_page).status_code == 404
