"""Countries as lists write them, in two letters (ISO 3166): names of the time zone database."""

from functools import cache
from importlib.resources import files

#: What lists write otherwise.
ALSO = {
    "BURMA": "MM", "IRAN, ISLAMIC REPUBLIC OF": "IR", "KOREA, NORTH": "KP", "NORTH KOREA": "KP",
    "DEMOCRATIC PEOPLE'S REPUBLIC OF KOREA": "KP", "KOREA, SOUTH": "KR", "SOUTH KOREA": "KR",
    "RUSSIAN FEDERATION": "RU", "SYRIAN ARAB REPUBLIC": "SY", "UNITED KINGDOM": "GB",
    "UNITED STATES OF AMERICA": "US", "CZECHIA": "CZ", "IVORY COAST": "CI", "TURKIYE": "TR",
    "CONGO, DEMOCRATIC REPUBLIC OF THE": "CD", "DEMOCRATIC REPUBLIC OF THE CONGO": "CD",
    "CONGO, REPUBLIC OF THE": "CG", "CAPE VERDE": "CV", "PALESTINIAN": "PS", "THE GAMBIA": "GM",
    "UNITED REPUBLIC OF TANZANIA": "TZ", "REPUBLIC OF MOLDOVA": "MD", "HONG KONG": "HK",
    "BOSNIA AND HERZEGOVINA": "BA", "TRINIDAD AND TOBAGO": "TT", "VIET NAM": "VN",
    "VENEZUELA, BOLIVARIAN REPUBLIC OF": "VE", "LIBYAN ARAB JAMAHIRIYA": "LY",
}  # fmt: skip


def code(text: str) -> str:
    """The two letters of a country's name, or nothing."""
    name = " ".join(text.split()).upper()
    return name if len(name) == 2 and name.isalpha() else _names().get(name, "")


@cache
def _names() -> dict[str, str]:
    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {name.upper(): letters for letters, name in rows} | ALSO
