"""The desk of every story: a live preset policy in an empty database, and a world around it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.core import partitions
from apps.risk import live, presets
from apps.risk.models import Policy
from tests.market import World

#: A Monday in the middle of a month, at noon: stories that last days stay in known partitions.
NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)


def open_desk() -> Policy:
    """Make the preset policy live in this database, as a process does that knows none yet."""
    live.forget()
    partitions.forget()
    return presets.seed()


@pytest.fixture
def desk(db: Any) -> Iterator[Policy]:
    """The live preset policy; everything that happens is rolled back after the test."""
    yield open_desk()
    live.forget()
    partitions.forget()


@pytest.fixture
def committed_desk(transactional_db: Any) -> Iterator[Policy]:
    """The live preset policy where transactions are real: for races, for counting statements."""
    yield open_desk()
    live.forget()
    partitions.forget()


@pytest.fixture
def world(desk: Policy) -> World:
    """A world at noon on which nothing has happened yet."""
    return World(now=NOON)


@pytest.fixture
def committed_world(committed_desk: Policy) -> World:
    """The same, where every act is committed before the next."""
    return World(now=NOON)
