"""Checks by hand: whoever the camera can't check asks, staff find out, and what waited goes on."""

import pytest
from django.db import DatabaseError, transaction

from apps.cases.models import Case, Queue
from apps.core.errors import Refused
from apps.events.models import Event
from apps.faces import queries
from apps.faces.models import ManualCheck
from apps.flows import face_manual
from apps.restrictions.models import Restriction
from apps.trades.models import Notice, Withdrawal
from apps.users.models import User
from apps.users.roles import Role
from tests.camera import Camera, verdict
from tests.desk import Desk, facts
from tests.staff import colleague
from tests.wallet import asks, entry


@pytest.fixture
def camera(p2p: Desk) -> Camera:
    return Camera(p2p)


def ask(desk: Desk, name: str, reason: str = "CANT_MOVE") -> ManualCheck:
    who = desk.person(name)
    return face_manual.ask(actor=who, reason=reason, request_facts=facts(who), at=desk.now)


def decide(desk: Desk, name: str, by: User, *, approve: bool = True, **words: str) -> ManualCheck:
    said = {"channel": "CALL", "note": "Saw her passport in a call."} | words
    return face_manual.decide(by=by, user=desk.person(name), approve=approve, at=desk.now, **said)


def waiting_withdrawal(desk: Desk) -> Withdrawal:
    desk.funds("alice")
    desk.pass_time(hours=-30)
    book = entry(desk)
    desk.pass_time(hours=30)
    withdrawal: Withdrawal = desk.judged("STEP_UP", lambda: asks(desk, "alice", book)).withdrawal
    assert withdrawal.status == "CHALLENGED"
    return withdrawal


def codes_of_notices(user: User) -> list[str]:
    return list(Notice.objects.filter(user=user).order_by("id").values_list("code", flat=True))


def test_who_cannot_turn_asks_and_a_case_is_opened(p2p: Desk) -> None:
    check = ask(p2p, "alice")
    (case,) = Case.objects.all()
    assert (case.queue, case.subject_id) == (Queue.REVIEW, check.user.entity_id)
    assert codes_of_notices(check.user) == ["FACE_BY_HAND"]
    assert queries.is_in_review(check.user)
    event = Event.objects.get(kind="face.by_hand")
    assert event.data["reason"] == "CANT_MOVE"


def test_asking_again_while_staff_look_changes_nothing(p2p: Desk) -> None:
    first, second = ask(p2p, "alice"), ask(p2p, "alice", "OTHER")
    assert first.pk == second.pk
    assert (Case.objects.count(), Case.objects.get().alerts) == (1, 1)
    assert codes_of_notices(first.user) == ["FACE_BY_HAND"]


def test_an_approval_lets_what_waited_go_on(p2p: Desk) -> None:
    withdrawal = waiting_withdrawal(p2p)
    ask(p2p, "alice")
    senior = colleague(Role.SENIOR)
    decide(p2p, "alice", senior)
    withdrawal.refresh_from_db()
    assert withdrawal.status != "CHALLENGED"
    lifted = Restriction.objects.filter(subject=withdrawal.entity, kind="STEP_UP")
    assert set(lifted.values_list("lifted_for", flat=True)) == {"checked by hand"}
    event = Event.objects.get(kind="face.decided_by_hand")
    assert event.data["ruling"] == "APPROVED"
    assert "passport" not in str(event.data)
    assert not queries.is_in_review(withdrawal.user)
    assert "FACE_HAND_APPROVED" in codes_of_notices(withdrawal.user)


def test_a_rejection_keeps_what_waits(p2p: Desk) -> None:
    withdrawal = waiting_withdrawal(p2p)
    ask(p2p, "alice")
    decide(p2p, "alice", colleague(Role.ANALYST), approve=False)
    withdrawal.refresh_from_db()
    assert withdrawal.status == "CHALLENGED"
    assert codes_of_notices(withdrawal.user)[-1] == "FACE_HAND_REJECTED"
    with pytest.raises(Refused) as refused:
        ask(p2p, "alice")
    assert (refused.value.code, refused.value.status) == ("FACE_BY_HAND_LATER", 429)
    p2p.pass_time(hours=25)
    ask(p2p, "alice")


def test_an_approval_ends_a_lock(camera: Camera) -> None:
    camera.known("alice")
    for _ in range(5):
        camera.judged("alice", verdict("FAIL", code="FLAT"))
        camera.desk.pass_time(minutes=11)
    with pytest.raises(Refused, match="FACE_LOCKED"):
        camera.begins("alice")
    ask(camera.desk, "alice", "NOT_RECOGNISED")
    camera.desk.pass_time(minutes=11)
    decide(camera.desk, "alice", colleague(Role.COMPLIANCE))
    assert queries.failures(camera.desk.person("alice"), at=camera.desk.now) == 0
    camera.begins("alice")


@pytest.mark.parametrize(
    ("role", "approve", "code"),
    [
        (Role.ADMIN, True, "NOT_PERMITTED"),
        (Role.AUDITOR, False, "NOT_PERMITTED"),
        # Letting money go takes whoever may lift.
        (Role.ANALYST, True, "NOT_PERMITTED"),
    ],
)
def test_not_everybody_decides(p2p: Desk, role: Role, approve: bool, code: str) -> None:
    ask(p2p, "alice")
    with pytest.raises(Refused) as refused:
        decide(p2p, "alice", colleague(role), approve=approve)
    assert refused.value.code == code
    assert ManualCheck.objects.get().ruling == ""


def test_nobody_decides_their_own(p2p: Desk) -> None:
    senior = colleague(Role.SENIOR)
    p2p.people["sam"] = senior
    ask(p2p, "sam")
    with pytest.raises(Refused) as refused:
        decide(p2p, "sam", senior)
    assert refused.value.code == "SECOND_PERSON_NEEDED"
    with pytest.raises(DatabaseError), transaction.atomic():
        ManualCheck.objects.update(ruling="APPROVED", by=senior, channel="CALL", decided_at=p2p.now)


def test_it_is_decided_once_and_stays_on_record(p2p: Desk) -> None:
    ask(p2p, "alice")
    senior = colleague(Role.SENIOR)
    decide(p2p, "alice", senior, approve=False)
    with pytest.raises(Refused) as refused:
        decide(p2p, "alice", senior)
    assert refused.value.code == "NOTHING_ASKED"
    with pytest.raises(DatabaseError), transaction.atomic():
        ManualCheck.objects.update(ruling="APPROVED")
    with pytest.raises(DatabaseError), transaction.atomic():
        ManualCheck.objects.all().delete()


@pytest.mark.parametrize("channel", ["", "PICTURES", "RUMOUR"])
def test_staff_say_how_they_found_out(p2p: Desk, channel: str) -> None:
    ask(p2p, "alice")
    with pytest.raises(Refused) as refused:
        decide(p2p, "alice", colleague(Role.SENIOR), channel=channel)
    assert refused.value.code == "CHANNEL_NEEDED"
