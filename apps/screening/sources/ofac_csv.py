"""OFAC's `sdn.csv`: twelve columns without a header, `-0-` for nothing.

Aliases, dates of birth and digital currency addresses stand in the remarks. The aliases of
`alt.csv` (5 columns) may follow in the same file, or be loaded with it: they carry the same number.
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from apps.screening.models import SubjectKind
from apps.screening.sources.countries import code
from apps.screening.sources.listed import Address, Alias, Broken, Listed, years

COLUMNS, ALT_COLUMNS = 12, 5
NOTHING = "-0-"
KINDS = {
    "individual": SubjectKind.PERSON,
    "vessel": SubjectKind.VESSEL,
    "aircraft": SubjectKind.AIRCRAFT,
    "": SubjectKind.ORGANISATION,
}
# (a.k.a. "…"), f.k.a., n.k.a.; in remarks these are the aliases that OFAC calls weak.
ALIAS = re.compile(r"""\b[afn]\.k\.a\.\s+["'“]([^"”]+?)["'”](?=[;.,)]|$)""")
CURRENCY = re.compile(r"Digital Currency Address - (\S+) ([A-Za-z0-9:]{20,120})")
BORN = re.compile(r"\b(?:alt\. )?DOB ([^;.]+)")
COUNTRY = re.compile(r"\b(?:nationality|citizen) ([A-Z][A-Za-z, ]+?)(?=[;.]|$)")
END_OF_FILE = "\x1a"


def read(file: BinaryIO) -> Iterator[Listed]:
    """Every record, in the file's order; aliases of alt.csv are added to theirs."""
    found: dict[str, Listed] = {}
    stream = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    for number, row in enumerate(csv.reader(stream), start=1):
        cells = ["" if cell.strip() == NOTHING else cell.strip() for cell in row]
        if not cells or cells[0] in ("", END_OF_FILE):
            continue
        if len(cells) == ALT_COLUMNS and cells[0] in found:
            kind = "WEAK" if "weak" in cells[2].lower() else "ALIAS"
            found[cells[0]].names.append(Alias(cells[3], kind))
        elif len(cells) == COLUMNS and cells[0].isdigit():
            found[cells[0]] = _record(cells)
        else:
            raise Broken(f"Line {number} has {len(cells)} columns; sdn.csv has {COLUMNS}.")
    yield from found.values()


def _record(cells: list[str]) -> Listed:
    ref, name, kind, programmes, remarks = cells[0], cells[1], cells[2], cells[3], cells[11]
    return Listed(
        ref=ref,
        kind=KINDS.get(kind.lower(), SubjectKind.ORGANISATION),
        names=[Alias(name), *(Alias(alias, "WEAK") for alias in ALIAS.findall(remarks))],
        born=[year for said in BORN.findall(remarks) for year in years(said)],
        countries=[code(country) for country in COUNTRY.findall(remarks)],
        programmes=re.split(r"\]\s*\[|[;\[\]]", programmes),
        addresses=[Address(text, chain) for chain, text in CURRENCY.findall(remarks)],
    )
