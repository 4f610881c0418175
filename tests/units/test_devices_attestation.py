"""What an attestation is worth."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.devices.attestation import Attestation, Provider, judge, stored

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

PLAY = Attestation(
    provider=Provider.PLAY_INTEGRITY,
    verdict="VALID",
    verified_by="client:acme",
    checked_at=NOW - timedelta(minutes=1),
    device_labels=("MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY"),
    app_verdict="PLAY_RECOGNIZED",
)
APPLE = Attestation(
    provider=Provider.APP_ATTEST,
    verdict="VALID",
    verified_by="client:acme",
    checked_at=NOW - timedelta(minutes=1),
    environment="PRODUCTION",
    key_digest="ab" * 16,
    sign_count=7,
)


def judged(attestation, platform="ANDROID", earlier=None):
    found = judge(attestation, platform=platform, earlier=earlier or {}, at=NOW)
    return found.state, found.reasons


def test_a_verified_answer_of_the_right_provider_is_valid():
    assert judged(PLAY) == ("VALID", ())
    assert judged(APPLE, "IOS") == ("VALID", ())


def test_a_claim_that_nobody_verified_is_unknown_and_raises_nothing():
    found = judge(replace(PLAY, verified_by=""), platform="ANDROID", earlier={}, at=NOW)
    assert (found.state, found.reasons) == ("UNKNOWN", ("NOT_VERIFIED",))
    worse = replace(PLAY, verified_by="", app_verdict="UNRECOGNIZED_VERSION")
    assert judge(worse, platform="ANDROID", earlier={}, at=NOW).flags == frozenset()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verdict": "INVALID"}, "VERDICT"),
        ({"device_labels": ("MEETS_BASIC_INTEGRITY",)}, "NO_DEVICE_INTEGRITY"),
        ({"device_labels": ("MEETS_VIRTUAL_INTEGRITY",)}, "VIRTUAL_DEVICE"),
        ({"app_verdict": "UNRECOGNIZED_VERSION"}, "APP_CHANGED"),
    ],
)
def test_bad_news_is_invalid(change, reason):
    assert judged(replace(PLAY, **change)) == ("INVALID", (reason,))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verdict": "UNKNOWN"}, "VERDICT"),
        ({"checked_at": NOW - timedelta(days=2)}, "STALE"),
        ({"checked_at": NOW + timedelta(hours=1)}, "FROM_THE_FUTURE"),
        ({"device_labels": ()}, "NO_LABELS"),
        ({"app_verdict": "UNEVALUATED"}, "APP_NOT_EVALUATED"),
    ],
)
def test_an_answer_that_says_too_little_is_unknown(change, reason):
    assert judged(replace(PLAY, **change)) == ("UNKNOWN", (reason,))


def test_an_emulator_and_a_changed_app_raise_their_flags():
    changed = replace(
        PLAY, device_labels=("MEETS_VIRTUAL_INTEGRITY",), app_verdict="UNRECOGNIZED_VERSION"
    )
    assert judge(changed, platform="ANDROID", earlier={}, at=NOW).flags == {
        "emulator",
        "repackaged",
    }


def test_an_answer_for_another_platform_is_invalid():
    assert judged(APPLE, "ANDROID") == ("INVALID", ("OTHER_PLATFORM",))
    assert judged(PLAY, "WEB") == ("INVALID", ("OTHER_PLATFORM",))


def test_a_counter_that_stands_still_is_a_copied_answer():
    first = judge(APPLE, platform="IOS", earlier={}, at=NOW)
    earlier = stored(APPLE, first)
    assert judged(APPLE, "IOS", earlier) == ("INVALID", ("COUNTER_REPLAYED",))
    assert judged(replace(APPLE, sign_count=8), "IOS", earlier) == ("VALID", ())
    fresh_key = replace(APPLE, key_digest="cd" * 16, sign_count=0)
    assert judged(fresh_key, "IOS", earlier) == ("VALID", ())


def test_an_answer_older_than_the_known_one_does_not_count():
    earlier = stored(PLAY, judge(PLAY, platform="ANDROID", earlier={}, at=NOW))
    older = replace(PLAY, checked_at=PLAY.checked_at - timedelta(minutes=5))
    assert judged(older, earlier=earlier) == ("UNKNOWN", ("OLDER_THAN_KNOWN",))
