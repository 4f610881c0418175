"""Lists of addresses: ScamSniffer JSON, GraphSense TagPacks (YAML), CSV like Forta or our own."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import yaml

from apps.screening.models import Category, SubjectKind
from apps.screening.sources.countries import code
from apps.screening.sources.listed import Address, Alias, Broken, Listed, years

ADDRESS_COLUMNS = ("address", "banned_address", "wallet_address")
LABEL_COLUMNS = ("label", "wallet_tag", "etherscan_tag", "etherscan_labels", "programme")
#: The abuse, or category, of a tag that is a sanction; any other abuse counts as a scam.
SANCTION_WORDS = ("sanction", "ofac")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_json(file: BinaryIO) -> Iterator[Listed]:
    """A list of addresses, or an object whose keys are addresses (its values: since when, or what).

    An object of lists groups addresses under a name, such as a domain.
    """
    try:
        said = json.load(file)
    except (ValueError, RecursionError) as fault:
        raise Broken(f"This is not whole JSON: {fault}.") from fault
    if isinstance(said, list):
        found = {str(one): "" for one in said if isinstance(one, str)}
        if len(found) < len(said) / 2:
            raise Broken("A list of addresses in text was expected.")
    elif isinstance(said, Mapping):
        found = {}
        for key, value in said.items():
            if isinstance(value, list):
                found |= {str(one): str(key) for one in value}
            else:
                found[str(key)] = str(value or "")
    else:
        raise Broken("A list of addresses, or an object by address, was expected.")
    for text, what in found.items():
        yield _address(text, programme=what)


def read_tagpack(file: BinaryIO) -> Iterator[Listed]:
    """A GraphSense TagPack: what stands at the top is inherited by every tag."""
    stream = io.TextIOWrapper(file, encoding="utf-8", errors="replace")
    try:
        pack = yaml.load(stream, Loader=LOADER)
    except (yaml.YAMLError, RecursionError) as fault:
        raise Broken("This is not whole YAML.") from fault
    tags = pack.get("tags") if isinstance(pack, Mapping) else None
    if not isinstance(tags, list):
        raise Broken("A TagPack has a list of tags.")
    above = {key: value for key, value in pack.items() if isinstance(value, str)}
    found: dict[str, Listed] = {}
    for tag in tags:
        if isinstance(tag, Mapping) and isinstance(tag.get("address"), str):
            one = _tag({**above, **tag})
            if one.ref in found:
                found[one.ref].programmes += one.programmes
                if one.category != Category.LABEL:
                    found[one.ref].category = min(one.category, found[one.ref].category)
            else:
                found[one.ref] = one
    yield from found.values()


def read_csv(file: BinaryIO) -> Iterator[Listed]:
    """CSV with a header: an address, or a name, a row.

    Columns, all but one of the first two optional: address (banned_address, wallet_address), name,
    label (wallet_tag …), ref, kind, aliases (parted by ;), born, country, programme, chain.
    """
    stream = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    rows = csv.DictReader(stream)
    columns = {(name or "").strip().lower() for name in rows.fieldnames or ()}
    if not columns & {*ADDRESS_COLUMNS, "name"}:
        raise Broken("The first line has to name a column “address” or “name”.")
    found: dict[str, Listed] = {}
    for row in rows:
        cells = {
            (key or "").strip().lower(): value.strip()
            for key, value in row.items()
            if isinstance(value, str)
        }
        one = _row(cells)
        if one is None:
            continue
        if one.ref in found:
            found[one.ref].names += one.names
            found[one.ref].addresses += one.addresses
            found[one.ref].programmes += one.programmes
        else:
            found[one.ref] = one
    yield from found.values()


def _row(cells: dict[str, str]) -> Listed | None:
    address = next((cells[name] for name in ADDRESS_COLUMNS if cells.get(name)), "")
    name = cells.get("name", "")
    if not address and not name:
        return None
    kind = cells.get("kind", "").upper() or (SubjectKind.PERSON if name else SubjectKind.ADDRESS)
    aliases = [part for part in cells.get("aliases", "").split(";") if part.strip()]
    born = cells.get("born", "")
    return Listed(
        ref=cells.get("ref") or address or name,
        kind=kind,
        names=[*([Alias(name)] if name else []), *(Alias(part, "ALIAS") for part in aliases)],
        born=[born] if len(born) == 10 else years(born),
        countries=[code(part) for part in cells.get("country", "").split(";")],
        programmes=[cells[column] for column in LABEL_COLUMNS if cells.get(column)],
        addresses=[Address(address, cells.get("chain", ""))] if address else [],
    )


def _tag(tag: Mapping[str, Any]) -> Listed:
    abuse, category = str(tag.get("abuse") or ""), str(tag.get("category") or "")
    said = f"{abuse} {category}".lower()
    meant = Category.LABEL
    if any(word in said for word in SANCTION_WORDS):
        meant = Category.SANCTIONS
    elif abuse:
        meant = Category.SCAM
    one = _address(
        str(tag["address"]),
        programme=": ".join(filter(None, (abuse or category, str(tag.get("label") or "")))),
        chain=str(tag.get("currency") or ""),
    )
    one.category = meant
    return one


def _address(text: str, *, programme: str, chain: str = "") -> Listed:
    return Listed(
        ref=text.strip(),
        kind=SubjectKind.ADDRESS,
        programmes=[programme],
        addresses=[Address(text, chain)],
    )
