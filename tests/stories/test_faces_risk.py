"""Face checks before the engine: what each attack costs, what a failure does not, who goes on."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from apps.cases.models import Case, Status
from apps.devices import services as devices
from apps.events.models import Event
from apps.faces.engine.verdict import Check, Finding, Outcome
from apps.faces.models import Attempt, Purpose
from apps.restrictions.models import Restriction
from apps.restrictions.queries import step_ups
from apps.risk.models import Decision
from apps.users.models import User
from tests.camera import Camera, verdict
from tests.desk import Desk, facts
from tests.machines import android_phone


@pytest.fixture
def camera(p2p: Desk) -> Camera:
    return Camera(p2p)


def in_force(user: User) -> set[tuple[str, str, str]]:
    """What lies on somebody: (kind, ability, reason)."""
    found = Restriction.objects.filter(subject=user.entity_id, lifted_at=None)
    return set(found.values_list("kind", "ability", "reason"))


def decision(attempt: Attempt) -> Decision:
    return Decision.objects.get(pk=attempt.event)


def cases(user: User) -> list[str]:
    return list(
        Case.objects.filter(subject=user.entity_id, status=Status.OPEN).values_list(
            "queue", flat=True
        )
    )


def test_one_plain_failure_has_no_consequence(camera: Camera) -> None:
    camera.known("alice")
    attempt = camera.judged("alice", verdict("FAIL", code="NO_TURN"))
    assert (decision(attempt).outcome, decision(attempt).score) == ("ALLOW", 0)
    assert (in_force(attempt.user), cases(attempt.user)) == (set(), [])


def test_the_fifth_failure_in_a_day_is_for_people(camera: Camera) -> None:
    camera.known("alice")
    for _ in range(4):
        attempt = camera.judged("alice", verdict("FAIL", code="NO_TURN"))
        assert cases(attempt.user) == []
        camera.desk.pass_time(minutes=11)
    attempt = camera.judged("alice", verdict("FAIL", code="NO_TURN"))
    assert decision(attempt).reasons == ["FACE_FAILED_AGAIN"]
    assert in_force(attempt.user) == {("HOLD", "withdraw", "FACE_FAILED_AGAIN")}
    assert cases(attempt.user) == ["REVIEW"]


def test_mallory_holds_up_a_photograph_then_another_and_is_suspended(camera: Camera) -> None:
    camera.known("mallory")
    photograph = verdict("FAIL", code="FLAT", species="PRINT", certainty=0.95)
    first = camera.judged("mallory", photograph)
    # Then: a limit by the ladder, and the face again before anything else.
    assert decision(first).outcome == "STEP_UP"
    assert in_force(first.user) == {
        ("CAP", "all", "FACE_SPOOF"),
        ("STEP_UP", "all", "FACE_AFTER_SPOOF"),
    }
    assert cases(first.user) == []
    # When the same is tried again an hour later, while the limit is still in force
    camera.desk.pass_time(hours=1)
    second = camera.judged("mallory", photograph)
    assert decision(second).outcome == "BLOCK"
    assert ("DENY", "all", "FACE_SPOOF_AGAIN") in in_force(second.user)
    assert cases(second.user) == ["BLOCKED"]
    steps = Restriction.objects.exclude(step="").order_by("imposed_at")
    assert [one.step for one in steps] == ["LIMIT", "SUSPEND_24H"]
    # A ban is a decision of people: whatever the engine did has an end.
    assert not Restriction.objects.filter(kind="DENY", until=None).exists()


@pytest.mark.parametrize("species", ["RIGID_MASK", "SILICONE_MASK", "SWAP", "INJECTED"])
def test_an_attack_that_took_preparation_is_held_for_a_human(camera: Camera, species: str) -> None:
    camera.known("mallory")
    attempt = camera.judged("mallory", verdict("FAIL", species=species, certainty=0.7))
    assert decision(attempt).outcome == "REVIEW"
    assert ("HOLD", "all", "FACE_SPOOF_MADE") in in_force(attempt.user)
    assert cases(attempt.user) == ["REVIEW"]


def test_an_attack_that_may_be_none_costs_nothing(camera: Camera) -> None:
    camera.known("alice")
    attempt = camera.judged("alice", verdict("FAIL", species="SCREEN", certainty=0.4))
    assert (decision(attempt).outcome, in_force(attempt.user)) == ("ALLOW", set())


def test_somebody_else_before_the_camera_stops_withdrawals_until_a_human_looked(
    camera: Camera,
) -> None:
    camera.known("alice")
    attempt = camera.judged("alice", verdict("FAIL", species="OTHER_PERSON", certainty=0.9))
    assert decision(attempt).reasons == ["FACE_OF_ANOTHER"]
    assert in_force(attempt.user) == {("HOLD", "withdraw", "FACE_OF_ANOTHER")}


def test_a_doubtful_check_is_a_case_and_no_accusation(camera: Camera) -> None:
    camera.known("alice")
    attempt = camera.judged("alice", verdict("REVIEW", code="PERHAPS_SAME_PERSON"))
    said = decision(attempt)
    assert (said.outcome, said.score, said.reasons) == ("REVIEW", 0, ["FACE_HELD"])
    assert cases(attempt.user) == ["REVIEW"]
    assert in_force(attempt.user) == {("HOLD", "withdraw", "FACE_HELD")}


def test_a_face_is_set_up_and_nothing_follows(camera: Camera) -> None:
    attempt = camera.enrols("alice")
    assert (decision(attempt).outcome, in_force(attempt.user)) == ("ALLOW", set())


def test_what_a_check_tells_is_codes_and_numbers(camera: Camera) -> None:
    camera.known("alice")
    near = Finding(
        check=Check.MATCH, outcome=Outcome.PASS, code="SAME_PERSON", sentence="Alike.",
        score=0.27, threshold=0.3,
    )  # fmt: skip
    attempt = camera.judged("alice", verdict("PASS", findings=(near,)), purpose=Purpose.VERIFY)
    told = Event.objects.get(pk=attempt.event).data
    assert told["face_match"] == 0.9
    assert told["face_purpose"] == "VERIFY"
    assert (told["face_with_flashes"], told["face_with_depth"]) == (True, False)
    assert (told["face_waiting_usd"], told["operator_mismatch"]) == (0, False)
    assert not {"face_attack", "sensors_missing"} & set(told)


def test_a_camera_that_is_a_program_is_no_camera(camera: Camera) -> None:
    camera.known("mallory")
    attempt = camera.judged("mallory", verdict("PASS"), hints={"camera": "OBS Virtual Camera"})
    assert decision(attempt).reasons == ["FACE_BY_TAMPERED_DEVICE"]
    assert ("HOLD", "all", "FACE_BY_TAMPERED_DEVICE") in in_force(attempt.user)


def test_an_unlike_rhythm_beside_a_failed_face_calls_a_human(camera: Camera) -> None:
    camera.known("alice")
    alice = camera.desk.person("alice")
    here = facts(alice, device_signals={"behaviour_z": 3.6})
    # A failure alone: nothing follows.
    failed = camera.judged("alice", verdict("FAIL", code="NO_TURN"))
    assert in_force(alice) == set()
    failed = camera.judged("alice", verdict("FAIL", code="NO_TURN"), request_facts=here)
    assert decision(failed).outcome == "REVIEW"
    assert decision(failed).reasons == ["OPERATOR_MISMATCH"]
    assert in_force(alice) == {("STEP_UP", "withdraw", "OPERATOR_MISMATCH")}
    assert cases(alice) == ["REVIEW"]
    # And it is hers to clear: her face passes.
    camera.desk.pass_time(minutes=11)
    assert decision(camera.judged("alice", verdict("PASS"))).outcome == "ALLOW"
    assert in_force(alice) == set()


def test_who_is_barely_like_and_types_like_somebody_else_is_looked_at(camera: Camera) -> None:
    camera.known("alice")
    here = facts(camera.desk.person("alice"), device_signals={"behaviour_z": 3.6})
    near = Finding(
        check=Check.MATCH,
        outcome=Outcome.PASS,
        code="SAME_PERSON",
        sentence="Alike.",
        score=0.28,
        threshold=0.3,
    )
    attempt = camera.judged("alice", verdict("PASS", findings=(near,)), request_facts=here)
    assert decision(attempt).reasons == ["FACE_BARELY_LIKE"]


def with_depth(camera: Camera, name: str) -> dict[str, Any]:
    """Somebody's phone, whose front camera measures depth."""
    phone = devices.register(
        scope="desk",
        platform="ANDROID",
        attributes=android_phone(name),
        abilities=frozenset({"camera_depth"}),
        at=camera.desk.now,
    ).device
    who = camera.desk.person(name)
    return {"request_facts": facts(who, device_id=phone.pk, client="app")}


