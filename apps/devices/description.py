"""What a device says of itself at one moment, and how it is written onto the row."""

from dataclasses import dataclass
from datetime import datetime

from apps.devices import attestation as vouching
from apps.devices.attributes import ABILITIES, FLAGS, Value, locality
from apps.devices.models import AttestationState, Device

PROVEN = (AttestationState.VALID, AttestationState.INVALID)
DESCRIBED = (
    "attributes",
    "locality",
    "drift",
    "described_at",
    "attestation",
    "attestation_state",
    "attestation_checked_at",
    *(f"has_{name}" for name in ABILITIES),
    *(f"is_{name}" for name in FLAGS),
    "flagged_at",
    "last_seen_at",
)


@dataclass(frozen=True, slots=True)
class Description:
    """What a device says of itself at one moment, in accepted form."""

    platform: str
    attributes: dict[str, Value]
    abilities: frozenset[str]
    flags: frozenset[str]
    attestation: vouching.Attestation | None
    at: datetime


def apply(*, device: Device, said: Description, drift: float) -> None:
    """Write what is said onto the device in memory; the fields are those of DESCRIBED."""
    device.attributes = said.attributes
    device.locality = locality(platform=said.platform, attributes=said.attributes)
    device.drift = drift
    device.described_at = said.at
    device.last_seen_at = max(device.last_seen_at, said.at)
    # Sensors do not go away: who claims so later wants an easier face check.
    for name in ABILITIES:
        if name in said.abilities:
            setattr(device, f"has_{name}", True)
    raised, cleared = said.flags, False
    if said.attestation:
        judged = vouching.judge(
            said.attestation, platform=said.platform, earlier=device.attestation, at=said.at
        )
        raised |= judged.flags
        cleared = judged.state == AttestationState.VALID
        _record(device, said.attestation, judged, said.at)
    _flag(device, raised, cleared=cleared, at=said.at)


def carry_over(*, known: Device, newcomer: Device, drift: float, at: datetime) -> None:
    """Write onto the known device, in memory, what its newcomer said: the worse flag wins."""
    known.attributes, known.locality = newcomer.attributes, newcomer.locality
    known.drift, known.described_at = drift, newcomer.described_at
    known.last_seen_at = max(known.last_seen_at, at)
    for name in (*(f"has_{n}" for n in ABILITIES), *(f"is_{n}" for n in FLAGS)):
        setattr(known, name, getattr(known, name) or getattr(newcomer, name))
    known.flagged_at = newcomer.flagged_at or known.flagged_at
    if newcomer.attestation_state in PROVEN:
        known.attestation = newcomer.attestation
        known.attestation_state = newcomer.attestation_state
        known.attestation_checked_at = newcomer.attestation_checked_at


def _record(
    device: Device, given: vouching.Attestation, judged: vouching.Judgement, at: datetime
) -> None:
    # An answer that proves nothing must not wipe out one that did.
    if judged.state == AttestationState.UNKNOWN and device.attestation_state in PROVEN:
        return
    device.attestation = vouching.stored(given, judged)
    device.attestation_state = judged.state
    device.attestation_checked_at = min(given.checked_at, at)


def _flag(device: Device, raised: frozenset[str], *, cleared: bool, at: datetime) -> None:
    # Raised by anybody's word, taken back only by a valid attestation: hiding is easy.
    for name in FLAGS:
        if name in raised:
            setattr(device, f"is_{name}", True)
            device.flagged_at = at
        elif cleared:
            setattr(device, f"is_{name}", False)
