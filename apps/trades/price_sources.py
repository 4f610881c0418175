"""Where reference prices come from: the table itself, or a file that another program keeps.

A file says {asset: {fiat: price}} with prices as text; the moment it was written is the moment of
its prices, so a feed that stops goes stale by itself. What can't be read changes nothing.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import structlog
from django.conf import settings

from apps.ledger.models import Asset
from apps.trades.models import Fiat, ReferencePrice

log = structlog.get_logger(__name__)
TABLE, FILE = "table", "file:"
LARGEST_FILE = 1_000_000
#: A price that moves further at once is taken for a fault of the feed until staff set it.
LARGEST_JUMP = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Quote:
    """What one unit of an asset is worth in a currency, at a moment."""

    asset: str
    fiat: str
    price: Decimal
    at: datetime


def is_table() -> bool:
    """Whether staff set the prices."""
    return settings.PRICE_SOURCE == TABLE


def quotes(*, at: datetime) -> list[Quote]:
    """What the source says now; nothing where staff set the prices."""
    if is_table():
        return []
    if not settings.PRICE_SOURCE.startswith(FILE):
        raise ValueError(f"PRICE_SOURCE is neither {TABLE!r} nor {FILE!r} and a path")
    return _of_file(Path(settings.PRICE_SOURCE.removeprefix(FILE)), at=at)


def store(found: list[Quote], *, source: str) -> int:
    """Write quotes that are newer than what is known and no wild jump; how many."""
    known = {(row.asset_id, row.fiat_id): row for row in ReferencePrice.objects.all()}
    assets = set(Asset.objects.values_list("code", flat=True))
    fiats = set(Fiat.objects.values_list("code", flat=True))
    rows = []
    for quote in found:
        before = known.get((quote.asset, quote.fiat))
        if quote.asset not in assets or quote.fiat not in fiats:
            log.warning("prices.unknown_pair", asset=quote.asset, fiat=quote.fiat)
        elif before and quote.at <= before.at:
            continue
        elif before and abs(change(before.price, quote.price)) > LARGEST_JUMP:
            log.error("prices.jump", asset=quote.asset, fiat=quote.fiat, price=str(quote.price))
        else:
            rows.append(
                ReferencePrice(
                    asset_id=quote.asset,
                    fiat_id=quote.fiat,
                    price=quote.price,
                    source=source[:40],
                    at=quote.at,
                )
            )
    rows.sort(key=lambda row: (row.asset_id, row.fiat_id))
    ReferencePrice.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["asset", "fiat"],
        update_fields=["price", "source", "at"],
    )
    return len(rows)


def change(before: Decimal, after: Decimal) -> Decimal:
    """By which share a price moves: 0.1 is 10 % up."""
    return after / before - 1


def _of_file(path: Path, *, at: datetime) -> list[Quote]:
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError("the file is too large")
        said = json.loads(path.read_text(), parse_float=Decimal)
        return [
            Quote(asset, fiat, _price(price), min(at, written))
            for asset, by_fiat in said.items()
            for fiat, price in by_fiat.items()
        ]
    except (OSError, ValueError, AttributeError, InvalidOperation) as fault:
        log.error("prices.unreadable", path=str(path), fault=str(fault))
        return []


def _price(said: object) -> Decimal:
    if not isinstance(said, str | int | Decimal) or isinstance(said, bool):
        raise ValueError(f"{said!r} is no price")
    price = Decimal(said)
    if not price.is_finite() or not 0 < price < Decimal(10) ** 15:
        raise ValueError(f"{said!r} is no price")
    return price
