"""XML of others, read piece by piece: no document type, no entities, nothing fetched."""

from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from apps.screening.sources.listed import Broken


def pieces(file: BinaryIO, *wanted: str) -> Iterator[tuple[str, Element]]:
    """Each wanted element by its local name, once it is whole, names freed of their namespaces.

    It is emptied afterwards, so that a list of 100 MB never stands in memory. Broken for what is no
    XML or declares entities.
    """
    depth = 0
    try:
        for event, element in iterparse(
            file, events=("start", "end"), forbid_dtd=True, forbid_entities=True
        ):
            name = local(element)
            if event == "start":
                depth += name in wanted
                continue
            element.tag = name
            if name in wanted:
                depth -= 1
                yield name, element
            if not depth:
                element.clear()
    except ParseError as fault:
        raise Broken(f"This is not whole XML: {fault}.") from fault
    except DefusedXmlException as fault:
        raise Broken(
            "The XML declares a document type or entities, which no list needs."
        ) from fault


def local(element: Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def text(element: Element, path: str) -> str:
    """What stands in the first element there, or nothing."""
    return " ".join((element.findtext(path) or "").split())
