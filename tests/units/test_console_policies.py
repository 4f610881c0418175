"""A policy is changed by two: copied, edited by its author, tried in shadow, made live."""

import time
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.console import comparison
from apps.core.errors import Refused
from apps.events.models import Event
from apps.flows import policies
from apps.risk import shadow
from apps.risk.models import Decision, Policy, Rule, ShadowCursor, ShadowDecision
from apps.users.models import User
from apps.users.roles import Role
from tests.market import World
from tests.staff import colleague

pytestmark = pytest.mark.django_db

RULE: dict[str, Any] = {
    "code": "ROUND_SELL",
    "signal": "R99",
    "typology": "ST",
    "source": "a story",
    "checkpoints": ["CP1"],
    "expression": "side == 'sell' and round_amount",
    "points": "400",
    "at_least": "",
    "hard": False,
    "measure": "",
    "analyst_sentence": "A sale of a round amount.",
    "user_sentence": "Please try another amount.",
}


@pytest.fixture
def sam(desk: Policy) -> User:
    """A senior analyst, who drafts."""
    return colleague(Role.SENIOR, "sam")


@pytest.fixture
def adam(desk: Policy) -> User:
    """An administrator, who drafts and promotes."""
    return colleague(Role.ADMIN, "adam")


@pytest.fixture
def draft(desk: Policy, sam: User, world: World) -> Policy:
    """Sam's copy of the live policy."""
    return policies.draft_from(by=sam, at=world.now, policy=desk, name="Rounder")


def test_a_draft_is_a_whole_copy(desk: Policy, draft: Policy, sam: User) -> None:
    assert (draft.status, draft.created_by, draft.based_on) == ("DRAFT", sam, desk)
    assert draft.rules.count() == desk.rules.count() > 40
    assert comparison.difference(before=desk, after=draft).nothing


def test_a_second_person_makes_a_draft_live(
    world: World, desk: Policy, draft: Policy, sam: User, adam: User
) -> None:
    policies.add_rule(by=sam, at=world.now, policy=draft, said=RULE)
    before = world.judged("order.created", by="bob", to="alice", usd="500", side="sell")
    assert "ROUND_SELL" not in {reason.code for reason in before.verdict.reasons}

    policies.promote(by=adam, at=world.now, policy=draft)

    draft.refresh_from_db()
    desk.refresh_from_db()
    assert (draft.status, draft.promoted_by, draft.live_at) == ("LIVE", adam, world.now)
    assert (desk.status, desk.retired_at) == ("RETIRED", world.now)
    after = world.judged("order.created", by="bob", to="alice", usd="500", side="sell")
    assert "ROUND_SELL" in {reason.code for reason in after.verdict.reasons}
    event = Event.objects.get(kind="policy.promoted")
    assert event.actor_id == adam.entity_id
    assert event.data == {"policy": draft.pk, "retired": desk.pk}


def test_the_author_is_refused_by_the_flow_and_by_the_database(
    world: World, desk: Policy, adam: User
) -> None:
    own = policies.draft_from(by=adam, at=world.now, policy=desk, name="My own")
    with pytest.raises(Refused) as refusal:
        policies.promote(by=adam, at=world.now, policy=own)
    assert refusal.value.code == "SECOND_PERSON_NEEDED"
    with pytest.raises(IntegrityError), transaction.atomic():
        Policy.objects.filter(pk=own.pk).update(promoted_by=adam)
    own.refresh_from_db()
    desk.refresh_from_db()
    assert (own.status, desk.status) == ("DRAFT", "LIVE")


def test_only_the_author_edits_a_draft(world: World, draft: Policy, adam: User) -> None:
    rule = draft.rules.first()
    assert rule is not None
    count = draft.rules.count()
    attempts = (
        lambda: policies.add_rule(by=adam, at=world.now, policy=draft, said=RULE),
        lambda: policies.edit_rule(by=adam, at=world.now, rule=rule, said=RULE),
        lambda: policies.remove_rule(by=adam, at=world.now, rule=rule),
        lambda: policies.edit_settings(
            by=adam, at=world.now, policy=draft, settings=draft.settings
        ),
        lambda: policies.discard(by=adam, at=world.now, policy=draft),
    )
    for attempt in attempts:
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.code == "NOT_YOUR_DRAFT"
    assert draft.rules.count() == count


