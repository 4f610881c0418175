"""Whose identity was checked, by whom, and how well; the name itself stays out of the log."""

import unicodedata
from datetime import datetime

from apps.core.errors import Refused
from apps.flows import flow, list_checks, own_acts, staff
from apps.flows.list_checks import Asked
from apps.screening.models import Role
from apps.trades.services.talk import notify
from apps.users.models import User
from apps.users.roles import Deed

#: 1 a document, 2 and a face that matches it, 3 and where the person lives and earns.
LEVELS = (1, 2, 3)


@flow.deed
def verify(
    *,
    user: User,
    legal_name: str,
    country: str,
    level: int,
    by: User | None,
    at: datetime,
) -> User:
    """Record what a check of somebody's identity found; `by` None is the provider's answer.

    A lower level than before is a finding too: the limits follow it at once. A name that may be on
    a watch-list holds the person until somebody has compared them.
    """
    if by is not None:
        staff.may(by, Deed.VERIFY_IDENTITIES)
        if by.pk == user.pk:
            raise Refused("SECOND_PERSON_NEEDED", 403, "Somebody else has to verify you.")
    name = unicodedata.normalize("NFC", " ".join(legal_name.split()))
    country = country.strip().upper()
    _check(name, country, level)
    with flow.transaction(user, at=at):
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.erased_at is not None:
            raise Refused("ERASED", 409, "This person was erased.")
        before, renamed = user.kyc_level, bool(user.legal_name) and user.legal_name != name
        user.legal_name, user.kyc_country, user.kyc_level = name, country, level
        user.save(update_fields=["legal_name", "kyc_country", "kyc_level"])
        own_acts.note(
            "identity.verified",
            by=by,
            of=user,
            at=at,
            level=level,
            before=before,
            kyc_country=country,
            renamed=renamed,
        )
        found = list_checks.names(user, [Asked(role=Role.LEGAL_NAME, name=name)], at=at)
        list_checks.hold_names(user, found, at=at)
        notify(user, "IDENTITY_VERIFIED", at=at, level=level)
    return user


def _check(name: str, country: str, level: int) -> None:
    wrong: dict[str, list[str]] = {}
    if not 2 <= len(name) <= 120 or not any(sign.isalpha() for sign in name):
        wrong["legal_name"] = ["Write the name as it stands in the document."]
    elif any(unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cn") for sign in name):
        wrong["legal_name"] = ["The name has signs that can't be seen. Type it anew."]
    if len(country) != 2 or not (country.isalpha() and country.isascii()):
        wrong["country"] = ["Write the two letters of the document's country."]

    if level not in LEVELS:
        wrong["level"] = ["Choose level 1, 2 or 3."]
    if wrong:
        raise Refused("IDENTITY_INCOMPLETE", 422, "Some fields need attention.", wrong)
