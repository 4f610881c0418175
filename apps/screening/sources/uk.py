"""The UK consolidated list of targets (OFSI, `ConList.csv`): a row per name, many per target."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from apps.screening.models import SubjectKind
from apps.screening.sources.countries import code
from apps.screening.sources.listed import Alias, Broken, Listed, years

NAME_PARTS = ("Name 1", "Name 2", "Name 3", "Name 4", "Name 5", "Name 6")
NEEDED = {"Name 6", "Group ID", "Group Type", "Alias Type"}
KINDS = {
    "individual": SubjectKind.PERSON,
    "ship": SubjectKind.VESSEL,
    "entity": SubjectKind.ORGANISATION,
}


def read(file: BinaryIO) -> Iterator[Listed]:
    """Every target, its rows put together."""
    stream = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    rows = csv.reader(stream)
    header = next((row for row in rows if set(row) >= NEEDED), None)
    if header is None:
        raise Broken("The line with the names of the columns is missing (Name 6, Group ID …).")
    found: dict[str, Listed] = {}
    for row in rows:
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        ref = cells.get("Group ID", "")
        if not ref:
            continue
        one = found.setdefault(
            ref,
            Listed(ref=ref, kind=KINDS.get(cells["Group Type"].lower(), SubjectKind.ORGANISATION)),
        )
        _add(one, cells)
    yield from found.values()


def _add(one: Listed, cells: dict[str, str]) -> None:
    name = " ".join(cells.get(part, "") for part in NAME_PARTS)
    if "primary" in cells["Alias Type"].lower() and "variation" not in cells["Alias Type"].lower():
        one.names.insert(0, Alias(name))
    else:
        weak = "low" in cells.get("Alias Quality", "").lower()
        one.names.append(Alias(name, "WEAK" if weak else "ALIAS"))
    one.names.append(Alias(cells.get("Name Non-Latin Script", ""), "ALIAS"))
    day, _, rest = cells.get("DOB", "").partition("/")
    month, _, year = rest.partition("/")
    if day.strip("0").isdigit() and month.strip("0").isdigit() and len(year) == 4:
        one.born.append(f"{year}-{month:0>2}-{day:0>2}")
    else:
        one.born += years(cells.get("DOB", ""))
    one.countries.append(code(cells.get("Nationality", "")))
    one.programmes.append(cells.get("Regime", ""))
