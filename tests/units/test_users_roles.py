"""Who may do what: one table, followed by the database, and nothing beyond it."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import IntegrityError, transaction

from apps.users import queries, roles
from apps.users.models import User
from apps.users.roles import DEEDS, Deed, Role
from tests.signing_in import QUICK_HASHERS, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = QUICK_HASHERS


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_exactly_its_deeds(role: Role) -> None:
    user = person("ana", role=role)
    assert {deed for deed in Deed if roles.may(user, deed)} == DEEDS[role]


@pytest.mark.parametrize("role", Role)
def test_a_role_is_held_by_name_alone(role: Role) -> None:
    user = person("ana", role=role)
    assert [held for held in Role if roles.has(user, held)] == [role]


def test_without_a_role_one_may_do_nothing() -> None:
    user = person("tom")
    assert not any(roles.may(user, deed) for deed in Deed)
    assert not any(roles.has(user, role) for role in Role)
    assert not user.get_all_permissions()


def test_the_auditor_reads_and_changes_nothing() -> None:
    granted = person("otto", role=Role.AUDITOR).get_all_permissions()
    assert "users.view_apikey" in granted
    assert {code.split(".")[1].split("_")[0] for code in granted} == {"view", "read"}
    assert "users.read_pii" not in granted


def test_no_role_may_edit_tables_behind_the_flows() -> None:
    for group in Group.objects.filter(name__in=Role.values):
        codes = group.permissions.values_list("codename", flat=True)
        assert not [code for code in codes if code.startswith(("add_", "change_", "delete_"))]


def test_whoever_proposes_a_ban_alone_may_not_approve_it() -> None:
    assert Deed.PROPOSE_BANS in DEEDS[Role.SENIOR]
    assert Deed.APPROVE_BANS not in DEEDS[Role.SENIOR]
    assert not {Deed.REVIEW_DECISIONS, Deed.APPROVE_BANS, Deed.READ_PII} & DEEDS[Role.ADMIN]


def test_every_deed_belongs_to_somebody() -> None:
    assert frozenset.union(*DEEDS.values()) == frozenset(Deed)


def test_the_last_role_taken_ends_being_staff() -> None:
    user = person("ana", role=Role.ANALYST)
    roles.give(user=user, role=Role.SENIOR)
    roles.take(user=user, role=Role.ANALYST)
    assert user.is_staff
    assert roles.may(user, Deed.LIFT_RESTRICTIONS)
    roles.take(user=user, role=Role.SENIOR)
    assert not User.objects.get(pk=user.pk).is_staff
    assert not roles.may(user, Deed.LIFT_RESTRICTIONS)


def test_a_closed_account_keeps_no_power() -> None:
    user = person("ana", role=Role.COMPLIANCE, is_active=False)
    assert not roles.may(user, Deed.APPROVE_BANS)
    assert not roles.has(user, Role.COMPLIANCE)


def test_permissions_follow_the_table_at_every_migration() -> None:
    group = Group.objects.get(name=Role.ANALYST)
    extra = Permission.objects.get(codename="approve_bans")
    missing = Permission.objects.get(codename="review_decisions")
    group.permissions.add(extra)
    group.permissions.remove(missing)
    roles.grant_permissions(app_config=apps.get_app_config("users"), using="default")
    assert missing in group.permissions.all()
    assert extra not in group.permissions.all()


def test_staff_without_a_role_are_found() -> None:
    person("ana", role=Role.ANALYST)
    lost = person("lost")
    User.objects.filter(pk=lost.pk).update(is_staff=True)
    assert [user.pk for user in queries.staff_without_role()] == [lost.pk]


def test_a_superuser_is_staff_or_nothing() -> None:
    user = person("root")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_superuser=True)


def test_the_command_line_makes_staff_with_a_second_factor(capsys: Any) -> None:
    call_command("staff", "Root@Example.org", "admin")
    said = capsys.readouterr().out
    user = User.objects.get(email="root@example.org")
    password = said.splitlines()[0].rpartition(" ")[2]
    assert user.check_password(password)
    assert "otpauth://totp/" in said
    assert roles.has(user, Role.ADMIN)
    call_command("staff", "root@example.org", "admin", "--take")
    assert not User.objects.get(pk=user.pk).is_staff
