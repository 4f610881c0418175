"""What a decision does: to the money, to people, by one or by two, before and after objections."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction

from apps.core.errors import Refused
from apps.events.models import Event
from apps.flows import appeals, desk_sweeps, selfcheck, selfcheck_desk
from apps.ledger import queries as ledger
from apps.ledger.models import Entry
from apps.restrictions import services as restricting
from apps.restrictions.models import Restriction
from apps.risk.models import Decision
from apps.trades.models import (
    Appeal,
    DayTally,
    Order,
    OrderStep,
    Penalty,
    Ruling,
)
from apps.trades.queries import appeals as appeals_of
from apps.users.roles import Role
from tests.appeals import STATEMENT, Court, picture
from tests.desk import Desk
from tests.stories.test_desk_appeals import refused


@pytest.fixture
def court(p2p: Desk) -> Court:
    return Court(p2p)


@pytest.fixture
def low_limit(settings: Any) -> None:
    """A desk on which fifty dollars take two people."""
    settings.APPEAL_SECOND_PAIR_USD = "50"


def heard(court: Court, order: Order | None = None, **words: Any) -> Appeal:
    return court.heard(court.opens(order or court.paid(), **words))


def terminal(order: Order) -> list[str]:
    return list(Entry.objects.filter(ref=order.pk, is_terminal=True).values_list("kind", flat=True))


def closes(court: Court) -> None:
    """A day passes, and nobody objects."""
    court.desk.pass_time(hours=24)
    assert desk_sweeps.advance_appeals(at=court.desk.now) == 1


def objects(court: Court, appeal: Appeal, by: str, **words: Any) -> Appeal:
    said: dict[str, Any] = {"statement": STATEMENT, "data": picture(7)}
    return appeals.object_(
        actor=court.desk.person(by), appeal=appeal, at=court.desk.now, **(said | words)
    )


def test_released_to_the_buyer_at_once_and_closed_a_day_later(court: Court) -> None:
    appeal = heard(court)
    order = appeal.order
    court.decides(appeal)

    order.refresh_from_db()
    appeal.refresh_from_db()
    assert (order.status, appeal.state, appeal.outcome) == ("COMPLETED", "DECIDED", "RELEASE")
    assert court.balance("bob") == order.amount - order.buyer_fee
    assert terminal(order) == ["J2_RELEASE"]
    steps = OrderStep.objects.filter(order=order).order_by("id").values_list("after", "reason")
    assert list(steps)[-2:] == [("RELEASING", "APPEAL"), ("COMPLETED", "")]
    # Judged once more for the record, as the seller's release that it is.
    released = Event.objects.get(kind="order.released")
    assert released.actor_id == court.member("sam").entity_id
    assert Decision.objects.get(pk=released.pk).checkpoint == "CP3"
    # What was found counts when nothing can change it any more.
    assert not Event.objects.filter(kind="appeal.decided").exists()

    closes(court)
    appeal.refresh_from_db()
    assert (appeal.state, appeal.closed_at) == ("CLOSED", court.desk.now)
    found = Event.objects.filter(kind="appeal.decided").values_list("user", "data__at_fault")
    alice, bob = court.desk.person("alice"), court.desk.person("bob")
    assert dict(found) == {alice.entity_id: True, bob.entity_id: False}
    faults = DayTally.objects.filter(faults__gt=0).values_list("user", "faults")
    assert list(faults) == [(alice.pk, 1)]


def test_refunded_to_the_seller(court: Court) -> None:
    appeal = heard(court, by="alice", reason="CLAIMED_PAID_NOT_RECEIVED")
    court.decides(appeal, "REFUND", reason="CLAIMED_PAID_NOT_RECEIVED", fault="BUYER")
    order = Order.objects.get()
    assert (order.status, order.cancel_reason) == ("CANCELLED", "APPEAL")
    assert order.cancelled_by == court.member("sam")
    assert (court.balance("alice", "reserved"), court.balance("bob")) == (1000, 0)
    assert terminal(order) == ["J3_RETURN"]
    cancelled = Event.objects.get(kind="order.cancelled")
    assert cancelled.user_id == court.desk.person("bob").entity_id
    assert DayTally.objects.get(user=court.desk.person("bob")).failed == 1


def test_divided_by_a_senior_and_a_second_person(court: Court) -> None:
    order = court.paid()
    appeal = heard(court, order)
    ana = court.member("ana", Role.ANALYST)
    split = {"fault": "NOBODY", "reason": "AMOUNT_MISMATCH"}
    halves = {"buyer_amount": Decimal(40), "seller_amount": Decimal(59)}
    # An analyst may decide, not divide.
    appeals.take(by=court.member("cora"), appeal=appeal, at=court.desk.now)
    refused("NOT_PERMITTED", lambda: court.decides(appeal, "SPLIT", "ana", **split, **halves))
    assert ana.is_staff

    for wrong in (
        {"buyer_amount": Decimal(60), "seller_amount": Decimal(60)},
        {"buyer_amount": Decimal("0.0000001"), "seller_amount": Decimal(1)},
        {"buyer_amount": Decimal(0), "seller_amount": Decimal(0)},
    ):
        refused(
            "DECISION_UNFIT",
            lambda wrong=wrong: court.decides(appeal, "SPLIT", "cora", **split, **wrong),
        )
    refused("DECISION_INCOMPLETE", lambda: court.decides(appeal, "SPLIT", "cora", **split))
    refused("DECISION_INCOMPLETE", lambda: court.decides(appeal, "REFUND", "cora", **halves))

    court.decides(appeal, "SPLIT", "cora", **split, **halves)
    assert Order.objects.get().status == "APPEALED"
    alice_before = court.balance("alice")
    court.agrees(appeal, "sam")
    order.refresh_from_db()
    assert (order.status, terminal(order)) == ("COMPLETED", ["J4_SPLIT"])
    assert court.balance("bob") == 40
    assert court.balance("alice") - alice_before == 59
    assert ledger.in_escrow(order.pk, order.asset) == 0
    checks = (selfcheck.entries_balanced, *selfcheck_desk.CHECKS)
    assert [found for check in checks for found in selfcheck.run(check)] == []


def test_above_the_limit_it_takes_two_and_the_money_waits(court: Court, low_limit: None) -> None:
    appeal = heard(court)
    ruling = court.decides(appeal)
    assert (ruling.stage, ruling.needs_approval) == ("PENDING", True)
    appeal.refresh_from_db()
    assert (appeal.state, appeal.outcome) == ("IN_REVIEW", "")
    refused("RULING_PENDING", lambda: court.decides(appeal, "REFUND"))
    refused("SECOND_PERSON_NEEDED", lambda: court.agrees(appeal, "sam"))
    court.member("ana", Role.ANALYST)
    refused("NOT_PERMITTED", lambda: court.agrees(appeal, "ana"))

    court.agrees(appeal)
    appeal.refresh_from_db()
    assert (appeal.state, appeal.outcome) == ("DECIDED", "RELEASE")
    assert (appeal.decided_by, appeal.approved_by) == (court.member("sam"), court.member("cora"))
    assert Order.objects.get().status == "APPEALED"
    assert appeal.carried_out_at is None

    # The clock stood still for an hour; then the next beat pays and closes.
    court.desk.pass_time(hours=25)
    assert desk_sweeps.advance_appeals(at=court.desk.now) == 1
    assert desk_sweeps.advance_appeals(at=court.desk.now) == 0
    order = Order.objects.get()
    assert (order.status, terminal(order)) == ("COMPLETED", ["J2_RELEASE"])
    assert Appeal.objects.get().state == "CLOSED"


def test_a_second_person_sends_it_back_and_says_why(court: Court, low_limit: None) -> None:
    appeal = heard(court)
    court.decides(appeal)
    note = "The statement is of last month."
    appeals.send_back(by=court.member("cora"), appeal=appeal, note=note, at=court.desk.now)
    first = Ruling.objects.get()
    assert (first.stage, first.note, first.second) == ("SENT_BACK", note, court.member("cora"))
    refused("NOTHING_PENDING", lambda: court.agrees(appeal))
    assert Order.objects.get().status == "APPEALED"
    court.decides(appeal, "REFUND", fault="BUYER", reason="CLAIMED_PAID_NOT_RECEIVED")
    court.agrees(appeal)
    assert Appeal.objects.get().outcome == "REFUND"


def test_the_database_wants_four_eyes_whoever_asks(court: Court, low_limit: None) -> None:
    appeal = heard(court)
    ruling = court.decides(appeal)
    sam, cora = court.member("sam"), court.member("cora")

    def refuses(change: Any) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()

    rulings, rows = Ruling.objects.filter(pk=ruling.pk), Appeal.objects.filter(pk=appeal.pk)
    refuses(lambda: rulings.update(stage="STANDS"))
    refuses(lambda: rulings.update(stage="STANDS", second=sam))
    refuses(lambda: rulings.update(outcome="REFUND"))
    refuses(lambda: rulings.update(needs_approval=False))
    refuses(lambda: rulings.delete())
    decided = {"state": "DECIDED", "outcome": "RELEASE", "decided_by": sam, "needs_approval": True}
    refuses(lambda: rows.update(**decided))
    refuses(lambda: rows.update(**decided, approved_by=sam))
    refuses(lambda: rows.update(state="DECIDED"))
    refuses(lambda: rows.update(needs_approval=True, carried_out_at=court.desk.now))
    with transaction.atomic():
        assert rows.update(**decided, approved_by=cora) == 1


def test_a_hold_of_risk_control_is_answered_by_two(court: Court) -> None:
    court.desk.funds("alice")
    order = court.desk.order(ad=court.desk.ad("alice"))
    court.desk.pass_time(minutes=8)
    court.desk.judged("REVIEW", lambda: court.desk.pays(order))
    court.desk.pass_time(minutes=15)
    appeal = heard(court, order)
    ruling = court.decides(appeal)
    assert ruling.needs_approval is True
    held = Restriction.objects.get(subject=order.entity)
    assert held.lifted_at is None
    court.agrees(appeal)
    held.refresh_from_db()
    assert (held.lifted_at, held.lifted_by) == (court.desk.now, court.member("cora"))
    assert Order.objects.get().status == "COMPLETED"


def test_what_was_once_taken_back_is_never_settled_by_one(court: Court) -> None:
    order = court.paid()
    Order.objects.filter(pk=order.pk).update(paid_reverted=True)
    assert court.decides(heard(court, order)).needs_approval is True


def test_a_decision_has_to_fit(court: Court) -> None:
    appeal = heard(court)
    refused("DECISION_UNFIT", lambda: court.decides(appeal, "NO_ACTION"))
    refused("DECISION_INCOMPLETE", lambda: court.decides(appeal, "PERHAPS"))
    refused("STATEMENT_LENGTH", lambda: court.decides(appeal, finding="Because."))
    refused("TAKE_FIRST", lambda: court.decides(appeal, by="cora"))
    # Bad faith is of whoever appealed.
    refused("DECISION_UNFIT", lambda: court.decides(appeal, malicious=True))
    court.decides(appeal)
    refused("APPEAL_STATE", lambda: court.decides(appeal))
    refused("APPEAL_STATE", lambda: court.takes(appeal, "cora"))


def test_parties_may_settle_while_a_decision_waits(court: Court, low_limit: None) -> None:
    appeal = heard(court)
    court.decides(appeal, "REFUND", fault="BUYER", reason="CLAIMED_PAID_NOT_RECEIVED")
    court.desk.calm(lambda: court.desk.releases(appeal.order))
    assert Ruling.objects.get().stage == "DROPPED"
    assert Appeal.objects.get().state == "CLOSED"
    refused("NOTHING_PENDING", lambda: court.agrees(appeal))


def test_a_release_under_check_is_waited_for(court: Court) -> None:
    appeal = heard(court)
    court.desk.judged("STEP_UP", lambda: court.desk.releases(appeal.order))
    assert Order.objects.get().status == "RELEASING"
    refused("ORDER_STATE", lambda: court.decides(appeal))


# --------------------------------------------------------------------------------- objections


def test_an_objection_within_the_limit_recovers_what_is_still_there(court: Court) -> None:
    appeal = heard(court)
    order = appeal.order
    court.decides(appeal)
    got = order.amount - order.buyer_fee
    assert court.balance("bob") == got
    refused("NEW_EVIDENCE_NEEDED", lambda: objects(court, appeal, "alice", data=None))
    refused("NOT_YOURS_TO_DO", lambda: objects(court, appeal, "bob"))

    objects(court, appeal, "alice")
    appeal.refresh_from_db()
    assert (appeal.state, appeal.agent) == ("OBJECTION", None)
    assert (court.balance("bob"), court.balance("bob", "frozen")) == (0, got)
    restricted = Restriction.objects.filter(reason="SELLER_STALLING", lifted_at=None)
    assert restricted.count() == 2

    # Who decided does not decide about it again; and the winner is heard once more.
    refused("ANOTHER_PERSON_NEEDED", lambda: court.takes(appeal, "sam"))
    court.takes(appeal, "cora")
    other = {"fault": "BUYER", "reason": "CLAIMED_PAID_NOT_RECEIVED"}
    refused("HEAR_THEM_FIRST", lambda: court.decides(appeal, "REFUND", "cora", **other))
    halves = {"buyer_amount": Decimal(1), "seller_amount": Decimal(1)}
    refused("DECISION_UNFIT", lambda: court.decides(appeal, "SPLIT", "cora", **halves, **other))
    court.desk.pass_time(minutes=1)
    court.tells(appeal, "bob")
    before = court.balance("alice")
    court.decides(appeal, "REFUND", "cora", **other)

    appeal.refresh_from_db()
    order.refresh_from_db()
    assert (appeal.state, appeal.outcome, order.status) == ("CLOSED", "REFUND", "COMPLETED")
    assert court.balance("alice") - before == got
    assert (court.balance("bob"), court.balance("bob", "frozen")) == (0, 0)
    assert terminal(order) == ["J2_RELEASE"]
    # What the first decision imposed on alice is lifted; bob answers for it now.
    assert not restricted.exists()
    assert Restriction.objects.get(lifted_at=None).reason == "FALSE_PAID"
    faults = DayTally.objects.filter(faults__gt=0).values_list("user", flat=True)
    assert list(faults) == [court.desk.person("bob").pk]
    assert [one.outcome for one in Ruling.objects.order_by("id")] == ["RELEASE", "REFUND"]


def test_a_rejected_objection_gives_the_winner_everything_back(court: Court) -> None:
    appeal = heard(court)
    court.decides(appeal)
    got = court.balance("bob")
    objects(court, appeal, "alice")
    court.takes(appeal, "cora")
    court.decides(appeal, by="cora")
    assert (court.balance("bob"), court.balance("bob", "frozen")) == (got, 0)
    assert Appeal.objects.get().state == "CLOSED"
    refused("OBJECTED_ALREADY", lambda: objects(court, appeal, "alice"))


def test_an_objection_above_the_limit_stops_the_money(court: Court, low_limit: None) -> None:
    appeal = heard(court)
    order = appeal.order
    court.decides(appeal)
    court.agrees(appeal)
    objects(court, appeal, "alice")
    court.desk.pass_time(days=3)
    assert desk_sweeps.advance_appeals(at=court.desk.now) == 0
    assert Order.objects.get().status == "APPEALED"
    court.takes(appeal, "cora")
    court.decides(appeal, "REFUND", "cora", fault="BUYER", reason="CLAIMED_PAID_NOT_RECEIVED")
    court.agrees(appeal, "sam")
    # After an objection it is final, and carried out at once.
    assert (Order.objects.get().status, terminal(order)) == ("CANCELLED", ["J3_RETURN"])
    assert Appeal.objects.get().state == "CLOSED"


def test_an_objection_takes_a_day_and_news(court: Court) -> None:
    appeal = heard(court)
    court.decides(appeal)
    late = court.desk.now + timedelta(hours=24)
    refused(
        "OBJECTION_TOO_LATE",
        lambda: appeals.object_(
            actor=court.desk.person("alice"), appeal=appeal, statement=STATEMENT,
            data=picture(7), at=late,
        ),
    )  # fmt: skip


def test_what_was_shown_before_is_no_news(court: Court) -> None:
    appeal = court.opens(court.paid())
    court.tells(appeal, "alice", data=picture(7))
    court.decides(court.heard(appeal))
    refused("NOT_NEW", lambda: objects(court, appeal, "alice"))
    assert objects(court, appeal, "alice", data=picture(8)).state == "OBJECTION"


# --------------------------------------------------------------------------------- penalties


def test_penalties_climb_with_each_offence_and_are_forgotten(court: Court) -> None:
    def falls() -> set[tuple[str, float]]:
        order = court.paid()
        court.decides(heard(court, order))
        closes(court)
        decided = Appeal.objects.get(order=order).decided_at
        assert decided is not None
        rows = Restriction.objects.filter(reason="SELLER_STALLING", imposed_at=decided)
        return {(row.ability, (row.until - decided).total_seconds() / 3600) for row in rows}

    court.desk.funds("alice")
    assert falls() == {("take_sell", 240), ("post_ad", 240)}
    cause = Restriction.objects.filter(reason="SELLER_STALLING").values_list("cause", flat=True)[0]
    decision = Decision.objects.get(pk=cause)
    assert (decision.maker, decision.reasons) == ("STAFF", ["SELLER_STALLING"])
    assert decision.proposer == court.member("sam")

    def served(days: int) -> None:
        court.desk.pass_time(days=days)
        restricting.lift_due(at=court.desk.now)

    served(20)
    assert {hours for _ability, hours in falls()} == {720}
    # After half a year nobody remembers.
    served(190)
    assert {hours for _ability, hours in falls()} == {240}


def test_bad_faith_costs_whoever_appealed_and_takes_two(court: Court) -> None:
    appeal = heard(court)
    said = {"fault": "BUYER", "reason": "OTHER", "malicious": True}
    ruling = court.decides(appeal, "REFUND", **said)
    assert ruling.needs_approval is True
    assert not Restriction.objects.filter(reason="MALICIOUS_APPEAL").exists()
    court.agrees(appeal)
    rows = Restriction.objects.filter(reason="MALICIOUS_APPEAL")
    assert {row.subject_id for row in rows} == {court.desk.person("bob").entity_id}
    assert {row.ability for row in rows} == {"take_buy", "take_sell", "post_ad"}
    assert all(row.until for row in rows)
    decision = Decision.objects.get(pk=rows[0].cause)
    assert decision.approver == court.member("cora")
    with pytest.raises(Refused) as refusal:
        court.desk.opens("bob", appeal.order.ad)
    assert refusal.value.code == "RESTRICTED"


def test_what_the_agent_calls_fake_costs_whoever_showed_it(court: Court) -> None:
    appeal = court.opens(court.paid())
    court.tells(appeal, "bob", what="SCREENSHOT", data=picture())
    court.heard(appeal)
    shown = appeal.evidence.get(what="SCREENSHOT")
    appeals.judge_evidence(
        by=court.member("sam"), evidence=shown, verdict="FAKE", at=court.desk.now
    )
    court.decides(appeal, "REFUND", fault="BUYER", reason="CLAIMED_PAID_NOT_RECEIVED")
    assert sorted(Appeal.objects.get().penalties) == ["FAKE_EVIDENCE_BUYER", "FALSE_PAID"]


def test_nobody_at_fault_nobody_pays(court: Court) -> None:
    appeal = heard(court)
    court.decides(appeal, fault="NOBODY", reason="BANK_PROBLEM")
    assert Appeal.objects.get().penalties == []
    assert not Restriction.objects.exists()


def test_the_matrix_is_data_that_never_bans() -> None:
    rows = json.loads((settings.BASE_DIR / "fixtures/desk/penalties.json").read_text())
    assert {row["falls_on"] for row in rows} == {"BUYER", "SELLER", "APPELLANT"}
    for row in rows:
        assert row["steps"], row["code"]
        assert "object" in row["sentence"], row["code"]
        for step in row["steps"]:
            # Everything for more than thirty days is a ban, and a ban takes two people.
            assert 0 < step["hours"] <= 720, row["code"]
            assert (step["kind"] == "CAP") == ("cap_usd" in step)


def test_the_matrix_can_be_read_by_everybody(court: Court) -> None:
    lines = appeals_of.penalties()
    assert len(lines) == Penalty.objects.count() == 15
    stalling = next(line for line in lines if line.code == "SELLER_STALLING")
    assert [step["hours"] for step in stalling.steps] == [240, 720]
    assert "Bybit" in stalling.source


def test_nobody_approves_themselves_even_in_sql(court: Court) -> None:
    appeal = heard(court)
    court.decides(appeal)
    with (
        pytest.raises(IntegrityError, match="appeal_approved_by_a_second_person"),
        transaction.atomic(),
    ):
        Appeal.objects.filter(pk=appeal.pk).update(approved_by=court.member("sam"))
