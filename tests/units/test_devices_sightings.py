"""Who was seen at which device, what is kept of abilities and flags, and what rules are told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from apps.core.ids import entity_id
from apps.devices import queries, services
from apps.devices.attestation import Attestation, Provider
from apps.devices.cookies import DEVICE_COOKIE, device_token_of, keep_device_token
from apps.devices.models import Device, Sighting
from apps.risk.vocabulary import SIGNAL_BY_NAME
from tests.machines import android_phone, phone_browser, windows_laptop

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PLAY = Attestation(
    provider=Provider.PLAY_INTEGRITY,
    verdict="VALID",
    verified_by="client:acme",
    checked_at=NOW,
    device_labels=("MEETS_DEVICE_INTEGRITY",),
    app_verdict="PLAY_RECOGNIZED",
)


def person(name):
    return entity_id(kind="user", scope="acme", ref=name)


def phone(**more):
    return services.register(
        scope="acme", platform="ANDROID", attributes=android_phone(), at=NOW, **more
    )


def again(token, at=LATER, attributes=None, **more):
    return services.register(
        scope="acme",
        platform="ANDROID",
        attributes=android_phone() if attributes is None else attributes,
        presented_token=token,
        at=at,
        **more,
    ).device


def test_a_sighting_is_one_row_for_person_and_subnet_and_counts():
    device = phone().device
    seen = [
        services.sight(device=device, user_entity=person("alice"), subnet=subnet, at=at)
        for subnet, at in [
            ("203.0.113.0/24", NOW),
            ("203.0.113.0/24", LATER),
            ("198.51.100.0/24", NOW),
            # A late arrival widens the span, it does not turn the clock back.
            ("203.0.113.0/24", NOW - timedelta(days=1)),
        ]
    ]
    assert seen == [1, 2, 1, 3]
    row = Sighting.objects.get(subnet="203.0.113.0/24")
    assert (row.first_at, row.last_at, row.count) == (NOW - timedelta(days=1), LATER, 3)
    device.refresh_from_db()
    assert device.last_seen_at == LATER


def test_a_sighting_costs_one_statement(django_assert_num_queries):
    device = phone().device
    with django_assert_num_queries(1):
        services.sight(device=device, user_entity=person("alice"), subnet="", at=NOW)


def test_a_sighting_of_a_merged_device_goes_to_the_device_it_is():
    known, fresh = phone(), phone()
    Device.objects.filter(pk=fresh.device.pk).update(merged_into=known.device)
    merged = Device.objects.get(pk=fresh.device.pk)
    services.sight(device=merged, user_entity=person("alice"), subnet="", at=NOW)
    assert Sighting.objects.get().device == known.device


def test_devices_of_a_person_and_persons_of_a_device_come_latest_first_and_bounded():
    first, second = phone().device, phone().device
    for n in range(5):
        at = NOW + timedelta(minutes=n)
        services.sight(device=first, user_entity=person(f"user {n}"), subnet="", at=at)
    services.sight(device=first, user_entity=person("user 0"), subnet="a", at=LATER)
    services.sight(device=second, user_entity=person("user 0"), subnet="", at=NOW)
    assert queries.devices_of(user_entity=person("user 0")) == [first, second]
    assert queries.devices_of(user_entity=person("user 0"), limit=1) == [first]
    assert queries.devices_of(user_entity=person("nobody")) == []
    found = queries.users_of(device=first, limit=3)
    assert [row.user_entity for row in found] == [person(f"user {n}") for n in (0, 4, 3)]
    assert (found[0].first_at, found[0].last_at, found[0].count) == (NOW, LATER, 2)


def test_a_device_is_found_by_the_id_that_events_carry():
    device = phone().device
    assert queries.device_by_entity(entity=device.entity) == device
    assert queries.device_by_entity(entity=device.entity ^ 1) is None


def test_a_sensor_once_told_of_can_not_be_talked_away():
    first = phone(abilities={"camera_depth", "biometrics"})
    device = again(first.token, abilities={"infrared"})
    assert device.has_camera_depth
    assert device.has_infrared
    assert device.has_biometrics


def test_a_flag_stays_up_until_a_valid_attestation_clears_it():
    first = phone(flags={"rooted"})
    assert first.device.flags == ("rooted",)
    assert again(first.token).flags == ("rooted",)
    unverified = replace(PLAY, verified_by="")
    assert again(first.token, attestation=unverified).flags == ("rooted",)
    cleared = again(first.token, attestation=replace(PLAY, checked_at=LATER))
    assert cleared.flags == ()
    assert cleared.attestation_state == "VALID"


def test_a_flag_raised_along_with_a_valid_attestation_is_still_raised():
    assert phone(flags={"hooked"}, attestation=PLAY).device.flags == ("hooked",)


def test_an_unverified_claim_does_not_wipe_out_a_verified_verdict():
    bad = replace(PLAY, device_labels=("MEETS_VIRTUAL_INTEGRITY",))
    first = phone(attestation=bad)
    assert (first.device.attestation_state, first.device.is_emulator) == ("INVALID", True)
    device = again(first.token, attestation=replace(PLAY, verified_by="", checked_at=LATER))
    assert device.attestation_state == "INVALID"
    assert device.attestation["verified_by"] == "client:acme"
    device = again(first.token, attestation=replace(PLAY, checked_at=LATER))
    assert device.attestation_state == "VALID"


def test_a_claimed_attestation_without_a_verifier_is_unknown():
    device = phone(attestation=replace(PLAY, verified_by="")).device
    assert device.attestation_state == "UNKNOWN"
    assert device.attestation_checked_at == NOW


def test_rules_are_told_what_is_known_in_words_they_have():
    silent = phone().device
    told = queries.signals_of(device=silent, at=NOW)
    assert told == {"vpn": False, "on_call": False}
    watched = again(
        phone(flags={"hooked"}, attestation=PLAY).token,
        attributes=android_phone() | {"screen_shared": True, "on_call": True},
    )
    told = queries.signals_of(device=watched, at=LATER)
    assert told == {
        "attested": True,
        "emulator": False,
        "hooked": True,
        "on_call": True,
        "remote_control": True,
        "repackaged": False,
        "vpn": False,
    }
    assert set(told) <= set(SIGNAL_BY_NAME)
    stale = queries.signals_of(device=watched, at=LATER + timedelta(hours=1))
    assert set(stale) == {"attested", "emulator", "hooked", "repackaged"}


def test_a_failed_attestation_is_told_too():
    device = phone(attestation=replace(PLAY, verdict="INVALID")).device
    assert queries.signals_of(device=device, at=NOW)["attested"] is False


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites():
    token = services.register(
        scope="desk", platform="WEB", attributes=windows_laptop(), at=NOW
    ).token
    response = HttpResponse()
    keep_device_token(response, token)
    cookie = response.cookies[DEVICE_COOKIE]
    assert cookie.value == token
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    request = RequestFactory().get("/")
    assert device_token_of(request) is None
    request.COOKIES[DEVICE_COOKIE] = token
    assert queries.presented(scope="desk", token=device_token_of(request)).via == "FIRST"


def test_what_is_stored_of_a_device_holds_no_text_of_a_person():
    device = services.register(
        scope="desk", platform="WEB", attributes=phone_browser(), at=NOW
    ).device
    for value in Device.objects.get(pk=device.pk).attributes.values():
        assert isinstance(value, bool | int | float) or len(value) <= 64


def test_a_merged_device_brings_its_proven_attestation_flags_and_sensors():
    known, fresh = (
        phone(flags={"rooted"}, attestation=PLAY),
        phone(
            flags={"hooked"},
            abilities={"infrared"},
            attestation=replace(PLAY, verdict="INVALID"),
        ),
    )
    services.sight(device=known.device, user_entity=person("alice"), subnet="", at=NOW)
    services.recognise(device=fresh.device, user_entity=person("alice"), at=LATER)
    device = Device.objects.get(pk=known.device.pk)
    assert device.attestation_state == "INVALID"
    assert device.flags == ("rooted", "hooked")
    assert device.has_infrared


def test_a_merged_device_does_not_wipe_out_a_proven_attestation():
    known, fresh = phone(attestation=PLAY), phone(attestation=replace(PLAY, verified_by=""))
    services.sight(device=known.device, user_entity=person("alice"), subnet="", at=NOW)
    services.recognise(device=fresh.device, user_entity=person("alice"), at=LATER)
    assert Device.objects.get(pk=known.device.pk).attestation_state == "VALID"
