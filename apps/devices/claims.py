"""What a presented token claims, and whether the machine that presents it may."""

from enum import StrEnum

from apps.devices import tokens
from apps.devices.description import Description
from apps.devices.models import Binding
from apps.devices.similarity import Comparison, Thresholds, compare


class Suspicion(StrEnum):
    """What is wrong with a presented token."""

    OTHER_MACHINE = "OTHER_MACHINE"
    OTHER_PLATFORM = "OTHER_PLATFORM"
    TOKEN_REVOKED = "TOKEN_REVOKED"
    DEVICE_REVOKED = "DEVICE_REVOKED"


def claim_of(*, scope: str, token: str | None) -> Binding | None:
    """The binding that a token stands for, also a revoked one; None when we never issued it."""
    digest = tokens.digest(token) if token else None
    if digest is None:
        return None
    return (
        Binding.objects.select_related("device").filter(digest=digest, device__scope=scope).first()
    )


def doubt(
    *, claim: Binding, said: Description, limits: Thresholds
) -> tuple[Comparison, Suspicion | None]:
    """How like the claimed device the presenter is, and why it is not to be believed, if so."""
    device = claim.device
    comparison = compare(device.attributes, said.attributes)
    if device.revoked_at:
        return comparison, Suspicion.DEVICE_REVOKED
    if claim.revoked_at:
        return comparison, Suspicion.TOKEN_REVOKED
    if device.platform != said.platform:
        return comparison, Suspicion.OTHER_PLATFORM
    # A device that has said nothing yet, and still says nothing, can't contradict itself.
    can_judge = bool(device.attributes) and comparison.weighed > 0
    if can_judge and comparison.similarity < limits.stolen:
        return comparison, Suspicion.OTHER_MACHINE
    return comparison, None
