"""Questions that must find nothing: what the database promised, asked again from outside."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from apps.core import clock
from apps.events import seals
from apps.events.models import Entity
from apps.flows import list_sweeps, selfcheck_desk, selfcheck_wallet
from apps.risk.models import Policy, PolicyStatus
from apps.risk.velocity import recount
from apps.risk.velocity.streams import STREAMS
from apps.users import queries as users


@dataclass(frozen=True, slots=True)
class Violation:
    """One finding: which promise, and what breaks it."""

    check: str
    what: str


def seal_chain() -> Iterator[str]:
    """Every seal follows the one before, and its events are as they were sealed."""
    for one in seals.broken():
        yield f"seal {one.seal}: {one.why}"


def one_live_policy() -> Iterator[str]:
    """Exactly one policy is live."""
    live = Policy.objects.filter(status=PolicyStatus.LIVE).count()
    if live != 1:
        yield f"{live} policies are live"


def orphan_restrictions() -> Iterator[str]:
    """Every restriction falls on a known entity, and its cause is a decision that is kept."""
    yield from _rows(
        "restriction {0} falls on nobody",
        """SELECT r.id FROM restrictions_restriction r
           LEFT JOIN events_entity e ON e.id = r.subject_id WHERE e.id IS NULL LIMIT 100""",
    )
    yield from _rows(
        "restriction {0} was caused by a decision that is not there",
        """SELECT r.id FROM restrictions_restriction r
           LEFT JOIN risk_decision d ON d.id = r.cause
           WHERE r.cause IS NOT NULL AND d.id IS NULL
             AND NOT EXISTS (SELECT 1 FROM events_retirement t WHERE t."table" = 'risk_decision'
                             AND date_trunc('month', r.imposed_at AT TIME ZONE 'UTC') = t.month)
           LIMIT 100""",
    )


def decisions_with_events() -> Iterator[str]:
    """Every decision of the engine has its event."""
    yield from _rows(
        "decision {0} judges an event that is not there",
        """SELECT d.id FROM risk_decision d LEFT JOIN events_event e ON e.id = d.id
           WHERE d.maker = 'ENGINE' AND e.id IS NULL LIMIT 100""",
    )


def entities_without_collision() -> Iterator[str]:
    """Every entity's id is the hash of what it stands for."""
    for entity in Entity.objects.order_by("-first_at")[:20_000].iterator():
        if not entity.hash_is_right:
            yield f"entity {entity.id} is not the hash of {entity.kind} {entity.ref}"


def velocity_recount() -> Iterator[str]:
    """The totals of a sample of heads equal a recount of their events."""
    for one in recount.differences(sample=500):
        yield f"{one.stream} of {one.entity}: head {one.head}, events {one.events}"


def heads_and_points() -> Iterator[str]:
    """The newest point of a sample of heads says what the head says."""
    yield from _rows(
        "entity {0}, stream {1}: head says {2}, newest point {3}",
        """SELECT h.entity, h.stream, h.n, p.n FROM (
             SELECT * FROM risk_head WHERE stream = ANY(%s) ORDER BY last_at DESC LIMIT 2000) h
           LEFT JOIN LATERAL (SELECT n FROM risk_point p WHERE p.entity = h.entity
             AND p.stream = h.stream ORDER BY at DESC, n DESC LIMIT 1) p ON true
           WHERE coalesce(p.n, h.base_n) <> h.n""",
        [[stream.number for stream in STREAMS if stream.windowed]],
    )


def staff_have_roles() -> Iterator[str]:
    """Whoever is staff holds a role that made them so."""
    for user in users.staff_without_role().order_by("id")[:100]:
        yield f"user {user.id} is staff and has no role"


def entries_balanced() -> Iterator[str]:
    """Every entry of the ledger has all its postings, and they sum to zero in every asset."""
    yield from _rows(
        "entry {0} is not balanced in {1}",
        """SELECT entry_id, asset_id FROM ledger_posting
           GROUP BY entry_id, asset_id HAVING sum(amount) <> 0 LIMIT 100""",
    )
    yield from _rows(
        "entry {0} has {2} postings and was made of {1}",
        """SELECT e.id, e.lines, count(p.id) FROM ledger_entry e
           LEFT JOIN ledger_posting p ON p.entry_id = e.id
           GROUP BY e.id HAVING count(p.id) <> e.lines LIMIT 100""",
    )


def balances_recount() -> Iterator[str]:
    """Every kept balance is the sum of its account's postings, and none is below zero."""
    yield from _rows(
        "account {0} says {1}, its postings {2}",
        """SELECT a.id, a.balance, coalesce(p.total, 0) FROM ledger_account a
           LEFT JOIN (SELECT account_id, sum(amount) AS total FROM ledger_posting
                      GROUP BY account_id) p ON p.account_id = a.id
           WHERE a.balance <> coalesce(p.total, 0) LIMIT 100""",
    )
    yield from _rows(
        "account {0} is below zero: {1}",
        "SELECT id, balance FROM ledger_account WHERE balance < 0 LIMIT 100",
    )


def settled_once() -> Iterator[str]:
    """No order was settled twice, and what was settled holds nothing in escrow any more."""
    yield from _rows(
        "order {0} was settled {1} times",
        """SELECT ref, count(*) FROM ledger_entry
           WHERE kind IN ('J2_RELEASE', 'J3_RETURN', 'J4_SPLIT')
           GROUP BY ref HAVING count(*) > 1 LIMIT 100""",
    )
    yield from _rows(
        "order {0} was settled and still holds {1} {2}",
        """SELECT a.ref, a.balance, a.asset_id FROM ledger_account a
           JOIN ledger_entry e ON e.ref = a.ref AND e.is_terminal
           WHERE a.kind = 'ESCROW' AND a.balance <> 0 LIMIT 100""",
    )


def watch_lists_are_fresh() -> Iterator[str]:
    """Every watch-list that is loaded, or should be, is young enough to be relied on."""
    yield from list_sweeps.stale(at=clock.now())


CHECKS: tuple[Callable[[], Iterator[str]], ...] = (
    seal_chain,
    one_live_policy,
    orphan_restrictions,
    decisions_with_events,
    entities_without_collision,
    velocity_recount,
    heads_and_points,
    staff_have_roles,
    entries_balanced,
    balances_recount,
    settled_once,
    watch_lists_are_fresh,
    *selfcheck_desk.CHECKS,
    *selfcheck_wallet.CHECKS,
)


def run(check: Callable[[], Iterator[str]]) -> list[Violation]:
    """Return what one check finds."""
    return [Violation(check.__name__, what) for what in check()]


def _rows(sentence: str, query: str, params: Sequence[Any] = ()) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        for row in cursor.fetchall():
            yield sentence.format(*row)
