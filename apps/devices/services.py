"""Registering, recognising and revoking devices. The caller owns the transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings

from apps.core import sql
from apps.core.ids import uuid7
from apps.devices import attestation as vouching
from apps.devices import queries, tokens
from apps.devices.attributes import accept
from apps.devices.claims import Suspicion, claim_of, doubt
from apps.devices.description import DESCRIBED, Description, apply, carry_over
from apps.devices.matching import LooksLike, looks_like, most_alike
from apps.devices.models import Binding, Device, Sighting, Via
from apps.devices.similarity import Comparison, Thresholds

# Private windows and cleared cookies leave tokens behind: the least used give way.
MOST_BINDINGS = 8

SIGHT = """
    WITH seen AS (
        UPDATE devices_device SET last_seen_at = greatest(last_seen_at, $4::timestamptz)
        WHERE id = $1::uuid
    )
    INSERT INTO devices_sighting AS known
        (device_id, user_entity, subnet, first_at, last_at, count)
    VALUES ($1::uuid, $2::bigint, $3::text, $4::timestamptz, $4::timestamptz, 1)
    ON CONFLICT (device_id, user_entity, subnet) DO UPDATE SET
        first_at = least(known.first_at, excluded.first_at),
        last_at = greatest(known.last_at, excluded.last_at),
        count = known.count + 1
    RETURNING count"""


class MatchedBy(StrEnum):
    """How a device was recognised."""

    TOKEN = "TOKEN"
    SIMILARITY = "SIMILARITY"
    NOTHING = "NOTHING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What came of a registration.

    `device` is the presenter's own: when a token came from another machine it is a new device,
    never the one whose token was shown; that one is `claimed`, untouched, and `suspicion` says why.
    `token` is to be handed to the device now, or None when it keeps the one it has.
    """

    device: Device
    token: str | None
    is_new: bool
    matched_by: MatchedBy
    comparison: Comparison | None = None
    suspicion: Suspicion | None = None
    claimed: Device | None = None
    looks_like: LooksLike | None = None

    @property
    def similarity(self) -> float | None:
        """Likeness to what was known of the matched or claimed device, 0..1."""
        return self.comparison.similarity if self.comparison else None

    @property
    def suspicious(self) -> bool:
        """True when a token was shown that this machine should not have."""
        return self.suspicion is not None


def thresholds() -> Thresholds:
    """The thresholds in force: the defaults with what settings.DEVICE_THRESHOLDS changes."""
    return Thresholds(**settings.DEVICE_THRESHOLDS)


def register(
    *,
    scope: str,
    platform: str,
    attributes: Mapping[str, object],
    at: datetime,
    abilities: Iterable[str] = (),
    flags: Iterable[str] = (),
    attestation: vouching.Attestation | None = None,
    presented_token: str | None = None,
    user_entity: int | None = None,
) -> Registration:
    """Recognise a device by its token, else by likeness to this person's devices, else make one."""
    said = Description(
        platform, accept(attributes), frozenset(abilities), frozenset(flags), attestation, at
    )
    limits = thresholds()
    claim = claim_of(scope=scope, token=presented_token)
    comparison = suspicion = None
    if claim:
        comparison, suspicion = doubt(claim=claim, said=said, limits=limits)
        if suspicion is None:
            return _keep(claim, said, comparison, user_entity)
    if claim and suspicion in (Suspicion.OTHER_MACHINE, Suspicion.OTHER_PLATFORM):
        # From now on it proves nothing, whoever shows it.
        Binding.objects.filter(pk=claim.pk).update(revoked_at=at)
    claimed = claim.device if claim else None
    alike = None
    if user_entity is not None:
        alike = most_alike(
            user_entity=user_entity,
            scope=scope,
            platform=platform,
            attributes=said.attributes,
            limits=limits,
        )
    if alike:
        device, likeness = alike
        if claimed and device.pk == claimed.pk:
            # The owner comes back after a theft had cost them their token.
            claimed = suspicion = None
        _describe(device, said, drift=1 - likeness.similarity)
        _suspect(device, suspicion, claimed, at)
        return Registration(
            device=device,
            token=_bind(device, Via.SIMILARITY, at),
            is_new=False,
            matched_by=MatchedBy.SIMILARITY,
            comparison=comparison if claimed else likeness,
            suspicion=suspicion,
            claimed=claimed,
        )
    device = _create(scope, said)
    _suspect(device, suspicion, claimed, at)
    return Registration(
        device=device,
        token=_bind(device, Via.FIRST, at),
        is_new=True,
        matched_by=MatchedBy.NOTHING,
        comparison=comparison,
        suspicion=suspicion,
        claimed=claimed,
        looks_like=looks_like(device=device, limits=limits),
    )


