"""Who only fails to sign in has nobody else held: what it costs falls on where they are."""

import pytest

from apps.cases.models import Case
from apps.events.models import Entity
from apps.restrictions.models import Kind, Restriction
from tests.market import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_hundred_failed_sign_ins_hold_nobody_but_their_origin(committed_world: World):
    world = committed_world
    world.happens("signin.succeeded", by="alice")
    for attempt in range(40):
        world.happens(
            "signin.failed",
            by=("alice", "bob", "carol")[attempt % 3],
            device="script",
            ip="203.0.113.66",
            vpn=True,
        )

    people = Entity.objects.filter(kind="user").values("id")
    on_people = Restriction.objects.filter(subject__in=people)
    assert set(on_people.values_list("kind", flat=True)) <= {Kind.STEP_UP}
    assert not Case.objects.filter(subject__in=people).exists()
    assert Restriction.objects.filter(subject__kind__in=("ip", "device")).exists()


def test_alice_withdraws_as_ever_after_somebody_guessed_at_her_password(committed_world: World):
    world = committed_world
    for _ in range(6):
        world.happens("signin.failed", by="alice", device="script", ip="203.0.113.66")
    outcome = world.judged("withdrawal.requested", by="alice", usd="50", address="bc1qalice")
    assert outcome.verdict.outcome not in ("REVIEW", "BLOCK")
