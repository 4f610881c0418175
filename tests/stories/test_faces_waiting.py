"""What waits for a face goes on when it passes and ends when it can't; the money is counted."""

from typing import Any
from unittest.mock import patch

import pytest

from apps.cases.models import Case
from apps.faces.models import Attempt
from apps.flows import face_judging, face_sweeps, waiting
from apps.restrictions.models import Restriction
from apps.risk.models import Decision
from apps.trades.models import Order
from tests.camera import Camera, verdict
from tests.desk import Desk
from tests.wallet import asks, balance, clock, conserved, cool_entry, fresh, money, withdraws

PHOTOGRAPH: dict[str, Any] = {"code": "FLAT", "species": "PRINT", "certainty": 0.95}
MASK: dict[str, Any] = {"code": "MASK", "species": "SILICONE_MASK", "certainty": 0.9}


@pytest.fixture
def camera(p2p: Desk) -> Camera:
    return Camera(p2p)


def outcome(attempt: Attempt) -> str:
    return Decision.objects.get(pk=attempt.event).outcome


def opened(camera: Camera) -> Order:
    """Bob, whose face is known, takes an ad of Alice's and is asked for his face."""
    camera.known("bob")
    camera.desk.funds("alice")
    ad = camera.desk.ad("alice")
    order = camera.desk.judged("STEP_UP", lambda: camera.desk.opens("bob", ad)).order
    assert order.status == "CREATED"
    return order


def releasing_(camera: Camera) -> Order:
    """Alice, whose face is known, releases and is asked for her face."""
    camera.known("alice")
    order = camera.desk.order(step="PAID")
    order = camera.desk.judged("STEP_UP", lambda: camera.desk.releases(order)).order
    assert order.status == "RELEASING"
    return order


def test_a_face_lets_the_order_go_on(camera: Camera) -> None:
    order = opened(camera)
    camera.judged("bob", verdict("PASS", name="bob"))
    assert Order.objects.get(pk=order.pk).status == "AWAITING_PAYMENT"


def test_a_face_lets_the_release_go_on(camera: Camera) -> None:
    order = releasing_(camera)
    camera.judged("alice", verdict("PASS"))
    assert Order.objects.get(pk=order.pk).status == "COMPLETED"
    assert balance(camera.desk, "bob") == 100


def test_one_plain_failure_leaves_everything_waiting(camera: Camera) -> None:
    order = opened(camera)
    camera.judged("bob", verdict("FAIL", name="bob", code="NO_TURN"))
    assert Order.objects.get(pk=order.pk).status == "CREATED"
    camera.judged("bob", verdict("PASS", name="bob"))
    assert Order.objects.get(pk=order.pk).status == "AWAITING_PAYMENT"


def test_a_mask_ends_the_order_and_the_crypto_is_back(camera: Camera) -> None:
    order = opened(camera)
    before = conserved()
    attempt = camera.judged("bob", verdict("FAIL", name="bob", **MASK))
    assert outcome(attempt) == "REVIEW"
    order = Order.objects.get(pk=order.pk)
    assert (order.status, order.cancel_reason) == ("REJECTED", "RISK")
    assert (balance(camera.desk, "alice", "reserved"), conserved()) == (1000, before)
    # Nobody is asked any more for what is over.
    assert not Restriction.objects.filter(subject=order.entity, lifted_at=None).exists()
    assert waiting.due(at=camera.desk.now) == []


def test_a_mask_stops_the_release_and_the_escrow_stays(camera: Camera) -> None:
    order = releasing_(camera)
    before = conserved()
    camera.judged("alice", verdict("FAIL", **MASK))
    order = Order.objects.get(pk=order.pk)
    assert (order.status, order.released_at) == ("PAID", None)
    assert (balance(camera.desk, "bob"), conserved()) == (0, before)
    assert not Restriction.objects.filter(subject=order.entity, lifted_at=None).exists()


def test_a_mask_leaves_the_withdrawal_to_the_case(camera: Camera) -> None:
    camera.known("alice")
    made = withdraws(camera.desk, judged="STEP_UP")
    camera.judged("alice", verdict("FAIL", **MASK))
    assert fresh(made).status == "UNDER_REVIEW"
    assert money(camera.desk, "alice") == (9900, 100)
    # A proof alone is not enough while staff hold her; when they have let go, it goes on.
    assert waiting.prove(user=made.user, at=camera.desk.now) == []
    assert fresh(made).status == "UNDER_REVIEW"
    held = Restriction.objects.filter(subject=made.user.entity_id, kind="HOLD", lifted_at=None)
    assert sorted(held.values_list("ability", flat=True)) == ["all", "withdraw"]
    held.update(lifted_at=camera.desk.now, lifted_for="for the story")
    clock(camera.desk, seconds=1)
    assert fresh(made).status == "BROADCAST"
    assert balance(camera.desk, "alice") == 9900
    assert Case.objects.filter(subject=made.user.entity_id, queue="REVIEW").exists()


