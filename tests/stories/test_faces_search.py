"""Banned people under a new name are found, and left to people; a stolen database finds nobody."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.apps import apps as installed
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.cases.models import Case
from apps.core import crypto
from apps.events.models import Entity
from apps.faces import protection, search
from apps.faces.models import Attempt, ProtectedFace, Purpose
from apps.faces.services import protected, templates
from apps.flows import review
from apps.restrictions.models import Restriction
from apps.risk.models import Decision
from apps.users.roles import Role
from tests.camera import MODEL, Camera, face_of, verdict
from tests.desk import Desk
from tests.staff import colleague

SENTENCE = "Your account is closed. Contact support if you think that is wrong."


@pytest.fixture
def camera(p2p: Desk) -> Camera:
    return Camera(p2p)


def seen_again(vector: np.ndarray, *, apart: float = 0.2, seed: int = 0) -> np.ndarray:
    """The same face on another day: so far from the first."""
    noise = np.random.default_rng(seed).standard_normal(len(vector))
    noise -= (noise @ vector) * vector
    noise /= np.linalg.norm(noise)
    angle = 2 * np.arcsin(apart / 2)
    return np.cos(angle) * vector + np.sin(angle) * noise


def bans(camera: Camera, name: str) -> None:
    """Two people ban somebody for good."""
    user, at = camera.desk.person(name), camera.desk.now
    words = {"kind": "user", "scope": "desk", "ref": str(user.pk), "first_at": at}
    subject, _ = Entity.objects.get_or_create(id=user.entity_id, defaults=words)
    proposal = review.propose_ban(
        by=colleague(Role.SENIOR, f"senior-{name}"),
        at=at,
        subject=subject,
        reason="fraud",
        user_sentence=SENTENCE,
        note="three chargebacks",
    )
    review.approve(by=colleague(Role.COMPLIANCE, f"comp-{name}"), at=at, proposal=proposal)


def unbans(camera: Camera, name: str) -> None:
    subject = Entity.objects.get(id=camera.desk.person(name).entity_id)
    one, other = colleague(Role.SENIOR, "one"), colleague(Role.COMPLIANCE, "other")
    at = camera.desk.now
    proposal = review.propose_unban(by=one, at=at, subject=subject, note="it was another")
    review.approve(by=other, at=at, proposal=proposal)


def test_who_is_banned_and_comes_back_is_held_for_people_and_not_banned(
    committed_p2p: Desk,
) -> None:
    camera = Camera(committed_p2p)
    camera.known("mallory")
    bans(camera, "mallory")
    camera.agrees("newname")
    again = seen_again(face_of("mallory"))
    attempt = camera.judged("newname", verdict(embedding=again), purpose=Purpose.ENROL)
    decision = Decision.objects.get(event_id=attempt.event)
    assert decision.outcome == "REVIEW"
    assert decision.reasons[0] == "FACE_OF_BANNED"
    held = Restriction.objects.filter(subject=attempt.user.entity_id, lifted_at=None)
    assert {one.kind for one in held} == {"HOLD"}
    assert "all" in {one.ability for one in held}
    assert Case.objects.filter(subject=attempt.user.entity_id, status="OPEN").count() == 1
    shown = attempt.findings[-1]
    assert shown["code"] == "FACE_OF_BANNED"
    assert shown["evidence"] == {"user": str(camera.desk.person("mallory").pk)}
    assert shown["score"] == pytest.approx(0.2, abs=0.001)


def test_a_face_taken_anew_is_searched_too_and_proves_nothing_then(committed_p2p: Desk) -> None:
    camera = Camera(committed_p2p)
    camera.known("mallory")
    bans(camera, "mallory")
    camera.known("alice")
    said = verdict(embedding=seen_again(face_of("mallory")))
    attempt = camera.judged("alice", said, purpose=Purpose.RENEW)
    assert Decision.objects.get(event_id=attempt.event).outcome == "REVIEW"
    plain = camera.judged("alice", said, purpose=Purpose.VERIFY)
    assert "FACE_OF_BANNED" not in {one["code"] for one in plain.findings}


def test_a_stranger_is_not_held(committed_p2p: Desk) -> None:
    camera = Camera(committed_p2p)
    camera.known("mallory")
    bans(camera, "mallory")
    attempt = camera.enrols("bob")
    assert Decision.objects.get(event_id=attempt.event).outcome == "ALLOW"
    near = seen_again(face_of("mallory"), apart=protection.NEAR + 0.01)
    camera.agrees("carol")
    attempt = camera.judged("carol", verdict(embedding=near), purpose=Purpose.ENROL)
    assert Decision.objects.get(event_id=attempt.event).outcome == "ALLOW"


@pytest.mark.parametrize("refuses", ["mallory", "newname"])
def test_nobody_is_searched_who_did_not_agree_to_it(committed_p2p: Desk, refuses: str) -> None:
    camera = Camera(committed_p2p)
    camera.known("mallory")
    camera.agrees("mallory", with_search=refuses != "mallory")
    bans(camera, "mallory")
    assert ProtectedFace.objects.count() == (refuses != "mallory")
    camera.agrees("newname", with_search=refuses != "newname")
    again = seen_again(face_of("mallory"))
    attempt = camera.judged("newname", verdict(embedding=again), purpose=Purpose.ENROL)
    assert Decision.objects.get(event_id=attempt.event).outcome == "ALLOW"


def test_a_ban_that_ends_takes_the_face_out_of_the_search(committed_p2p: Desk) -> None:
    camera = Camera(committed_p2p)
    camera.known("mallory")
    bans(camera, "mallory")
    assert ProtectedFace.objects.count() == 1
    unbans(camera, "mallory")
    assert not ProtectedFace.objects.exists()


def test_a_ban_does_not_wait_for_a_face_that_cannot_be_read(committed_p2p: Desk) -> None:
    camera = Camera(committed_p2p)
    template = camera.known("mallory")
    template.sealed = bytes(template.sealed)[:-1] + b"?"
    template.save()
    bans(camera, "mallory")
    banned = Restriction.objects.get(subject=template.user.entity_id, lifted_at=None)
    assert (banned.kind, banned.until) == ("DENY", None)
    assert not ProtectedFace.objects.exists()


def crowd(camera: Camera, count: int) -> list[str]:
    """So many banned people, without the ceremony."""
    names = [f"banned {number}" for number in range(count)]
    for name in names:
        camera.known(name)
        protected.add(camera.desk.person(name), at=camera.desk.now)
    return names


def test_the_index_finds_what_comparing_with_everybody_finds(camera: Camera) -> None:
    names = crowd(camera, 12)
    alice = camera.desk.person("alice")
    owner = ProtectedFace.objects.get(user=camera.desk.person(names[0]))
    rows = []
    for number in range(1_500):
        other = face_of(f"stranger {number}")
        row = ProtectedFace(
            user=camera.desk.person(f"s{number}"),
            model=MODEL,
            rotation=owner.rotation,
            vector=protection.blurred(protection.protect(other, model=MODEL)),
            exact=other.tobytes(),
            added_at=camera.desk.now,
        )
        rows.append(row)
    ProtectedFace.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    for number, name in enumerate(names):
        asked = seen_again(face_of(name), apart=0.22, seed=number)
        with CaptureQueriesContext(
            connection,
        ) as told:
            found = search.banned_alike(asked, model=MODEL, but=alice)
        assert [one.user for one in found] == [camera.desk.person(name).pk]
        assert found[0].distance == pytest.approx(0.22)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + told.captured_queries[-1]["sql"])
        assert "protected_face_near" in str(cursor.fetchall())


def test_the_rotation_changes_while_the_search_goes_on(camera: Camera, settings: Any) -> None:
    names = crowd(camera, 6)
    alice, old = camera.desk.person("alice"), settings.FACE_ROTATION
    stored = {one.pk: np.array(one.vector) for one in ProtectedFace.objects.all()}

    def all_found() -> bool:
        found = [
            search.banned_alike(seen_again(face_of(name)), model=MODEL, but=alice) for name in names
        ]
        return [[one.user for one in near] for near in found] == [
            [camera.desk.person(name).pk] for name in names
        ]

    settings.FACE_ROTATION = {"next": crypto.new_key(), **old}
    assert all_found()
    protected.turn(ProtectedFace.objects.order_by("pk")[0])
    assert set(ProtectedFace.objects.values_list("rotation", flat=True)) == {"next", *old}
    assert all_found()
    call_command("face_templates", "rotate")
    settings.FACE_ROTATION = {"next": settings.FACE_ROTATION["next"]}
    assert all_found()
    moved = [np.linalg.norm(stored[o.pk] - o.vector) for o in ProtectedFace.objects.all()]
    assert min(moved) > 0.5


def test_the_rotation_is_the_same_in_every_process_and_keeps_distances(settings: Any) -> None:
    settings.FACE_ROTATION = {"1": bytes(range(32))}
    one, other = (protection.protect(face_of(name), model=MODEL) for name in ("alice", "bob"))
    true = np.linalg.norm(face_of("alice") - face_of("bob"))
    assert np.linalg.norm(one - other) == pytest.approx(true, abs=1e-12)
    # Written down once: whoever upgrades numpy must still find everybody.
    assert one[:3] == pytest.approx(ALICE_TURNED, abs=1e-9)
    elsewhere = protection.protect(face_of("alice"), model="another encoder")
    assert abs(elsewhere @ one) < 0.4


ALICE_TURNED = [-0.1452110896, 0.0394376071, -0.0620391642]


# ── A stolen database ─────────────────────────────────────────────────────────────────────────────
POPULATION = 30


def real_like(count: int, *, seed: int) -> np.ndarray:
    """Unit vectors that crowd as those of real faces do (LFW): off the origin, skewed."""
    rng, number = np.random.default_rng(99), np.arange(128)
    middle, axes = rng.standard_normal(128), np.linalg.qr(rng.standard_normal((128, 128)))[0]
    spread = np.clip((1 + number) ** -0.32 * (1 - number / 90), 0.002, None)
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((count, 128))
    drawn[:, :2] = (rng.gamma(4, size=(count, 2)) - 4) / 2
    drawn = 0.39 * (drawn * spread) @ axes / np.sqrt((spread**2).sum())
    found = 0.92 * middle / np.linalg.norm(middle) + drawn
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def dumped() -> Iterator[tuple[str, Any]]:
    """Every value of every row that is about faces, as it lies in the database."""
    with connection.cursor() as cursor:
        for model in installed.get_app_config("faces").get_models():
            table = model._meta.db_table
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column.name for column in cursor.description or ()]
            for row in cursor.fetchall():
                yield from (
                    (f"{table}.{name}", value) for name, value in zip(names, row, strict=True)
                )


def numbers_in(value: Any) -> Iterator[np.ndarray]:
    """Whatever could be a vector in a value: bytes as floats at every offset, lists, texts."""
    if isinstance(value, bytes | memoryview):
        raw = bytes(value)
        for kind, size in (("<f8", 8), ("<f4", 4)):
            for offset in range(size):
                usable = (len(raw) - offset) // size * size
                run = np.frombuffer(raw[offset : offset + usable], kind)
                for start in range(0, max(0, len(run) - 127), 1):
                    yield run[start : start + 128]
    elif isinstance(value, str) and value.startswith("[") and value.count(",") == 127:
        yield np.array([float(part) for part in value.strip("[]").split(",")])
    elif isinstance(value, list) and len(value) == 128:
        yield np.array(value, float)


def named(answers: np.ndarray) -> float:
    """The share of people an attack named rightly: answers[i] is whom it took for person i."""
    return float((answers == np.arange(len(answers))).mean())


def distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None] - 2 * one @ other.T
    return np.sqrt(np.maximum(0, squares))


def sorted_distances(vectors: np.ndarray) -> np.ndarray:
    return np.sort(distances(vectors, vectors), axis=1)[:, 1:]


def nearest(asked: np.ndarray, among: np.ndarray) -> np.ndarray:
    return distances(asked, among).argmin(axis=1)


def axes_of(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle of a crowd and the directions in which it spreads, their signs by its skew."""
    middle = vectors.mean(axis=0)
    _, directions = np.linalg.eigh(np.cov((vectors - middle).T))
    directions = directions[:, ::-1]
    return middle, directions * np.sign((((vectors - middle) @ directions) ** 3).sum(axis=0))