def test_a_live_policy_is_frozen(world: World, desk: Policy, sam: User) -> None:
    with pytest.raises(Refused) as refusal:
        policies.add_rule(by=sam, at=world.now, policy=desk, said=RULE)
    assert refusal.value.code == "POLICY_FROZEN"
    with pytest.raises(DatabaseError), transaction.atomic():
        Rule.objects.filter(policy=desk).update(points=1)


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"expression": "amont_usd > 5"}, "expression", "amount_usd"),
        ({"expression": "amount_usd >"}, "expression", "Column"),
        ({"expression": "side == 'both'"}, "expression", "both"),
        ({"checkpoints": []}, "checkpoints", "where"),
        ({"code": "two words"}, "code", "Capitals"),
        ({"points": "1000"}, "points", "950"),
        ({"points": "0"}, "points", "force"),
        ({"hard": True}, "at_least", "hard"),
        ({"measure": "{'kind'}"}, "measure", "JSON"),
        ({"measure": '{"kind": "CAP"}'}, "measure", "cap_usd"),
        ({"user_sentence": " "}, "user_sentence", "fill"),
    ],
)
def test_a_wrong_rule_is_refused_field_by_field(
    world: World, draft: Policy, sam: User, wrong: dict[str, Any], field: str, words: str
) -> None:
    count = draft.rules.count()
    with pytest.raises(Refused) as refusal:
        policies.add_rule(by=sam, at=world.now, policy=draft, said=RULE | wrong)
    assert words.lower() in " ".join(refusal.value.fields[field]).lower()
    assert draft.rules.count() == count


def test_codes_are_unique_in_a_policy(world: World, draft: Policy, sam: User) -> None:
    rule = policies.add_rule(by=sam, at=world.now, policy=draft, said=RULE)
    with pytest.raises(Refused) as refusal:
        policies.add_rule(by=sam, at=world.now, policy=draft, said=RULE)
    assert refusal.value.code == "RULE_CODE_TAKEN"
    changed = policies.edit_rule(
        by=sam, at=world.now, rule=rule, said=RULE | {"points": "500", "code": "ROUNDER_SELL"}
    )
    assert (changed.code, changed.points) == ("ROUNDER_SELL", 500)


def test_settings_that_contradict_are_refused(world: World, draft: Policy, sam: User) -> None:
    falling = {"LIMIT": 500, "STEP_UP": 400, "REVIEW": 600, "BLOCK": 700}
    said = draft.settings | {"thresholds": draft.settings["thresholds"] | {"CP1": falling}}
    with pytest.raises(Refused) as refusal:
        policies.edit_settings(by=sam, at=world.now, policy=draft, settings=said)
    assert refusal.value.code == "SETTINGS_INVALID"
    rising = {"LIMIT": 100, "STEP_UP": 400, "REVIEW": 600, "BLOCK": 700}
    said["thresholds"] = said["thresholds"] | {"CP1": rising}
    policies.edit_settings(by=sam, at=world.now, policy=draft, settings=said)
    draft.refresh_from_db()
    assert draft.settings["thresholds"]["CP1"] == rising


def test_a_draft_judges_in_shadow_what_is_decided(world: World, draft: Policy, sam: User) -> None:
    earlier = world.judged("order.created", by="bob", to="alice", usd="500", side="sell")
    policies.add_rule(by=sam, at=world.now, policy=draft, said=RULE)
    policies.set_shadow(by=sam, at=world.now, policy=draft, on=True)

    assert shadow.run(at=world.now) == 1
    first = ShadowDecision.objects.get(decision=earlier.act.id)
    assert (first.live_outcome, first.live_score) == ("ALLOW", 0)
    assert (first.outcome, first.score, first.reasons) == ("LIMIT", 400, ["ROUND_SELL"])


