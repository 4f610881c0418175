"""The travel rule (FATF recommendation 16): who sends and who receives travels with the value.

A person tells {"originator": {…}, "beneficiary": {…}}; what the desk knows itself (verified name,
customer number, accounts) is filled in. What is kept is IVMS101 as JSON: names, account numbers
and, of the originator, one more way to tell them apart, here always the customer number.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings

from apps.core.errors import Refused
from apps.trades.models import AddressBookEntry
from apps.users.models import User

EVERYWHERE = "*"
LONGEST = 200
#: What a person may say of each party.
FIELDS: dict[str, frozenset[str]] = {
    "originator": frozenset({"name", "address", "birth_date", "birth_place", "national_id"}),
    "beneficiary": frozenset({"name"}),
}


def is_needed(*, user: User, destination: str, usd: Decimal) -> bool:
    """Whether the data must travel with this amount to this kind of destination."""
    limits: Mapping[str, Mapping[str, str]] = settings.TRAVEL_RULE_USD
    limit = limits.get(user.kyc_country, {}).get(destination)
    if limit is None:
        limit = limits[EVERYWHERE][destination]
    return usd >= Decimal(limit)


def payload(*, user: User, entry: AddressBookEntry, given: Mapping[str, Any]) -> str:
    """IVMS101 as JSON; TRAVEL_RULE_INCOMPLETE (422) says field by field what is missing."""
    wrong = _unknown(given)
    said = {
        party: {
            field: " ".join(str(value).split())
            for field, value in (given.get(party) or {}).items()
            if isinstance(value, str)
        }
        for party in FIELDS
        if not wrong
    }
    for party, fields in said.items():
        for field, text in fields.items():
            if len(text) > LONGEST:
                wrong[f"{party}.{field}"] = [f"At most {LONGEST} characters, please."]
    originator = said.get("originator", {}).get("name") or user.legal_name or ""
    known = (user.legal_name or "") if entry.is_own else (entry.beneficiary or "")
    beneficiary = said.get("beneficiary", {}).get("name") or known
    if not wrong and len(originator) < 2:
        wrong["originator.name"] = ["Write your full name, as in your identity document."]
    if not wrong and len(beneficiary) < 2:
        wrong["beneficiary.name"] = ["Write the full name of whoever receives it."]
    if wrong:
        raise Refused(
            "TRAVEL_RULE_INCOMPLETE",
            422,
            "The law wants to know who sends and who receives this. Some fields need attention.",
            wrong,
        )
    return json.dumps(
        _ivms101(user, entry, said["originator"], originator, beneficiary), ensure_ascii=False
    )


def names_in(payload: str | None) -> list[str]:
    """The names of whoever sends and whoever receives, as a payload holds them."""
    if not payload:
        return []
    told = json.loads(payload)
    people = [
        *told["originator"]["originatorPersons"],
        *told["beneficiary"]["beneficiaryPersons"],
    ]
    named = [person["naturalPerson"]["name"]["nameIdentifier"] for person in people]
    return [one["primaryIdentifier"] for identifiers in named for one in identifiers]


def _unknown(given: Mapping[str, Any]) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    for party, fields in given.items():
        if party not in FIELDS or not isinstance(fields, Mapping):
            wrong[str(party)[:40]] = ["Say originator and beneficiary, each with its fields."]
            continue
        for field, value in fields.items():
            if field not in FIELDS[party] or not isinstance(value, str):
                wrong[f"{party}.{str(field)[:40]}"] = ["This field is not known, or no text."]
    return wrong


def _ivms101(
    user: User, entry: AddressBookEntry, said: Mapping[str, str], originator: str, beneficiary: str
) -> dict[str, Any]:
    sender: dict[str, Any] = {"name": _name(originator), "customerIdentification": str(user.pk)}
    if said.get("address"):
        sender["geographicAddress"] = [{"addressType": "HOME", "addressLine": [said["address"]]}]
    if said.get("national_id"):
        sender["nationalIdentification"] = {"nationalIdentifier": said["national_id"]}
    if said.get("birth_date") and said.get("birth_place"):
        sender["dateAndPlaceOfBirth"] = {
            "dateOfBirth": said["birth_date"],
            "placeOfBirth": said["birth_place"],
        }
    told: dict[str, Any] = {
        "originator": {
            "originatorPersons": [{"naturalPerson": sender}],
            "accountNumber": [str(user.pk)],
        },
        "beneficiary": {
            "beneficiaryPersons": [{"naturalPerson": {"name": _name(beneficiary)}}],
            "accountNumber": [entry.address],
        },
    }
    if entry.vasp:
        told["beneficiaryVASP"] = {"beneficiaryVASP": {"legalPerson": {"name": _name(entry.vasp)}}}
    return told


def _name(text: str) -> dict[str, Any]:
    return {"nameIdentifier": [{"primaryIdentifier": text, "nameIdentifierType": "LEGL"}]}
