"""How fast somebody may ask: a token bucket, filled and emptied in one statement."""

import math
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from apps.core import sql
from apps.core.clock import now
from apps.core.ids import entity_id
from apps.core.net import client_ip

RATE_PER_S = 20.0
BURST = 60.0
IDLE = timedelta(days=1)

# $1 key, $2 rate, $3 burst, $4 cost, $5 at. A refused request costs nothing.
TAKE = """
INSERT INTO core_bucket AS b (key, tokens, wait, at)
VALUES ($1, $3::float8 - $4::float8, 0, $5::timestamptz)
ON CONFLICT (key) DO UPDATE SET (tokens, wait, at) = (
    SELECT CASE WHEN level >= $4 THEN level - $4 ELSE level END,
           CASE WHEN level >= $4 THEN 0 ELSE ($4 - level) / $2::float8 END,
           greatest(b.at, excluded.at)
    FROM (SELECT least(
        $3, b.tokens + $2 * greatest(0, extract(epoch FROM excluded.at - b.at)::float8)
    )) AS filled(level)
)
RETURNING wait
"""
SWEEP = "DELETE FROM core_bucket WHERE at < $1::timestamptz RETURNING 1"


def take(*, key: str, rate_per_s: float, burst: float, cost: float = 1, at: datetime) -> float:
    """Take `cost` tokens from the bucket `key`; 0, or the seconds to wait before trying again.

    Called outside of transactions: the bucket stays locked until the end of one.
    """
    if not 0 < cost <= burst or rate_per_s <= 0:
        raise ValueError("a cost must fit into the burst, and the rate must be positive")
    wait: float = sql.run(TAKE, [key, rate_per_s, burst, cost, at])[0][0]
    return wait


def sweep(*, at: datetime) -> int:
    """Remove the buckets nobody took from for a day: they are full again; how many."""
    return len(sql.run(SWEEP, [at - IDLE]))


class BucketThrottle(BaseThrottle):
    """DRF's face of the bucket: per user, or per address where nobody is signed in.

    A view narrows it with a subclass: `scope`, `rate_per_s`, `burst`, `cost`.
    """

    scope = "api"
    rate_per_s: float = getattr(settings, "API_RATE_PER_S", RATE_PER_S)
    burst: float = getattr(settings, "API_BURST", BURST)
    cost: float = 1

    def allow_request(self, request: Any, view: Any) -> bool:
        self.waiting = take(
            key=self.key(request),
            rate_per_s=self.rate_per_s,
            burst=self.burst,
            cost=self.cost,
            at=now(),
        )
        return self.waiting == 0

    def wait(self) -> float:
        return math.ceil(self.waiting)

    def key(self, request: Any) -> str:
        """Whose bucket: no address in the clear."""
        user = request.user
        if user is not None and user.is_authenticated:
            return f"{self.scope}:user:{user.pk}"
        hashed = entity_id(kind="ip", scope="", ref=client_ip(request) or "")
        return f"{self.scope}:ip:{hashed}"
