"""How somebody types and touches, against their own: told apart, learnt with care, never a text."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client, RequestFactory

from apps.core.clock import now
from apps.core.errors import Refused
from apps.devices import habits, rhythm, services
from apps.devices.cookies import DEVICE_COOKIE
from apps.devices.models import Device, Habit, Lately
from apps.flows import devices as flow
from apps.flows.request_facts import facts_of
from apps.risk.vocabulary import SIGNAL_BY_NAME
from apps.users.models import User
from tests.machines import windows_laptop
from tests.typists import Typist, distances, profile, together, typist

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALICE, MALLORY = 11, 22


# ------------------------------------------------------------------------------- pure


@pytest.mark.parametrize("touches", [False, True])
def test_people_are_seldom_taken_for_somebody_else_and_others_often(touches: bool) -> None:
    own, other = distances(np.random.default_rng(7), people=60, tries=50, touches=touches)
    assert len(own) > 2900
    assert np.mean([z > 3 for z in own]) < 0.01
    assert np.mean([z > 4 for z in own]) < 0.002
    assert np.mean([z > 3 for z in other]) > 0.4
    assert np.mean([z > 4 for z in other]) > 0.15


def test_no_measure_alone_says_that_it_is_somebody_else() -> None:
    rng = np.random.default_rng(3)
    who = typist(rng)
    known = profile(rng, who)
    view = {name: known[name][1] for name in known} | {"flight": 99.0}
    found = rhythm.distance(known, view)
    assert found is not None
    assert found < 4


def test_too_little_is_known_for_a_while() -> None:
    rng = np.random.default_rng(5)
    who = typist(rng)
    known: rhythm.Profile = {}
    views = who.session(rng, rhythm.LEAST_VIEWS)
    for view in views[:-1]:
        known = rhythm.learnt(known, view)
        assert rhythm.distance(known, view) is None
    assert rhythm.distance(rhythm.learnt(known, views[-1]), views[-1]) is not None


def test_what_is_long_ago_is_forgotten() -> None:
    known: rhythm.Profile = {}
    for value in [4.0] * 200 + [5.0] * 200:
        known = rhythm.learnt(known, {"dwell": value})
    assert known["dwell"][1] == pytest.approx(5.0, abs=0.02)
    assert known["dwell"][0] == pytest.approx(1 / (1 - rhythm.KEEPS), rel=0.01)


def test_a_mean_of_few_events_says_nothing() -> None:
    told = {"dwell": rhythm.Told(11, 95.0, 20.0), "flight": rhythm.Told(12, 150.0, 60.0)}
    assert rhythm.view_of(told) == {"flight": math.log(150), "flight_sd": math.log(60)}


def test_what_comes_out_is_a_signal_of_the_engine() -> None:
    signal = SIGNAL_BY_NAME["behaviour_z"]
    assert (signal.low, signal.high) == (0, habits.MOST_Z)


# ------------------------------------------------------------------------------- kept


@pytest.fixture
def laptop(db: None) -> Device:
    return services.register(
        scope="desk", platform="WEB", attributes=windows_laptop(), at=NOW
    ).device


def types(device: Device, who: int | None, views: list[rhythm.View], *, at: datetime) -> None:
    """Somebody is at the device for a few pages, an hour after whoever was there before."""
    for place, view in enumerate(views):
        habits.note(device=device, user_entity=who, view=view, at=at + timedelta(minutes=place))


@pytest.fixture
def two() -> tuple[Typist, Typist, np.random.Generator]:
    """Two people who type unlike each other."""
    rng = np.random.default_rng(11)
    alice = typist(rng)
    apart = {name: at + 2.2 * alice.made_of[name][1] for name, at in alice.rhythm.items()}
    return alice, Typist(apart, alice.made_of), rng


def lives(laptop: Device, alice: Typist, rng: np.random.Generator, *, days: int = 12) -> datetime:
    """Alice uses her laptop for some days; the moment after the last of them."""
    for day in range(days):
        types(laptop, ALICE, alice.session(rng, 3), at=NOW + timedelta(days=day))
    return NOW + timedelta(days=days)


def test_it_is_told_that_somebody_else_is_at_the_device(laptop: Device, two: Any) -> None:
    alice, mallory, rng = two
    at = lives(laptop, alice, rng)
    types(laptop, ALICE, alice.session(rng, 2), at=at)
    own = habits.behaviour_z(device=laptop, user_entity=ALICE, at=at + timedelta(minutes=2))
    at += timedelta(hours=5)
    # When Mallory sits down in Alice's open session
    types(laptop, ALICE, mallory.session(rng, 2), at=at)
    other = habits.behaviour_z(device=laptop, user_entity=ALICE, at=at + timedelta(minutes=2))
    assert own is not None
    assert other is not None
    assert own < 3 < 4 < other


def test_a_stranger_does_not_teach_the_profile(laptop: Device, two: Any) -> None:
    alice, mallory, rng = two
    at = lives(laptop, alice, rng)
    before = Habit.objects.get()
    for hour in range(1, 30):
        types(laptop, ALICE, mallory.session(rng, 3), at=at + timedelta(hours=hour))
    after = Habit.objects.get()
    # At most the odd page that looked like hers was learnt.
    assert after.unlike > 80
    assert after.profile["flight"][1] == pytest.approx(before.profile["flight"][1], abs=0.1)
    late = at + timedelta(hours=29, minutes=3)
    z = habits.behaviour_z(device=laptop, user_entity=ALICE, at=late)
    assert z is not None
    assert z > 4


def test_what_was_typed_before_signing_in_counts_when_signing_in(laptop: Device, two: Any) -> None:
    alice, mallory, rng = two
    at = lives(laptop, alice, rng)
    types(laptop, None, mallory.session(rng, 1), at=at)
    z = habits.behaviour_z(device=laptop, user_entity=ALICE, at=at + timedelta(minutes=1))
    assert z is not None
    assert z > 3
    # And nobody has learnt anything from it.
    assert set(Habit.objects.values_list("user_entity", flat=True)) == {ALICE}


def test_it_is_forgotten_who_was_there_a_quarter_of_an_hour_ago(laptop: Device, two: Any) -> None:
    alice, mallory, rng = two
    at = lives(laptop, alice, rng)
    types(laptop, ALICE, mallory.session(rng, 1), at=at)
    later = at + habits.LATELY
    assert habits.behaviour_z(device=laptop, user_entity=ALICE, at=later) is None


def test_what_one_person_typed_says_nothing_of_the_next(laptop: Device, two: Any) -> None:
    alice, mallory, rng = two
    at = lives(laptop, alice, rng)
    types(laptop, MALLORY, mallory.session(rng, 1), at=at)
    soon = at + timedelta(minutes=1)
    assert habits.behaviour_z(device=laptop, user_entity=ALICE, at=soon) is None


def test_erasure_takes_the_rhythm_along(laptop: Device, two: Any) -> None:
    alice, _, rng = two
    lives(laptop, alice, rng, days=2)
    assert habits.forget(user_entity=ALICE) == 1
    assert (Habit.objects.count(), Lately.objects.count()) == (0, 0)


# ------------------------------------------------------------------------------- over the web

GOOD = {"dwell": {"n": 40, "mean": 95.2, "sd": 21.0}, "flight": {"n": 39, "mean": 142.0, "sd": 80}}


def with_token(client: Client) -> Client:
    made = services.register(scope="desk", platform="WEB", attributes=windows_laptop(), at=now())
    client.cookies[DEVICE_COOKIE] = made.token
    return client


def tell(client: Client, body: Any) -> Any:
    raw = body if isinstance(body, str) else json.dumps(body)
    return client.post("/web/rhythm", raw, content_type="application/json")


def test_a_page_tells_numbers(client: Client, db: None) -> None:
    assert tell(with_token(client), {"measures": GOOD}).status_code == 204
    lately = Lately.objects.get()
    assert lately.user_entity is None
    assert set(lately.views) == {"dwell", "dwell_sd", "flight", "flight_sd"}
    assert rhythm.mean_of(lately.views)["dwell"] == pytest.approx(math.log(95.2))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        {"measures": GOOD, "keys": "hunter2"},
        {"measures": {"password": {"n": 40, "mean": 1.0, "sd": 0.0}}},
        {"measures": {"dwell": {"n": 40, "mean": "secret", "sd": 0.0}}},
        {"measures": {"dwell": {"n": 40, "mean": 1e9, "sd": 0.0}}},
        {"measures": {"dwell": {"n": -1, "mean": 90.0, "sd": 0.0}}},
        '{"measures": {"dwell": {"n": 40, "mean": NaN, "sd": 0.0}}}',
        '{"measures": {"dwell": {"n": 40, "mean": 90.0, "sd": 1e999}}}',
    ],
)
def test_nothing_else_is_taken(client: Client, db: None, body: Any) -> None:
    assert tell(with_token(client), body).status_code == 400
    assert not Lately.objects.exists()


def test_too_much_is_not_read(client: Client, db: None) -> None:
    assert tell(with_token(client), " " * 3000).status_code == 413


def test_without_a_device_nothing_is_kept(client: Client, db: None) -> None:
    assert tell(client, {"measures": GOOD}).status_code == 204
    assert not Lately.objects.exists()


def test_a_summary_that_is_too_large_is_refused_by_its_reader() -> None:
    with pytest.raises(Refused) as refused:
        habits.read(b" " * (habits.MOST_BYTES + 1))
    assert refused.value.status == 413


def test_the_request_tells_the_engine_how_unlike_it_is(
    two: Any, django_assert_num_queries: Callable[[int], Any], db: None
) -> None:
    alice, mallory, rng = two
    user = User.objects.create_user("alice@example.org", "unused")
    made = services.register(scope="desk", platform="WEB", attributes=windows_laptop(), at=now())
    known = profile(rng, alice)
    Habit.objects.create(
        device=made.device, user_entity=user.entity_id, profile=known, views=30, at=now()
    )
    for view in mallory.session(rng, 2):
        assert flow.behaved(view=view, presented_token=made.token, user=user, at=now())
    request = RequestFactory().get("/", REMOTE_ADDR="198.51.100.7")
    request.session = SessionStore()
    request.COOKIES[DEVICE_COOKIE] = made.token
    with django_assert_num_queries(3):
        told = facts_of(request, user=user).device_signals
    assert told["behaviour_z"] > 4
    assert rhythm.distance(known, together(alice.session(rng, 2))) < 3  # type: ignore[operator]
