"""The desk's catalogue: currencies, rails, tiers, prices as data in fixtures/desk."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Model

from apps.core import clock
from apps.trades.models import Fiat, Penalty, Rail, ReferencePrice, Tier

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "desk"
#: What staff change at run time and a new seed leaves alone.
THEIRS = {"is_active"}
#: Tables that staff keep by hand: a seed brings new rows, and never takes a change back.
KEPT = (Fiat, Rail, Tier)


def seed() -> None:
    """Write the files' rows: penalties new and known, the others where there are none yet."""
    for model, file in ((Fiat, "fiats"), (Rail, "rails"), (Tier, "tiers"), (Penalty, "penalties")):
        _write(model, _rows(file))
    at = clock.now()
    ReferencePrice.objects.bulk_create(
        [
            ReferencePrice(asset_id=asset, fiat_id=fiat, price=price, source="seed", at=at)
            for asset, by_fiat in json.loads((FOLDER / "prices.json").read_text()).items()
            for fiat, price in by_fiat.items()
        ],
        ignore_conflicts=True,
    )


def _rows(file: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((FOLDER / f"{file}.json").read_text())
    return rows


def _write(model: type[Model], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    key = model._meta.pk.attname
    if model in KEPT:
        known = set(model._default_manager.values_list("pk", flat=True))
        fresh = [model(**row) for row in rows if row[key] not in known]
        model._default_manager.bulk_create(fresh, ignore_conflicts=True)
        return
    model._default_manager.bulk_create(
        [model(**row) for row in rows],
        update_conflicts=True,
        unique_fields=[key],
        update_fields=[name for name in rows[0] if name != key and name not in THEIRS],
    )
