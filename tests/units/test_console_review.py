"""What staff decide: verdicts, restrictions, bans by two, cases, lists, and their traces."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.cases.models import Case
from apps.cases.proposals import Proposal, Stage
from apps.core.errors import Refused
from apps.events.act import Party
from apps.events.models import Entity, Event
from apps.flows import review
from apps.restrictions.models import Restriction
from apps.risk import links
from apps.risk.models import Decision, Head, ListEntry, Maker, Proximity, Snooze
from apps.users.models import User
from apps.users.roles import Role
from tests.market import SCOPE, World, user
from tests.staff import colleague

pytestmark = pytest.mark.django_db

SENTENCE = "Your account is closed. Contact support if you think that is wrong."


@pytest.fixture
def sam(desk: Any) -> User:
    """A senior analyst."""
    return colleague(Role.SENIOR, "sam")


@pytest.fixture
def cora(desk: Any) -> User:
    """A compliance officer."""
    return colleague(Role.COMPLIANCE, "cora")


@pytest.fixture
def ana(desk: Any) -> User:
    """An analyst, who may not lift."""
    return colleague(Role.ANALYST, "ana")


def entity(name: str) -> Entity:
    return Entity.objects.get(pk=user(name).id)


def cause_of(restriction: Restriction) -> Decision:
    assert restriction.cause is not None
    return Decision.objects.get(pk=restriction.cause)


def deeds(by: User) -> list[str]:
    return list(
        Event.objects.filter(actor=by.entity_id).order_by("id").values_list("kind", flat=True)
    )


def banned(name: str, *, by: User, then: User, at: datetime) -> Proposal:
    proposal = review.propose_ban(
        by=by,
        at=at,
        subject=entity(name),
        reason="fraud proven",
        user_sentence=SENTENCE,
        note="three chargebacks, one device",
    )
    review.approve(by=then, at=at, proposal=proposal)
    proposal.refresh_from_db()
    return proposal


def test_a_ban_takes_two_people(world: World, sam: User, cora: User) -> None:
    world.happens("signin.succeeded", by="mallory")
    proposal = review.propose_ban(
        by=sam,
        at=world.now,
        subject=entity("mallory"),
        reason="fraud proven",
        user_sentence=SENTENCE,
        note="three chargebacks",
    )
    assert not Restriction.objects.filter(subject=entity("mallory"), ability="all").exists()
    assert world.judged("signin.succeeded", by="mallory").verdict.outcome == "ALLOW"

    review.approve(by=cora, at=world.now, proposal=proposal)

    ban = Restriction.objects.get(subject=entity("mallory"), ability="all")
    assert (ban.kind, ban.until, ban.reason, ban.step) == ("DENY", None, "FRAUD_PROVEN", "BAN")
    cause = cause_of(ban)
    assert (cause.maker, cause.outcome) == (Maker.STAFF, "BLOCK")
    assert (cause.proposer, cause.approver) == (sam, cora)
    world.pass_time(seconds=1)
    assert world.judged("signin.succeeded", by="mallory").verdict.outcome == "BLOCK"
    assert deeds(sam) == ["proposal.made"]
    assert deeds(cora) == ["proposal.approved", "restriction.imposed"]


def test_the_proposer_cannot_approve_nor_reject(world: World, cora: User) -> None:
    world.happens("signin.succeeded", by="mallory")
    proposal = review.propose_ban(
        by=cora,
        at=world.now,
        subject=entity("mallory"),
        reason="fraud",
        user_sentence=SENTENCE,
        note="three chargebacks",
    )
    for answer in (review.approve, review.reject):
        with pytest.raises(Refused) as refusal:
            answer(by=cora, at=world.now, proposal=proposal, note="it is me")
        assert refusal.value.code == "SECOND_PERSON_NEEDED"
    proposal.refresh_from_db()
    assert proposal.stage == Stage.PENDING
    assert not Restriction.objects.filter(ability="all").exists()


def test_the_database_refuses_a_ban_approved_by_its_proposer(world: World, cora: User) -> None:
    world.happens("signin.succeeded", by="mallory")
    proposal = review.propose_ban(
        by=cora,
        at=world.now,
        subject=entity("mallory"),
        reason="fraud",
        user_sentence=SENTENCE,
        note="three chargebacks",
    )
    rows = Proposal.objects.filter(pk=proposal.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(stage=Stage.APPROVED, decider=cora, decided_at=world.now)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(payload={"reason": "SOMETHING_ELSE"})
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()


def test_a_proposal_is_decided_once(world: World, sam: User, cora: User) -> None:
    world.happens("signin.succeeded", by="mallory")
    proposal = banned("mallory", by=sam, then=cora, at=world.now)
    before = Event.objects.count()
    for answer in (review.approve, review.reject):
        with pytest.raises(Refused) as refusal:
            answer(by=cora, at=world.now, proposal=proposal, note="again")
        assert refusal.value.code == "DECIDED_ALREADY"
    with pytest.raises(DatabaseError), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(stage=Stage.REJECTED)
    assert Event.objects.count() == before
    assert Restriction.objects.filter(ability="all", lifted_at=None).count() == 1


def test_a_rejected_ban_changes_nothing(world: World, sam: User, cora: User) -> None:
    world.happens("signin.succeeded", by="mallory")
    proposal = review.propose_ban(
        by=sam,
        at=world.now,
        subject=entity("mallory"),
        reason="fraud",
        user_sentence=SENTENCE,
        note="a hunch",
    )
    with pytest.raises(Refused):
        review.reject(by=cora, at=world.now, proposal=proposal, note="")
    review.reject(by=cora, at=world.now, proposal=proposal, note="a hunch is no proof")
    proposal.refresh_from_db()
    assert (proposal.stage, proposal.answer) == (Stage.REJECTED, "a hunch is no proof")
    assert not Restriction.objects.filter(ability="all").exists()
    assert not Proximity.objects.exists()


def test_who_shares_a_device_with_the_banned_gets_a_case_and_never_a_restriction(
    world: World, sam: User, cora: User
) -> None:
    world.happens("signin.succeeded", by="mallory", device="laptop")
    world.happens("signin.succeeded", by="trent", device="laptop")
    world.happens("signin.succeeded", by="trent", device="trents-phone")
    world.happens("signin.succeeded", by="walter", device="trents-phone")
    world.happens("signin.succeeded", by="alice")
    before = set(Restriction.objects.values_list("id", flat=True))

    banned("mallory", by=sam, then=cora, at=world.now)

    linked = Case.objects.filter(queue="LINKED")
    assert [case.subject.ref for case in linked] == ["trent"]
    new = Restriction.objects.exclude(id__in=before)
    assert [r.subject.ref for r in new] == ["mallory"]
    near = {
        e.ref: p.hops for p in Proximity.objects.all() for e in Entity.objects.filter(pk=p.entity)
    }
    assert near["mallory"] == 0
    assert near["laptop"] == 1
    assert near["trent"] == 2
    assert near["trents-phone"] == 3
    assert near["walter"] == 4
    assert "alice" not in near
    assert Event.objects.filter(kind="case.opened").count() == 1


def test_a_crowd_is_reached_but_not_passed(world: World, sam: User, cora: User) -> None:
    for number in range(links.CROWD + 1):
        world.recorded("signin.succeeded", by=f"guest-{number}", device="hotel-tablet")
    world.happens("signin.succeeded", by="mallory", device="hotel-tablet")
    banned("mallory", by=sam, then=cora, at=world.now)
    assert not Case.objects.filter(queue="LINKED").exists()
    assert set(Proximity.objects.values_list("hops", flat=True)) == {0, 1}


def test_one_persons_many_devices_are_no_crowd(world: World, sam: User, cora: User) -> None:
    for number in range(links.CROWD + 5):
        world.recorded("signin.succeeded", by="mallory", device=f"phone-{number}")
    world.pass_time(hours=2)
    world.happens("signin.succeeded", by="mallory", device="laptop")
    world.happens("signin.succeeded", by="trent", device="laptop")
    banned("mallory", by=sam, then=cora, at=world.now)
    assert [case.subject.ref for case in Case.objects.filter(queue="LINKED")] == ["trent"]


def test_ending_a_ban_takes_two_and_clears_the_neighbourhood(
    world: World, sam: User, cora: User
) -> None:
    world.happens("signin.succeeded", by="mallory", device="laptop")
    world.happens("signin.succeeded", by="trent", device="laptop")
    banned("mallory", by=sam, then=cora, at=world.now)
    ban = Restriction.objects.get(ability="all", lifted_at=None)
    with pytest.raises(Refused) as refusal:
        review.lift(by=cora, at=world.now, restriction=ban, reason="appeal won")
    assert refusal.value.code == "UNBAN_NEEDS_TWO"

    proposal = review.propose_unban(
        by=cora, at=world.now, subject=entity("mallory"), note="it was her brother"
    )
    other = colleague(Role.COMPLIANCE, "connor")
    review.approve(by=other, at=world.now, proposal=proposal)

    ban.refresh_from_db()
    assert ban.lifted_at == world.now
    assert ban.lifted_by == other
    assert not Proximity.objects.exists()


def test_one_person_cannot_impose_a_ban_by_another_name(world: World, cora: User) -> None:
    world.happens("signin.succeeded", by="mallory")
    for until in (None, world.now + timedelta(days=31)):
        with pytest.raises(Refused) as refusal:
            impose(cora, world, kind="DENY", ability="all", until=until)
        assert refusal.value.code == "BAN_NEEDS_TWO"
    assert not Restriction.objects.filter(ability="all").exists()
    impose(cora, world, kind="DENY", ability="all", until=world.now + timedelta(days=30))


def impose(by: User, world: World, **terms: Any) -> Restriction:
    said: dict[str, Any] = {
        "kind": "HOLD",
        "ability": "withdraw",
        "reason": "ato suspected",
        "user_sentence": "We are checking a withdrawal. You need not do anything.",
        "note": "the victim called",
    }
    return review.impose(by=by, at=world.now, subject=entity("mallory"), **said | terms)


def test_a_restriction_by_staff_has_a_cause_an_event_and_a_client(world: World, ana: User) -> None:
    world.happens("signin.succeeded", by="mallory")
    held = impose(ana, world)
    assert (held.reason, held.kind, held.ability) == ("ATO_SUSPECTED", "HOLD", "withdraw")
    cause = cause_of(held)
    assert (cause.maker, cause.outcome, cause.proposer) == (Maker.STAFF, "REVIEW", ana)
    assert cause.note == "the victim called"
    assert cause.event_id is not None
    event = Event.objects.get(pk=cause.event_id)
    assert (event.kind, event.actor_id, event.user_id) == (
        "restriction.imposed",
        ana.entity_id,
        user("mallory").id,
    )
    assert event.client_id == Party("client", "", SCOPE).id
    assert "victim" not in str(event.data)
    verdict = world.judged("withdrawal.requested", by="mallory", usd="10").verdict
    assert verdict.outcome == "REVIEW"


def test_what_staff_do_to_somebody_counts_in_none_of_their_streams(world: World, ana: User) -> None:
    world.happens("signin.succeeded", by="mallory")
    before = dict(Head.objects.filter(entity=user("mallory").id).values_list("stream", "n"))
    impose(ana, world)
    assert before == dict(Head.objects.filter(entity=user("mallory").id).values_list("stream", "n"))


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"kind": "CAP"}, "cap_usd"),
        ({"kind": "HOLD", "cap_usd": Decimal(5)}, "cap_usd"),
        ({"kind": "SHOOT"}, "kind"),
        ({"ability": "breathe"}, "ability"),
        ({"lifts_by": "TIME"}, "until"),
        ({"until": datetime.fromisoformat("2020-01-01T00:00+00:00")}, "until"),
        ({"user_sentence": "no"}, "user_sentence"),
        ({"reason": " "}, "reason"),
    ],
)
def test_an_incomplete_restriction_is_refused_field_by_field(
    world: World, ana: User, terms: dict[str, Any], field: str
) -> None:
    world.happens("signin.succeeded", by="mallory")
    before = Event.objects.count()
    with pytest.raises(Refused) as refusal:
        impose(ana, world, **terms)
    assert field in refusal.value.fields
    assert not Restriction.objects.filter(subject=entity("mallory")).exists()
    assert Event.objects.count() == before


def test_lifting_says_who_and_why(world: World, ana: User, sam: User) -> None:
    world.happens("signin.succeeded", by="mallory")
    held = impose(ana, world)
    review.lift(by=sam, at=world.now, restriction=held, reason="appeal won: the victim erred")
    held.refresh_from_db()
    assert (held.lifted_by, held.lifted_for) == (sam, "appeal won: the victim erred")
    assert Event.objects.get(kind="restriction.lifted").actor_id == sam.entity_id
    with pytest.raises(Refused):
        review.lift(by=sam, at=world.now, restriction=held, reason="once more")


def held_for_review(world: World) -> tuple[UUID, Restriction]:
    """A decision of the engine that holds mallory, and the hold."""
    world.happens("user.registered", by="mallory")
    world.pass_time(hours=1)
    decision = world.judged("chargeback.reported", by="mallory", usd="500").act.id
    return decision, Restriction.objects.get(cause=decision)


def test_a_verdict_supersedes_and_ends_what_the_decision_held(world: World, sam: User) -> None:
    id, hold = held_for_review(world)
    decision = Decision.objects.select_related("event").get(pk=id)
    verdict = review.decide(
        by=sam, at=world.now, decision=decision, outcome="ALLOW", note="the bank took it back"
    )
    assert (verdict.maker, verdict.supersedes, verdict.outcome) == (Maker.STAFF, id, "ALLOW")
    assert (verdict.score, verdict.checkpoint) == (decision.score, decision.checkpoint)
    hold.refresh_from_db()
    assert hold.lifted_at == world.now
    assert deeds(sam) == ["decision.reviewed", "restriction.lifted"]


def test_an_analyst_clears_but_a_second_person_lifts(world: World, ana: User, sam: User) -> None:
    id, hold = held_for_review(world)
    decision = Decision.objects.select_related("event").get(pk=id)
    review.decide(by=ana, at=world.now, decision=decision, outcome="ALLOW", note="an error")
    hold.refresh_from_db()
    assert hold.lifted_at is None
    review.approve(by=sam, at=world.now, proposal=Proposal.objects.get(deed="LIFT"))
    hold.refresh_from_db()
    assert hold.lifted_at == world.now


def test_only_the_engines_decisions_are_reviewed(world: World, sam: User) -> None:
    world.happens("signin.succeeded", by="mallory")
    by_staff = cause_of(impose(sam, world))
    with pytest.raises(Refused) as refusal:
        review.decide(by=sam, at=world.now, decision=by_staff, outcome="ALLOW", note="mine")
    assert refusal.value.code == "NOT_THE_ENGINES"


def test_closing_a_case_judges_the_decision_behind_it(world: World, sam: User) -> None:
    id, hold = held_for_review(world)
    case = Case.objects.get(subject=entity("mallory"))
    review.take_case(by=sam, at=world.now, case=case)
    review.close_case(by=sam, at=world.now, case=case, outcome="CLEARED", note="an error")
    case.refresh_from_db()
    assert (case.status, case.outcome, case.closed_at) == ("CLOSED", "CLEARED", world.now)
    assert Decision.objects.get(supersedes=id).outcome == "ALLOW"
    hold.refresh_from_db()
    assert hold.lifted_at == world.now
    with pytest.raises(Refused) as refusal:
        review.close_case(by=sam, at=world.now, case=case, outcome="CLEARED", note="again")
    assert refusal.value.code == "CLOSED_ALREADY"


def test_a_case_is_taken_by_one(world: World, ana: User, sam: User) -> None:
    held_for_review(world)
    case = Case.objects.get(subject=entity("mallory"))
    review.take_case(by=ana, at=world.now, case=case)
    with pytest.raises(Refused) as refusal:
        review.take_case(by=sam, at=world.now, case=case)
    assert refusal.value.code == "TAKEN_ALREADY"


def test_a_listed_user_is_seen_by_the_engine_until_taken_off(world: World, cora: User) -> None:
    world.happens("signin.succeeded", by="mallory")
    entry = review.add_to_list(
        by=cora, at=world.now, subject=entity("mallory"), name="BLOCKED", reason="police letter"
    )
    with pytest.raises(Refused) as refusal:
        review.add_to_list(
            by=cora, at=world.now, subject=entity("mallory"), name="BLOCKED", reason="again"
        )
    assert refusal.value.code == "LISTED_ALREADY"
    world.pass_time(seconds=1)
    assert world.judged("signin.succeeded", by="mallory").verdict.outcome == "BLOCK"
    review.take_off_list(by=cora, at=world.now, entry=entry)
    world.pass_time(seconds=1)
    assert world.judged("signin.succeeded", by="mallory").verdict.outcome == "ALLOW"
    assert ListEntry.objects.get().valid_to is not None
    assert deeds(cora) == ["list.changed", "list.changed"]


def test_a_silenced_rule_counts_nothing_for_its_time(world: World, cora: User) -> None:
    verdict = world.judged("signin.succeeded", by="mallory", tor=True).verdict
    assert "TOR" in {reason.code for reason in verdict.reasons}
    review.snooze_rule(
        by=cora,
        at=world.now,
        code="TOR",
        until=world.now + timedelta(hours=2),
        reason="a feed broke",
    )
    world.pass_time(seconds=1)
    quiet = world.judged("signin.succeeded", by="trent", tor=True)
    assert "TOR" not in {reason.code for reason in quiet.verdict.reasons}
    world.pass_time(hours=2)
    loud = world.judged("signin.succeeded", by="walter", tor=True)
    assert "TOR" in {reason.code for reason in loud.verdict.reasons}


def test_hard_rules_and_long_silences_are_refused(world: World, cora: User) -> None:
    day = timedelta(days=1)
    for code, until, expected in (
        ("BLOCKED_LIST", world.now + day, "HARD_RULE"),
        ("TOR", world.now + 4 * day, "SNOOZE_TOO_LONG"),
        ("TOR", world.now - day, "SNOOZE_TOO_LONG"),
        ("NO_SUCH_RULE", world.now + day, "UNKNOWN_RULE"),
    ):
        with pytest.raises(Refused) as refusal:
            review.snooze_rule(by=cora, at=world.now, code=code, until=until, reason="because")
        assert refusal.value.code == expected
    assert not Snooze.objects.exists()
