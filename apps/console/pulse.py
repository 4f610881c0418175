"""How the engine does: the last hour in numbers, from a bounded number of decisions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection

from apps.core import clock
from apps.core.ids import uuid7_floor
from apps.risk.policy_settings import OUTCOMES

HOUR = timedelta(hours=1)
#: A desk that decides more than this in an hour is measured over the newest of them.
MOST = 50_000
#: Everybody who watches shares one measurement of this age, in seconds.
REMEMBERED = 5
LAST_HOUR = f"""
SELECT count(*), count(*) FILTER (WHERE degraded),
       percentile_disc(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY took_us), min(at),
       {", ".join(f"count(*) FILTER (WHERE outcome = '{outcome}')" for outcome in OUTCOMES)}
FROM (SELECT outcome, degraded, took_us, at FROM risk_decision
      WHERE id >= %s AND maker = 'ENGINE' ORDER BY id DESC LIMIT {MOST}) h
"""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The last hour: how many decisions, of which outcome, how fast; `since` when cut short."""

    count: int
    degraded: int
    p50_us: int | None
    p99_us: int | None
    outcomes: dict[str, int]
    since: datetime | None

    @property
    def per_hour(self) -> int:
        """Decisions an hour: counted, or projected where the hour holds more than we count."""
        if self.since is None:
            return self.count
        seconds = max(1.0, (clock.now() - self.since).total_seconds())
        return round(self.count * 3600 / seconds)


def pulse(*, at: datetime) -> Pulse:
    """Return the last hour in numbers, a few seconds old at most."""
    found: Pulse | None = cache.get("console:pulse")
    if found is None:
        found = measure(at=at)
        cache.set("console:pulse", found, REMEMBERED)
    return found


def measure(*, at: datetime) -> Pulse:
    """Measure the last hour: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_HOUR, [uuid7_floor(at - HOUR)])
        count, degraded, took, oldest, *outcomes = cursor.fetchone()
    p50, p99 = took or (None, None)
    return Pulse(
        count=count,
        degraded=degraded,
        p50_us=p50,
        p99_us=p99,
        outcomes=dict(zip(OUTCOMES, outcomes, strict=True)),
        since=oldest if count == MOST else None,
    )


def desk(*, at: datetime, user: Any) -> dict[str, Any]:
    """Return what the overview shows besides the pulse: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(DESK, {"at": at, "soon": at + HOUR, "user": user})
        names = [column.name for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


DESK = """
SELECT
  (SELECT count(*) FROM (SELECT 1 FROM cases_case WHERE status = 'OPEN' LIMIT 1000) c) AS cases,
  (SELECT count(*) FROM (SELECT 1 FROM cases_case WHERE status = 'OPEN' AND due_at <= %(at)s
                         LIMIT 1000) c) AS overdue,
  (SELECT count(*) FROM (SELECT 1 FROM cases_case WHERE status = 'OPEN' AND due_at > %(at)s
                         AND due_at <= %(soon)s LIMIT 1000) c) AS due_soon,
  (SELECT count(*) FROM (SELECT 1 FROM cases_proposal WHERE stage = 'PENDING'
                         AND proposer_id <> %(user)s LIMIT 100) p) AS approvals,
  (SELECT count(*) FROM (SELECT 1 FROM restrictions_restriction WHERE lifted_at IS NULL
                         AND (until IS NULL OR until > %(at)s) LIMIT 10000) r) AS restrictions,
  (SELECT count(*) FROM (SELECT 1 FROM restrictions_restriction WHERE lifted_at IS NULL
                         AND kind = 'DENY' AND ability = 'all' AND until IS NULL
                         LIMIT 10000) r) AS bans,
  (SELECT max(sealed_at) FROM events_seal) AS sealed_at,
  (SELECT max(last_at) FROM events_seal) AS sealed_upto,
  p.id AS policy, p.name AS policy_name, p.live_at AS policy_live_at,
  (SELECT count(*) FROM risk_rule WHERE policy_id = p.id) AS policy_rules,
  (SELECT count(*) FROM risk_policy WHERE status = 'DRAFT' AND shadow) AS shadows,
  (SELECT count(*) FROM risk_snooze WHERE since <= %(at)s AND until > %(at)s) AS snoozed
FROM (VALUES (1)) one LEFT JOIN risk_policy p ON p.status = 'LIVE'
"""
