"""What people make of face checks: they look on record, rule, and what waited goes on or ends."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.cases.proposals import Proposal
from apps.core.errors import Refused
from apps.events.models import Entity, Event
from apps.faces import queries
from apps.faces.engine.verdict import Check, Finding, Outcome
from apps.faces.models import Attempt, Look, Purpose, Review, Template
from apps.faces.services import attempts, templates
from apps.flows import face_review, faces
from apps.restrictions.models import Restriction
from apps.risk.models import Decision, Maker
from apps.trades.models import Notice, Order
from apps.users.models import User
from apps.users.roles import Role
from tests.camera import MODEL, Camera, face_of, verdict
from tests.desk import Desk
from tests.staff import colleague

OTHER_MODEL = Finding(
    check=Check.MATCH, outcome=Outcome.REVIEW, code="OTHER_MODEL", sentence="Another model."
)


@pytest.fixture
def camera(committed_p2p: Desk) -> Camera:
    return Camera(committed_p2p)


@pytest.fixture
def cora(camera: Camera) -> User:
    """A compliance officer, who may look, rule and lift."""
    return colleague(Role.COMPLIANCE, "cora")


@pytest.fixture
def ana(camera: Camera) -> User:
    """An analyst, who may rule, but neither look nor lift."""
    return colleague(Role.ANALYST, "ana")


def rules(camera: Camera, by: User, attempt: Attempt, ruling: str, **words: Any) -> Review:
    said: dict[str, Any] = {"truth": "", "channel": "CALL", "note": "known by voice"}
    return face_review.rule(
        by=by, attempt=attempt, ruling=ruling, at=camera.desk.now, **(said | words)
    )


def looks(camera: Camera, by: User, attempt: Attempt, reason: str = "RULE") -> Look:
    return face_review.look(by=by, attempt=attempt, reason=reason, at=camera.desk.now)


def waiting_order(camera: Camera) -> Order:
    """An order of bob's that waits for his face."""
    camera.desk.funds("alice")
    ad = camera.desk.ad("alice")
    return camera.desk.judged("STEP_UP", lambda: camera.desk.opens("bob", ad)).order


def held(user: User) -> list[Restriction]:
    return list(Restriction.objects.filter(subject=user.entity_id, lifted_at=None))


def test_a_look_is_for_a_reason_is_on_record_and_lasts_ten_minutes(
    camera: Camera, cora: User
) -> None:
    camera.known("alice")
    attempt = camera.judged("alice", verdict("REVIEW"))
    shown = attempt.pictures.first()
    assert shown is not None

    def sees() -> bytes:
        return face_review.picture(by=cora, attempt=attempt, picture=shown, at=camera.desk.now)

    with pytest.raises(Refused, match="LOOK_FIRST"):
        sees()
    with pytest.raises(Refused, match="REASON_NEEDED"):
        looks(camera, cora, attempt, reason="because")
    looks(camera, cora, attempt)
    assert sees()[:2] == b"\xff\xd8"
    event = Event.objects.get(kind="face.looked_at")
    assert (event.actor_id, event.user_id) == (cora.entity_id, attempt.user.entity_id)
    assert event.data == {"check": str(attempt.pk), "reason": "RULE"}
    with pytest.raises(DatabaseError), transaction.atomic():
        Look.objects.all().delete()
    camera.desk.pass_time(minutes=11)
    with pytest.raises(Refused, match="LOOK_FIRST"):
        sees()


def test_a_look_at_one_check_shows_no_other_persons_pictures(camera: Camera, cora: User) -> None:
    camera.known("alice")
    camera.known("bob")
    mine, other = (camera.judged(name, verdict("REVIEW")) for name in ("alice", "bob"))
    looks(camera, cora, mine)
    with pytest.raises(Refused, match="NOT_FOUND"):
        face_review.picture(
            by=cora, attempt=mine, picture=other.pictures.first(), at=camera.desk.now
        )
    with pytest.raises(Refused, match="LOOK_FIRST"):
        face_review.picture(
            by=cora, attempt=other, picture=other.pictures.first(), at=camera.desk.now
        )


