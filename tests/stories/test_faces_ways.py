"""How somebody may prove themselves: by their face where it is known, else by what there is."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.core.errors import Refused
from apps.flows import proofs
from tests.camera import Camera, verdict
from tests.desk import Desk
from tests.signing_in import has_factor


@pytest.fixture
def camera(p2p: Desk) -> Camera:
    return Camera(p2p)


def ways(camera: Camera, name: str) -> tuple[str, ...]:
    return proofs.ways(camera.desk.person(name), at=camera.desk.now)


def test_without_anything_the_face_is_set_up_for_the_next_time(camera: Camera) -> None:
    assert ways(camera, "alice") == ("ENROL", "MANUAL")


def test_a_second_factor_stands_in_until_the_face_is_known(camera: Camera) -> None:
    has_factor(camera.desk.person("alice"))
    assert ways(camera, "alice") == ("SECOND_FACTOR", "ENROL", "MANUAL")
    # A face that is known since now proves nothing yet: whoever took over could have set it up.
    camera.known("alice", days=0)
    assert ways(camera, "alice") == ("SECOND_FACTOR", "MANUAL")
    camera.desk.pass_time(days=1)
    assert ways(camera, "alice") == ("FACE", "MANUAL")


def test_after_five_failures_people_look(camera: Camera) -> None:
    camera.known("alice")
    has_factor(camera.desk.person("alice"))
    for _ in range(5):
        camera.judged("alice", verdict("FAIL", code="NO_TURN"))
        camera.desk.pass_time(minutes=11)
    # A second factor is no way around a face that is not recognised.
    assert ways(camera, "alice") == ("MANUAL",)


def test_a_desk_without_face_checks_names_none(camera: Camera, settings: Any) -> None:
    settings.STEP_UP_PROOFS = ["second_factor"]
    assert ways(camera, "alice") == ()
    has_factor(camera.desk.person("alice"))
    assert ways(camera, "alice") == ("SECOND_FACTOR",)


def test_a_desk_with_faces_alone_takes_no_second_factor(camera: Camera, settings: Any) -> None:
    settings.STEP_UP_PROOFS = ["face"]
    has_factor(camera.desk.person("alice"))
    assert ways(camera, "alice") == ("ENROL", "MANUAL")


@pytest.mark.parametrize("known", [False, True])
def test_what_is_named_is_what_is_taken(camera: Camera, known: bool) -> None:
    alice = camera.desk.person("alice")
    has_factor(alice)
    if known:
        camera.known("alice")
    if "SECOND_FACTOR" in ways(camera, "alice"):
        assert proofs.by_second_factor(user=alice, confirmed=True, at=camera.desk.now).orders == []
    else:
        with pytest.raises(Refused) as refused:
            proofs.by_second_factor(user=alice, confirmed=True, at=camera.desk.now)
        assert refused.value.code == "FACE_NEEDED"


def test_the_page_of_an_order_leads_to_what_is_possible(camera: Camera, client: Client) -> None:
    camera.desk.now = now() - timedelta(seconds=30)
    camera.desk.funds("alice")
    ad = camera.desk.ad("alice")
    order = camera.desk.judged("STEP_UP", lambda: camera.desk.opens("bob", ad)).order
    bob = camera.desk.person("bob")
    has_factor(bob)
    client.force_login(bob)
    page = client.get(reverse("prove", args=[order.pk])).content.decode()
    assert "is enough for now" in page
    assert "face check of a few seconds" not in page
    camera.known("bob")
    page = client.get(reverse("prove", args=[order.pk])).content.decode()
    assert "face check of a few seconds" in page
    assert "is enough for now" not in page
