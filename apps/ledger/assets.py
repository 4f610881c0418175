"""The assets of the desk: data in fixtures/desk/assets.json."""

import json
from pathlib import Path

from django.conf import settings

from apps.ledger.models import Asset

FILE = "assets.json"


def seed() -> list[Asset]:
    """Write the file's assets, new and known; whether a known one is active stays as it is."""
    rows = json.loads((Path(settings.BASE_DIR) / "fixtures" / "desk" / FILE).read_text())
    return Asset.objects.bulk_create(
        [Asset(**row) for row in rows],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=[name for name in rows[0] if name != "code"],
    )