def test_repeated_attacks_end_the_withdrawal_and_the_money_is_back(camera: Camera) -> None:
    camera.known("alice")
    made = withdraws(camera.desk, judged="STEP_UP")
    first = camera.judged("alice", verdict("FAIL", **PHOTOGRAPH))
    # The first time the face is asked for again: the withdrawal still waits for it.
    assert (outcome(first), fresh(made).status) == ("STEP_UP", "CHALLENGED")
    second = camera.judged("alice", verdict("FAIL", **PHOTOGRAPH))
    assert outcome(second) == "BLOCK"
    made = fresh(made)
    assert (made.status, made.reject_reason) == ("REJECTED", "CHECK_FAILED")
    assert money(camera.desk, "alice") == (10_000, 0)


def test_the_fifth_failure_leaves_the_withdrawal_to_people(camera: Camera) -> None:
    camera.known("alice")
    camera.desk.funds("alice")
    to = cool_entry(camera.desk)
    for _ in range(4):
        camera.judged("alice", verdict("FAIL", code="NO_TURN"))
        camera.desk.pass_time(minutes=11)
    made = camera.desk.judged("STEP_UP", lambda: asks(camera.desk, "alice", to)).withdrawal
    camera.judged("alice", verdict("FAIL", code="NO_TURN"))
    assert fresh(made).status == "UNDER_REVIEW"


def test_a_doubtful_face_waits_for_a_human(camera: Camera) -> None:
    order = opened(camera)
    camera.judged("bob", verdict("REVIEW", name="bob"))
    assert Order.objects.get(pk=order.pk).status == "CREATED"


def test_a_face_from_a_program_lifts_nothing(camera: Camera) -> None:
    order = opened(camera)
    said = verdict("PASS", name="bob")
    attempt = camera.judged("bob", said, hints={"camera": "ManyCam Video Source"})
    assert outcome(attempt) == "BLOCK"
    assert Order.objects.get(pk=order.pk).status == "CREATED"


def test_much_money_and_no_depth_is_looked_at(camera: Camera) -> None:
    camera.known("alice")
    camera.desk.funds("alice", "50000")
    made = withdraws(camera.desk, amount="12000", judged="STEP_UP")
    attempt = camera.judged("alice", verdict("PASS"))
    assert Decision.objects.get(pk=attempt.event).reasons == ["FACE_PLAIN_FOR_MUCH"]
    assert fresh(made).status == "CHALLENGED"
    # When the clock comes by: it is held beside, and so for a human.
    clock(camera.desk, minutes=1)
    assert fresh(made).status == "UNDER_REVIEW"


@pytest.mark.parametrize("passes", [True, False])
def test_a_worker_that_dies_after_the_judgement_loses_nothing(camera: Camera, passes: bool) -> None:
    order = opened(camera)
    said = verdict("PASS", name="bob") if passes else verdict("FAIL", name="bob", **MASK)
    with patch.object(face_judging, "follow"):
        camera.judged("bob", said)
    assert Order.objects.get(pk=order.pk).status == "CREATED"
    camera.desk.pass_time(seconds=61)
    assert face_sweeps.followed(at=camera.desk.now) == 1
    assert Order.objects.get(pk=order.pk).status == ("AWAITING_PAYMENT" if passes else "REJECTED")


def test_what_is_asked_for_after_a_failure_is_not_ended_by_it(camera: Camera) -> None:
    camera.known("bob")
    camera.desk.funds("alice")
    ad = camera.desk.ad("alice")
    attempt = camera.judged("bob", verdict("FAIL", name="bob", **MASK))
    # Staff have looked, and Bob trades again.
    Restriction.objects.update(lifted_at=camera.desk.now, lifted_for="for the story")
    camera.desk.pass_time(seconds=90)
    order = camera.desk.judged("STEP_UP", lambda: camera.desk.opens("bob", ad)).order
    face_judging.follow(attempt)
    assert Order.objects.get(pk=order.pk).status == "CREATED"


def test_the_same_judgement_again_moves_nothing(camera: Camera) -> None:
    order = opened(camera)
    attempt = camera.judged("bob", verdict("FAIL", name="bob", **MASK))
    before = conserved()
    assert face_judging.judge(id=attempt.challenge_id, at=camera.desk.now) is None
    assert waiting.fail(user=order.taker, at=camera.desk.now, for_good=True) == []
    assert conserved() == before
