"""The EU's consolidated list of financial sanctions, in its XML (full list, 1.1)."""

from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element

from apps.screening.models import SubjectKind
from apps.screening.sources.listed import Alias, Listed
from apps.screening.sources.xml import pieces

UNKNOWN_COUNTRY = "00"


def read(file: BinaryIO) -> Iterator[Listed]:
    """Every sanctioned person, enterprise and group."""
    for _, element in pieces(file, "sanctionEntity"):
        yield _record(element)
        element.clear()


def _record(element: Element) -> Listed:
    for part in element.iter():
        part.tag = str(part.tag).rpartition("}")[2]
    kinds = [one.get("code", "") for one in element.iter("subjectType")]
    names = []
    for place, alias in enumerate(element.iter("nameAlias")):
        parts = (alias.get("firstName", ""), alias.get("middleName", ""), alias.get("lastName", ""))
        kind = "WEAK" if alias.get("strong") == "false" else "ALIAS" if place else "PRIMARY"
        names.append(Alias(alias.get("wholeName") or " ".join(parts), kind))
    countries = [one.get("countryIso2Code", "") for one in element.iter("citizenship")]
    return Listed(
        ref=element.get("euReferenceNumber") or element.get("logicalId", ""),
        kind=SubjectKind.PERSON if "person" in kinds else SubjectKind.ORGANISATION,
        names=names,
        born=[one.get("birthdate") or one.get("year", "") for one in element.iter("birthdate")],
        countries=[letters for letters in countries if letters != UNKNOWN_COUNTRY],
        programmes=[one.get("programme", "") for one in element.iter("regulation")],
    )
