"""Facts of the act itself, the same for one act and for columns of acts.

Online each is a float (NaN where unknown) or a text; offline a numpy array of the same.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.risk.vocabulary import SIGNALS

NAN = math.nan

#: Text facts: part of the rule vocabulary, not of the feature vector.
TEXT_FACTS: tuple[str, ...] = (
    "kind",
    *(signal.name for signal in SIGNALS if signal.type == "text"),
)
#: Bool facts, 1.0 or 0.0.
BOOL_FACTS: tuple[str, ...] = (
    "round_amount",
    *(signal.name for signal in SIGNALS if signal.type == "bool"),
)
#: Number facts.
NUMBER_FACTS: tuple[str, ...] = (
    "amount_usd",
    "hour",
    "hour_band",
    *(signal.name for signal in SIGNALS if signal.type == "number"),
)


def of_act(
    *, kind: str, at: datetime, amount_usd: Any, data: Mapping[str, Any]
) -> dict[str, float | str | None]:
    """Return every fact of one act: floats (NaN unknown) and texts (None unknown)."""
    amount = NAN if amount_usd is None else float(amount_usd)
    offset = data.get("utc_offset_h")
    hour = (at.hour + at.minute / 60 + (float(offset) if offset is not None else 0.0)) % 24
    facts: dict[str, float | str | None] = dict.fromkeys(TEXT_FACTS)
    facts.update(_UNKNOWN_NUMBERS)
    facts["kind"] = kind
    facts["amount_usd"] = amount
    facts["hour"] = hour
    facts["hour_band"] = float(hour // 3)
    facts["round_amount"] = NAN if amount_usd is None else float(amount > 0 and amount % 50 == 0)
    for name, value in data.items():
        if name in facts and value is not None:
            facts[name] = value if isinstance(value, str) else float(value)
    return facts


_UNKNOWN_NUMBERS = dict.fromkeys((*NUMBER_FACTS, *BOOL_FACTS), NAN)
