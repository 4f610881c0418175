"""What staff do stands in the log under their name, and the log knows whose name that is."""

import pytest

from apps.events.models import Entity, Event
from apps.flows.staff import write_event
from apps.users.models import User
from tests.market import World


@pytest.mark.django_db(transaction=True)
def test_a_deed_names_its_actor_and_the_integrator_it_concerns(committed_world: World):
    world = committed_world
    world.happens("signin.succeeded", by="alice")
    sam = User.objects.create_user(email="sam@otcrisk.example", password="x")
    alice = Entity.objects.get(kind="user", ref="alice")

    write_event("restriction.lifted", by=sam, at=world.now, subject=alice)

    deed = Event.objects.select_related("actor", "client").get(kind="restriction.lifted")
    assert (deed.actor.kind, deed.actor.scope, deed.actor.ref) == ("user", "desk", str(sam.id))
    assert deed.client.ref == alice.scope
