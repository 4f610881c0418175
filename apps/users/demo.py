"""Sample people for a machine on which one tries otcrisk out: real sign-ins, made-up persons."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.db import transaction

from apps.core import clock
from apps.core.errors import Refused
from apps.users import queries, roles, services
from apps.users.models import ApiKey, Client, Scope, User
from apps.users.roles import Role

DOMAIN = "otcrisk.example"
CLIENT = "demo-exchange"


@dataclass(frozen=True, slots=True)
class Person:
    """One sample person; staff have a role, traders a country and `days` on the desk."""

    name: str
    nickname: str
    role: Role | None = None
    kyc_level: int = 0
    kyc_country: str = ""
    days: int = 0

    @property
    def has_factor(self) -> bool:
        """Staff need a second factor; merchants have one, to release with."""
        return self.role is not None or self.kyc_level >= 2

    @property
    def email(self) -> str:
        """Where nobody will ever receive mail: the domain is reserved for examples."""
        return f"{self.name}@{DOMAIN}"


PEOPLE = (
    Person("ana.analyst", "Ana", Role.ANALYST),
    Person("sam.senior", "Sam", Role.SENIOR),
    Person("cora.compliance", "Cora", Role.COMPLIANCE),
    Person("adam.admin", "Adam", Role.ADMIN),
    Person("otto.auditor", "Otto", Role.AUDITOR),
    Person("mia.merchant", "MiaTrades", kyc_level=3, kyc_country="DE", days=400),
    Person("max.merchant", "maxOTC", kyc_level=2, kyc_country="BR", days=260),
    Person("ben.buyer", "Ben.B", kyc_level=1, kyc_country="PT", days=150),
    Person("bea.buyer", "bea-buys", kyc_level=1, kyc_country="NG", days=90),
)


def allowed() -> bool:
    """Whether this is a machine to try things on: embedded servers or DEBUG, never production."""
    return not settings.PRODUCTION and (settings.DEBUG or "OTCRISK_EMBEDDED" in os.environ)


def sign_ins() -> dict[str, Any]:
    """What the seed wrote down: {"people": {email: {password, role}}, "api_key": …}."""
    file = _file()
    return json.loads(file.read_text()) if file.exists() else {}


def seed() -> dict[str, Any]:
    """Make the sample people and an integrator with a key, or bring them back; the sign-ins."""
    if not allowed():
        raise Refused("NOT_A_DEMO", 403, "Sample people are made on embedded servers only.")
    with _notes() as notes, transaction.atomic():
        people = notes.setdefault("people", {})
        for person in PEOPLE:
            known = people.setdefault(person.email, {"password": secrets.token_urlsafe(12)})
            known["role"] = person.role.value if person.role else None
            _make(person, known["password"])
        notes["client"] = CLIENT
        notes["api_key"] = _key(notes.get("api_key", ""))
    return notes


def _make(person: Person, password: str) -> None:
    user = User.objects.filter(email=person.email).first() or User(email=person.email)
    user.is_sample = user.is_active = True
    user.display_name = person.nickname
    user.kyc_level, user.kyc_country = person.kyc_level, person.kyc_country
    user.date_joined = min(user.date_joined, clock.now() - timedelta(days=person.days))
    if not user.check_password(password):
        user.set_password(password)
    user.save()
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    if person.role is not None:
        roles.give(user=user, role=person.role)
    if not person.has_factor:
        return
    factors = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    if Authenticator.Type.TOTP not in factors:
        # As old as a factor has to be that proves something.
        app = TOTP.activate(user, generate_totp_secret()).instance
        app.created_at = clock.now() - timedelta(days=30)
        app.save(update_fields=["created_at"])
    if Authenticator.Type.RECOVERY_CODES not in factors:
        RecoveryCodes.activate(user)


def _key(plaintext: str) -> str:
    client, _made = Client.objects.get_or_create(
        slug=CLIENT, defaults={"name": "Demo exchange", "is_sample": True}
    )
    known = queries.client_for_key(plaintext)
    if known is not None and ApiKey.objects.filter(pk=known.key_id).exists():
        return plaintext
    _row, fresh = services.issue_key(
        client=client, scopes=Scope.values, at=clock.now(), name="made by the demo seed"
    )
    return fresh


@contextmanager
def _notes() -> Iterator[dict[str, Any]]:
    notes = sign_ins()
    yield notes
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as text:
        json.dump(notes, text, indent=2)
    fresh.replace(file)


def _file() -> Path:
    return Path(settings.VAR) / "demo.json"
