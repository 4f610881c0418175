"""The formats of lists: each reads a file into what it lists, or says what is wrong with it."""

from apps.screening.sources import addresses, eu, ofac_advanced, ofac_csv, uk, un
from apps.screening.sources.listed import Reader

FORMATS: dict[str, Reader] = {
    "OFAC_CSV": ofac_csv.read,
    "OFAC_ADVANCED": ofac_advanced.read,
    "UN": un.read,
    "EU": eu.read,
    "UK": uk.read,
    "ADDRESSES": addresses.read_json,
    "TAGPACK": addresses.read_tagpack,
    "CSV": addresses.read_csv,
}
