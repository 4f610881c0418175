"""A name that may be on a list turns up at a deed: it is held, and a human looks at it."""

from datetime import timedelta

import pytest

from apps.cases.models import Case, Outcome, Queue, Status
from apps.core.errors import Refused
from apps.events.models import Event
from apps.flows import (
    identity,
    list_hits,
    list_sweeps,
    payout_accounts,
    privacy,
    review,
    withdrawal_reviews,
    withdrawals,
)
from apps.flows.privacy import Asked, Ground
from apps.restrictions.models import Restriction
from apps.screening.models import Hit, HitState
from apps.trades.models import Withdrawal
from apps.users.models import PayoutAccount, User
from apps.users.roles import Role
from tests.desk import Desk
from tests.lists import people, sanctions
from tests.staff import colleague
from tests.wallet import address, asks, cool_entry, entry, fresh, withdraws

LISTED = "Brenwick Tolloway"
HELD = {"withdraw", "take_buy", "take_sell", "post_ad"}


def held(user: User) -> set[str]:
    rows = Restriction.objects.filter(subject=user.entity_id, lifted_at=None)
    return set(rows.values_list("ability", flat=True))


def verifies(desk: Desk, name: str, legal_name: str) -> User:
    return identity.verify(
        user=desk.person(name), legal_name=legal_name, country="DE", level=2, by=None, at=desk.now
    )


def test_a_listed_name_at_the_identity_check_holds_and_opens_a_case(p2p: Desk) -> None:
    people(LISTED, at=p2p.now)
    mallory = verifies(p2p, "mallory", "Tolloway, Brenwik")
    assert held(mallory) == HELD
    hit = Hit.objects.get()
    assert (hit.role, hit.state, hit.record.ref) == ("LEGAL_NAME", HitState.OPEN, "1")
    case = Case.objects.get(queue=Queue.SCREENING, status=Status.OPEN)
    assert case.subject_id == mallory.entity_id
    # Whoever reads the database finds neither name beside the hit, nor the log.
    assert b"Tolloway" not in bytes(hit.__dict__["explanation"] or b"")
    assert "olloway" not in str(list(Event.objects.values_list("data", flat=True)))
    p2p.funds("alice")
    ad = p2p.ad("alice")
    with pytest.raises(Refused) as refused:
        p2p.opens("mallory", ad)
    assert refused.value.code == "UNDER_REVIEW"
    assert "list" not in refused.value.detail


def test_an_ordinary_name_is_held_nowhere(p2p: Desk) -> None:
    people(LISTED, at=p2p.now)
    bob = verifies(p2p, "bob", "Brenda Tollefson")
    assert held(bob) == set()
    assert not Hit.objects.exists()
    assert not Case.objects.exists()


def test_the_holder_of_an_account_is_looked_at(p2p: Desk) -> None:
    people(LISTED, at=p2p.now)
    mallory = p2p.person("mallory")
    p2p.calm(
        lambda: payout_accounts.add(
            actor=mallory,
            rail="sepa_instant",
            holder=LISTED,
            number="DE89370400440532013000",
            request_facts=p2p.facts("mallory"),
            at=p2p.now,
        )
    )
    hit = Hit.objects.get(role="HOLDER")
    assert hit.about == PayoutAccount.objects.get(user=mallory).pk
    assert held(mallory) >= HELD


def test_a_recipient_holds_the_withdrawal_and_not_its_sender(p2p: Desk) -> None:
    people(LISTED, at=p2p.now)
    p2p.funds("alice")
    to = cool_entry(p2p, seed="theirs", is_own=False, beneficiary="Tolloway Brenwick")
    made = p2p.judged("ALLOW", lambda: asks(p2p, "alice", to)).withdrawal
    assert fresh(made).status == "UNDER_REVIEW"
    assert held(p2p.person("alice")) == set()
    assert Hit.objects.get().about == made.pk

    sam = colleague(Role.SENIOR)
    with pytest.raises(Refused) as refused:
        withdrawal_reviews.approve(by=sam, withdrawal=made, note="she is known", at=p2p.now)
    assert refused.value.code == "HIT_OPEN"
    list_hits.clear(by=sam, hit=Hit.objects.get(), reason="born in 2001", at=p2p.now)
    withdrawal_reviews.approve(by=sam, withdrawal=fresh(made), note="known", at=p2p.now)
    assert fresh(made).status == "APPROVED"


def test_a_recipient_told_later_holds_it_too(p2p: Desk) -> None:
    people(LISTED, at=p2p.now)
    p2p.funds("alice")
    to = cool_entry(p2p, seed="theirs", is_own=False, beneficiary="Carol Example")
    made = p2p.judged("ALLOW", lambda: asks(p2p, "alice", to, "5000")).withdrawal
    assert made.status == "TRAVEL_RULE_PENDING"
    said = {"originator": {}, "beneficiary": {"name": LISTED}}
    withdrawals.give_details(
        actor=p2p.person("alice"), withdrawal=made, travel_rule=said, at=p2p.now
    )
    assert fresh(made).status == "UNDER_REVIEW"
    assert Hit.objects.get().role == "BENEFICIARY"