def test_the_enrolment_is_shown_beside_the_check(camera: Camera, cora: User) -> None:
    enrolled = camera.enrols("alice")
    camera.desk.pass_time(days=2)
    attempt = camera.judged("alice", verdict("REVIEW"))
    assert face_review.enrolment_of(attempt) == enrolled
    assert face_review.enrolment_of(enrolled) is None
    looks(camera, cora, attempt)
    picture = enrolled.pictures.first()
    assert picture is not None
    assert face_review.picture(by=cora, attempt=attempt, picture=picture, at=camera.desk.now)


def test_approving_lets_what_waited_go_on(camera: Camera, cora: User) -> None:
    camera.known("bob")
    order = waiting_order(camera)
    assert order.status == "CREATED"
    attempt = camera.judged("bob", verdict("REVIEW"))
    assert held(attempt.user)
    row = rules(camera, cora, attempt, "APPROVED")
    order.refresh_from_db()
    assert order.status == "AWAITING_PAYMENT"
    assert (row.truth, row.channel, row.note) == ("LIVE", "CALL", "known by voice")
    assert held(attempt.user) == []
    decision = Decision.objects.get(supersedes=attempt.event)
    assert (decision.maker, decision.outcome, decision.proposer) == (Maker.STAFF, "ALLOW", cora)
    event = Event.objects.get(kind="face.ruled")
    assert event.data["ruling"] == "APPROVED"
    assert "voice" not in str(event.data)
    assert Notice.objects.filter(user=attempt.user, code="FACE_HAND_APPROVED").count() == 1


def test_rejecting_ends_what_waited(camera: Camera, cora: User) -> None:
    camera.known("bob")
    order = waiting_order(camera)
    attempt = camera.judged("bob", verdict("REVIEW"))
    order.refresh_from_db()
    assert order.status == "CREATED"
    rules(camera, cora, attempt, "REJECTED", truth="SCREEN")
    order.refresh_from_db()
    assert order.status == "REJECTED"
    assert Decision.objects.get(supersedes=attempt.event).outcome == "BLOCK"
    assert held(attempt.user)


def test_asking_again_counts_as_no_failure_and_lifts_nothing(camera: Camera, ana: User) -> None:
    camera.known("alice")
    for _ in range(queries.MOST_FAILED):
        attempt = camera.judged("alice", verdict("FAIL", code="COLOUR_ABSENT"))
        camera.desk.pass_time(minutes=11)
    with pytest.raises(Refused, match="FACE_LOCKED"):
        camera.begins("alice")
    before = held(attempt.user)
    rules(camera, ana, attempt, "ASK_AGAIN")
    assert queries.failures(attempt.user, at=camera.desk.now) == queries.MOST_FAILED - 1
    assert held(attempt.user) == before
    assert not Decision.objects.filter(supersedes=attempt.event).exists()
    camera.begins("alice")
    assert Notice.objects.filter(code="FACE_ASK_AGAIN").count() == 1


def test_a_doubtful_set_up_is_kept_when_people_approve(camera: Camera, cora: User) -> None:
    camera.agrees("alice")
    attempt = camera.judged("alice", verdict("REVIEW"), purpose=Purpose.ENROL)
    assert not Template.objects.exists()
    rules(camera, cora, attempt, "APPROVED")
    template = Template.objects.get()
    assert (templates.opened(template).vector == face_of("alice")).all()
    assert (template.known_since, template.challenge) == (camera.desk.now, attempt.challenge)
    assert attempts.opened_face(Attempt.objects.get()) is None
    with pytest.raises(Refused, match="FACE_TOO_YOUNG"):
        camera.begins("alice")


@pytest.mark.parametrize("ruling", ["REJECTED", "ASK_AGAIN"])
def test_a_face_that_is_not_approved_is_let_go(camera: Camera, cora: User, ruling: str) -> None:
    camera.agrees("alice")
    attempt = camera.judged("alice", verdict("REVIEW"), purpose=Purpose.ENROL)
    rules(camera, cora, attempt, ruling)
    assert not Template.objects.exists()
    assert attempts.opened_face(Attempt.objects.get()) is None


def test_consent_taken_back_meanwhile_keeps_the_face_out(camera: Camera, cora: User) -> None:
    camera.agrees("alice")
    attempt = camera.judged("alice", verdict("REVIEW"), purpose=Purpose.ENROL)
    faces.forget(actor=attempt.user, confirmed=True, at=camera.desk.now)
    rules(camera, cora, attempt, "APPROVED")
    assert not Template.objects.exists()


