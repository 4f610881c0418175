"""A person's data: handed out in full, destroyed for good, by whom and on what ground."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client as Browser

from apps.cases.models import Case
from apps.core.clock import now
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.devices.models import Sighting
from apps.events.models import Entity, Event
from apps.flows import privacy
from apps.flows.privacy import Asked, Ground
from apps.risk.models import Policy
from apps.users.models import User
from apps.users.roles import Role
from tests.machines import windows_laptop
from tests.signing_in import PASSWORD, QUICK_HASHERS, person, sign_in


@pytest.fixture(autouse=True)
def _calm(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = QUICK_HASHERS


@pytest.fixture
def browser() -> Browser:
    return Browser(REMOTE_ADDR="203.0.113.9")


def living(browser: Browser, name: str = "mia") -> User:
    """Somebody who has signed in with a device."""
    user = person(name, kyc_country="DE", kyc_level=1)
    body = {"platform": "WEB", "attributes": windows_laptop()}
    browser.post("/web/device", json.dumps(body), content_type="application/json")
    sign_in(browser, user)
    return user


def deeds() -> list[Event]:
    return list(Event.objects.filter(kind__startswith="pii.").order_by("id"))


def test_one_takes_ones_own_data_along_and_finds_everything(
    browser: Browser, committed_desk: Policy
) -> None:
    mia = living(browser)
    answer = browser.post("/web/privacy/export")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert "no-store" in answer["Cache-Control"]
    told = answer.json()
    assert told["email"] == "mia@example.org"
    assert told["devices"][0]["attributes"]["os"] == "WINDOWS"
    assert told["sightings"][0]["subnet"] == "203.0.113.0/24"
    assert [act["kind"] for act in told["acts"]] == ["signin.succeeded"]
    assert told["acts"][0]["ip"] == "203.0.113.9"
    assert "score" not in answer.content.decode()
    (event,) = deeds()
    assert (event.kind, event.user_id, event.actor_id) == (
        "pii.exported",
        mia.entity_id,
        mia.entity_id,
    )
    assert event.data["ground"] == "OWN"
    assert "@" not in json.dumps(event.data)


def test_one_erases_oneself_by_ones_address_and_nothing_names_the_person_any_more(
    browser: Browser, committed_desk: Policy
) -> None:
    mia = living(browser)
    wrong = browser.post("/web/privacy/erase", {"email": "ben@example.org"})
    assert wrong.status_code == 422
    assert User.objects.get().erased_at is None
    assert browser.post("/web/privacy/erase", {"email": "MIA@example.org"}).status_code == 200
    mia.refresh_from_db()
    assert mia.erased_at is not None
    assert not mia.is_active
    assert Sighting.objects.count() == 0
    assert EmailAddress.objects.count() == 0
    (event,) = deeds()
    assert (event.kind, event.data["sightings"]) == ("pii.erased", 1)
    assert "_auth_user_id" not in browser.session
    assert sign_in(Browser(), User(email="mia@example.org")).status_code == 200
    assert Event.objects.filter(user=mia.entity_id).count() == 2
    for row in [*Event.objects.values(), *User.objects.values(), *Entity.objects.values()]:
        assert "mia" not in str(row)


def test_a_session_that_is_not_fresh_confirms_first(
    browser: Browser, committed_desk: Policy
) -> None:
    mia = living(browser)
    session = browser.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()
    for path in ("export", "erase"):
        answer = browser.post(f"/web/privacy/{path}", {"email": mia.email})
        assert answer.status_code == 302
        assert "reauthenticate" in answer.url
    assert deeds() == []
    with pytest.raises(Refused, match="CONFIRMATION_NEEDED"):
        privacy.export_user(user=mia, asked=Asked(by=mia, ground=Ground.OWN), at=now())
    again = browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert again.status_code in {200, 302}
    assert browser.post("/web/privacy/export").status_code == 200


def test_compliance_does_it_on_a_ground_and_nobody_else(
    browser: Browser, committed_desk: Policy
) -> None:
    mia, cora = living(browser), person("cora", role=Role.COMPLIANCE)
    asked = Asked(by=cora, ground=Ground.REQUEST)
    told = privacy.export_user(user=mia, asked=asked, at=now())
    assert told["nickname"] == "mia"
    for role in (Role.ANALYST, Role.SENIOR, Role.ADMIN, Role.AUDITOR):
        other = person(role.value, role=role)
        for deed in (privacy.export_user, privacy.erase_user):
            with pytest.raises(Refused, match="NOT_PERMITTED"):
                deed(user=mia, asked=Asked(by=other, ground=Ground.REQUEST), at=now())
    with pytest.raises(Refused, match="WRONG_GROUND"):
        privacy.erase_user(user=mia, asked=Asked(by=cora, ground=Ground.OWN), at=now())
    ben = person("ben")
    with pytest.raises(Refused, match="NOT_PERMITTED"):
        privacy.erase_user(user=mia, asked=Asked(by=ben, ground=Ground.REQUEST), at=now())
    privacy.erase_user(user=mia, asked=asked, at=now())
    assert mia.erased_at is not None
    assert [(e.kind, e.actor_id) for e in deeds()] == [
        ("pii.exported", cora.entity_id),
        ("pii.erased", cora.entity_id),
    ]
    assert "_auth_user_id" not in browser.session


def test_nothing_is_erased_while_a_case_is_open(browser: Browser, committed_desk: Policy) -> None:
    mia, at = living(browser), datetime.now(UTC)
    case = Case.objects.create(
        id=uuid7(at),
        queue="REVIEW",
        subject=Entity.objects.get(pk=mia.entity_id),
        opened_at=at,
        last_alert_at=at,
        due_at=at,
    )
    answer = browser.post("/web/privacy/erase", {"email": mia.email})
    assert answer.status_code == 409
    assert deeds() == []
    assert Sighting.objects.count() == 1
    case.delete()
    assert browser.post("/web/privacy/erase", {"email": mia.email}).status_code == 200


def test_who_never_did_anything_can_be_erased(committed_desk: Policy) -> None:
    mia, cora = person("mia"), person("cora", role=Role.COMPLIANCE)
    privacy.erase_user(user=mia, asked=Asked(by=cora, ground=Ground.AUTHORITY), at=now())
    (event,) = deeds()
    assert event.user.ref == str(mia.id)
