"""Questions about devices; every answer is bounded, however long the history."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.core import sql
from apps.core.ids import entity_id
from apps.devices import tokens
from apps.devices.models import AttestationState, Binding, Device

MOST_DEVICES = 20
MOST_USERS = 50
# The newest sightings that are looked at: one person is seen with one device at many subnets.
NEWEST = 500
# For so long a description still tells what goes on at the device right now.
CURRENT_FOR = timedelta(minutes=15)

DEVICES_OF = """
    SELECT device_id FROM (
        SELECT device_id, last_at FROM devices_sighting
        WHERE user_entity = $1::bigint ORDER BY last_at DESC LIMIT $3::int
    ) AS newest
    GROUP BY device_id ORDER BY max(last_at) DESC, device_id LIMIT $2::int"""

USERS_OF = """
    SELECT user_entity, min(first_at), max(last_at), sum(count)::bigint FROM (
        SELECT user_entity, first_at, last_at, count FROM devices_sighting
        WHERE device_id = $1::uuid ORDER BY last_at DESC LIMIT $3::int
    ) AS newest
    GROUP BY user_entity ORDER BY max(last_at) DESC, user_entity LIMIT $2::int"""


@dataclass(frozen=True, slots=True)
class Presented:
    """A device by its token: a year-old device whose token is minutes old deserves a look."""

    device: Device
    via: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class SeenWith:
    """A person seen with a device."""

    user_entity: int
    first_at: datetime
    last_at: datetime
    count: int


def device_entity(*, scope: str, id: UUID) -> int:
    """The 64-bit id under which events refer to a device of ours."""
    return entity_id(kind="device", scope=scope, ref=str(id))


def device_for(*, scope: str, id: UUID) -> Device | None:
    """The device of this scope with this id, also when revoked or merged."""
    return Device.objects.filter(scope=scope, id=id).first()


def device_by_entity(*, entity: int) -> Device | None:
    """The device that events call `entity`; None when it was never registered with us."""
    return Device.objects.filter(entity=entity).first()


def presented(*, scope: str, token: str | None) -> Presented | None:
    """The device that a live token belongs to; None also for revoked tokens and devices."""
    digest = tokens.digest(token) if token else None
    if digest is None:
        return None
    binding = (
        Binding.objects.select_related("device")
        .filter(digest=digest, device__scope=scope)
        .filter(revoked_at__isnull=True, device__revoked_at__isnull=True)
        .first()
    )
    return Presented(binding.device, binding.via, binding.issued_at) if binding else None


def devices_of(*, user_entity: int, limit: int = MOST_DEVICES) -> list[Device]:
    """The devices this person was seen with, latest first."""
    ids = [row[0] for row in sql.run(DEVICES_OF, [user_entity, limit, NEWEST])]
    found = Device.objects.in_bulk(ids)
    return [found[id] for id in ids]


def users_of(*, device: Device, limit: int = MOST_USERS) -> list[SeenWith]:
    """The persons this device was seen with, latest first."""
    return [SeenWith(*row) for row in sql.run(USERS_OF, [device.id, limit, NEWEST])]


def signals_of(*, device: Device, at: datetime) -> dict[str, bool]:
    """What the device tells rules, in the words of an act's data; what is unknown is absent."""
    told = dict.fromkeys(device.flags, True)
    if device.attestation_state == AttestationState.VALID:
        told = {"emulator": False, "repackaged": False, "attested": True} | told
    elif device.attestation_state == AttestationState.INVALID:
        told["attested"] = False
    if device.described_at is None or at - device.described_at > CURRENT_FOR:
        return told
    described = device.attributes
    controlled = [described[n] for n in ("screen_shared", "accessibility") if n in described]
    if controlled:
        told["remote_control"] = any(controlled)
    for name in ("on_call", "vpn"):
        if name in described:
            told[name] = described[name]
    return told
