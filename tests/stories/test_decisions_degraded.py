"""When the engine can't judge: the checkpoint's fail-safe decides, visibly, and is recorded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection

from apps.cases.models import Case, Queue
from apps.core import partitions
from apps.core.errors import Refused
from apps.events.models import Event
from apps.restrictions.models import Restriction
from apps.risk import live
from apps.risk.models import Decision, Head, Policy
from apps.risk.policy import CompiledPolicy
from tests.market import World, codes, id_of
from tests.people import NOON

pytestmark = pytest.mark.django_db

#: Trading rules of the house: kind, amount, outcome without the engine.
FAIL_SAFES = [
    ("signin.succeeded", None, "ALLOW"),
    ("signin.failed", None, "ALLOW"),
    ("security.changed", None, "STEP_UP"),
    ("account.added", None, "STEP_UP"),
    ("device.registered", None, "STEP_UP"),
    ("ad.published", "100", "REVIEW"),
    ("order.created", "200", "ALLOW"),
    ("order.created", "200.01", "BLOCK"),
    ("order.created", None, "BLOCK"),
    ("order.paid", "200", "ALLOW"),
    ("order.paid", "201", "REVIEW"),
    ("order.released", "1", "REVIEW"),
    ("appeal.opened", None, "REVIEW"),
    ("withdrawal.requested", "1", "REVIEW"),
    ("address.added", None, "REVIEW"),
    ("face.passed", None, "BLOCK"),
]


@pytest.fixture
def broken_desk(db: Any) -> Iterator[World]:
    """A world whose live policy says nothing that can be understood."""
    live.forget()
    partitions.forget()
    Policy.objects.create(name="broken", status="LIVE", settings={}, created_at=NOON)
    yield World(now=NOON)
    live.forget()
    partitions.forget()


@contextmanager
def failing(read: str) -> Iterator[None]:
    """The database refuses every statement that holds this text."""

    def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if read in sql:
            return execute("SELECT 1 / 0", [], many, context)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.parametrize(("kind", "usd", "outcome"), FAIL_SAFES)
def test_a_policy_that_cannot_be_read_yields_the_fail_safe_of_the_checkpoint(
    broken_desk: World, kind: str, usd: str | None, outcome: str
) -> None:
    said = broken_desk.judged(kind, to="bob", usd=usd, address="bc1q")
    assert (said.verdict.outcome, codes(said)) == (outcome, ["ENGINE_FAULT"])

    decision = Decision.objects.get()
    assert (decision.outcome, decision.degraded, decision.policy) == (outcome, True, None)
    assert Event.objects.filter(pk=decision.pk, kind=kind).exists()
    queues = list(Case.objects.values_list("queue", flat=True))
    assert queues == ([Queue.ENGINE] if outcome in ("REVIEW", "BLOCK") else [])


def test_without_a_live_policy_nothing_large_goes_through(db: Any) -> None:
    live.forget()
    world = World(now=NOON)
    assert world.judged("order.created", to="bob", usd="5000").verdict.outcome == "BLOCK"
    assert world.judged("order.created", to="bob", usd="50").verdict.outcome == "ALLOW"


def test_a_release_without_the_engine_waits_a_quarter_of_an_hour(broken_desk: World) -> None:
    said = broken_desk.judged("order.released", by="bob", to="alice", usd="100")
    hold = Restriction.objects.get()
    assert (hold.kind, hold.ability, hold.lifts_by) == ("HOLD", "release", "TIME")
    assert hold.until == said.act.at + timedelta(minutes=15)
    assert Case.objects.get().due_at > said.act.at


def test_a_fault_while_judging_is_the_policys_own_fail_safe(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("a rule that nobody foresaw")

    monkeypatch.setattr(CompiledPolicy, "evaluate", fault)
    said = world.judged("withdrawal.requested", usd="10", address="bc1q")
    assert (said.verdict.outcome, said.verdict.degraded) == ("REVIEW", True)
    assert Decision.objects.get().policy == Policy.objects.get().pk
    assert Restriction.objects.get().reason == "ENGINE_FAULT"


def test_what_is_forbidden_stays_forbidden_without_the_engine(broken_desk: World) -> None:
    broken_desk.forbids("mallory", kind="DENY", ability="all")
    broken_desk.forbids("dave", kind="CAP", ability="all", cap_usd=Decimal(50))

    small = broken_desk.judged("order.created", by="mallory", to="bob", usd="10")
    assert (small.verdict.outcome, codes(small)) == ("BLOCK", ["ENGINE_FAULT", "RESTRICTED"])
    above = broken_desk.judged("order.created", by="dave", to="bob", usd="51")
    assert (above.verdict.outcome, codes(above)) == ("BLOCK", ["ENGINE_FAULT", "OVER_CAP"])
    below = broken_desk.judged("order.created", by="dave", to="bob", usd="50")
    assert below.verdict.outcome == "ALLOW"


def test_a_read_that_the_database_refuses_is_answered_and_recorded(world: World) -> None:
    with failing("UNION ALL"):
        said = world.judged("withdrawal.requested", usd="10", address="bc1q")
    assert (said.verdict.outcome, codes(said)) == ("REVIEW", ["ENGINE_FAULT"])
    decision = Decision.objects.get()
    assert (decision.id, decision.degraded, decision.values) == (said.act.id, True, [])
    assert Event.objects.filter(pk=said.act.id).exists()
    # It counts: the next decision sees it.
    assert Head.objects.get(entity=id_of("alice"), stream=15).n == 1
    assert world.judged("withdrawal.requested", by="bob", usd="10").verdict.outcome == "ALLOW"


def test_a_replay_without_the_engine_gets_the_first_answer(world: World) -> None:
    first = world.judged("order.created", to="bob", usd="5000", ref="order-7")
    assert first.verdict.outcome == "ALLOW"
    with failing("UNION ALL"):
        again = world.happens("order.created", to="bob", usd="5000", ref="order-7")
        assert again.decision is not None
        assert (again.decision.id, again.decision.outcome) == (first.act.id, "ALLOW")
        with pytest.raises(Refused):
            world.happens("order.created", to="bob", usd="1", ref="order-7")
    assert Decision.objects.count() == 1


def test_who_is_ended_by_a_deadlock_goes_again(world: World) -> None:
    ended: list[str] = []

    def deadlock(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "INSERT INTO events_event" in sql and not ended:
            ended.append(sql)
            return execute("DO $$BEGIN RAISE SQLSTATE '40P01'; END$$", [], *rest[1:])
        return execute(sql, *rest)

    with connection.execute_wrapper(deadlock):
        said = world.judged("withdrawal.requested", usd="10", address="bc1q")
    assert ended
    assert (said.verdict.outcome, said.verdict.degraded) == ("ALLOW", False)
    assert Decision.objects.count() == Event.objects.count() == 1


def test_a_write_that_the_database_refuses_leaves_nothing_behind(world: World) -> None:
    with failing("INSERT INTO events_event"), pytest.raises(DatabaseError):
        world.happens("withdrawal.requested", usd="10", address="bc1q")
    assert not Event.objects.exists()
    assert not Decision.objects.exists()
    assert not Head.objects.exists()


def test_the_standing_is_not_moved_by_a_fault(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = world.judged("order.created", to="bob", usd="100", kyc_reused=True).move.value
    assert moved > 0
    monkeypatch.setattr(
        CompiledPolicy, "evaluate", lambda *_, **__: (_ for _ in ()).throw(ValueError("fault"))
    )
    world.judged("order.created", to="bob", usd="100")
    last = Decision.objects.latest("id")
    assert (last.degraded, last.moved, last.standing) == (True, 0, round(moved))
