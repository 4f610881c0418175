"""The lists that are known by name: what each is about, its format, where it is published."""

from dataclasses import dataclass

from apps.screening.models import Category


@dataclass(frozen=True, slots=True)
class Known:
    """A public list; `home` is where its keeper publishes it."""

    name: str
    format: str
    category: Category
    home: str
    max_age_hours: int = 48


KNOWN: dict[str, Known] = {
    "OFAC_SDN": Known(
        "OFAC: specially designated nationals, with their crypto addresses",
        "OFAC_ADVANCED",
        Category.SANCTIONS,
        "https://sanctionslistservice.ofac.treas.gov/api/publicationpreview/exports/SDN_ADVANCED.XML",
    ),
    "OFAC_SDN_CSV": Known(
        "OFAC: specially designated nationals, short form",
        "OFAC_CSV",
        Category.SANCTIONS,
        "https://www.treasury.gov/ofac/downloads/sdn.csv",
    ),
    "UN_SC": Known(
        "UN Security Council: consolidated list",
        "UN",
        Category.SANCTIONS,
        "https://scsanctions.un.org/resources/xml/en/consolidated.xml",
    ),
    "EU_FSF": Known(
        "EU: consolidated list of financial sanctions",
        "EU",
        Category.SANCTIONS,
        "https://webgate.ec.europa.eu/fsd/fsf/public/files/xmlFullSanctionsList_1_1/content",
    ),
    "UK_OFSI": Known(
        "UK: consolidated list of OFSI",
        "UK",
        Category.SANCTIONS,
        "https://ofsistorage.blob.core.windows.net/publishlive/2022format/ConList.csv",
    ),
    "SCAMSNIFFER": Known(
        "ScamSniffer: addresses of phishing and drainers",
        "ADDRESSES",
        Category.SCAM,
        "https://raw.githubusercontent.com/scamsniffer/scam-database/main/blacklist/address.json",
    ),
    "FORTA": Known("Forta: addresses of phishing and exploits", "CSV", Category.SCAM, "", 24 * 90),
    "TAGPACKS": Known("GraphSense TagPacks", "TAGPACK", Category.LABEL, "", 24 * 90),
    "OWN_SANCTIONS": Known("Our own: sanctioned", "CSV", Category.SANCTIONS, "", 24 * 366),
    "OWN_SCAMS": Known("Our own: scams", "CSV", Category.SCAM, "", 24 * 366),
}
