"""Which known device a description resembles; every search is bounded and goes by an index."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.devices import queries
from apps.devices.attributes import Value
from apps.devices.models import Device
from apps.devices.similarity import Comparison, Thresholds, compare


@dataclass(frozen=True, slots=True)
class LooksLike:
    """A hint, never a merge: another device that resembles a new one.

    `peers` counts the devices of the same make (up to the bound of candidates): a likeness among
    many peers is a popular model, among few it is probably the same machine.
    """

    device: Device
    similarity: float
    peers: int


def most_alike(
    *,
    user_entity: int,
    scope: str,
    platform: str,
    attributes: Mapping[str, Value],
    limits: Thresholds,
) -> tuple[Device, Comparison] | None:
    """Of the devices this person was seen with, the one that this description is, if any."""
    best: tuple[Device, Comparison] | None = None
    for known in queries.devices_of(user_entity=user_entity, limit=limits.candidates):
        if (known.scope, known.platform) != (scope, platform) or known.revoked_at:
            continue
        found = compare(known.attributes, attributes)
        if found.similarity < limits.same or found.evidence < limits.same_evidence:
            continue
        # Of equals the one seen last wins: it comes first.
        if best is None or found.similarity > best[1].similarity:
            best = known, found
    return best


def looks_like(*, device: Device, limits: Thresholds) -> LooksLike | None:
    """Of the devices of the same make, whoever has them, the one most like this, if any."""
    peers = list(
        Device.objects.filter(
            scope=device.scope, locality=device.locality, merged_into__isnull=True
        )
        .exclude(pk=device.pk)
        .order_by("-last_seen_at")[: limits.candidates]
    )
    best: tuple[float, Device] | None = None
    for peer in peers:
        found = compare(peer.attributes, device.attributes)
        if found.similarity < limits.alike or found.evidence < limits.alike_evidence:
            continue
        if best is None or found.similarity > best[0]:
            best = found.similarity, peer
    return LooksLike(best[1], best[0], len(peers)) if best else None