def drain(world: World, draft: Policy) -> None:
    """Run until the shadow has reached every decision: other test sessions may hold it back."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        shadow.run(at=world.now)
        judged = ShadowDecision.objects.filter(policy=draft.pk).count()
        if judged == Decision.objects.filter(maker="ENGINE", degraded=False).count():
            return
        time.sleep(0.2)


@pytest.mark.django_db(transaction=True)
def test_a_copy_of_the_live_policy_agrees_on_everything_and_judges_nothing_twice(
    committed_world: World, committed_desk: Policy
) -> None:
    world, sam = committed_world, colleague(Role.SENIOR, "sam")
    world.happens("signin.succeeded", by="alice")
    draft = policies.draft_from(by=sam, at=world.now, policy=committed_desk, name="Copy")
    policies.set_shadow(by=sam, at=world.now, policy=draft, on=True)
    assert shadow.run(at=world.now) == 1
    world.knows("alice")
    for _ in range(6):
        world.happens("signin.failed", by="carol", ip="203.0.113.9", tor=True)
    world.happens("signin.succeeded", by="carol", ip="203.0.113.9", tor=True)
    world.happens("withdrawal.requested", by="carol", usd="9000", address="T1", ip="203.0.113.9")
    world.happens("order.created", by="alice", to="carol", usd="60000", side="buy")
    world.happens("order.created", by="mallory", to="alice", usd="990", side="buy", drawn=True)
    drain(world, draft)

    table = comparison.shadow_table(draft.pk)
    assert table.total == Decision.objects.filter(maker="ENGINE").count() >= 11
    assert table.agreed == table.total
    assert table.score_shift == 0

    # A cursor that fell back judges the same again: nothing is doubled or changed.
    before = set(ShadowDecision.objects.values_list("decision", "outcome", "score"))
    ShadowCursor.objects.update(xid=0)
    drain(world, draft)
    assert set(ShadowDecision.objects.values_list("decision", "outcome", "score")) == before


def test_editing_a_draft_forgets_what_it_said_before(
    world: World, draft: Policy, sam: User
) -> None:
    world.happens("signin.succeeded", by="alice")
    policies.set_shadow(by=sam, at=world.now, policy=draft, on=True)
    shadow.run(at=world.now)
    assert ShadowDecision.objects.exists()
    policies.add_rule(by=sam, at=world.now, policy=draft, said=RULE)
    assert not ShadowDecision.objects.exists()
    assert not ShadowCursor.objects.exists()


def test_a_comparison_counts_who_is_harder_and_who_milder(
    world: World, draft: Policy, sam: User
) -> None:
    world.happens("order.created", by="bob", to="alice", usd="500", side="sell")
    world.happens("signin.succeeded", by="trent", tor=True)
    policies.add_rule(by=sam, at=world.now, policy=draft, said=RULE)
    tor = draft.rules.get(code="TOR")
    policies.remove_rule(by=sam, at=world.now, rule=tor)
    policies.set_shadow(by=sam, at=world.now, policy=draft, on=True)
    shadow.run(at=world.now)

    table = comparison.shadow_table(draft.pk)
    assert (table.total, table.agreed, table.harder, table.milder) == (2, 0, 1, 1)
    assert table.cells["ALLOW", "LIMIT"] == 1
    assert {one.live_outcome for one in comparison.disagreements(draft.pk)} == {"ALLOW", "STEP_UP"}
    difference = comparison.difference(before=Policy.objects.get(status="LIVE"), after=draft)
    assert [rule.code for rule in difference.added] == ["ROUND_SELL"]
    assert [rule.code for rule in difference.removed] == ["TOR"]


def test_discarding_a_draft_leaves_a_trace(world: World, draft: Policy, sam: User) -> None:
    number = draft.pk
    policies.discard(by=sam, at=world.now, policy=draft)
    assert not Policy.objects.filter(pk=number).exists()
    kinds = Event.objects.filter(actor=sam.entity_id).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["policy.drafted", "policy.discarded"]
