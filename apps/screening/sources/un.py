"""The consolidated list of the UN Security Council, in its XML."""

from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element

from apps.screening.models import SubjectKind
from apps.screening.sources.countries import code
from apps.screening.sources.listed import Alias, Listed, years
from apps.screening.sources.xml import pieces, text

NAME_PARTS = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
WEAK = {"low", "weak"}


def read(file: BinaryIO) -> Iterator[Listed]:
    """Every individual and every entity."""
    for kind, element in pieces(file, "INDIVIDUAL", "ENTITY"):
        yield _record(kind, element)
        element.clear()


def _record(kind: str, element: Element) -> Listed:
    for part in element.iter():
        part.tag = str(part.tag).rpartition("}")[2]
    names = [Alias(" ".join(text(element, part) for part in NAME_PARTS))]
    names.append(Alias(text(element, "NAME_ORIGINAL_SCRIPT"), "ALIAS"))
    for alias in element.iter(f"{kind}_ALIAS"):
        weak = text(alias, "QUALITY").lower() in WEAK
        names.append(Alias(text(alias, "ALIAS_NAME"), "WEAK" if weak else "ALIAS"))
    born = []
    for date in element.iter("INDIVIDUAL_DATE_OF_BIRTH"):
        born += [text(date, "DATE")[:10]] if text(date, "DATE") else []
        for part in ("YEAR", "FROM_YEAR", "TO_YEAR"):
            born += years(text(date, part))
    return Listed(
        ref=text(element, "REFERENCE_NUMBER") or text(element, "DATAID"),
        kind=SubjectKind.PERSON if kind == "INDIVIDUAL" else SubjectKind.ORGANISATION,
        names=names,
        born=born,
        countries=[code(value.text or "") for value in element.iterfind("NATIONALITY/VALUE")],
        programmes=[text(element, "UN_LIST_TYPE")],
    )
