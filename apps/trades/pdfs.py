"""PDFs: walked object by object, and refused if anything in them acts, hides or carries."""

import io
import logging
import re
from collections.abc import Iterator

from pypdf import PdfReader
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    PdfObject,
    StreamObject,
)

from apps.core.errors import Refused
from apps.trades.file_refusals import Code, refuse
from apps.trades.receipts import moment, said

# The parser quotes what it stumbles over: somebody's bank statement, in our log.
logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)

MOST_PAGES = 50
# A bank's statement of fifty pages has some thousands.
MOST_OBJECTS = 20_000
MOST_VALUES = 2_000_000
END = b"%%EOF"
# Line ends, and what bad transfer programs pad with.
AFTER_END = b" \t\r\n\0\x1a"

KEYS = frozenset(
    {"/JS", "/JavaScript", "/AA", "/EmbeddedFiles", "/EF", "/RichMediaContent", "/XFA", "/Movie"}
)
# Types and actions of the same kind; links to pages of this file and to the web are harmless.
NAMES = frozenset(
    {"/JavaScript", "/Launch", "/EmbeddedFile", "/ImportData", "/SubmitForm", "/GoToE", "/GoToR"}
    | {"/RichMedia", "/Movie", "/Sound", "/Rendition", "/FileAttachment"}
)
# Objects that the table leaves out, but other readers may find by searching.
IN_THE_RAW = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFile|RichMedia)\b")
ESCAPED = re.compile(rb"#([0-9a-fA-F]{2})")


def check(data: bytes) -> dict[str, str | int]:
    """What the PDF says of its making, and its pages; Refused unless it is whole and inert."""
    end = data.rfind(END)
    if end < 0:
        raise refuse(Code.FILE_BROKEN)
    if data[end + len(END) :].strip(AFTER_END):
        raise refuse(Code.FILE_POLYGLOT)
    if _names_actions(data):
        raise refuse(Code.FILE_ACTIVE)
    try:
        return _walk(PdfReader(io.BytesIO(data)))
    except Refused:
        raise
    # The parser meets hostile input in pure Python: whatever it stumbles over, the file is broken.
    except Exception as fault:
        raise refuse(Code.FILE_BROKEN) from fault


def _walk(reader: PdfReader) -> dict[str, str | int]:
    if reader.is_encrypted:
        raise refuse(Code.FILE_LOCKED)
    references = list(_references(reader))
    if len(references) > MOST_OBJECTS:
        raise refuse(Code.FILE_TOO_LONG, pages=MOST_PAGES)
    seen = 0
    for reference in references:
        for value in _values(reader.get_object(reference)):
            seen += 1
            if seen > MOST_VALUES:
                raise refuse(Code.FILE_TOO_LONG, pages=MOST_PAGES)
            if isinstance(value, DictionaryObject) and _acts(value):
                raise refuse(Code.FILE_ACTIVE)
    pages = len(reader.pages)
    if not pages:
        raise refuse(Code.FILE_BROKEN)
    if pages > MOST_PAGES:
        raise refuse(Code.FILE_TOO_LONG, pages=MOST_PAGES)
    return _facts(reader, pages)


def _references(reader: PdfReader) -> Iterator[IndirectObject]:
    """Every object that the tables of the file name."""
    for generation, offsets in reader.xref.items():
        for number in offsets:
            yield IndirectObject(number, generation, reader)
    for number in reader.xref_objStm:
        yield IndirectObject(number, 0, reader)


def _values(value: PdfObject | None) -> Iterator[PdfObject | None]:
    """The object and all that it holds itself; other objects are walked on their own."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, DictionaryObject):
            waiting.extend(value.raw_get(key) for key in value)
        elif isinstance(value, ArrayObject):
            waiting.extend(list.__iter__(value))


def _names_actions(raw: bytes) -> bool:
    """Whether the bytes name what acts, however the name is escaped, in order or not."""
    return bool(IN_THE_RAW.search(ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), raw)))


def _acts(value: DictionaryObject) -> bool:
    # Objects packed into a stream are searched as the file is: where this parser gives up on one
    # that is misspelt, a viewer may not.
    if isinstance(value, StreamObject) and value.get("/Type") == "/ObjStm":
        return _names_actions(value.get_data())
    kinds = {value.get(key) for key in ("/S", "/Type", "/Subtype") if key in value}
    return not KEYS.isdisjoint(value) or any(kind in NAMES for kind in kinds)


def _facts(reader: PdfReader, pages: int) -> dict[str, str | int]:
    about: DictionaryObject = reader.metadata or DictionaryObject()
    programs = (said(about.get(key)) for key in ("/Creator", "/Producer"))
    facts: dict[str, str | int] = {
        "captured_at": moment(about.get("/CreationDate")),
        "modified_at": moment(about.get("/ModDate")),
        "software": " · ".join(program for program in programs if program),
        "pages": pages,
    }
    return {name: value for name, value in facts.items() if value}
