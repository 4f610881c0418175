"""What the clock clears away, and what selfcheck says of staff."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client as Browser

from apps.core.clock import now
from apps.devices import services as devices
from apps.devices.models import Device
from apps.flows import selfcheck, sweeps, tasks
from apps.risk.models import Policy
from apps.users.models import User
from apps.users.roles import Role
from apps.users.services import clear_sessions
from otcrisk.celery import BEAT, app
from tests.signing_in import QUICK_HASHERS, person, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _calm(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = QUICK_HASHERS


def test_a_device_that_nobody_signed_in_with_is_forgotten_after_a_month() -> None:
    at = now()
    ages = {"old": 31, "seen": 31, "young": 29}
    made = {
        name: devices.register(
            scope="desk", platform="WEB", attributes={}, at=at - timedelta(days=days)
        ).device
        for name, days in ages.items()
    }
    devices.sight(device=made["seen"], user_entity=7, subnet="203.0.113.0/24", at=at)
    assert sweeps.forget_unseen_devices(at=at, batch=1) == 1
    assert set(Device.objects.all()) == {made["seen"], made["young"]}


def test_sessions_that_are_over_go_and_the_others_stay(desk: Policy) -> None:
    mia, over, going = person("mia"), Browser(), Browser()
    sign_in(over, mia)
    sign_in(going, mia)
    Session.objects.filter(pk=over.session.session_key).update(expire_date=now())
    at = now() + timedelta(hours=2)
    assert clear_sessions(at=at) == 1
    assert [s.session_key for s in UserSession.objects.all()] == [going.session.session_key]
    assert Session.objects.filter(pk=going.session.session_key).exists()
    assert clear_sessions(at=at) == 0


def test_what_beat_names_is_there_to_be_run() -> None:
    app.loader.import_default_modules()
    for entry in BEAT.values():
        assert entry["task"] in app.tasks
    assert tasks.forget_unseen_devices() == 0
    assert tasks.clear_sessions() == 0


def test_staff_without_a_role_are_found() -> None:
    person("ana", role=Role.ANALYST)
    mia = person("mia")
    assert list(selfcheck.staff_have_roles()) == []
    User.objects.filter(pk=mia.pk).update(is_staff=True)
    (found,) = selfcheck.run(selfcheck.staff_have_roles)
    assert found.what == f"user {mia.pk} is staff and has no role"
    assert selfcheck.staff_have_roles in selfcheck.CHECKS
