"""Judging what an integrator's server says that Google or Apple said of a device.

otcrisk calls neither: Play Integrity and App Attest answers can only be opened with the keys of
the app's owner. The verdict comes with the name of whoever verified it, or it counts for nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

FRESH_FOR = timedelta(hours=24)
CLOCK_SKEW = timedelta(minutes=5)


class Provider(StrEnum):
    """Who vouches for the device."""

    PLAY_INTEGRITY = "PLAY_INTEGRITY"
    APP_ATTEST = "APP_ATTEST"


PLATFORM_OF = {Provider.PLAY_INTEGRITY: "ANDROID", Provider.APP_ATTEST: "IOS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A verdict as supplied. `verified_by` is set by our own entrance, never by the payload."""

    provider: Provider
    verdict: str
    """VALID, INVALID or UNKNOWN: the verifier's own conclusion."""
    checked_at: datetime
    verified_by: str = ""
    device_labels: tuple[str, ...] = ()
    """Play Integrity: deviceRecognitionVerdict."""
    app_verdict: str = ""
    """Play Integrity: appRecognitionVerdict."""
    environment: str = ""
    """App Attest: PRODUCTION or DEVELOPMENT."""
    key_digest: str = ""
    sign_count: int | None = None
    """App Attest: the assertion counter, which only rises."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What we make of an attestation: VALID, INVALID or UNKNOWN, why, and the flags it raises."""

    state: str
    reasons: tuple[str, ...]
    flags: frozenset[str]


def judge(
    attestation: Attestation, *, platform: str, earlier: Mapping[str, object], at: datetime
) -> Judgement:
    """Judge an attestation; `earlier` is the one stored with the device before (or empty)."""
    bad: list[str] = []
    unsure: list[str] = []
    flags: set[str] = set()
    if not attestation.verified_by:
        # Whoever made it up may also have made up the bad news, so neither way is believed.
        return Judgement("UNKNOWN", ("NOT_VERIFIED",), frozenset())
    if PLATFORM_OF[attestation.provider] != platform:
        bad.append("OTHER_PLATFORM")
    if attestation.verdict == "INVALID":
        bad.append("VERDICT")
    elif attestation.verdict != "VALID":
        unsure.append("VERDICT")
    if attestation.checked_at > at + CLOCK_SKEW:
        unsure.append("FROM_THE_FUTURE")
    elif attestation.checked_at < at - FRESH_FOR:
        unsure.append("STALE")
    elif attestation.checked_at < _checked_at(earlier):
        unsure.append("OLDER_THAN_KNOWN")
    if attestation.provider is Provider.PLAY_INTEGRITY:
        _judge_play(attestation, bad, unsure, flags)
    else:
        _judge_app_attest(attestation, earlier, bad, unsure)
    state = "INVALID" if bad else "UNKNOWN" if unsure else "VALID"
    return Judgement(state, (*bad, *unsure), frozenset(flags))


def stored(attestation: Attestation, judgement: Judgement) -> dict[str, object]:
    """The attestation as kept with the device."""
    return {
        "provider": attestation.provider.value,
        "verdict": attestation.verdict,
        "verified_by": attestation.verified_by,
        "checked_at": attestation.checked_at.isoformat(),
        "device_labels": list(attestation.device_labels),
        "app_verdict": attestation.app_verdict,
        "environment": attestation.environment,
        "key_digest": attestation.key_digest,
        "sign_count": attestation.sign_count,
        "reasons": list(judgement.reasons),
    }


def _checked_at(earlier: Mapping[str, object]) -> datetime:
    known = earlier.get("checked_at")
    return datetime.fromisoformat(str(known)) if known else datetime.min.replace(tzinfo=UTC)


def _judge_play(
    attestation: Attestation, bad: list[str], unsure: list[str], flags: set[str]
) -> None:
    labels = set(attestation.device_labels)
    if "MEETS_VIRTUAL_INTEGRITY" in labels:
        flags.add("emulator")
        bad.append("VIRTUAL_DEVICE")
    elif labels and not labels & {"MEETS_DEVICE_INTEGRITY", "MEETS_STRONG_INTEGRITY"}:
        # BASIC alone: a phone whose system is not the maker's own, or has been opened.
        bad.append("NO_DEVICE_INTEGRITY")
    elif not labels:
        unsure.append("NO_LABELS")
    if attestation.app_verdict == "UNRECOGNIZED_VERSION":
        flags.add("repackaged")
        bad.append("APP_CHANGED")
    elif attestation.app_verdict != "PLAY_RECOGNIZED":
        unsure.append("APP_NOT_EVALUATED")


def _judge_app_attest(
    attestation: Attestation, earlier: Mapping[str, object], bad: list[str], unsure: list[str]
) -> None:
    if attestation.environment == "DEVELOPMENT":
        unsure.append("DEVELOPMENT_KEY")
    known = earlier.get("sign_count")
    same_key = attestation.key_digest and attestation.key_digest == earlier.get("key_digest")
    if attestation.sign_count is None:
        unsure.append("NO_COUNTER")
    elif same_key and isinstance(known, int) and attestation.sign_count <= known:
        # The counter lives in the secure element: one that stands still is a copied answer.
        bad.append("COUNTER_REPLAYED")
