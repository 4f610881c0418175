"""How fast one key may ask the hot endpoint: a token bucket in this process's memory.

The bucket in the database (core.throttle) would add a statement and a commit to every decision.
Here a key gets the rate from each web process; the limit exists to keep one integrator's loop from
starving the others, not to count to the last request.
"""

import math
import threading
import time
from collections import OrderedDict
from uuid import UUID

from django.conf import settings

REMEMBERED = 4096

_levels: OrderedDict[UUID, tuple[float, float]] = OrderedDict()
_lock = threading.Lock()


def wait_s(key: UUID) -> int:
    """Take a token of this key: 0, or the whole seconds to wait before trying again."""
    rate, burst = settings.DECISION_RATE_PER_S, settings.DECISION_BURST
    now = time.monotonic()
    with _lock:
        level, since = _levels.get(key, (burst, now))
        level = min(burst, level + (now - since) * rate)
        allowed = level >= 1
        _levels[key] = (level - 1 if allowed else level, now)
        _levels.move_to_end(key)
        if len(_levels) > REMEMBERED:
            _levels.popitem(last=False)
    return 0 if allowed else max(1, math.ceil((1 - level) / rate))


def forget() -> None:
    """Fill every bucket: for tests."""
    with _lock:
        _levels.clear()
