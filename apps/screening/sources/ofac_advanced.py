"""OFAC's `sdn_advanced.xml` (and `cons_advanced.xml`): parties whose every part is a reference.

The sets of reference values come first, then places, then parties, then the programmes that each
is listed under.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.etree.ElementTree import Element

from apps.screening.models import SubjectKind
from apps.screening.sources.countries import code
from apps.screening.sources.listed import Address, Alias, Broken, Listed
from apps.screening.sources.xml import pieces, text

KINDS = {
    "Individual": SubjectKind.PERSON,
    "Entity": SubjectKind.ORGANISATION,
    "Vessel": SubjectKind.VESSEL,
    "Aircraft": SubjectKind.AIRCRAFT,
}
CURRENCY = re.compile(r"Digital Currency Address - (\S+)")
COUNTRY_FEATURES = {"Nationality Country", "Citizenship Country", "Nationality of Registration"}


@dataclass(slots=True)
class _Words:
    """What the numbers stand for."""

    party_type: dict[str, str] = field(default_factory=dict)
    party_subtype: dict[str, tuple[str, str]] = field(default_factory=dict)
    feature: dict[str, str] = field(default_factory=dict)
    country: dict[str, str] = field(default_factory=dict)
    place: dict[str, str] = field(default_factory=dict)


def read(file: BinaryIO) -> Iterator[Listed]:
    """Every party, once the programmes of all are known."""
    words, found = _Words(), {}
    for name, element in pieces(
        file, "ReferenceValueSets", "Location", "DistinctParty", "SanctionsEntry"
    ):
        _strip(element)
        if name == "ReferenceValueSets":
            _reference(words, element)
        elif name == "Location":
            countries = [one.get("CountryID", "") for one in element.iter("LocationCountry")]
            words.place[element.get("ID", "")] = (
                words.country.get(countries[0], "") if countries else ""
            )
        elif name == "DistinctParty":
            for profile in element.iter("Profile"):
                found[profile.get("ID", "")] = _party(words, profile)
        elif one := found.get(element.get("ProfileID", "")):
            one.programmes += [text(part, "Comment") for part in element.iter("SanctionsMeasure")]
        element.clear()
    if not words.feature:
        raise Broken("This is not OFAC's advanced format: it has no reference values.")
    yield from found.values()


def _strip(element: Element) -> None:
    for part in element.iter():
        part.tag = str(part.tag).rpartition("}")[2]


def _reference(words: _Words, sets: Element) -> None:
    for one in sets.iter("PartyType"):
        words.party_type[one.get("ID", "")] = (one.text or "").strip()
    for one in sets.iter("PartySubType"):
        words.party_subtype[one.get("ID", "")] = (
            (one.text or "").strip(),
            words.party_type.get(one.get("PartyTypeID", ""), ""),
        )
    for one in sets.iter("FeatureType"):
        words.feature[one.get("ID", "")] = (one.text or "").strip()
    for one in sets.iter("Country"):
        words.country[one.get("ID", "")] = one.get("ISO2") or code(one.text or "")


def _party(words: _Words, profile: Element) -> Listed:
    subtype, party_type = words.party_subtype.get(profile.get("PartySubTypeID", ""), ("", ""))
    one = Listed(
        ref=profile.get("ID", ""),
        kind=KINDS.get(subtype) or KINDS.get(party_type, SubjectKind.ORGANISATION),
    )
    for alias in profile.iter("Alias"):
        is_primary, is_weak = alias.get("Primary") == "true", alias.get("LowQuality") == "true"
        for documented in alias.iter("DocumentedName"):
            written = " ".join(part.text or "" for part in documented.iter("NamePartValue"))
            kind = "PRIMARY" if is_primary else "WEAK" if is_weak else "ALIAS"
            one.names.append(Alias(written, kind))
    one.names.sort(key=lambda alias: alias.kind != "PRIMARY")
    for feature in profile.iter("Feature"):
        _feature(words, feature, one)
    return one


def _feature(words: _Words, feature: Element, one: Listed) -> None:
    kind = words.feature.get(feature.get("FeatureTypeID", ""), "")
    details = [" ".join((part.text or "").split()) for part in feature.iter("VersionDetail")]
    if currency := CURRENCY.match(kind):
        one.addresses += [Address(detail, currency[1]) for detail in details if detail]
    elif kind == "Birthdate":
        for period in feature.iter("DatePeriod"):
            for end in ("Start", "End"):
                one.born += _date(period, f"{end}/From")
    elif kind in COUNTRY_FEATURES:
        one.countries += [code(detail) for detail in details]
        one.countries += [
            words.place.get(place.get("LocationID", ""), "")
            for place in feature.iter("VersionLocation")
        ]


def _date(period: Element, path: str) -> list[str]:
    year, month, day = (text(period, f"{path}/{part}") for part in ("Year", "Month", "Day"))
    if not year.isdigit():
        return []
    if month.isdigit() and day.isdigit():
        return [f"{int(year):04}-{int(month):02}-{int(day):02}"]
    return [year]
