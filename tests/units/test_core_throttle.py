"""A bucket lets a burst through, then one request per refill, and says how long to wait."""

import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.core import throttle
from apps.core.models import Bucket
from apps.core.throttle import BucketThrottle

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def take(at_s: float = 0, key: str = "alice", cost: float = 1) -> float:
    at = NOON + timedelta(seconds=at_s)
    return throttle.take(key=key, rate_per_s=0.5, burst=3, cost=cost, at=at)


@pytest.mark.django_db
def test_a_burst_passes_and_the_next_must_wait() -> None:
    assert [take(), take(), take()] == [0, 0, 0]
    assert take() == pytest.approx(2)
    assert take(at_s=1.5) == pytest.approx(0.5)
    assert take(at_s=2) == 0


@pytest.mark.django_db
def test_a_refused_request_costs_nothing() -> None:
    take(cost=3)
    waits = [take(at_s=1) for _ in range(5)]
    assert waits == [pytest.approx(1)] * 5
    assert take(at_s=2) == 0


@pytest.mark.django_db
def test_a_bucket_never_holds_more_than_its_burst() -> None:
    take()
    assert [take(at_s=1e6) for _ in range(4)] == [0, 0, 0, pytest.approx(2)]


@pytest.mark.django_db
def test_a_clock_that_goes_back_fills_nothing_and_takes_nothing_away() -> None:
    take(at_s=100, cost=3)
    assert take(at_s=0) == pytest.approx(2)
    assert take(at_s=102) == 0


@pytest.mark.django_db
def test_one_persons_bucket_is_not_anothers() -> None:
    take(cost=3)
    assert take(key="bob") == 0


@pytest.mark.django_db
def test_taking_is_one_statement() -> None:
    with CaptureQueriesContext(connection) as captured:
        take()
        take()
    assert len(captured) == 2


@pytest.mark.parametrize("cost", [0, -1, 3.5])
def test_a_cost_that_can_never_be_paid_is_an_error(cost: float) -> None:
    with pytest.raises(ValueError, match="fit into the burst"):
        take(cost=cost)


@pytest.mark.django_db
def test_buckets_nobody_asks_for_are_swept() -> None:
    take(at_s=-90_000, key="gone")
    take(at_s=-80_000, key="alice")
    assert throttle.sweep(at=NOON) == 1
    assert [bucket.key for bucket in Bucket.objects.all()] == ["alice"]


class Reference:
    """The bucket in plain Python."""

    def __init__(self) -> None:
        self.tokens, self.at = 3.0, 0.0

    def take(self, at: float, cost: float) -> bool:
        self.tokens = min(3.0, self.tokens + 0.5 * max(0.0, at - self.at))
        self.at = max(self.at, at)
        allowed = self.tokens >= cost
        self.tokens -= cost if allowed else 0
        return allowed


class AnySequence(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from([0.5, 1, 2, 3])), max_size=25))
    def test_agrees_with_the_plain_bucket(self, asked: list[tuple[int, float]]) -> None:
        # Quarters of seconds and halves of tokens: floats hold each of them exactly.
        reference = Reference()
        for quarters, cost in asked:
            expected = reference.take(quarters / 4, cost)
            assert (take(at_s=quarters / 4, cost=cost) == 0) == expected


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_never_share_a_token() -> None:
    passed: list[float] = []

    def ask() -> None:
        try:
            passed.extend(take() for _ in range(5))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 20
    assert passed.count(0) == 3


class Narrow(BucketThrottle):
    scope, rate_per_s, burst = "narrow", 1.0, 2.0


def asked_by(user: Any, ip: str = "198.51.100.7") -> Any:
    request = RequestFactory().get("/", REMOTE_ADDR=ip)
    request.user = user
    return request


@pytest.mark.django_db
@time_machine.travel(NOON, tick=False)
def test_the_api_counts_people_when_it_knows_them_and_addresses_otherwise() -> None:
    alice = SimpleNamespace(pk=1, is_authenticated=True)
    narrow = Narrow()
    assert [narrow.allow_request(asked_by(alice), None) for _ in range(3)] == [True, True, False]
    assert narrow.wait() == 1
    for ip in ("198.51.100.7", "198.51.100.8"):
        nobody = asked_by(AnonymousUser(), ip=ip)
        assert [narrow.allow_request(nobody, None) for _ in range(3)] == [True, True, False]
    assert not any("198.51" in bucket.key for bucket in Bucket.objects.all())
