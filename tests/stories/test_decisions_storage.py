"""What the database guarantees of decisions, and how few statements one costs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core.ids import uuid7
from apps.events.models import Event
from apps.flows.judge import judge
from apps.risk import live
from apps.risk.models import Decision, FeatureSet, Point, Policy, PolicyStatus, Rule
from apps.risk.row import FEATURE_NAMES
from tests.market import World
from tests.people import NOON

STATEMENTS = 6  # BEGIN and COMMIT included


def statements_of(world: World, kind: str, **words: Any) -> list[str]:
    """What one decision sends to the database, from BEGIN to COMMIT."""
    act = world.act(kind, **words)
    world.pass_time(seconds=1)
    with CaptureQueriesContext(connection) as captured:
        judge(act)
    return [query["sql"].split()[0] for query in captured]


def test_a_decision_costs_five_statements(committed_world: World) -> None:
    world = committed_world
    world.happens("order.created", to="bob", usd="100")
    for _ in range(3):  # somebody new, then somebody known
        sent = statements_of(world, "order.created", by="carol", to="bob", usd="100")
        assert sent == ["BEGIN", "SELECT", "WITH", "WITH", "COMMIT"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("signin.succeeded", {}),
        ("withdrawal.requested", {"usd": "10", "address": "a", "sanctioned_address": True}),
        ("order.created", {"to": "bob", "usd": "100", "account": "b", "kyc_reused": True}),
        ("ad.published", {"contact_in_ad": True}),  # asks where on the ladder somebody stands
    ],
)
def test_no_decision_costs_more_than_six(
    committed_world: World, kind: str, words: dict[str, Any]
) -> None:
    world = committed_world
    world.happens("signin.succeeded", by="bob")
    for _ in range(2):
        sent = statements_of(world, kind, by="mallory", **words)
        assert len(sent) <= STATEMENTS, sent
        assert (sent[0], sent[-1]) == ("BEGIN", "COMMIT")


def test_ten_times_the_rules_cost_no_further_statement(
    committed_world: World, committed_desk: Policy
) -> None:
    world, before = committed_world, committed_desk
    world.happens("order.created", to="bob", usd="100")
    few = len(statements_of(world, "order.created", to="bob", usd="100"))

    many = Policy.objects.create(name="many", settings=before.settings, created_at=NOON)
    for rule in list(before.rules.all()):
        for number in range(10):
            rule.pk, rule.policy, rule.code = None, many, f"{rule.code[:37]}_{number}"
            rule.save(force_insert=True)
            rule.code = rule.code[:-2]
    replace(before, many)
    world.happens("order.created", to="bob", usd="100")
    assert len(live.compiled(many.pk).rules) > 900
    assert len(statements_of(world, "order.created", to="bob", usd="100")) == few


def replace(old: Policy, new: Policy) -> None:
    """One policy retires, the other goes live."""
    with transaction.atomic():
        Policy.objects.filter(pk=old.pk).update(status=PolicyStatus.RETIRED, retired_at=NOON)
        Policy.objects.filter(pk=new.pk).update(status=PolicyStatus.LIVE, live_at=NOON)


def test_a_decision_keeps_what_it_rests_on(world: World, desk: Policy) -> None:
    judged = world.judged("order.created", to="bob", usd="100", rooted=True, limit_usd=400)
    decision = Decision.objects.get(pk=judged.act.id)
    names = FeatureSet.objects.get(pk=decision.feature_set).names
    assert names == list(FEATURE_NAMES)
    kept = dict(zip(names, decision.values, strict=True))
    assert kept["limit_use"] == pytest.approx(0.25)
    assert kept["orders_24h"] == 0
    rules = live.compiled(desk.pk).by_checkpoint["CP1"]
    hits = [
        rule.code for rule, state in zip(rules, bytes(decision.hits), strict=True) if state == 1
    ]
    assert hits == decision.reasons == ["PHONE_ROOTED"]
    assert decision.weights == pytest.approx([120], abs=0.1)
    assert (decision.policy, decision.score, decision.event_id) == (desk.pk, 120, decision.id)


def test_an_event_is_judged_once(world: World) -> None:
    judged = world.judged("order.created", to="bob", usd="100")
    decision = Decision.objects.get(pk=judged.act.id)
    decision._state.adding = True
    with pytest.raises(IntegrityError), transaction.atomic():
        decision.save(force_insert=True)
    decision.id = uuid7(world.now)  # another id, the same event
    with pytest.raises(IntegrityError, match="decision_of_event"), transaction.atomic():
        decision.save(force_insert=True)
    assert Decision.objects.count() == 1


CHANGES: list[tuple[str, Callable[[], Any]]] = [
    ("event", lambda: Event.objects.update(kind="order.paid")),
    ("event", lambda: Event.objects.all().delete()),
    ("event", lambda: Event.objects.first().delete()),  # type: ignore[union-attr]
    ("decision", lambda: Decision.objects.update(outcome="ALLOW", score=0)),
    ("decision", lambda: Decision.objects.filter(score=120).delete()),
    ("point", lambda: Point.objects.update(n=0)),
    ("point", lambda: Point.objects.all().delete()),
    ("feature set", lambda: FeatureSet.objects.update(names=[])),
    ("raw decision", lambda: raw("UPDATE risk_decision SET score = 0")),
    ("raw partition", lambda: raw("DELETE FROM risk_decision_p202603")),
    ("raw event", lambda: raw("DELETE FROM events_event WHERE true")),
    ("raw event data", lambda: raw("UPDATE events_event_p202603 SET data = '{}'")),
]


def raw(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("change", [c for _, c in CHANGES], ids=[name for name, _ in CHANGES])
def test_history_is_not_rewritten(world: World, change: Callable[[], Any]) -> None:
    world.happens("order.created", to="bob", usd="100", rooted=True)
    before = list(Decision.objects.values()), list(Event.objects.values())
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change()
    assert (list(Decision.objects.values()), list(Event.objects.values())) == before


FREEZES: list[Callable[[Policy], Any]] = [
    lambda p: Policy.objects.filter(pk=p.pk).update(settings={}),
    lambda p: Policy.objects.filter(pk=p.pk).update(name="milder"),
    lambda p: Policy.objects.filter(pk=p.pk).update(status=PolicyStatus.DRAFT),
    lambda p: Rule.objects.filter(policy=p).update(points=0),
    lambda p: Rule.objects.filter(policy=p, code="SANCTIONED_ADDRESS").delete(),
    lambda p: Rule.objects.create(
        policy=p, code="LET_ME_IN", signal="R00", typology="", source="", checkpoints=["CP5"],
        expression="False", analyst_sentence="", user_sentence="",
    ),
    lambda p: raw(f"DELETE FROM risk_policy WHERE id = {p.pk}"),
]  # fmt: skip


@pytest.mark.parametrize("change", FREEZES)
def test_a_live_policy_is_frozen(desk: Policy, change: Callable[[Policy], Any]) -> None:
    before = list(desk.rules.order_by("pk").values())
    with pytest.raises(DatabaseError), transaction.atomic():
        change(desk)
    again = Policy.objects.get(pk=desk.pk)
    assert (again.name, again.settings, again.status) == (desk.name, desk.settings, "LIVE")
    assert list(desk.rules.order_by("pk").values()) == before


def test_a_rule_cannot_be_moved_into_a_live_policy(desk: Policy) -> None:
    draft = Policy.objects.create(name="draft", settings=desk.settings, created_at=NOON)
    rule = Rule.objects.create(
        policy=draft, code="SNEAKY", signal="R00", typology="", source="", checkpoints=["CP5"],
        expression="False", analyst_sentence="", user_sentence="",
    )  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic():
        Rule.objects.filter(pk=rule.pk).update(policy=desk)
    assert not desk.rules.filter(code="SNEAKY").exists()


def test_one_policy_is_live(desk: Policy) -> None:
    with pytest.raises(IntegrityError, match="one_live_policy"), transaction.atomic():
        Policy.objects.create(name="second", status="LIVE", settings={}, created_at=NOON)
