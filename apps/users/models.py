"""Who: people, the exchanges that ask us, their keys, and where people are paid."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from apps.core import clock
from apps.core.fields import EncryptedTextField
from apps.core.ids import entity_id, uuid7
from apps.users.roles import Deed

DESK = "desk"


class LowercaseEmailField(models.EmailField):
    """An e-mail address that is stored and looked up in lower case."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value.lower() if isinstance(value, str) else value


class People(BaseUserManager["User"]):
    """What Django asks of a user model: how to make one from a command line."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not email:
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in: a trader of the desk or a member of staff.

    Written by sign-up, by staff and by privacy.erase(). A row is never deleted: erasure replaces
    what names the person and keeps the id, to which events, decisions and money refer.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = LowercaseEmailField(max_length=254, unique=True)
    display_name = models.CharField("nickname", max_length=40, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(
        default=False, help_text="Opens the console, together with a role and a second factor."
    )
    is_sample = models.BooleanField(default=False, help_text="Made by the demo seed.")
    kyc_level = models.PositiveSmallIntegerField(default=0)
    kyc_country = models.CharField(max_length=2, blank=True, help_text="ISO 3166, two letters.")
    # What the identity document says; partners of an order see it, events never.
    legal_name = EncryptedTextField(null=True, blank=True, editable=False)
    locale = models.CharField(max_length=10, default="en")
    timezone = models.CharField(max_length=64, default="UTC")
    wants_mail = models.BooleanField(
        default=True, help_text="Unread notices that matter are sent by e-mail."
    )
    date_joined = models.DateTimeField(default=clock.now)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = People()

    class Meta:
        constraints = [
            # With the unique column this makes addresses unique in any spelling.
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"
            ),
            models.CheckConstraint(
                condition=models.Q(kyc_level__lte=3), name="user_kyc_level_0_to_3"
            ),
            models.CheckConstraint(
                condition=models.Q(kyc_country="") | models.Q(kyc_country__regex=r"^[A-Z]{2}$"),
                name="user_kyc_country_is_iso",
            ),
            models.CheckConstraint(
                condition=models.Q(is_superuser=False) | models.Q(is_staff=True),
                name="user_superuser_is_staff",
            ),
            models.CheckConstraint(
                condition=models.Q(erased_at=None)
                | models.Q(is_active=False, is_staff=False, display_name=""),
                name="user_erased_is_nobody",
            ),
        ]
        # The deeds of staff: roles.py says who may do which.
        permissions = [*Deed.choices]

    def __str__(self) -> str:
        return self.nickname

    @property
    def nickname(self) -> str:
        """What others see: the chosen name, else one made of the id; never the e-mail address."""
        return self.display_name or f"user-{self.id.hex[-6:]}"

    @property
    def entity_id(self) -> int:
        """The entity that events about this person refer to."""
        return entity_id(kind="user", scope=DESK, ref=str(self.id))


class Client(models.Model):
    """An integrator: an exchange that sends us its users' actions and asks for decisions.

    Written by an admin. The slug is the scope of all its entities, so it never changes.
    """

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    contact = models.EmailField(blank=True, help_text="Whom to write to about the integration.")
    is_active = models.BooleanField(default=True)
    is_desk = models.BooleanField(
        default=False,
        help_text="The desk's own backend: its webhooks are told what wakes people's phones.",
    )
    is_sample = models.BooleanField(default=False, help_text="Made by the demo seed.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(slug__regex=r"^[a-z0-9][a-z0-9-]*$") & ~models.Q(slug=DESK),
                name="client_slug_is_a_scope",
            ),
        ]
        triggers = [pgtrigger.ReadOnly(name="client_slug_is_final", fields=["slug"])]

    def __str__(self) -> str:
        return self.name

    @property
    def entity_id(self) -> int:
        """The entity that this integrator's events refer to."""
        return entity_id(kind="client", scope="", ref=self.slug)


class Scope(models.TextChoices):
    DECISIONS_WRITE = "decisions:write", "ask for decisions"
    DECISIONS_READ = "decisions:read", "read decisions"
    EVENTS_WRITE = "events:write", "send events"
    USERS_READ = "users:read", "read the risk of users"
    RESTRICTIONS_READ = "restrictions:read", "read restrictions"
    RESTRICTIONS_WRITE = "restrictions:write", "lift restrictions"
    WEBHOOKS_WRITE = "webhooks:write", "manage webhooks"
    DEVICES_WRITE = "devices:write", "register devices"
    CUSTODY_WRITE = "custody:write", "report deposits and sent withdrawals"


class ApiKey(models.Model):
    """A secret with which a client's servers call the API, kept only as a keyed digest.

    Written by services.issue_key, rotate_key and revoke_key. What the key is and may do is final;
    a key ends by expiry or revocation and stays on record.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="keys")
    name = models.CharField(max_length=60, blank=True)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=24, choices=Scope))
    replaces = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replacements"
    )
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=Scope.values) & ~models.Q(scopes=[]),
                name="api_key_scopes_are_known",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at=None)
                | models.Q(expires_at__gte=models.F("created_at")),
                name="api_key_expires_after_it_began",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="api_key_is_final",
                fields=["client", "prefix", "digest", "scopes", "replaces", "created_at"],
            ),
            pgtrigger.Protect(
                name="api_key_revocation_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__revoked_at__isnull=False)
                & pgtrigger.Q(old__revoked_at__df=pgtrigger.F("new__revoked_at")),
            ),
            pgtrigger.Protect(name="api_key_stays_on_record", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"otc_live_{self.prefix}_…"


class PayoutAccount(models.Model):
    """Where a trader is paid: a bank account, card or wallet of the named holder.

    Written by its owner through a flow. Holder and number are encrypted; `number_index` is the
    keyed hash by which two people with one account are found. A removed account stays on record.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="payout_accounts")
    rail = models.CharField(max_length=32, help_text="How money arrives: SEPA, PIX, M-PESA …")
    country = models.CharField(max_length=2, blank=True)
    bank = models.CharField(max_length=80, blank=True)
    holder = EncryptedTextField(null=True, help_text="Nothing once the person was erased.")
    number = EncryptedTextField(null=True)
    number_index = models.CharField(max_length=64, db_index=True)
    added_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    # Its age for limits: the first order that was completed with it.
    first_used_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "number_index"],
                condition=models.Q(removed_at=None),
                name="payout_account_once_per_user",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rail} account"

    @property
    def entity_id(self) -> int:
        """The payment account that events refer to, shared by everybody who uses it."""
        return entity_id(kind="account", scope="", ref=self.number_index)