def test_a_face_of_an_older_encoder_is_taken_over_when_people_approve(
    camera: Camera, cora: User
) -> None:
    first = camera.known("alice")
    old = templates.enrol(
        user=first.user,
        vector=face_of("alice"),
        model="dlib-resnet-v0",
        frames=5,
        poses=frozenset(first.poses),
        challenge=None,
        known_since=first.known_since,
        at=first.enrolled_at,
    )
    said = verdict("REVIEW", code="OTHER_MODEL", findings=(OTHER_MODEL,))
    attempt = camera.judged("alice", said)
    rules(camera, cora, attempt, "APPROVED")
    now = templates.in_use(attempt.user)
    assert now is not None
    assert (now.model, now.known_since) == (MODEL, old.known_since)


def test_an_old_check_proves_nothing_of_today(camera: Camera, cora: User) -> None:
    camera.known("bob")
    attempt = camera.judged("bob", verdict("REVIEW"))
    camera.desk.pass_time(days=4)
    order = waiting_order(camera)
    rules(camera, cora, attempt, "APPROVED")
    order.refresh_from_db()
    assert order.status == "CREATED"


def test_a_ruling_on_pictures_takes_a_look_at_them(camera: Camera, cora: User) -> None:
    camera.known("alice")
    attempt = camera.judged("alice", verdict("REVIEW"))
    with pytest.raises(Refused) as refused:
        rules(camera, cora, attempt, "APPROVED", channel="PICTURES")
    assert "channel" in refused.value.fields
    looks(camera, cora, attempt)
    camera.desk.pass_time(minutes=30)
    rules(camera, cora, attempt, "APPROVED", channel="PICTURES")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"ruling": "MAYBE"}, "ruling"),
        ({"ruling": "APPROVED", "truth": "SCREEN"}, "truth"),
        ({"ruling": "REJECTED", "truth": "LIVE"}, "truth"),
        ({"ruling": "REJECTED", "truth": "ALIEN"}, "truth"),
        ({"ruling": "REJECTED", "channel": "HUNCH"}, "channel"),
    ],
)
def test_a_ruling_that_contradicts_itself_is_refused(
    camera: Camera, cora: User, words: dict[str, str], field: str
) -> None:
    camera.known("alice")
    attempt = camera.judged("alice", verdict("REVIEW"))
    with pytest.raises(Refused) as refused:
        rules(camera, cora, attempt, **words)
    assert list(refused.value.fields) == [field]
    assert not Review.objects.exists()


ALLOWED: dict[str, set[Role]] = {
    "look": {Role.SENIOR, Role.COMPLIANCE},
    "APPROVED": {Role.SENIOR, Role.COMPLIANCE},
    "REJECTED": {Role.ANALYST, Role.SENIOR, Role.COMPLIANCE},
    "ASK_AGAIN": {Role.ANALYST, Role.SENIOR, Role.COMPLIANCE},
}


@pytest.mark.parametrize("deed", ALLOWED)
def test_each_deed_is_for_its_roles_and_nobodys_own(camera: Camera, deed: str) -> None:
    camera.known("alice")
    attempt = camera.judged("alice", verdict("REVIEW"))
    trader = camera.desk.person("bob")
    people: dict[Any, User] = {role: colleague(role) for role in Role} | {"trader": trader}
    for role, by in people.items():
        do = (
            (lambda by=by: looks(camera, by, attempt))
            if deed == "look"
            else (lambda by=by: rules(camera, by, attempt, deed))
        )
        if role in ALLOWED[deed]:
            do()
            continue
        before = (Review.objects.count(), Look.objects.count(), Event.objects.count())
        with pytest.raises(Refused, match="NOT_PERMITTED"):
            do()
        assert (Review.objects.count(), Look.objects.count(), Event.objects.count()) == before


def test_nobody_looks_at_or_rules_on_themselves(camera: Camera) -> None:
    cora = colleague(Role.COMPLIANCE, "cora")
    camera.desk.people["cora"] = cora
    camera.known("cora")
    attempt = camera.judged("cora", verdict("REVIEW"))
    own = (
        lambda: looks(camera, cora, attempt),
        lambda: rules(camera, cora, attempt, "APPROVED"),
    )
    for deed in own:
        with pytest.raises(Refused, match="SECOND_PERSON_NEEDED"):
            deed()
    assert not Proposal.objects.exists()
    assert Entity.objects.filter(pk=cora.entity_id).exists()
