"""What we hold on a person: handed out in full, or destroyed with the ids left standing.

Both return what the calling flow records as an event. What other apps hold (events, decisions,
cases) refers to the person by id alone and is added to an export by the flow.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from apps.core.errors import Refused
from apps.users import roles, services
from apps.users.models import PayoutAccount, User


@dataclass(frozen=True, slots=True)
class PrivacyDeed:
    """What happened to somebody's personal data: the kind of the event and its ids and counts."""

    kind: str
    subject: int
    data: dict[str, int]


@dataclass(frozen=True, slots=True)
class Export:
    """Everything held on a person, ready for json.dumps, and the deed to record."""

    deed: PrivacyDeed
    document: dict[str, Any] = field(repr=False)


def export(user: User) -> Export:
    """Everything that this app and sign-in hold on the person, in the clear; no secrets."""
    sections: dict[str, list[dict[str, Any]]] = {
        "email_addresses": [
            {"email": e.email, "verified": e.verified, "primary": e.primary}
            for e in EmailAddress.objects.filter(user=user).order_by("email")
        ],
        "payout_accounts": [
            {
                "id": str(account.id),
                "rail": account.rail,
                "country": account.country,
                "holder": account.holder,
                "number": account.number,
                "added_at": _text(account.added_at),
                "verified_at": _text(account.verified_at),
                "removed_at": _text(account.removed_at),
            }
            for account in PayoutAccount.objects.filter(user=user).order_by("added_at")
        ],
        "second_factors": [
            {
                "type": factor.type,
                "created_at": _text(factor.created_at),
                "last_used_at": _text(factor.last_used_at),
            }
            for factor in Authenticator.objects.filter(user=user).order_by("created_at")
        ],
        "sessions": [
            {
                "ip": session.ip,
                "user_agent": session.user_agent,
                "created_at": _text(session.created_at),
                "last_seen_at": _text(session.last_seen_at),
            }
            for session in UserSession.objects.filter(user=user).order_by("created_at")
        ],
    }
    document: dict[str, Any] = {
        "id": str(user.id),
        "entity": str(user.entity_id),
        "email": user.email,
        "nickname": user.nickname,
        "legal_name": user.legal_name,
        "kyc_level": user.kyc_level,
        "kyc_country": user.kyc_country,
        "locale": user.locale,
        "timezone": user.timezone,
        "roles": sorted(role.value for role in roles.of(user)),
        "joined_at": _text(user.date_joined),
        "last_sign_in_at": _text(user.last_login),
        "erased_at": _text(user.erased_at),
    } | sections
    counts = {name: len(rows) for name, rows in sections.items()}
    return Export(deed=PrivacyDeed("pii.exported", user.entity_id, counts), document=document)


def erase(user: User, *, at: datetime) -> PrivacyDeed:
    """Destroy what names the person and close the account; once done it stays done.

    Ids stay, and so does the keyed hash of a payout account: it names nobody, and it is how a
    banned person is found who comes back with the same account.
    """
    if user.is_staff or user.is_superuser:
        raise Refused(
            "STAFF_CANT_BE_ERASED", 409, "Take this person's roles first: staff can't be erased."
        )
    with transaction.atomic():
        counts = {
            "sessions": services.end_sessions(user=user),
            "email_addresses": EmailAddress.objects.filter(user=user).delete()[0],
            "second_factors": Authenticator.objects.filter(user=user).delete()[0],
            "payout_accounts": PayoutAccount.objects.filter(user=user)
            .exclude(holder__isnull=True, number__isnull=True)
            .update(holder=None, number=None),
        }
        PayoutAccount.objects.filter(user=user, removed_at=None).update(removed_at=at)
        user.email = f"{user.id}@erased.invalid"
        user.display_name = user.kyc_country = ""
        user.legal_name = None
        user.kyc_level = 0
        user.locale, user.timezone = "en", "UTC"
        user.is_active = False
        user.erased_at = user.erased_at or at
        user.set_unusable_password()
        user.save()
    return PrivacyDeed("pii.erased", user.entity_id, counts)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