def test_a_sensor_that_is_known_and_not_used_is_for_a_human(camera: Camera) -> None:
    camera.known("alice")
    attempt = camera.judged("alice", verdict("PASS"), **with_depth(camera, "alice"))
    told = Event.objects.get(pk=attempt.event).data
    assert (told["sensors_missing"], told["face_with_depth"]) == (True, False)
    assert decision(attempt).reasons == ["FACE_SENSORS_MISSING"]
    assert in_force(attempt.user) == {("HOLD", "withdraw", "FACE_SENSORS_MISSING")}


def test_another_device_is_told_of_and_weighs_a_little(camera: Camera) -> None:
    camera.known("alice")
    at_home, new = with_depth(camera, "alice"), with_depth(camera, "bob")
    with patch("apps.flows.face_acts._missing", return_value=False):
        first = camera.judged("alice", verdict("PASS"), **at_home)
        assert "face_device_changed" not in Event.objects.get(pk=first.event).data
        again = camera.judged("alice", verdict("PASS"), **at_home)
        assert Event.objects.get(pk=again.event).data["face_device_changed"] is False
        moved = new["request_facts"]
        third = camera.judged("alice", verdict("PASS"), request_facts=moved)
    assert Event.objects.get(pk=third.event).data["face_device_changed"] is True
    said = decision(third)
    assert (said.outcome, said.reasons, said.score) == ("ALLOW", ["FACE_ON_ANOTHER_DEVICE"], 150)


def test_how_step_ups_end_is_counted(camera: Camera) -> None:
    began = camera.desk.now
    camera.known("bob")
    camera.desk.funds("alice")
    ad = camera.desk.ad("alice")
    camera.desk.judged("STEP_UP", lambda: camera.desk.opens("bob", ad))
    camera.desk.judged("STEP_UP", lambda: camera.desk.opens("carol", ad))
    camera.judged("bob", verdict("PASS", name="bob"))
    until = camera.desk.now + timedelta(seconds=1)
    assert step_ups(since=began, until=until) == {"": 1, "face check passed": 1}
    assert step_ups(since=until, until=until + timedelta(days=1)) == {}