def test_somebody_else_is_meant_and_it_stays_quiet_for_its_time(p2p: Desk) -> None:
    people(LISTED, at=p2p.now)
    alice = verifies(p2p, "alice", LISTED)
    carl = colleague(Role.COMPLIANCE)
    hit = list_hits.clear(
        by=carl, hit=Hit.objects.get(), reason="born in 2001", days=30, at=p2p.now
    )
    assert (hit.state, hit.decided_by) == (HitState.CLEARED, carl)
    assert held(alice) == set()
    case = Case.objects.get()
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.CLEARED)

    verifies(p2p, "alice", LISTED)
    assert held(alice) == set()
    # The record changes: what was said of the old one says nothing of the new one.
    people(LISTED, "Another Zelvorn", at=p2p.now)
    verifies(p2p, "alice", LISTED)
    assert held(alice) == set()
    from tests.lists import loads

    loads(
        f"ref,name,kind,born\n1,{LISTED},PERSON,1980\n2,Another Zelvorn,PERSON,\n",
        at=p2p.now,
        code="PEOPLE",
    )
    verifies(p2p, "alice", LISTED)
    assert held(alice) == HELD


def test_a_clearance_ends(p2p: Desk) -> None:
    people(LISTED, at=p2p.now)
    alice = verifies(p2p, "alice", LISTED)
    list_hits.clear(
        by=colleague(Role.COMPLIANCE), hit=Hit.objects.get(), reason="other", days=1, at=p2p.now
    )
    p2p.now += timedelta(days=2)
    verifies(p2p, "alice", LISTED)
    assert held(alice) == HELD


def test_confirmed_stays_held(p2p: Desk) -> None:
    people(LISTED, at=p2p.now)
    mallory = verifies(p2p, "mallory", LISTED)
    list_hits.confirm(
        by=colleague(Role.COMPLIANCE), hit=Hit.objects.get(), reason="same passport", at=p2p.now
    )
    assert held(mallory) == HELD
    case = Case.objects.get()
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.CONFIRMED)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMIN, Role.AUDITOR])
def test_not_everybody_decides(p2p: Desk, role: Role) -> None:
    people(LISTED, at=p2p.now)
    alice = verifies(p2p, "alice", LISTED)
    with pytest.raises(Refused) as refused:
        list_hits.clear(by=colleague(role), hit=Hit.objects.get(), reason="why not", at=p2p.now)
    assert refused.value.code == "NOT_PERMITTED"
    assert held(alice) == HELD


def test_a_decision_needs_a_reason_is_made_once_and_the_case_waits_for_it(p2p: Desk) -> None:
    people(LISTED, at=p2p.now)
    verifies(p2p, "alice", LISTED)
    hit, carl = Hit.objects.get(), colleague(Role.COMPLIANCE)
    with pytest.raises(Refused, match="Please say why"):
        list_hits.clear(by=carl, hit=hit, reason=" ", at=p2p.now)
    with pytest.raises(Refused) as refused:
        review.close_case(
            by=carl, at=p2p.now, case=Case.objects.get(), outcome="CLEARED", note="fine"
        )
    assert refused.value.code == "HITS_OPEN"
    list_hits.clear(by=carl, hit=hit, reason="born in 2001", at=p2p.now)
    with pytest.raises(Refused) as refused:
        list_hits.confirm(by=carl, hit=hit, reason="no, it is he", at=p2p.now)
    assert refused.value.code == "HIT_DECIDED"


def test_a_sanctioned_address_is_nobody_elses(p2p: Desk) -> None:
    sanctions(address("sanctioned"), at=p2p.now)
    with pytest.raises(Refused):
        entry(p2p, "mallory", seed="sanctioned")
    with pytest.raises(Refused) as refused:
        list_hits.clear(
            by=colleague(Role.COMPLIANCE), hit=Hit.objects.get(), reason="fine", at=p2p.now
        )
    assert refused.value.code == "ADDRESS_IS_EXACT"


def test_a_new_version_is_compared_with_everybody_once(p2p: Desk) -> None:
    mallory = verifies(p2p, "mallory", LISTED)
    alice = p2p.person("alice")
    to = entry(p2p, "alice", seed="later")
    p2p.account("bob", holder="Zelvorn Karvenov")
    assert list_sweeps.sweep(at=p2p.now) == 0

    people(LISTED, "Karvenov Zelvorn", at=p2p.now)
    sanctions(to.address, at=p2p.now)
    assert list_sweeps.sweep(at=p2p.now) > 0
    assert {(hit.user, hit.role, hit.about) for hit in Hit.objects.all()} == {
        (mallory, "LEGAL_NAME", None),
        (p2p.person("bob"), "HOLDER", p2p.account("bob").pk),
        (alice, "PAYS_TO", to.pk),
    }
    assert held(mallory) == HELD
    assert held(alice) == {"withdraw"}
    assert Case.objects.filter(queue=Queue.SCREENING, status=Status.OPEN).count() == 3
    assert list_sweeps.due() == []
    assert list_sweeps.sweep(at=p2p.now) == 0


def test_what_lists_said_is_not_told_and_the_name_in_it_is_erased(p2p: Desk) -> None:
    people(LISTED, at=p2p.now)
    alice = verifies(p2p, "alice", LISTED)
    carl = colleague(Role.COMPLIANCE)
    list_hits.clear(by=carl, hit=Hit.objects.get(), reason="born in 2001", at=p2p.now)
    own = Asked(by=alice, ground=Ground.OWN, confirmed=True)
    told = privacy.export_user(user=alice, asked=own, at=p2p.now)
    assert "screening" not in str(told)
    assert "list_hits" not in told
    privacy.erase_user(user=alice, asked=own, at=p2p.now)
    assert Hit.objects.get().explanation is None


def test_the_engine_hears_nothing_of_names(p2p: Desk) -> None:
    people(LISTED, at=p2p.now)
    made = withdraws(p2p)
    assert Withdrawal.objects.get() == made
    assert "name" not in str(Event.objects.get(kind="withdrawal.requested").data)
