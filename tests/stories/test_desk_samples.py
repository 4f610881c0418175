"""The sample desk: a past that the real flows made, once, whatever the engine asks on the way."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest

from apps.flows import desk_samples, selfcheck
from apps.ledger import assets
from apps.restrictions.models import Restriction
from apps.trades import catalogue
from apps.trades.models import Ad, Order, Rating
from apps.trades.queries import people, reputation
from apps.users import demo
from apps.users.models import User
from tests.signing_in import QUICK_HASHERS

AT = datetime(2026, 3, 12, 15, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _sample_people(committed_desk: Any, settings: Any, tmp_path: Any) -> None:
    settings.PASSWORD_HASHERS, settings.VAR = QUICK_HASHERS, tmp_path
    assets.seed()
    catalogue.seed()
    with patch("apps.users.demo.clock.now", return_value=AT):
        demo.seed()


def test_a_desk_with_a_past_that_is_made_once() -> None:
    with patch("apps.risk.decide.draw", return_value=0.999):
        assert desk_samples.seed(at=AT) == 14
    assert desk_samples.seed(at=AT) == 0

    statuses = list(Order.objects.order_by("id").values_list("status", flat=True))
    assert statuses == ["COMPLETED"] * 12 + ["PAID", "AWAITING_PAYMENT"]
    held = Order.objects.get(status="PAID")
    assert Restriction.objects.get(subject=held.entity).reason == "PAYER_NAME_DIFFERS"
    assert Ad.objects.filter(status="ONLINE").count() == 6
    assert set(Ad.objects.values_list("fiat", flat=True)) == {"EUR", "BRL", "NGN", "CNY"}
    assert Rating.objects.count() == 24
    mia = User.objects.get(email="mia.merchant@otcrisk.example")
    assert (people.tier_of(mia).code, mia.legal_name) == ("VERIFIED", "Mia Sommer")
    seen = reputation.profile(mia, viewer=None, at=AT)
    assert (seen.record.orders, seen.record.completion_30d, seen.praise.share) == (6, 1.0, 1.0)
    for check in selfcheck.CHECKS:
        assert selfcheck.run(check) == []


def test_every_face_check_that_falls_on_the_samples_is_answered() -> None:
    with patch("apps.risk.decide.draw", return_value=0.0):
        desk_samples.seed(at=AT)
    statuses = list(Order.objects.order_by("id").values_list("status", flat=True))
    assert statuses[:12] == ["COMPLETED"] * 12


def test_nobody_is_made_a_sample_who_is_none() -> None:
    User.objects.update(is_sample=False)
    assert desk_samples.seed(at=AT) == 0
    assert not Order.objects.exists()
