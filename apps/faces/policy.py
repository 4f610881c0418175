"""The face policy that is shipped: fixtures/policies/faces.json, as `faces calibrate` wrote it."""

import json
from functools import lru_cache
from pathlib import Path

from apps.faces.engine.policy import Policy, from_document

SHIPPED = Path(__file__).resolve().parents[2] / "fixtures" / "policies" / "faces.json"


@lru_cache(maxsize=1)
def shipped() -> Policy:
    """The limits that sessions are measured against; ValueError when the file is wrong."""
    if not SHIPPED.exists():
        return Policy()
    return from_document(json.loads(SHIPPED.read_text()))
