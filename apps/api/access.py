"""Rows that an integrator may see: its own, or 404 as if there were none."""

from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from apps.core.ids import entity_id, time_of, uuid7_floor
from apps.events.models import Delivery, Entity, Event, Subscriber
from apps.restrictions.models import Restriction
from apps.risk.models import Decision, Maker
from apps.users.queries import AuthenticatedClient

#: How long after a decision staff may have superseded it: bounds the search to its months.
REVIEWED_WITHIN = timedelta(days=400)


def judged_event(client: AuthenticatedClient, id: UUID) -> tuple[Event, Decision]:
    """An event of the client and the engine's decision of it."""
    event = Event.objects.filter(pk=id, client=client.entity_id).first()
    decision = Decision.objects.filter(pk=id, maker=Maker.ENGINE).first() if event else None
    if event is None or decision is None:
        raise Http404
    return event, decision


def superseding(decision: Decision) -> QuerySet[Decision]:
    """What staff decided in its stead, oldest first."""
    until = uuid7_floor(time_of(decision.pk) + REVIEWED_WITHIN)
    return Decision.objects.filter(
        supersedes=decision.pk, maker=Maker.STAFF, pk__gt=decision.pk, pk__lt=until
    ).order_by("pk")


def person(client: AuthenticatedClient, ref: str) -> Entity:
    """One of the client's users."""
    found = Entity.objects.filter(
        pk=entity_id(kind="user", scope=client.slug, ref=ref), kind="user", scope=client.slug
    ).first()
    if found is None:
        raise Http404
    return found


def restrictions(client: AuthenticatedClient) -> QuerySet[Restriction]:
    """What is or was forbidden to the client's own users and devices."""
    return Restriction.objects.filter(subject__scope=client.slug).select_related("subject")


def restriction(client: AuthenticatedClient, id: UUID) -> Restriction:
    """One of them."""
    found = restrictions(client).filter(pk=id).first()
    if found is None:
        raise Http404
    return found


def subscribers(client: AuthenticatedClient) -> QuerySet[Subscriber]:
    """The client's webhooks."""
    return Subscriber.objects.filter(client=client.entity_id)


def subscriber(client: AuthenticatedClient, id: UUID) -> Subscriber:
    """One of them."""
    found = subscribers(client).filter(pk=id).first()
    if found is None:
        raise Http404
    return found


def deliveries(webhook: Subscriber) -> QuerySet[Delivery]:
    """What was and is owed to a webhook."""
    return Delivery.objects.filter(subscriber=webhook).select_related("event")
