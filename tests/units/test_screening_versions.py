"""A list is a row of versions: whole or not at all, with what changed, and never much smaller."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.errors import Refused
from apps.flows import list_sweeps
from apps.screening import queries
from apps.screening.models import ListedAddress, NameIndex, Record, Version, WatchList
from apps.users.roles import Role
from tests.lists import loads, people, sanctions
from tests.people import NOON
from tests.staff import colleague

pytestmark = pytest.mark.django_db

TEN = [
    f"Zelvorn {family}"
    for family in (
        "Karvenov", "Bristolaw", "Domigar", "Felunda", "Gostrive", "Hamperling", "Iskuntai",
        "Jorgavel", "Lumbreda", "Mistavor",
    )
]  # fmt: skip


def found(name: str) -> list[str]:
    return [hit.record.ref for hit in queries.names(name)]


def test_the_second_version_says_what_changed(desk: Any) -> None:
    people(*TEN, at=NOON)
    second = people("Somebody Quite Else", *TEN[1:], "Brenwick Tolloway", at=NOON)
    assert (second.number, second.records) == (2, 11)
    assert (second.added, second.changed, second.removed) == (1, 1, 0)
    assert [one.state for one in Version.objects.order_by("number")] == ["RETIRED", "LIVE"]
    assert found(TEN[0]) == []
    assert found("tolloway brenwick") == ["11"]
    # What stayed the same has one row, what changed two: a past version can be told.
    assert Record.objects.filter(ref="2").count() == 1
    assert [one.ended_id for one in Record.objects.filter(ref="1").order_by("id")] == [
        second.pk,
        None,
    ]
    assert set(NameIndex.objects.values_list("version", flat=True)) == {second.pk}


def test_the_same_file_again_only_makes_the_list_fresh(desk: Any) -> None:
    first = people(*TEN, at=NOON)
    later = NOON + timedelta(hours=7)
    assert people(*TEN, at=later) == first
    assert Version.objects.count() == 1
    assert WatchList.objects.get().checked_at == later


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ref,name,kind\n" + "\n".join(f"{n},{TEN[n]},PERSON" for n in range(8)), "LIST_SHRUNK"),
        ("ref,name,kind\n", "LIST_EMPTY"),
        ("<html>Service unavailable</html>", "LIST_BROKEN"),
        ("", "LIST_BROKEN"),
        (b"\xff\xfe\x00\x01", "LIST_BROKEN"),
        ("ref,name,kind\n1,Brenwick Tolloway,KING\n", "LIST_BROKEN"),
    ],
)
def test_a_shrunken_or_broken_list_is_refused_and_the_old_one_stays(
    desk: Any, text: str | bytes, code: str
) -> None:
    first = people(*TEN, at=NOON)
    with pytest.raises(Refused) as refused:
        loads(text, at=NOON, code="PEOPLE")
    assert refused.value.code == code
    assert refused.value.detail.endswith(".")
    watched = WatchList.objects.get()
    assert watched.live == first
    assert watched.failure
    assert found(TEN[9]) == ["10"]
    tried = Version.objects.get(state="REFUSED")
    assert tried.reason == watched.failure


def test_staff_may_force_a_shrunken_list_with_a_reason_and_nobody_an_empty_one(desk: Any) -> None:
    people(*TEN, at=NOON)
    fewer = "ref,name,kind\n1,Brenwick Tolloway,PERSON\n"
    carl = colleague(Role.COMPLIANCE)
    with pytest.raises(Refused, match="more than 10% would be lost"):
        loads(fewer, at=NOON, code="PEOPLE", by=carl)
    forced = loads(fewer, at=NOON, code="PEOPLE", by=carl, force="delisted on 1 March")
    assert (forced.state, forced.removed, forced.reason) == ("LIVE", 9, "delisted on 1 March")
    assert forced.loaded_by == carl
    with pytest.raises(Refused) as refused:
        loads("ref,name,kind\n", at=NOON, code="PEOPLE", by=carl, force="I mean it")
    assert refused.value.code == "LIST_EMPTY"


def test_an_analyst_loads_nothing(desk: Any) -> None:
    with pytest.raises(Refused) as refused:
        loads("address\n0x" + "1" * 40, at=NOON, by=colleague(Role.ANALYST))
    assert refused.value.code == "NOT_PERMITTED"
    assert not WatchList.objects.exists()


def test_an_address_that_left_the_list_is_free_again(desk: Any) -> None:
    one, other = "0x" + "1" * 40, "0x" + "2" * 40
    sanctions(one, at=NOON)
    loads(
        f"address\n{other}\n", at=NOON, force="the court has spoken", by=colleague(Role.COMPLIANCE)
    )
    answer = queries.addresses([one, other])
    assert set(answer.hits) == {other}
    assert ListedAddress.objects.filter(is_live=True).count() == 1


def test_how_old_a_list_is_is_checked(desk: Any, settings: Any) -> None:
    settings.SCREENING_FEEDS = {"OFAC_SDN": "https://example.org/sdn.xml"}
    people(*TEN, at=NOON)
    assert list_sweeps.stale(at=NOON) == ["list OFAC_SDN: never. It was never loaded."]
    found = list_sweeps.stale(at=NOON + timedelta(hours=49))
    assert found == [
        "list OFAC_SDN: never. It was never loaded.",
        "list PEOPLE: last good on 2026-03-09 12:00 UTC.",
    ]


def test_a_question_costs_few_statements(desk: Any) -> None:
    people(*TEN, at=NOON)
    sanctions("0x" + "1" * 40, at=NOON)
    found(TEN[0])
    with CaptureQueriesContext(connection) as asked:
        assert found("Nobody Atall") == []
    assert len(asked) == 1
    with CaptureQueriesContext(connection) as asked:
        queries.addresses(["0x" + "1" * 40, "0x" + "3" * 40])
    assert len(asked) == 1


@pytest.mark.django_db(transaction=True)
def test_no_question_sees_half_a_list(committed_desk: Any) -> None:
    """Ten names and ten addresses are replaced over and over while somebody keeps asking."""

    def version(number: int) -> str:
        rows = [
            f"r{n},Brenwick{chr(97 + number % 2) * 4} Tolloway{chr(97 + n) * 4},PERSON,"
            f"0x{number % 2:02x}{n:038x}"
            for n in range(10)
        ]
        return "\n".join(["ref,name,kind,address", *rows])

    loads(version(0), at=NOON)
    seen: set[int] = set()
    stop = threading.Event()

    def ask() -> None:
        texts = [f"0x{number:02x}{n:038x}" for number in (0, 1) for n in range(10)]
        while not stop.is_set():
            seen.add(len(queries.addresses(texts).hits))
        connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for number in range(1, 12):
            loads(version(number), at=NOON + timedelta(minutes=number))
            named = queries.names(f"Brenwick{chr(97 + number % 2) * 4} Tollowaycccc")
            assert named[0].record.ref == "r2"
    finally:
        stop.set()
        asking.join()
    assert seen == {10}
