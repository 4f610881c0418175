"""Withdrawals that wait for staff: approved by one or by two, rejected, screened, cleared."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from apps.cases.models import Case
from apps.core.errors import Refused
from apps.events.models import Entity, Event
from apps.flows import review, screening, withdrawal_reviews
from apps.restrictions.models import Restriction
from apps.risk.models import Decision, ListName, Maker
from apps.trades.models import Withdrawal
from apps.users.models import User
from apps.users.roles import Role
from tests.desk import Desk
from tests.staff import colleague
from tests.wallet import (
    DETAILS,
    asks,
    clock,
    cool_entry,
    entry,
    fresh,
    listed,
    money,
    withdraws,
)


@pytest.fixture
def sam(p2p: Desk) -> User:
    return colleague(Role.SENIOR, "sam")


@pytest.fixture
def cora(p2p: Desk) -> User:
    return colleague(Role.COMPLIANCE, "cora-c")


def approve(desk: Desk, by: User, withdrawal: Withdrawal) -> Withdrawal:
    return withdrawal_reviews.approve(
        by=by, withdrawal=withdrawal, note="spoke to her", at=desk.now
    )


def reject(desk: Desk, by: User, withdrawal: Withdrawal) -> Withdrawal:
    return withdrawal_reviews.reject(by=by, withdrawal=withdrawal, note="a mule", at=desk.now)


def held(withdrawal: Withdrawal) -> int:
    return Restriction.objects.filter(subject=withdrawal.entity, lifted_at=None).count()


def test_sam_clears_a_held_withdrawal_and_it_goes_on(p2p: Desk, sam: User) -> None:
    made = withdraws(p2p, judged="REVIEW")
    assert (made.status, held(made), money(p2p, "alice")) == ("UNDER_REVIEW", 1, (9900, 100))
    assert made.screening["severity"] == "LOW"
    clock(p2p, hours=1)
    assert fresh(made).status == "UNDER_REVIEW"

    approve(p2p, sam, made)
    made = fresh(made)
    assert (made.status, made.approved_by, held(made)) == ("APPROVED", sam, 0)
    verdict = Decision.objects.get(maker=Maker.STAFF)
    assert (verdict.supersedes, verdict.outcome, verdict.note) == (
        made.decision,
        "ALLOW",
        "spoke to her",
    )
    logged = Event.objects.get(kind="withdrawal.approved")
    assert logged.actor_id == sam.entity_id
    assert "spoke" not in str(logged.data)
    # Nothing else holds alice because of it, either.
    assert not Restriction.objects.filter(cause=made.decision, lifted_at=None).exists()


def test_the_database_refuses_what_is_held(p2p: Desk) -> None:
    made = withdraws(p2p, judged="REVIEW")
    with pytest.raises(IntegrityError, match="is held"), transaction.atomic():
        Withdrawal.objects.filter(pk=made.pk).update(status="APPROVED")


def test_the_database_refuses_to_skip_a_state_or_a_cool_down(p2p: Desk) -> None:
    p2p.funds("alice")
    to = entry(p2p)
    made = p2p.judged("ALLOW", lambda: asks(p2p, "alice", to)).withdrawal
    rows = Withdrawal.objects.filter(pk=made.pk)
    with pytest.raises(Exception, match="Invalid transition"), transaction.atomic():
        rows.update(status="APPROVED")
    rows.update(status="SCREENING", status_at=p2p.now)
    with pytest.raises(IntegrityError, match="withdrawal_has_cooled_off"), transaction.atomic():
        rows.update(status="APPROVED", status_at=p2p.now + timedelta(hours=23))


def test_approval_does_not_skip_the_cool_down_or_the_law(p2p: Desk, sam: User) -> None:
    p2p.funds("alice")
    to = entry(p2p)
    made = p2p.judged("REVIEW", lambda: asks(p2p, "alice", to, "1000")).withdrawal
    approve(p2p, sam, made)
    assert fresh(made).status == "COOLING_OFF"
    clock(p2p, hours=25)
    assert fresh(made).status == "TRAVEL_RULE_PENDING"


def test_sam_rejects_and_the_money_is_back(p2p: Desk, sam: User) -> None:
    made = withdraws(p2p, judged="REVIEW")
    reject(p2p, sam, made)
    made = fresh(made)
    assert (made.status, made.reject_reason, made.note) == ("REJECTED", "STAFF", "a mule")
    assert money(p2p, "alice") == (10_000, 0)
    assert Decision.objects.get(maker=Maker.STAFF).outcome == "BLOCK"
    # What the engine holds of alice herself stands.
    assert Restriction.objects.filter(cause=made.decision, lifted_at=None).exists()
    for deed in (approve, reject):
        with pytest.raises(Refused, match="WITHDRAWAL_STATE"):
            deed(p2p, sam, made)
    assert money(p2p, "alice") == (10_000, 0)


def test_who_may_not(p2p: Desk, sam: User) -> None:
    made = withdraws(p2p, judged="REVIEW")
    for who in (colleague(Role.ANALYST, "ana"), colleague(Role.ADMIN, "adam"), p2p.person("bob")):
        for deed in (approve, reject):
            with pytest.raises(Refused, match="NOT_PERMITTED"):
                deed(p2p, who, made)
    with pytest.raises(Refused, match="Please say why"):
        withdrawal_reviews.approve(by=sam, withdrawal=made, note=" ", at=p2p.now)
    assert fresh(made).status == "UNDER_REVIEW"


def test_nobody_decides_on_their_own_money(p2p: Desk, sam: User) -> None:
    p2p.people["sam"] = sam
    made = withdraws(p2p, "sam", judged="REVIEW")
    with pytest.raises(Refused, match="OWN_MONEY"):
        approve(p2p, sam, made)


def test_above_the_limit_it_takes_two(p2p: Desk, sam: User, cora: User) -> None:
    p2p.funds("alice", "20000")
    made = withdraws(p2p, amount="10000", judged="REVIEW", travel_rule=DETAILS)
    assert made.takes_two is True
    proposed = approve(p2p, sam, made)
    assert (proposed.status, proposed.proposed_by, held(made)) == ("UNDER_REVIEW", sam, 1)
    with pytest.raises(Refused, match="SECOND_PERSON_NEEDED"):
        approve(p2p, sam, made)
    approve(p2p, cora, made)
    made = fresh(made)
    assert (made.status, made.proposed_by, made.approved_by) == ("APPROVED", sam, cora)
    verdict = Decision.objects.get(maker=Maker.STAFF)
    assert (verdict.proposer, verdict.approver) == (sam, cora)


def test_the_database_wants_two_as_well(p2p: Desk, sam: User) -> None:
    p2p.funds("alice", "20000")
    made = withdraws(p2p, amount="10000", judged="REVIEW", travel_rule=DETAILS)
    rows = Withdrawal.objects.filter(pk=made.pk)
    second = pytest.raises(IntegrityError, match="withdrawal_approved_by_a_second_person")
    with second, transaction.atomic():
        rows.update(approved_by=sam)
    with second, transaction.atomic():
        rows.update(proposed_by=sam, approved_by=sam)
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        rows.update(takes_two=False)
    Restriction.objects.filter(subject=made.entity).update(lifted_at=p2p.now)
    with (
        pytest.raises(IntegrityError, match="withdrawal_that_takes_two_has_both"),
        transaction.atomic(),
    ):
        rows.update(status="APPROVED", status_at=p2p.now)


def test_a_case_that_is_cleared_lets_it_go_on_by_itself(p2p: Desk, sam: User) -> None:
    made = withdraws(p2p, judged="REVIEW")
    case = Case.objects.get(subject=Entity.objects.get(pk=made.user.entity_id))
    review.close_case(by=sam, at=p2p.now, case=case, outcome="CLEARED", note="known traveller")
    clock(p2p, seconds=5)
    assert fresh(made).status == "BROADCAST"


def test_a_case_that_is_confirmed_ends_it(p2p: Desk, sam: User) -> None:
    made = withdraws(p2p, judged="REVIEW")
    case = Case.objects.get(subject=Entity.objects.get(pk=made.user.entity_id))
    review.close_case(by=sam, at=p2p.now, case=case, outcome="CONFIRMED", note="a mule")
    clock(p2p, seconds=5)
    made = fresh(made)
    assert (made.status, made.reject_reason) == ("REJECTED", "RISK")
    assert money(p2p, "alice") == (10_000, 0)


def test_a_large_one_that_is_cleared_still_takes_two(p2p: Desk, sam: User, cora: User) -> None:
    p2p.funds("alice", "20000")
    made = withdraws(p2p, amount="10000", judged="REVIEW", travel_rule=DETAILS)
    case = Case.objects.get(subject=Entity.objects.get(pk=made.user.entity_id))
    review.close_case(by=sam, at=p2p.now, case=case, outcome="CLEARED", note="known traveller")
    clock(p2p, hours=1)
    assert fresh(made).status == "UNDER_REVIEW"
    approve(p2p, sam, made)
    approve(p2p, cora, made)
    assert fresh(made).status == "APPROVED"


def test_a_watched_address_waits_for_a_human_whatever_the_engine_says(p2p: Desk, sam: User) -> None:
    to = cool_entry(p2p)
    listed(ListName.WATCHED, to.address, at=p2p.now)
    made = withdraws(p2p, to=to)
    assert (made.status, made.screening["severity"]) == ("UNDER_REVIEW", "HIGH")
    clock(p2p, hours=1)
    assert fresh(made).status == "UNDER_REVIEW"
    approve(p2p, sam, made)
    assert fresh(made).status == "APPROVED"


class Elsewhere:
    """A provider behind a network."""

    name, is_local = "elsewhere", False

    def __init__(self, answer: screening.Answer | None = None) -> None:
        self.answer = answer

    def screen(self, subject: screening.Subject, *, at: object) -> screening.Answer | None:
        if self.answer is None:
            raise TimeoutError
        return self.answer


def said(**words: object) -> screening.Answer:
    usual = {"provider": "elsewhere", "severity": "LOW", "score": 5}
    return screening.Answer(**(usual | words))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (said(), "BROADCAST"),
        (said(severity="MEDIUM"), "BROADCAST"),
        (said(severity="HIGH"), "UNDER_REVIEW"),
        (said(severity="UNKNOWN", score=0), "UNDER_REVIEW"),
        (said(severity="CRITICAL"), "UNDER_REVIEW"),
        (said(sanctioned=True), "UNDER_REVIEW"),
        (said(severity="FINE, TRUST ME"), "SCREENING"),
        (None, "SCREENING"),
    ],
)
def test_what_a_provider_says_decides_where_it_goes(
    p2p: Desk, monkeypatch: pytest.MonkeyPatch, answer: screening.Answer | None, status: str
) -> None:
    monkeypatch.setitem(screening.PROVIDERS, "elsewhere", Elsewhere(answer))
    with override_settings(SCREENERS=["lists", "elsewhere"]):
        made = withdraws(p2p)
        assert made.status == "SCREENING"
        clock(p2p, seconds=5)
        assert fresh(made).status == status
        if status == "SCREENING":
            clock(p2p, hours=1)
            assert fresh(made).status == "UNDER_REVIEW"
            clock(p2p, hours=1)
            assert fresh(made).status == "UNDER_REVIEW"
    assert sum(money(p2p, "alice")) == (9900 if status == "BROADCAST" else 10_000)


def test_a_late_answer_is_for_the_reviewer_and_moves_nothing(
    p2p: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Elsewhere()
    monkeypatch.setitem(screening.PROVIDERS, "elsewhere", there)
    with override_settings(SCREENERS=["elsewhere"]):
        made = withdraws(p2p)
        clock(p2p, hours=1)
        there.answer = said()
        clock(p2p, minutes=1)
        made = fresh(made)
        assert (made.status, made.screening["clear"]) == ("UNDER_REVIEW", True)
        clock(p2p, hours=2)
        assert fresh(made).status == "UNDER_REVIEW"


def test_nobody_approves_a_sanctioned_address(
    p2p: Desk, monkeypatch: pytest.MonkeyPatch, sam: User
) -> None:
    monkeypatch.setitem(screening.PROVIDERS, "elsewhere", Elsewhere(said(sanctioned=True)))
    with override_settings(SCREENERS=["elsewhere"]):
        made = withdraws(p2p)
        clock(p2p, seconds=5)
        with pytest.raises(Refused, match="overrides everything"):
            approve(p2p, sam, made)
        reject(p2p, sam, made)
        # The engine knows the address from now on.
        with pytest.raises(Refused, match="BLOCKED"):
            asks(p2p, "alice", made.entry)
    assert money(p2p, "alice") == (10_000, 0)


def test_a_cap_does_not_hide_a_hold(p2p: Desk, sam: User) -> None:
    made = withdraws(p2p, judged="STEP_UP")
    subject = Entity.objects.get(pk=made.user.entity_id)
    common = {"by": sam, "at": p2p.now, "subject": subject, "reason": "watch", "note": "see case"}
    words = "We look at your account. Please wait a little."
    review.impose(
        kind="CAP",
        ability="all",
        user_sentence=words,
        cap_usd=5,
        **common,  # type: ignore[arg-type]
    )
    review.impose(kind="HOLD", ability="withdraw", user_sentence=words, **common)  # type: ignore[arg-type]
    Restriction.objects.filter(subject=made.entity).update(lifted_at=p2p.now)
    clock(p2p, seconds=5)
    assert fresh(made).status == "UNDER_REVIEW"


def test_what_holds_its_owner_after_approval_stops_it_before_it_is_sent(
    p2p: Desk, sam: User
) -> None:
    made = withdraws(p2p)
    assert made.status == "APPROVED"
    hold = review.impose(
        by=sam,
        at=p2p.now,
        subject=Entity.objects.get(pk=made.user.entity_id),
        kind="HOLD",
        ability="withdraw",
        reason="police asked",
        user_sentence="We look at your account. Please wait a little.",
        note="letter of today",
    )
    clock(p2p, seconds=5)
    assert fresh(made).status == "UNDER_REVIEW"
    review.lift(by=sam, at=p2p.now, restriction=hold, reason="settled")
    clock(p2p, seconds=5)
    assert fresh(made).status == "BROADCAST"
