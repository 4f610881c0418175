"""Face checks before the engine: what each attack costs, what a failure does not, who goes on."""

import pytest

from apps.cases.models import Case, Status
from apps.events.models import Event
from apps.faces.engine.verdict import Check, Finding, Outcome
from apps.faces.models import Attempt, Purpose
from apps.restrictions.models import Restriction
from apps.risk.models import Decision
from apps.users.models import User
from tests.camera import Camera, verdict
from tests.desk import Desk, facts


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