@pytest.fixture
def stolen(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Thirty banned people, a doubtful check, one under way; the faces as they truly are."""
    true = real_like(POPULATION, seed=1)
    faces = {f"banned {number}": true[number] for number in range(POPULATION)}
    monkeypatch.setattr("tests.camera.face_of", lambda name: faces.get(name, face_of(name)))
    crowd(camera, POPULATION)
    camera.judged("banned 0", verdict("REVIEW", embedding=true[0]), purpose=Purpose.RENEW)
    camera.desk.pass_time(minutes=30)
    camera.shows(camera.begins("banned 1"))
    return true


def test_a_stolen_database_holds_no_number_that_is_like_a_face(stolen: np.ndarray) -> None:
    tried, kinds = 0, set()
    for place, value in dumped():
        if "picture" in place and tried > 400_000:
            continue
        for vector in numbers_in(value):
            tried, _ = tried + 1, kinds.add(place)
            with np.errstate(all="ignore"):
                length = np.linalg.norm(vector.astype(float))
                if not np.isfinite(length) or length == 0:
                    continue
                apart = np.linalg.norm(stolen - vector.astype(float) / length, axis=1)
            assert apart.min() > 0.6, place
    assert {"faces_template.sealed", "faces_protectedface.exact", "faces_attempt.trace"} <= kinds
    assert {"faces_auditpicture.sealed", "faces_picture.content"} <= kinds


def test_no_picture_lies_open_in_a_stolen_database(stolen: np.ndarray) -> None:
    blobs = [bytes(v) for _, v in dumped() if isinstance(v, bytes | memoryview)]
    assert len(blobs) > 100
    for blob in blobs:
        assert b"\xff\xd8\xff" not in blob
        assert b"JFIF" not in blob


def photographs(true: np.ndarray) -> np.ndarray:
    """What a thief may have of everybody: their face on another day."""
    return np.array([seen_again(face, seed=number) for number, face in enumerate(true)])


def attacks(photos: np.ndarray, kept: np.ndarray) -> dict[str, float]:
    """The share of people whom each attack names that knows no secret."""
    found = {"as they are": named(nearest(photos, kept))}
    # The rotation is guessed by how faces lie: middles and main directions are laid on each other.
    middle, axes = axes_of(kept)
    for name, crowd_known in (("others", real_like(5_000, seed=2)), ("the same", photos)):
        at, theirs = axes_of(crowd_known)
        for most in (2, 5, 20):
            turned = (photos - at) @ theirs[:, :most]
            found[f"{name}, {most}"] = named(nearest(turned, (kept - middle) @ axes[:, :most]))
    # Distances survive any rotation: everybody's to all the others, sorted.
    found["distances"] = named(nearest(sorted_distances(photos), sorted_distances(kept)))
    return found


def test_no_stored_face_is_near_the_true_one(stolen: np.ndarray) -> None:
    kept = np.array(list(ProtectedFace.objects.values_list("vector", flat=True)))
    assert len(kept) == POPULATION
    for faces in (stolen, np.array([protection.protect(face, model=MODEL) for face in stolen])):
        assert distances(faces, kept).min() > 2 * protection.NEAR


def test_a_thief_with_photographs_of_all_the_banned_names_hardly_anybody() -> None:
    true = real_like(300, seed=1)
    plain = np.array([protection.protect(face, model=MODEL) for face in true])
    stored = np.array([protection.blurred(face) for face in plain])
    assert max(attacks(photographs(true), stored).values()) < 0.08
    # What the blur is for: the rotation alone would not withstand.
    assert max(attacks(photographs(true), plain).values()) > 0.5


def test_with_the_secrets_everybody_is_found(stolen: np.ndarray, camera: Camera) -> None:
    nobody = camera.desk.person("nobody")
    for number, face in enumerate(stolen):
        found = search.banned_alike(seen_again(face, seed=number), model=MODEL, but=nobody)
        assert found[0].user == camera.desk.person(f"banned {number}").pk


def test_a_copied_row_opens_under_nobody_elses_key(stolen: np.ndarray, settings: Any) -> None:
    row = ProtectedFace.objects.first()
    assert row is not None
    settings.FIELD_KEYS = {name: crypto.new_key() for name in settings.FIELD_KEYS}
    with pytest.raises(crypto.Unreadable):
        _ = row.exact
    for template in Attempt.objects.values_list("trace", flat=True):
        with pytest.raises(crypto.Unreadable):
            crypto.open_(bytes(template or b""), aad="", key=crypto.new_key())
    found = row.user.face_templates.get(superseded_at=None)
    with pytest.raises(crypto.Unreadable):
        templates.opened(found)
