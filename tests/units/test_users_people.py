"""People: one per address in any spelling, named by nothing but what they chose."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction

from apps.core.ids import entity_id, time_of
from apps.users.forms import Nickname
from apps.users.models import Client, User
from tests.signing_in import PASSWORD, QUICK_HASHERS, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = QUICK_HASHERS


def test_an_address_is_one_person_in_any_spelling() -> None:
    user = User.objects.create_user("Mia.Merchant@Example.ORG", PASSWORD)
    assert user.email == "mia.merchant@example.org"
    assert User.objects.get(email="MIA.merchant@example.org") == user
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("MIA.MERCHANT@EXAMPLE.ORG", PASSWORD)


def test_not_even_raw_sql_can_store_a_second_spelling() -> None:
    from django.db import connection

    user = person("mia")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE users_user SET email = 'Mia@example.org' WHERE id = %s", [user.pk])


def test_nobody_is_named_by_their_address() -> None:
    named, nameless = person("mia"), person("")
    assert str(named) == "mia"
    assert str(nameless) == f"user-{nameless.id.hex[-6:]}"
    assert "@" not in repr(named) + repr(nameless)


def test_an_id_tells_when_and_an_entity_who(django_assert_num_queries: Any) -> None:
    user = person("mia")
    assert abs((time_of(user.id) - datetime.now(UTC)).total_seconds()) < 60
    with django_assert_num_queries(0):
        assert user.entity_id == entity_id(kind="user", scope="desk", ref=str(user.id))
    assert Client(slug="acme").entity_id == entity_id(kind="client", scope="", ref="acme")


def test_the_entity_of_a_person_never_changes() -> None:
    known = User(id=UUID("0195f0d4-0000-7000-8000-000000000001"))
    assert known.entity_id == 2578216057167856976


@pytest.mark.parametrize("field", [{"kyc_level": 4}, {"kyc_country": "de"}, {"kyc_country": "D1"}])
def test_the_database_refuses_what_verification_can_not_say(field: dict[str, Any]) -> None:
    user = person("mia")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(**field)


def test_a_password_is_checked_by_address_in_any_spelling() -> None:
    user = person("mia")
    assert authenticate(None, email="MIA@example.org", password=PASSWORD) == user
    assert authenticate(None, email="mia@example.org", password="wrong") is None


@pytest.mark.parametrize("name", ["Mia Trades", "李雷 OTC", "max.otc-1", "Ünal_9"])
def test_nicknames_of_any_script(name: str) -> None:
    assert Nickname({"display_name": name}).is_valid()


@pytest.mark.parametrize("name", ["ab", "a  b", " <b>", "support@desk", "x" * 41, "mia\u202e"])
def test_nicknames_that_would_mislead(name: str) -> None:
    assert "display_name" in Nickname({"display_name": name}).errors
