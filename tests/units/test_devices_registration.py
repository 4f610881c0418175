"""A device registers, comes back, changes, is stolen from: what we make of it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from apps.core.errors import Refused
from apps.core.ids import entity_id
from apps.devices import queries, services
from apps.devices.models import Binding, Device, Sighting
from apps.devices.services import MOST_BINDINGS, MatchedBy, Suspicion
from tests.machines import (
    after_update,
    android_phone,
    in_another_language,
    macbook,
    on_another_monitor,
    other_windows_laptop,
    phone_browser,
    travelling,
    windows_laptop,
    with_noise,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALICE = entity_id(kind="user", scope="acme", ref="alice")
MALLORY = entity_id(kind="user", scope="acme", ref="mallory")
HOME = "203.0.113.0/24"


def register(machine, *, token=None, user=None, scope="acme", platform="WEB", at=NOW, **more):
    return services.register(
        scope=scope,
        platform=platform,
        attributes=machine,
        presented_token=token,
        user_entity=user,
        at=at,
        **more,
    )


def owned(machine, user=ALICE, **more):
    """A device that was registered and seen with its owner."""
    registration = register(machine, **more)
    services.sight(device=registration.device, user_entity=user, subnet=HOME, at=NOW)
    return registration


def test_a_new_machine_gets_a_device_and_a_token_of_which_only_the_digest_is_kept():
    first = register(windows_laptop())
    assert first.is_new
    assert first.matched_by == MatchedBy.NOTHING
    assert not first.suspicious
    assert first.device.entity == entity_id(kind="device", scope="acme", ref=str(first.device.id))
    binding = Binding.objects.get()
    assert len(bytes(binding.digest)) == 32
    assert first.token.encode() not in bytes(binding.digest)
    assert first.token not in str(list(Device.objects.values()))


def test_a_token_brings_back_the_device_and_its_changes_are_kept():
    first = register(windows_laptop())
    later = NOW + timedelta(days=30)
    again = register(after_update(windows_laptop()), token=first.token, at=later)
    assert (again.device, again.is_new, again.token) == (first.device, False, None)
    assert again.matched_by == MatchedBy.TOKEN
    device = Device.objects.get()
    assert device.attributes["browser_major"] == 131
    assert device.drift == pytest.approx(1 - again.similarity)
    assert 0 < device.drift < 0.2
    assert again.comparison.differing == ("canvas", "browser_major")
    assert device.last_seen_at == later


@pytest.mark.parametrize(
    "happens", [on_another_monitor, travelling, in_another_language, lambda m: with_noise(m, "x")]
)
def test_a_token_survives_what_happens_to_a_machine(happens):
    first = register(windows_laptop())
    again = register(happens(windows_laptop()), token=first.token)
    assert again.device == first.device
    assert not again.suspicious


def test_a_stolen_token_gives_its_thief_a_device_of_his_own_and_leaves_the_owners_untouched():
    owner = owned(windows_laptop())
    before = Device.objects.values().get(pk=owner.device.pk)
    thief = register(macbook(), token=owner.token, user=ALICE)
    assert thief.suspicion == Suspicion.OTHER_MACHINE
    assert thief.device != owner.device
    assert thief.claimed == owner.device
    assert thief.similarity < 0.6
    assert thief.token not in (None, owner.token)
    assert Device.objects.values().get(pk=owner.device.pk) == before
    kept = Device.objects.get(pk=thief.device.pk)
    assert (kept.suspicion, kept.claimed, kept.suspected_at) == (
        "OTHER_MACHINE",
        owner.device,
        NOW,
    )


def test_a_stolen_token_is_worth_nothing_afterwards_and_its_owner_comes_back_by_likeness():
    owner = owned(windows_laptop())
    register(macbook(), token=owner.token)
    assert queries.presented(scope="acme", token=owner.token) is None
    thief_again = register(macbook(), token=owner.token)
    assert thief_again.suspicion == Suspicion.TOKEN_REVOKED
    back = register(windows_laptop(), token=owner.token, user=ALICE)
    assert back.device == owner.device
    assert back.matched_by == MatchedBy.SIMILARITY
    assert not back.suspicious
    assert queries.presented(scope="acme", token=back.token).via == "SIMILARITY"


def test_a_token_shown_from_another_platform_is_stolen_whatever_the_likeness():
    owner = register(phone_browser())
    thief = register(phone_browser(), token=owner.token, platform="ANDROID")
    assert thief.suspicion == Suspicion.OTHER_PLATFORM
    assert thief.device != owner.device


def test_a_copied_token_on_the_same_model_of_phone_is_noticed():
    owner = register(android_phone("first"), platform="ANDROID")
    thief = register(android_phone("second"), platform="ANDROID", token=owner.token)
    assert thief.suspicion == Suspicion.OTHER_MACHINE


@pytest.mark.parametrize(
    "token", ["", "otcd_", "otcd_" + "x" * 43, "x" * 5000, "otcd_ü" + "x" * 42]
)
def test_a_token_that_was_never_issued_is_no_token(token):
    stranger = register(windows_laptop(), token=token)
    assert stranger.is_new
    assert not stranger.suspicious


def test_a_token_of_one_client_means_nothing_to_another():
    first = register(windows_laptop(), scope="acme")
    elsewhere = register(windows_laptop(), scope="zenith", token=first.token)
    assert elsewhere.is_new
    assert not elsewhere.suspicious
    assert elsewhere.looks_like is None
    assert queries.presented(scope="zenith", token=first.token) is None
    assert queries.device_for(scope="zenith", id=first.device.id) is None


def test_without_a_token_a_person_is_recognised_by_their_own_machine():
    first = owned(windows_laptop())
    back = register(after_update(windows_laptop()), user=ALICE)
    assert back.device == first.device
    assert back.matched_by == MatchedBy.SIMILARITY
    assert back.token not in (None, first.token)
    # A private window must not cost the ordinary one its token.
    assert queries.presented(scope="acme", token=first.token).device == first.device


def test_without_a_token_another_persons_machine_is_a_hint_and_never_a_match():
    first = owned(phone_browser(), user=ALICE)
    other = register(phone_browser(), user=MALLORY)
    assert other.is_new
    assert other.device != first.device
    assert other.looks_like.device == first.device
    assert other.looks_like.similarity == 1
    assert other.looks_like.peers == 1


def test_a_popular_model_has_many_peers_but_never_more_than_are_looked_at():
    for n in range(25):
        register(phone_browser(), at=NOW + timedelta(seconds=n))
    assert register(phone_browser()).looks_like.peers == 20


def test_another_laptop_of_the_same_person_is_another_device():
    first = owned(windows_laptop())
    second = register(other_windows_laptop(), user=ALICE)
    assert second.is_new
    assert second.device != first.device


def test_of_several_machines_the_most_alike_is_taken():
    owned(on_another_monitor(windows_laptop()))
    exact = owned(windows_laptop())
    owned(in_another_language(windows_laptop()))
    assert register(windows_laptop(), user=ALICE).device == exact.device


def test_telling_little_matches_nobody():
    little = {"os": "ANDROID", "browser": "CHROME"}
    first = owned(little)
    second = register(little, user=ALICE)
    assert second.device != first.device
    assert second.looks_like is None


def test_signing_in_turns_a_fresh_device_into_the_known_one():
    known = owned(windows_laptop())
    at_the_door = register(windows_laptop())
    assert at_the_door.device != known.device
    device = services.recognise(device=at_the_door.device, user_entity=ALICE, at=NOW)
    assert device == known.device
    presented = queries.presented(scope="acme", token=at_the_door.token)
    assert (presented.device, presented.via) == (known.device, "SIMILARITY")
    merged = Device.objects.get(pk=at_the_door.device.pk)
    assert merged.merged_into == known.device
    assert merged.attributes == {}
    assert services.recognise(device=merged, user_entity=ALICE, at=NOW) == known.device


def test_a_device_seen_with_anybody_is_never_merged():
    owned(windows_laptop())
    mallorys = owned(windows_laptop(), user=MALLORY)
    assert services.recognise(device=mallorys.device, user_entity=ALICE, at=NOW) == mallorys.device
    assert Device.objects.filter(merged_into__isnull=False).count() == 0


def test_a_token_with_a_person_merges_at_once_and_says_so():
    known = owned(windows_laptop())
    at_the_door = register(windows_laptop())
    signed_in = register(windows_laptop(), token=at_the_door.token, user=ALICE)
    assert signed_in.device == known.device
    assert signed_in.matched_by == MatchedBy.SIMILARITY


def test_suspicion_follows_a_merged_device_unless_it_was_the_owner():
    known, other = owned(windows_laptop()), owned(macbook())
    thief = register(macbook(), token=known.token)
    services.recognise(device=thief.device, user_entity=ALICE, at=NOW)
    other.device.refresh_from_db()
    assert (other.device.suspicion, other.device.claimed) == ("OTHER_MACHINE", known.device)
    owner = register(windows_laptop(), token=known.token)
    assert owner.suspicion == Suspicion.TOKEN_REVOKED
    services.recognise(device=owner.device, user_entity=ALICE, at=NOW)
    known.device.refresh_from_db()
    assert known.device.suspicion == ""


def test_a_revoked_device_never_comes_back_but_is_remembered():
    banned = owned(windows_laptop(), user=MALLORY)
    services.revoke(device=banned.device, reason="BAN", at=NOW)
    assert queries.presented(scope="acme", token=banned.token) is None
    by_token = register(windows_laptop(), token=banned.token, user=MALLORY)
    assert by_token.is_new
    assert by_token.suspicion == Suspicion.DEVICE_REVOKED
    assert by_token.claimed == banned.device
    anew = register(windows_laptop(), user=MALLORY)
    assert anew.is_new
    assert anew.looks_like is not None


def test_a_reinstated_device_is_recognised_again_by_likeness():
    first = owned(windows_laptop())
    services.revoke(device=first.device, reason="MISTAKE", at=NOW)
    services.reinstate(device=first.device)
    assert register(windows_laptop(), user=ALICE).device == first.device


def test_tokens_of_one_device_are_bounded_and_the_least_used_go():
    first = owned(windows_laptop())
    issued = [
        register(windows_laptop(), user=ALICE, at=NOW + timedelta(hours=n)).token
        for n in range(1, MOST_BINDINGS + 3)
    ]
    assert Binding.objects.filter(device=first.device).count() == MOST_BINDINGS
    assert queries.presented(scope="acme", token=first.token) is None
    assert queries.presented(scope="acme", token=issued[-1]).device == first.device
    assert not register(windows_laptop(), token=first.token).suspicious


def test_a_device_that_can_not_describe_itself_lives_by_its_token():
    first = register({})
    again = register({}, token=first.token)
    assert again.device == first.device
    described = register(windows_laptop(), token=first.token)
    assert described.device == first.device
    assert described.device.drift == 0
    silent = register({}, token=first.token)
    assert silent.suspicion == Suspicion.OTHER_MACHINE


def test_a_refused_description_changes_nothing():
    first = register(windows_laptop())
    before = list(Device.objects.values())
    with pytest.raises(Refused):
        register({"os": "BEOS"}, token=first.token)
    assert list(Device.objects.values()) == before


def test_thresholds_come_from_settings(settings):
    settings.DEVICE_THRESHOLDS = {"same": 0.99}
    owned(windows_laptop())
    assert register(after_update(windows_laptop()), user=ALICE).is_new


def test_thresholds_that_make_no_sense_are_refused_at_the_start(settings):
    config = apps.get_app_config("devices")
    for wrong in ({"same": 0.5, "stolen": 0.6}, {"same": 2}, {"likeness": 1}):
        settings.DEVICE_THRESHOLDS = wrong
        with pytest.raises((ValueError, TypeError)):
            config.ready()


def test_registering_takes_few_statements_however_long_the_history(django_assert_max_num_queries):
    first = owned(windows_laptop())
    for n in range(60):
        register(windows_laptop(), at=NOW + timedelta(minutes=n))
    with django_assert_max_num_queries(3):
        register(windows_laptop())
    with django_assert_max_num_queries(3):
        register(windows_laptop(), token=first.token)
    with django_assert_max_num_queries(7):
        register(windows_laptop(), user=ALICE)


def test_the_database_refuses_a_device_that_is_merged_into_itself_or_of_no_platform():
    device = register(windows_laptop()).device
    for wrong in ({"merged_into": device}, {"platform": "TOASTER"}, {"drift": 1.5}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Device.objects.filter(pk=device.pk).update(**wrong)


def test_devices_that_nobody_was_ever_seen_with_are_dropped_but_evidence_stays():
    unseen = register(phone_browser()).device
    seen = owned(windows_laptop()).device
    robbed = register(macbook())
    thief = register(phone_browser(), token=robbed.token).device
    banned = register(android_phone(), platform="ANDROID").device
    services.revoke(device=banned, reason="BAN", at=NOW)
    young = register(phone_browser(), at=NOW + timedelta(days=40)).device
    dropped = services.drop_unseen(before=NOW + timedelta(days=30))
    left = set(Device.objects.all())
    assert {seen, robbed.device, banned, young} <= left
    assert unseen not in left
    assert thief not in left
    assert dropped == 2


def test_erasing_a_person_forgets_where_they_were_seen():
    shared = owned(windows_laptop()).device
    services.sight(device=shared, user_entity=MALLORY, subnet=HOME, at=NOW)
    assert services.forget_user(user_entity=ALICE) == 1
    assert list(Sighting.objects.values_list("user_entity", flat=True)) == [MALLORY]


def test_a_persons_app_and_browser_on_one_phone_are_two_devices():
    browser = owned(phone_browser())
    app = register(phone_browser(), user=ALICE, platform="ANDROID")
    assert app.is_new
    assert app.device != browser.device


def test_likeness_does_not_reach_into_another_clients_devices():
    owned(windows_laptop(), scope="acme")
    assert register(windows_laptop(), user=ALICE, scope="zenith").is_new


def test_the_query_in_the_guide_tells_the_bits_of_every_attribute():
    guide = (Path(__file__).parents[2] / "docs" / "devices.md").read_text()
    query = re.search(r"```sql\n(.*?)```", guide, re.DOTALL).group(1)
    for n in range(4):
        register(windows_laptop() | {"cpu_cores": 2 + n})
    with connection.cursor() as cursor:
        cursor.execute(query)
        bits = dict(cursor.fetchall())
    assert (bits["cpu_cores"], bits["os"]) == (2, 0)