def recognise(*, device: Device, user_entity: int, at: datetime) -> Device:
    """The device to go on with, now that we know whose it is.

    A device without any history that looks like one of this person's devices is that one: its
    tokens go over and it is merged. A device seen with anybody is left as it is.
    """
    device = Device.objects.select_for_update().get(pk=device.pk)
    if device.merged_into_id:
        return Device.objects.get(pk=device.merged_into_id)
    if device.revoked_at or Sighting.objects.filter(device=device).exists():
        return device
    alike = most_alike(
        user_entity=user_entity,
        scope=device.scope,
        platform=device.platform,
        attributes=device.attributes,
        limits=thresholds(),
    )
    if alike is None:
        return device
    known, likeness = alike
    _absorb(known, device, drift=1 - likeness.similarity, at=at)
    return known


def sight(*, device: Device, user_entity: int, subnet: str, at: datetime) -> int:
    """Record that a person was at a device at a subnet; returns how often so far."""
    rows = sql.run(SIGHT, [device.merged_into_id or device.pk, user_entity, subnet, at])
    return int(rows[0][0])


def revoke(*, device: Device, reason: str, at: datetime) -> None:
    """Never recognise this device or its tokens again; `reason` is a short code."""
    Device.objects.filter(pk=device.pk, revoked_at__isnull=True).update(
        revoked_at=at, revoked_for=reason
    )
    Binding.objects.filter(device=device, revoked_at__isnull=True).update(revoked_at=at)
    device.refresh_from_db(fields=["revoked_at", "revoked_for"])


def reinstate(*, device: Device) -> None:
    """Take a revocation back; the device gets a new token when it is next recognised."""
    Device.objects.filter(pk=device.pk).update(revoked_at=None, revoked_for="")
    device.refresh_from_db(fields=["revoked_at", "revoked_for"])


def forget_user(*, user_entity: int) -> int:
    """Forget with which devices this person was seen (erasure); returns the rows deleted."""
    return Sighting.objects.filter(user_entity=user_entity).delete()[0]


def drop_unseen(*, before: datetime, limit: int = 1000) -> int:
    """Delete devices first seen before then and never seen with anybody; returns how many.

    Evidence stays: revoked devices, merged ones, and those whose token another machine showed.
    """
    unseen = Device.objects.filter(
        first_seen_at__lt=before,
        sightings__isnull=True,
        merged__isnull=True,
        merged_into__isnull=True,
        claimants__isnull=True,
        revoked_at__isnull=True,
    ).order_by("first_seen_at")
    doomed = list(unseen.values_list("pk", flat=True)[:limit])
    Device.objects.filter(pk__in=doomed).delete()
    return len(doomed)


def _keep(
    claim: Binding, said: Description, comparison: Comparison, user_entity: int | None
) -> Registration:
    device = claim.device
    drift = 1 - comparison.similarity if comparison.weighed and device.attributes else 0.0
    _describe(device, said, drift=drift)
    Binding.objects.filter(pk=claim.pk).update(used_at=said.at)
    matched_by = MatchedBy.TOKEN
    if user_entity is not None:
        known = recognise(device=device, user_entity=user_entity, at=said.at)
        if known.pk != device.pk:
            device, matched_by = known, MatchedBy.SIMILARITY
    return Registration(
        device=device, token=None, is_new=False, matched_by=matched_by, comparison=comparison
    )


def _create(scope: str, said: Description) -> Device:
    id = uuid7(said.at)
    device = Device(
        id=id,
        entity=queries.device_entity(scope=scope, id=id),
        scope=scope,
        platform=said.platform,
        first_seen_at=said.at,
        last_seen_at=said.at,
    )
    apply(device=device, said=said, drift=0.0)
    device.save(force_insert=True)
    return device


def _suspect(
    device: Device, suspicion: Suspicion | None, claimed: Device | None, at: datetime
) -> None:
    # Kept with the device: a stolen token is shown on the sign-in page, before we know to whom.
    if suspicion:
        device.suspicion, device.claimed, device.suspected_at = suspicion, claimed, at
        device.save(update_fields=["suspicion", "claimed", "suspected_at"])


def _describe(device: Device, said: Description, *, drift: float) -> None:
    apply(device=device, said=said, drift=drift)
    device.save(update_fields=DESCRIBED)


def _absorb(known: Device, newcomer: Device, *, drift: float, at: datetime) -> None:
    Binding.objects.filter(device=newcomer).update(device=known, via=Via.SIMILARITY)
    _trim(known)
    carry_over(known=known, newcomer=newcomer, drift=drift, at=at)
    known.save(update_fields=DESCRIBED)
    if newcomer.suspicion and newcomer.claimed_id != known.pk:
        _suspect(known, Suspicion(newcomer.suspicion), newcomer.claimed, at)
    newcomer.merged_into, newcomer.attributes = known, {}
    newcomer.save(update_fields=["merged_into", "attributes"])


def _bind(device: Device, via: Via, at: datetime) -> str:
    token = tokens.mint()
    Binding.objects.create(
        device=device, digest=tokens.digest(token), via=via, issued_at=at, used_at=at
    )
    if via != Via.FIRST:
        _trim(device)
    return token


def _trim(device: Device) -> None:
    live = Binding.objects.filter(device=device, revoked_at__isnull=True)
    surplus = live.order_by("-used_at", "-pk").values_list("pk", flat=True)[MOST_BINDINGS:]
    Binding.objects.filter(pk__in=list(surplus)).delete()
