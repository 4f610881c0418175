"""What integrators do beside sending acts: lift a restriction, register a device."""

from datetime import datetime

from django.db import transaction

from apps.core import idempotency, locks, partitions
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.net import subnet
from apps.devices import queries
from apps.devices import services as devices
from apps.devices.services import Registration
from apps.devices.submission import Submission
from apps.events.act import Act, Party
from apps.flows import judge
from apps.flows.devices import is_news
from apps.flows.restricting import is_ban
from apps.restrictions import services as restrictions
from apps.restrictions.models import Restriction


def lift(*, restriction: Restriction, client: Party, reason: str, at: datetime) -> Restriction:
    """End a restriction in the name of the integrator; a ban takes two people of ours."""
    if is_ban(restriction):
        raise Refused(
            "BAN_NEEDS_TWO",
            status=409,
            detail="Two people banned this subject; only two people can take it back.",
        )
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        idempotency.claim()
        restrictions.lift(restriction=restriction, by=client, reason=reason, at=at)
    return restriction


def register_device(
    *, client: Party, said: Submission, user: Party | None, ip: str | None, at: datetime
) -> Registration:
    """Recognise or register a device of the integrator's, and note who was seen with it."""
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        idempotency.claim()
        if user is not None:
            locks.hold(user.id)
        registration = devices.register(
            scope=client.ref,
            platform=said.platform,
            attributes=said.attributes,
            at=at,
            abilities=said.abilities,
            flags=said.flags,
            attestation=said.attestation,
            presented_token=said.presented_token,
            user_entity=user.id if user else None,
        )
        if user is not None and ip is not None:
            devices.sight(device=registration.device, user_entity=user.id, subnet=subnet(ip), at=at)
        if user is not None and is_news(registration):
            judge.write(_registered(registration, client, user, ip, at), judgement=None)
    return registration


def _registered(
    registration: Registration, client: Party, user: Party, ip: str | None, at: datetime
) -> Act:
    # Recorded, not judged: whoever wants an answer asks for one under an id of their own.
    return Act(
        id=uuid7(at),
        at=at,
        kind="device.registered",
        scope=client.ref,
        client=client,
        actor=client,
        user=user,
        device=Party("device", client.ref, str(registration.device.pk)),
        ip=Party("ip", "", ip) if ip else None,
        data=dict(queries.signals_of(device=registration.device, at=at)),
    )
