"""Ids sort by time, bound partitions, and never confuse two entities."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from apps.core import clock
from apps.core.ids import entity_id, time_of, uuid7, uuid7_floor

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_7_and_the_standard_variant() -> None:
    made = uuid7(NOON)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"


def test_ids_of_one_millisecond_keep_the_order_in_which_they_were_made() -> None:
    ids = [uuid7(NOON) for _ in range(5_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 5_000


def test_a_replay_that_returns_to_a_millisecond_keeps_its_order() -> None:
    first = uuid7(NOON)
    uuid7(NOON + timedelta(seconds=1))
    assert uuid7(NOON) > first


def test_a_clock_that_was_set_back_makes_no_earlier_id() -> None:
    with time_machine.travel(NOON + timedelta(days=3_000), tick=False):
        later = uuid7()
    with time_machine.travel(NOON + timedelta(days=2_999), tick=False):
        assert uuid7() > later


@given(
    st.datetimes(
        min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 31), timezones=st.just(UTC)
    )
)
def test_an_id_holds_its_moment_to_the_millisecond(at: datetime) -> None:
    whole = at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert time_of(uuid7(at)) == whole
    assert time_of(uuid7_floor(at)) == whole


def test_the_floor_divides_one_millisecond_from_the_one_before() -> None:
    floor = uuid7_floor(NOON)
    before = [uuid7(NOON - timedelta(milliseconds=1)) for _ in range(100)]
    within = [uuid7(NOON) for _ in range(100)]
    assert max(before) < floor <= min(within)


def test_the_same_moment_in_another_zone_is_the_same_moment() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=8)))
    assert uuid7_floor(elsewhere) == uuid7_floor(NOON)


@pytest.mark.parametrize("at", [datetime(2026, 1, 1), datetime(1969, 12, 31, tzinfo=UTC)])
def test_a_moment_without_a_zone_or_before_1970_is_refused(at: datetime) -> None:
    with pytest.raises(ValueError, match="uuid7"):
        uuid7(at)


def test_other_versions_hold_no_time() -> None:
    with pytest.raises(ValueError, match="not a uuid7"):
        time_of(uuid4())


def test_an_entity_id_never_changes() -> None:
    # Stored in every row of history: a change of the formula would orphan all of it.
    assert entity_id(kind="user", scope="acme", ref="42") == 346_812_661_947_660_969


def test_kind_scope_and_ref_all_make_an_entity() -> None:
    ids = {
        entity_id(kind=kind, scope=scope, ref=ref)
        for kind in ("user", "device")
        for scope in ("acme", "desk", "")
        for ref in ("1", "2")
    }
    assert len(ids) == 12


@given(st.text(alphabet=st.characters(codec="utf-8")), st.text(alphabet="ab"))
def test_an_entity_id_fits_into_a_bigint_and_is_never_zero(ref: str, scope: str) -> None:
    made = entity_id(kind="user", scope=scope, ref=ref)
    assert -(2**63) <= made < 2**63
    assert made != 0


def test_no_kind_or_scope_can_imitate_another_by_a_separator() -> None:
    with pytest.raises(ValueError, match=r"U\+001F"):
        entity_id(kind="user", scope="acme\x1f42", ref="")


def test_the_clock_reads_utc_and_can_be_held() -> None:
    with time_machine.travel(NOON, tick=False):
        assert clock.now() == NOON
    assert clock.now().tzinfo is UTC
