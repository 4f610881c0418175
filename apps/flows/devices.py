"""Devices of our own people: registered by their browser, recognised when they sign in."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.devices import habits, queries, services
from apps.devices.models import Device
from apps.devices.rhythm import View
from apps.devices.services import MatchedBy, Registration
from apps.devices.submission import Submission
from apps.events.act import Act
from apps.flows import own_acts
from apps.flows.judge import judge
from apps.flows.request_facts import RequestFacts
from apps.users.models import DESK, User


def register(
    *,
    said: Submission,
    presented_token: str | None,
    user: User | None,
    request_facts: RequestFacts,
    at: datetime,
) -> Registration:
    """Recognise or register the device that describes itself; with a person it is judged, too.

    A device that comes back with its own token is no news: it is only noted that it was seen.
    """
    with transaction.atomic(durable=True):
        registration = services.register(
            scope=DESK,
            platform=said.platform,
            attributes=said.attributes,
            at=at,
            abilities=said.abilities,
            flags=said.flags,
            attestation=said.attestation,
            presented_token=presented_token,
            user_entity=user.entity_id if user else None,
        )
        if user is not None and request_facts.subnet:
            services.sight(
                device=registration.device,
                user_entity=user.entity_id,
                subnet=request_facts.subnet,
                at=at,
            )
    if user is not None and is_news(registration):
        judge(_registered(registration.device, user, request_facts, at))
    return registration


def is_news(registration: Registration) -> bool:
    """Whether the person has this device, or a token of it, since now."""
    return registration.matched_by != MatchedBy.TOKEN


def recognised(*, user: User, request_facts: RequestFacts, at: datetime) -> RequestFacts:
    """The facts once we know whose device it is: it may be one that this person had before."""
    shown = _device(request_facts.device_id)
    if shown is None:
        return request_facts
    with transaction.atomic(durable=True):
        device = services.recognise(device=shown, user_entity=user.entity_id, at=at)
    signals = habits.signals_of(device=device, user_entity=user.entity_id, at=at, seen_at=shown)
    return replace(request_facts, device_id=device.pk, device_signals=signals)


def behaved(*, view: View, presented_token: str | None, user: User | None, at: datetime) -> bool:
    """Note how somebody types and touches at a device; False where the device is not known."""
    shown = queries.presented(scope=DESK, token=presented_token)
    if shown is None:
        return False
    with transaction.atomic(durable=True):
        entity = user.entity_id if user else None
        habits.note(device=shown.device, user_entity=entity, view=view, at=at)
    return True


def seen(*, user: User, request_facts: RequestFacts, at: datetime) -> None:
    """Note that this person was at this device; called once a sign-in has gone through."""
    device = _device(request_facts.device_id)
    if device is not None and request_facts.subnet:
        services.sight(
            device=device, user_entity=user.entity_id, subnet=request_facts.subnet, at=at
        )


def _device(id: UUID | None) -> Device | None:
    return queries.device_for(scope=DESK, id=id) if id else None


def _registered(device: Device, user: User, facts: RequestFacts, at: datetime) -> Act:
    here = replace(
        facts, device_id=device.pk, device_signals=queries.signals_of(device=device, at=at)
    )
    return own_acts.act("device.registered", user=user, request_facts=here, at=at)
