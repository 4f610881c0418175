"""A listed name is found however it is written; who is called otherwise is not; and it says why."""

from typing import Any

import pytest

from apps.flows import watch_lists
from apps.flows.watch_lists import Given
from apps.screening import queries
from apps.screening.catalogue import Known as KnownList
from apps.screening.matching.index import KINDS
from apps.screening.matching.score import Known
from apps.screening.models import Category
from tests.lists import SAMPLES, people
from tests.people import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def samples(desk: Any) -> None:
    """The sample list of names."""
    known = KnownList("Samples", "CSV", Category.SANCTIONS, "")
    given = Given(code="SAMPLES", origin=str(SAMPLES / "names.csv"), known=known)
    watch_lists.load_from(given=given, at=NOON)


def refs(name: str, **words: Any) -> list[str]:
    return [hit.record.ref for hit in queries.names(name, **words)]


@pytest.mark.parametrize(
    ("name", "ref"),
    [
        ("Oleksiy Petrovych Karvenov", "S-1"),
        ("karvenov oleksiy", "S-1"),
        ("Карвенов Олексій", "S-1"),
        ("Alexey Karvenov", "S-1"),
        ("Alexei Karvenof", "S-1"),
        ("Haitham al-Qarmazi", "S-2"),
        ("Haytham Alqarmazi", "S-2"),
        ("هيثم القرمزي", "S-2"),
        ("Qarmazi, Haitham", "S-2"),
        ("BRENWICK TOLLOWAY", "S-3"),
        ("Brenwck Tolloway", "S-3"),
        ("Tolloway Brenwikc", "S-3"),
        ("Zelvorn Maritime Trading Limited", "S-4"),
        ("Zelvorn Maritime Trading GmbH", "S-4"),
        ("歐陽錦繡", "S-5"),
        ("Ouyang Jinxiu", "S-5"),
        ("Jin Xiu Ouyang", "S-5"),
    ],
)
def test_a_listed_name_is_found_however_it_is_written(samples: None, name: str, ref: str) -> None:
    assert refs(name)[:1] == [ref]


@pytest.mark.parametrize(
    "name",
    [
        "Brenwick", "Tolloway", "Brenda Tollefson", "Oleksiy Shevchenko", "Haitham Mansour",
        "Maritime Trading Ltd", "Ouyang Wei", "Anna", "X", "-", "", "王伟",
    ],
)  # fmt: skip
def test_others_are_not(samples: None, name: str) -> None:
    assert refs(name) == []


def test_ships_are_found_only_where_they_are_asked_for(samples: None) -> None:
    assert refs("Zelvorn Star") == []
    assert refs("Zelvorn Star", kinds=KINDS) == ["S-6"]


def test_a_hit_says_why(samples: None) -> None:
    hit = queries.names("Brenwick Toloway")[0]
    assert [(pair.asked, pair.listed, pair.how) for pair in hit.match.pairs] == [
        ("brenwick", "brenwick", "same"),
        ("toloway", "tolloway", "same sound"),
    ]
    assert (hit.record.watchlist_id, hit.record.programmes, hit.version) == (
        "SAMPLES",
        ["SAMPLE"],
        1,
    )


def test_birth_and_country_weigh_in(samples: None) -> None:
    def score(**known: Any) -> tuple[float, tuple[str, ...]]:
        hit = queries.names("Brenwck Tolloway", known=Known(**known), least=0.5)[0]
        return hit.score, hit.notes

    bare, said = score()
    assert said == ()
    same, said = score(born="1980-12-01", countries=("GB",))
    assert same > bare
    assert said == ("The date of birth is the same.", "A country is the same.")
    assert bare < score(born="1980")[0] < same
    other, said = score(born="1955", countries=("FR",))
    assert other < bare - 0.1
    assert said == ("The year of birth is another one.", "No country is the same.")
    assert score(born="1981") == (bare, ("The year of birth is a year off.",))


def test_a_weak_alias_counts_for_less(samples: None) -> None:
    hit = queries.names("Tolly", least=0.5)[0]
    assert hit.record.ref == "S-3"


def test_a_name_of_ones_own_is_no_typo_of_another(desk: Any) -> None:
    people("Marta Karvenova", "Maria Zelvornova", at=NOON)
    # Both first names are names on the list: neither is a slip of the other.
    assert refs("Maria Karvenova") == []
    assert refs("Martta Karvenova") == ["1"]


@pytest.mark.parametrize("name", ["a" * 100_000, "x " * 50_000, "\0\ud7ff😀", "'" * 500])
def test_nonsense_costs_nothing_and_finds_nothing(samples: None, name: str) -> None:
    assert refs(name) == []
