"""What we hold on a person can be handed out in full, and destroyed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client as Browser

from apps.core.crypto import blind_index
from apps.core.errors import Refused
from apps.users import privacy, services
from apps.users.models import PayoutAccount, User
from apps.users.roles import Role
from tests.signing_in import QUICK_HASHERS, person, sign_in_with_factor

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
IBAN = "DE89370400440532013000"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = QUICK_HASHERS


@pytest.fixture
def mia() -> User:
    user = person("mia", factor=True, kyc_level=2, kyc_country="DE")
    account = PayoutAccount(user=user, rail="SEPA", country="DE", added_at=AT)
    account.holder, account.number = "Mia Mustermann", IBAN
    account.number_index = blind_index(IBAN, purpose="account")
    account.save()
    return user


def stored_text() -> str:
    """Everything that the database holds on people, as one text."""
    tables = (
        "users_user",
        "users_payoutaccount",
        "account_emailaddress",
        "mfa_authenticator",
        "usersessions_usersession",
    )
    with connection.cursor() as cursor:
        found = []
        for table in tables:
            cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t")
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_an_export_holds_everything_in_the_clear_and_no_secret(mia: User) -> None:
    sign_in_with_factor(Browser(), mia)
    mia.refresh_from_db()
    export = privacy.export(mia)
    document = json.loads(json.dumps(export.document))
    assert document["email"] == "mia@example.org"
    assert document["payout_accounts"][0]["number"] == IBAN
    assert document["payout_accounts"][0]["holder"] == "Mia Mustermann"
    assert document["second_factors"][0]["type"] == "totp"
    assert document["sessions"][0]["ip"] == "127.0.0.1"
    secret = Authenticator.objects.get(user=mia).data["secret"]
    assert secret not in json.dumps(document)
    assert mia.password not in json.dumps(document)


def test_what_is_recorded_of_an_export_is_ids_and_counts(mia: User) -> None:
    deed = privacy.export(mia).deed
    assert deed.kind == "pii.exported"
    assert deed.subject == mia.entity_id
    assert deed.data["payout_accounts"] == 1
    assert all(isinstance(value, int) for value in deed.data.values())


def test_an_account_number_is_never_stored_in_the_clear(mia: User) -> None:
    assert IBAN not in stored_text()
    assert "Mustermann" not in stored_text()
    assert PayoutAccount.objects.get(user=mia).number == IBAN


def test_erasure_destroys_the_person_and_keeps_the_ids(mia: User) -> None:
    browser = Browser()
    sign_in_with_factor(browser, mia)
    entity, account = mia.entity_id, PayoutAccount.objects.get(user=mia)
    deed = privacy.erase(mia, at=AT)
    text = stored_text()
    for trace in ("mia@", '"mia"', "Mustermann", IBAN, "127.0.0.1", '"kyc_country":"DE"'):
        assert trace not in text, trace
    erased = User.objects.get(pk=mia.pk)
    assert erased.entity_id == entity
    assert erased.erased_at == AT
    assert not erased.is_active
    assert not erased.has_usable_password()
    kept = PayoutAccount.objects.get(pk=account.pk)
    assert kept.entity_id == account.entity_id
    assert (kept.holder, kept.number, kept.removed_at) == (None, None, AT)
    assert deed.kind == "pii.erased"
    assert deed.data == {
        "sessions": 1,
        "email_addresses": 1,
        "second_factors": 1,
        "payout_accounts": 1,
    }
    assert not EmailAddress.objects.filter(user=mia).exists()
    assert browser.get("/").status_code == 302
    assert not Session.objects.exists()


def test_erasure_may_be_repeated_and_says_when_it_first_happened(mia: User) -> None:
    privacy.erase(mia, at=AT)
    again = privacy.erase(mia, at=datetime(2027, 1, 1, tzinfo=UTC))
    assert set(again.data.values()) == {0}
    assert User.objects.get(pk=mia.pk).erased_at == AT


def test_staff_are_not_erased_while_they_are_staff() -> None:
    ana = person("ana", role=Role.ANALYST)
    with pytest.raises(Refused, match="STAFF_CANT_BE_ERASED"):
        privacy.erase(ana, at=AT)
    ana.refresh_from_db()
    assert ana.email == "ana@example.org"


def test_signing_out_everywhere_ends_every_session_but_one(mia: User) -> None:
    Authenticator.objects.filter(user=mia).delete()
    here, there = Browser(), Browser()
    here.force_login(mia)
    there.force_login(mia)
    for browser in (here, there):
        UserSession.objects.create(
            user=mia, ip="198.51.100.7", session_key=browser.session.session_key, user_agent=""
        )
    assert services.end_sessions(user=mia, but=here.session.session_key) == 1
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
