"""What happened stays as it was: seals, retention, and the checks that would tell."""

import time
from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from apps.core import partitions
from apps.core.ids import uuid7
from apps.core.partitions import months
from apps.events import seals
from apps.events.models import Event, Seal
from apps.flows import selfcheck, sweeps
from apps.flows.judge import write
from apps.risk.models import Decision, Head, Proximity, Standing, StandingMove
from apps.risk.row import FEATURE_NAMES
from apps.risk.velocity import retention
from tests.market import World

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until_final() -> None:
    """Wait until every event so far is final: another test session may hold the horizon back."""
    final = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > max(xid)"
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute(f"{final} FROM events_event")
            if cursor.fetchone()[0]:
                break
        time.sleep(0.1)


def seal(*, at: datetime) -> Seal | None:
    """Seal everything that has happened."""
    wait_until_final()
    return seals.seal(at=at)


def tamper(statement: str) -> None:
    """Change the log the way only somebody who may switch triggers off can."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)


def test_the_log_refuses_to_be_edited(committed_world: World):
    committed_world.happens("signin.succeeded")
    for statement in (
        "UPDATE events_event SET kind = 'signin.failed'",
        "DELETE FROM events_event",
        "UPDATE risk_decision SET score = 0",
        "DELETE FROM risk_point",
        "DELETE FROM events_entity",
    ):
        with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Event.objects.get().kind == "signin.succeeded"


def test_a_seal_covers_what_is_final_and_follows_the_one_before(committed_world: World):
    for _ in range(3):
        committed_world.happens("signin.succeeded")
    first = seal(at=committed_world.now)
    committed_world.happens("order.created", to="bob", usd="100", side="buy")
    second = seal(at=committed_world.now)

    assert (first.count, second.count) == (3, Event.objects.count() - 3)
    assert bytes(second.previous) == bytes(first.digest)
    assert second.from_xid == first.upto_xid
    assert list(seals.broken()) == []
    assert seals.seal(at=committed_world.now) is None, "nothing new, nothing to seal"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events_event SET amount_usd = 1 WHERE kind = 'order.created'",
        "DELETE FROM events_event WHERE kind = 'order.created'",
        "UPDATE events_event SET data = '{}'::jsonb WHERE kind = 'order.created'",
        "UPDATE events_seal SET previous = root",
        "DELETE FROM events_seal WHERE id = (SELECT min(id) FROM events_seal)",
    ],
)
def test_tampering_behind_the_triggers_breaks_the_chain(committed_world: World, statement: str):
    committed_world.happens("signin.succeeded")
    seal(at=committed_world.now)
    committed_world.happens("order.created", to="bob", usd="100", side="buy")
    seal(at=committed_world.now)

    tamper(statement)

    assert list(seals.broken()) != []
    found = [v.check for check in selfcheck.CHECKS for v in selfcheck.run(check)]
    assert "seal_chain" in found
    with pytest.raises(SystemExit):
        call_command("selfcheck", "--json")


def test_an_event_that_is_written_while_the_seal_is_made_falls_into_the_next(
    committed_world: World,
):
    committed_world.happens("signin.succeeded")
    wait_until_final()
    with transaction.atomic():
        running = committed_world.act("signin.failed")
        write(running, judgement=None)
        made = seals.seal(at=committed_world.now)
        # Our own transaction is still running: nothing of it may be sealed.
        assert made is None or made.count == 1
    rest = seal(at=committed_world.now)
    assert (made.count if made else 0) + rest.count == 2
    assert list(seals.broken()) == []


def test_selfcheck_finds_a_head_that_lost_a_count(committed_world: World, capsys):
    for _ in range(4):
        committed_world.happens("signin.succeeded")
    call_command("selfcheck", "--json")
    assert '"violations": 0' in capsys.readouterr().out

    with connection.cursor() as cursor:
        cursor.execute("UPDATE risk_head SET n = n - 1 WHERE stream = 2")

    found = {v.check for check in selfcheck.CHECKS for v in selfcheck.run(check)}
    assert {"velocity_recount", "heads_and_points"} <= found


def test_selfcheck_finds_a_restriction_on_nobody(committed_world: World):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO restrictions_restriction (id, subject_id, ability, kind, lifts_by, reason,"
            " user_sentence, step, imposed_at, lifted_for) VALUES"
            " (gen_random_uuid(), 42, 'all', 'DENY', 'STAFF', 'X', 'x', '', now(), '')"
        )
    assert {v.check for v in selfcheck.run(selfcheck.orphan_restrictions)} == {
        "orphan_restrictions"
    }


def test_history_goes_by_the_month_and_features_outlive_it(committed_desk):
    world = World(now=datetime(2025, 1, 20, tzinfo=UTC))
    for _ in range(5):
        world.happens("signin.succeeded")
    world.pass_time(days=40)
    for _ in range(3):
        world.happens("signin.succeeded")
    seal(at=world.now)
    world.now = datetime(2025, 3, 20, tzinfo=UTC)
    before = world.judged("signin.succeeded").facts
    lived = Head.objects.get(stream=2).n

    january = date(2025, 1, 1)
    assert january in months("events_event")
    dropped = retention.retire(january, at=world.now)

    assert set(dropped) == {
        "events_event_p202501",
        "risk_point_p202501",
        "risk_decision_p202501",
    }
    assert january not in months("events_event")
    head = Head.objects.get(stream=2)
    assert (head.n, head.base_n) == (lived, 5), "totals stay; the base is what was dropped"
    after = world.judged("signin.succeeded")
    assert after.facts.keys() == before.keys()
    values = dict(zip(FEATURE_NAMES, after.values, strict=True))
    # 30 days back lies after the drop, 3 sign-ins of March 1st are inside; January's are gone
    # from the ledger but not from the total.
    assert values["logins_7d"] == 1
    assert values["user_acts_ever"] == lived
    assert list(seals.broken()) == [], "a seal over retired months is still chained"
    assert {v.check for check in selfcheck.CHECKS for v in selfcheck.run(check)} == set()


def test_windows_that_reach_into_dropped_months_use_the_folded_totals(committed_desk):
    world = World(now=datetime(2025, 1, 31, 23, tzinfo=UTC))
    for _ in range(4):
        world.happens("signin.succeeded")
    world.now = datetime(2025, 2, 3, tzinfo=UTC)
    world.happens("signin.succeeded")
    world.now = datetime(2025, 2, 5, tzinfo=UTC)
    kept = dict(zip(FEATURE_NAMES, world.judged("signin.succeeded").values, strict=True))

    retention.retire(date(2025, 1, 1), at=world.now)

    world.now = datetime(2025, 2, 8, 12, tzinfo=UTC)
    folded = dict(zip(FEATURE_NAMES, world.judged("signin.succeeded").values, strict=True))
    # Seven days back (February 1st) the newest point was dropped: the base answers for it.
    assert kept["logins_7d"] == 5
    assert folded["logins_7d"] == 2


def test_retention_keeps_what_windows_need(committed_desk):
    now = datetime(2025, 6, 15, tzinfo=UTC)
    for month in (1, 2, 3, 4, 5, 6):
        partitions.ensure(datetime(2025, month, 1, tzinfo=UTC))
    due = retention.due(at=now, keep_days=1)
    assert date(2025, 1, 1) in due
    assert date(2025, 3, 1) not in due, "ninety days are always there"
    assert retention.due(at=now, keep_days=400) == []


def test_standings_decay_and_a_ban_nearby_lifts_them(committed_world: World):
    world = committed_world
    user = world.act("signin.succeeded").ids["user"]
    world.happens("signin.succeeded")
    Standing.objects.filter(pk=user).update(value=640.0, band=3, at=world.now)

    world.pass_time(hours=168)
    assert sweeps.rescore_users(at=world.now) == 1
    standing = Standing.objects.get(pk=user)
    assert standing.value == pytest.approx(320.0), "one half-life"
    assert StandingMove.objects.get().reason == "DECAY"

    Proximity.objects.create(entity=user, hops=1, via=user)
    world.pass_time(days=100)
    sweeps.rescore_users(at=world.now)
    standing.refresh_from_db()
    assert (standing.floor, standing.value) == (300, 300.0)
    assert StandingMove.objects.latest("at").reason == "BAN_NEARBY"


def test_keeping_house_makes_room_ahead(committed_desk):
    now = datetime(2031, 11, 20, tzinfo=UTC)
    sweeps.keep_house(at=now)
    assert {date(2031, 11, 1), date(2031, 12, 1), date(2032, 1, 1)} <= set(months("events_event"))
    partitions.drop(date(2031, 11, 1))
    partitions.drop(date(2031, 12, 1))
    partitions.drop(date(2032, 1, 1))


def test_a_decision_is_unique_per_event(committed_world: World):
    committed_world.happens("signin.succeeded", ref="one")
    committed_world.happens("signin.succeeded", ref="two")
    assert Decision.objects.filter(maker="ENGINE").count() == 2
    with pytest.raises(DatabaseError, match="decision_of_event"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO risk_decision SELECT %s, "
            + ", ".join(f'd."{name}"' for name in _columns())
            + " FROM risk_decision d LIMIT 1",
            [uuid7(committed_world.now)],
        )


def _columns() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'risk_decision'"
            " ORDER BY ordinal_position"
        )
        return [name for (name,) in cursor.fetchall()][1:]
