"""The bucket of the hot endpoint: a burst, then the rate, each key for itself."""

from typing import Any
from uuid import uuid4

import pytest

from apps.api import rate


@pytest.fixture(autouse=True)
def slow_bucket(settings: Any) -> Any:
    settings.DECISION_RATE_PER_S, settings.DECISION_BURST = 0.5, 3
    rate.forget()
    yield
    rate.forget()


def test_a_burst_passes_and_then_one_waits() -> None:
    key = uuid4()
    assert [rate.wait_s(key) for _ in range(4)] == [0, 0, 0, 2]


def test_waiting_fills_the_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    key, clock = uuid4(), [100.0]
    monkeypatch.setattr(rate.time, "monotonic", lambda: clock[0])
    for _ in range(3):
        rate.wait_s(key)
    clock[0] += 2.0
    assert rate.wait_s(key) == 0
    assert rate.wait_s(key) > 0


def test_one_key_does_not_empty_anothers() -> None:
    busy, calm = uuid4(), uuid4()
    for _ in range(5):
        rate.wait_s(busy)
    assert rate.wait_s(calm) == 0


def test_many_keys_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "REMEMBERED", 10)
    for _ in range(50):
        rate.wait_s(uuid4())
    assert len(rate._levels) == 10
