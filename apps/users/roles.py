"""Roles of staff: one table says which role may do which deed; the database follows it."""

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import models, transaction

if TYPE_CHECKING:
    from apps.users.models import User


class Role(models.TextChoices):
    ANALYST = "analyst", "Analyst"
    SENIOR = "senior", "Senior analyst"
    COMPLIANCE = "compliance", "Compliance officer"
    ADMIN = "admin", "Administrator"
    AUDITOR = "auditor", "Auditor"


class Deed(models.TextChoices):
    """What staff may do beyond looking; each is the permission `users.<code>`."""

    REVIEW_DECISIONS = "review_decisions", "review decisions and close cases"
    APPROVE_REVIEWS = "approve_reviews", "approve what another reviewer proposed"
    IMPOSE_RESTRICTIONS = "impose_restrictions", "impose restrictions"
    LIFT_RESTRICTIONS = "lift_restrictions", "lift restrictions"
    DECIDE_APPEALS = "decide_appeals", "take and decide appeals"
    SPLIT_APPEALS = "split_appeals", "divide an escrow"
    APPROVE_APPEALS = "approve_appeals", "approve what another decided in an appeal"
    PROPOSE_BANS = "propose_bans", "propose bans"
    APPROVE_BANS = "approve_bans", "approve bans that another proposed"
    MANAGE_LISTS = "manage_lists", "change watch-lists"
    DRAFT_POLICIES = "draft_policies", "draft policies and run them in shadow"
    PROMOTE_POLICIES = "promote_policies", "make another's draft the live policy"
    READ_PII = "read_pii", "read personal data, with a reason"
    EXPORT_PEOPLE = "export_people", "export what is held on a person"
    ERASE_PEOPLE = "erase_people", "erase a person"
    READ_AUDIT = "read_audit", "read the audit log"
    MANAGE_CLIENTS = "manage_clients", "manage integrators, API keys and webhooks"
    MANAGE_STAFF = "manage_staff", "give and take roles"
    DECIDE_MERCHANTS = "decide_merchants", "decide who is a merchant"
    VERIFY_IDENTITIES = "verify_identities", "record a verified identity"
    KEEP_CATALOGUE = "keep_catalogue", "keep currencies, rails, tiers and prices"
    DECIDE_WITHDRAWALS = "decide_withdrawals", "decide on withdrawals and deposits that wait"


# Four eyes stay with the database: whoever holds both halves of a pair may not use both on one act.
DEEDS: dict[Role, frozenset[Deed]] = {
    Role.ANALYST: frozenset({Deed.REVIEW_DECISIONS, Deed.IMPOSE_RESTRICTIONS, Deed.DECIDE_APPEALS}),
    Role.SENIOR: frozenset(
        {
            Deed.REVIEW_DECISIONS,
            Deed.APPROVE_REVIEWS,
            Deed.IMPOSE_RESTRICTIONS,
            Deed.LIFT_RESTRICTIONS,
            Deed.DECIDE_APPEALS,
            Deed.SPLIT_APPEALS,
            Deed.APPROVE_APPEALS,
            Deed.PROPOSE_BANS,
            Deed.DRAFT_POLICIES,
            Deed.READ_PII,
            Deed.DECIDE_MERCHANTS,
            Deed.DECIDE_WITHDRAWALS,
        }
    ),
    Role.COMPLIANCE: frozenset(
        {
            Deed.REVIEW_DECISIONS,
            Deed.APPROVE_REVIEWS,
            Deed.IMPOSE_RESTRICTIONS,
            Deed.LIFT_RESTRICTIONS,
            Deed.DECIDE_APPEALS,
            Deed.SPLIT_APPEALS,
            Deed.APPROVE_APPEALS,
            Deed.PROPOSE_BANS,
            Deed.APPROVE_BANS,
            Deed.MANAGE_LISTS,
            Deed.PROMOTE_POLICIES,
            Deed.READ_PII,
            Deed.EXPORT_PEOPLE,
            Deed.ERASE_PEOPLE,
            Deed.READ_AUDIT,
            Deed.DECIDE_MERCHANTS,
            Deed.VERIFY_IDENTITIES,
            Deed.DECIDE_WITHDRAWALS,
        }
    ),
    # An administrator runs the system and judges nobody.
    Role.ADMIN: frozenset(
        {
            Deed.DRAFT_POLICIES,
            Deed.PROMOTE_POLICIES,
            Deed.READ_AUDIT,
            Deed.MANAGE_CLIENTS,
            Deed.MANAGE_STAFF,
            Deed.KEEP_CATALOGUE,
        }
    ),
    Role.AUDITOR: frozenset({Deed.READ_AUDIT}),
}

# Looking: every role sees every table of ours but these, which only the named roles see.
OUR_APPS = "apps."
SEEN_ONLY_BY: dict[str, frozenset[Role]] = {
    "view_apikey": frozenset({Role.ADMIN, Role.AUDITOR}),
    "view_payoutaccount": frozenset({Role.SENIOR, Role.COMPLIANCE, Role.AUDITOR}),
}


def of(user: "User") -> frozenset[Role]:
    """The roles that this person holds now; one query, remembered on the instance."""
    known: frozenset[Role] | None = getattr(user, "_roles", None)
    if known is None:
        names = user.groups.filter(name__in=Role.values).values_list("name", flat=True)
        known = frozenset(Role(name) for name in names)
        user._roles = known  # type: ignore[attr-defined]
    return known


def has(user: "User", role: Role | str) -> bool:
    """Whether this person is active staff and holds the role."""
    return user.is_active and user.is_staff and Role(role) in of(user)


def may(user: "User", deed: Deed | str) -> bool:
    """Whether this person is active staff and may do the deed."""
    return user.is_active and user.is_staff and user.has_perm(f"users.{Deed(deed).value}")


def give(*, user: "User", role: Role | str) -> None:
    """Make the person staff with this role."""
    with transaction.atomic():
        user.groups.add(Group.objects.get(name=Role(role).value))
        user.is_staff = True
        user.save(update_fields=["is_staff"])
    _forget(user)


def take(*, user: "User", role: Role | str) -> None:
    """Take the role; without any role left the person is no longer staff."""
    with transaction.atomic():
        user.groups.remove(Group.objects.get(name=Role(role).value))
        if not user.is_superuser and not user.groups.filter(name__in=Role.values).exists():
            user.is_staff = False
            user.save(update_fields=["is_staff"])
    _forget(user)


def grant_permissions(*, app_config: AppConfig, using: str, **_: Any) -> None:
    """After an app's migration: give each role exactly its permissions in that app."""
    if not app_config.name.startswith(OUR_APPS):
        return
    create_permissions(app_config, verbosity=0, using=using)
    ours = Permission.objects.using(using).filter(content_type__app_label=app_config.label)
    by_code = {permission.codename: permission for permission in ours}
    for role in Role:
        group, _created = Group.objects.using(using).get_or_create(name=role.value)
        wanted = {code for code in by_code if _belongs(code, role)}
        group.permissions.add(*(by_code[code] for code in wanted))
        group.permissions.remove(*(by_code[code] for code in by_code.keys() - wanted))


def _belongs(code: str, role: Role) -> bool:
    if code.startswith("view_"):
        return role in SEEN_ONLY_BY.get(code, frozenset(Role))
    return code in {deed.value for deed in DEEDS[role]}


def _forget(user: "User") -> None:
    for remembered in ("_roles", "_perm_cache", "_user_perm_cache", "_group_perm_cache"):
        user.__dict__.pop(remembered, None)
