"""The JSON that a browser, an app or an integrator's server sends to register a device."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from apps.core.errors import Refused
from apps.devices import attributes as vocabulary
from apps.devices.attestation import Attestation, Provider

MOST_BYTES = 16_384

SUBMISSION_TOO_LARGE = "DEVICE_SUBMISSION_TOO_LARGE"
SUBMISSION_REFUSED = "DEVICE_SUBMISSION_REFUSED"

Code = Field(default="", max_length=40, pattern=r"^[A-Z_]*$")


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Abilities(_Closed):
    camera_depth: bool = False
    infrared: bool = False
    biometrics: bool = False


class _Integrity(_Closed):
    emulator: bool = False
    rooted: bool = False
    hooked: bool = False
    virtual_camera: bool = False
    repackaged: bool = False


class _Attestation(_Closed):
    provider: Literal["PLAY_INTEGRITY", "APP_ATTEST"]
    verdict: Literal["VALID", "INVALID", "UNKNOWN"]
    checked_at: AwareDatetime
    device_labels: list[str] = Field(default_factory=list, max_length=8)
    app_verdict: str = Code
    environment: Literal["", "PRODUCTION", "DEVELOPMENT"] = ""
    key_digest: str = Field(default="", pattern=r"^([0-9a-f]{16,64})?$")
    sign_count: int | None = Field(default=None, ge=0, le=2**32 - 1)


class _Body(_Closed):
    platform: Literal["WEB", "IOS", "ANDROID", "OTHER"]
    attributes: dict[str, bool | int | float | str | None] = Field(default_factory=dict)
    abilities: _Abilities | None = None
    integrity: _Integrity | None = None
    attestation: _Attestation | None = None
    token: str | None = Field(default=None, max_length=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A checked submission: services.register takes its parts under the same names."""

    platform: str
    attributes: dict[str, vocabulary.Value]
    abilities: frozenset[str]
    flags: frozenset[str]
    attestation: Attestation | None
    presented_token: str | None


def read(body: bytes, *, verified_by: str = "") -> Submission:
    """Check a JSON body; Refused names every fault.

    `verified_by` says which authenticated server sent it ("" for a browser or an app): it is what
    an attestation in the body is worth.
    """
    if len(body) > MOST_BYTES:
        raise Refused(
            SUBMISSION_TOO_LARGE, 413, f"A device description has at most {MOST_BYTES} bytes."
        )
    try:
        parsed = _Body.model_validate_json(body)
    except ValidationError as error:
        raise Refused(
            SUBMISSION_REFUSED, 400, "The device description can't be read.", _faults(error)
        ) from None
    return Submission(
        platform=parsed.platform,
        attributes=vocabulary.accept(parsed.attributes),
        abilities=_raised(parsed.abilities),
        flags=_raised(parsed.integrity),
        attestation=_attestation(parsed.attestation, verified_by),
        presented_token=parsed.token,
    )


def _raised(group: BaseModel | None) -> frozenset[str]:
    return frozenset(name for name, raised in group or () if raised)


def _attestation(given: _Attestation | None, verified_by: str) -> Attestation | None:
    if given is None:
        return None
    checked_at: datetime = given.checked_at
    return Attestation(
        provider=Provider(given.provider),
        verdict=given.verdict,
        checked_at=checked_at,
        verified_by=verified_by,
        device_labels=tuple(label[:40] for label in given.device_labels),
        app_verdict=given.app_verdict,
        environment=given.environment,
        key_digest=given.key_digest,
        sign_count=given.sign_count,
    )


def _faults(error: ValidationError) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    for entry in error.errors(include_url=False, include_input=False, include_context=False):
        # A union reports each of its arms under the same name: one line is enough.
        name = ".".join(str(part)[:40] for part in entry["loc"][:2]) or "body"
        if len(faults) < vocabulary.MOST_ATTRIBUTES:
            faults.setdefault(name, [str(entry["msg"])])
    return faults
