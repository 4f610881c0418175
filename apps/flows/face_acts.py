"""What a judged face check tells the risk engine: codes and numbers, in the engine's words."""

from datetime import datetime
from typing import Any

from apps.faces.engine.verdict import Verdict
from apps.faces.models import Challenge


def told(challenge: Challenge, verdict: Verdict, *, at: datetime) -> dict[str, Any]:
    """The facts of a check for its act; what is unknown is absent."""
    return {}
