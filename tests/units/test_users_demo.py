"""Sample people: real sign-ins on a machine to try things on, and nowhere else."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from apps.core.errors import Refused
from apps.flows import accounts
from apps.users import demo, queries, roles
from apps.users.models import User
from apps.users.roles import Role
from tests.signing_in import QUICK_HASHERS, person, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def machine(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.VAR = tmp_path
    settings.DEBUG = True
    settings.PASSWORD_HASHERS = QUICK_HASHERS
    settings.ACCOUNT_RATE_LIMITS = False
    monkeypatch.setattr(accounts, "_judge", lambda act: accounts.Answer("ALLOW"))
    queries.forget_key()
    return tmp_path


def test_every_role_has_a_person_and_all_are_samples() -> None:
    demo.seed()
    for role in Role:
        (one,) = [user for user in User.objects.filter(is_staff=True) if roles.has(user, role)]
        assert one.email.endswith("@otcrisk.example")
    assert User.objects.count() == len(demo.PEOPLE)
    assert not User.objects.filter(is_sample=False).exists()


def test_the_passwords_are_this_machines_own_and_only_the_owner_reads_them(machine: Path) -> None:
    notes = demo.seed()
    file = machine / "demo.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == notes
    passwords = [known["password"] for known in notes["people"].values()]
    assert len(set(passwords)) == len(demo.PEOPLE)
    assert min(map(len, passwords)) >= 16


def test_a_sample_analyst_signs_in_with_the_code_that_a_command_prints(capsys: Any) -> None:
    email = "ana.analyst@otcrisk.example"
    password = demo.seed()["people"][email]["password"]
    browser = Browser()
    sign_in(browser, User.objects.get(email=email), password)
    assert "_auth_user_id" not in browser.session
    call_command("totp", email)
    code, left = capsys.readouterr().out.split()[:2]
    assert 1 <= int(left) <= 30
    browser.post("/accounts/2fa/authenticate/", {"code": code})
    assert browser.get("/console/").status_code == 200


def test_the_sample_integrators_key_works() -> None:
    caller = queries.client_for_key(demo.seed()["api_key"])
    assert caller is not None
    assert caller.slug == "demo-exchange"
    assert caller.may("decisions:write")


def test_seeding_again_changes_nothing() -> None:
    first = demo.seed()
    hashes = dict(User.objects.values_list("email", "password"))
    assert demo.seed() == first
    assert dict(User.objects.values_list("email", "password")) == hashes


def test_a_lost_note_brings_new_passwords_and_a_fresh_database_keeps_the_old(machine: Path) -> None:
    first = demo.seed()["people"]
    User.objects.filter(email="mia.merchant@otcrisk.example").delete()
    assert demo.seed()["people"] == first
    (machine / "demo.json").unlink()
    again = demo.seed()["people"]["ana.analyst@otcrisk.example"]["password"]
    assert again != first["ana.analyst@otcrisk.example"]["password"]
    assert User.objects.get(email="ana.analyst@otcrisk.example").check_password(again)


def test_production_has_no_sample_people(settings: Any, machine: Path) -> None:
    settings.PRODUCTION = True
    with pytest.raises(Refused, match="NOT_A_DEMO"):
        demo.seed()
    with pytest.raises(CommandError):
        call_command("totp", "ana.analyst@otcrisk.example")
    assert not User.objects.exists()
    assert not (machine / "demo.json").exists()


def test_servers_of_ones_own_have_none_either(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = False
    monkeypatch.delenv("OTCRISK_EMBEDDED", raising=False)
    with pytest.raises(Refused, match="NOT_A_DEMO"):
        demo.seed()


def test_no_command_prints_the_code_of_a_real_person() -> None:
    real = person("real", factor=True)
    with pytest.raises(CommandError, match="no sample person"):
        call_command("totp", real.email)
