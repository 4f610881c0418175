"""Questions to the lists: is this name on one, is this address; how old is what they say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from apps.core import sql
from apps.core.addresses import keys
from apps.screening.matching import live
from apps.screening.matching.index import ALIASES
from apps.screening.matching.score import Known, Match, weighed
from apps.screening.models import Category, Hit, HitState, Record, SubjectKind, WatchList

#: Whom a trader's name may be; ships and aeroplanes bear the names of people.
PEOPLE = (SubjectKind.PERSON, SubjectKind.ORGANISATION)
#: What agreement in birth date and country can add: that much below is looked at as well.
MARGIN = 0.08
TRIES = 3
NOTHING_KNOWN = Known()

ADDRESSES = """
SELECT a.key, a.written, r.id, r.watchlist_id, r.category, r.ref, r.programmes, v.number
FROM screening_listedaddress a
JOIN screening_record r ON r.id = a.record_id
JOIN screening_watchlist l ON l.code = r.watchlist_id
JOIN screening_version v ON v.id = l.live_id
WHERE a.is_live AND a.key = ANY($1::text[])
UNION ALL
SELECT '', '', 0, l.code, c.category, '', '{}', 0
FROM screening_watchlist l
JOIN screening_version v ON v.id = l.live_id AND v.addresses > 0
CROSS JOIN LATERAL (SELECT l.category) AS c
"""


@dataclass(frozen=True, slots=True)
class NameHit:
    """A listed subject that may be meant: how sure, why, and what the list says of it."""

    record: Record
    listed: str
    score: float
    match: Match
    notes: tuple[str, ...]
    version: int


@dataclass(frozen=True, slots=True)
class AddressHit:
    """A listed address that is the one asked for."""

    record: int
    list: str
    category: str
    ref: str
    programmes: tuple[str, ...]
    written: str
    version: int


@dataclass(frozen=True, slots=True)
class AddressAnswer:
    """What the lists say of addresses; `covered` are the categories that a live list knows."""

    hits: dict[str, list[AddressHit]]
    covered: frozenset[str]

    def on(self, address: str, category: str) -> bool | None:
        """Whether it is on a list of this category; None where no such list is loaded."""
        if any(hit.category == category for hit in self.hits.get(address, ())):
            return True
        return False if category in self.covered else None


@dataclass(frozen=True, slots=True)
class Age:
    """How old a list is, and whether that is too old."""

    code: str
    checked_at: datetime | None
    is_stale: bool
    failure: str


def names(
    name: str,
    *,
    known: Known = NOTHING_KNOWN,
    least: float | None = None,
    kinds: Sequence[str] = PEOPLE,
    codes: Iterable[str] | None = None,
) -> list[NameHit]:
    """The listed subjects that a name may mean, the surest first, on every live list."""
    least = settings.SCREENING_NAME_SCORE if least is None else least
    for tried in range(1, TRIES + 1):
        try:
            return _names(name, known=known, least=least, kinds=kinds, codes=codes)
        except live.Replaced:
            if tried == TRIES:
                raise
    raise AssertionError("unreachable")


def addresses(texts: Sequence[str]) -> AddressAnswer:
    """What the live lists say of these addresses, however they are spelled: one query."""
    by_key: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        for key in keys(text) if text else ():
            by_key.setdefault(key, []).append(text)
    hits: dict[str, list[AddressHit]] = {}
    covered = set()
    for key, written, record, code, category, ref, programmes, version in sql.run(
        ADDRESSES, [list(by_key)]
    ):
        if not key:
            covered.add(category)
            continue
        for text in by_key[key]:
            one = AddressHit(record, code, category, ref, tuple(programmes), written, version)
            if one not in hits.setdefault(text, []):
                hits[text].append(one)
    return AddressAnswer(hits, frozenset(covered))


def quiet(user: int | UUID, *, at: datetime) -> set[tuple[str, str, bytes]]:
    """What staff have said of this person is another one: list, id on it, and as it was then."""
    cleared = Hit.objects.filter(user=user, state=HitState.CLEARED, quiet_until__gt=at)
    rows = cleared.values_list("record__watchlist", "record__ref", "record__digest")
    return {(code, ref, bytes(digest)) for code, ref, digest in rows}


def ages(*, at: datetime) -> list[Age]:
    """How old every list is, and every list that is to be fetched and never was."""
    found = {
        one.code: Age(
            one.code,
            one.checked_at,
            one.live_id is None
            or one.checked_at is None
            or one.checked_at < at - timedelta(hours=one.max_age_hours),
            one.failure,
        )
        for one in WatchList.objects.order_by("code")
    }
    for code in settings.SCREENING_FEEDS:
        found.setdefault(code, Age(code, None, True, "It was never loaded."))
    return sorted(found.values(), key=lambda age: age.code)


def sanctioned_in(answer: AddressAnswer, address: str) -> bool | None:
    """Whether an address is under sanctions."""
    return answer.on(address, Category.SANCTIONS)


def _names(
    name: str, *, known: Known, least: float, kinds: Sequence[str], codes: Iterable[str] | None
) -> list[NameHit]:
    lists = WatchList.objects.filter(live__names__gt=0)
    if codes is not None:
        lists = lists.filter(code__in=codes)
    versions = dict(lists.values_list("live", "live__number"))
    found = {}
    for version, number in versions.items():
        index = live.lookup(version, live=set(versions))
        for one in index.search(name, least=least - MARGIN, kinds=kinds):
            found[one.record] = (one, number)
    rows = Record.objects.filter(ended=None).in_bulk(found) if found else {}
    hits = []
    for id, (one, number) in found.items():
        record = rows.get(id)
        if record is None:
            raise live.Replaced
        score, notes = weighed(
            one.match.score,
            known=known,
            born=record.born,
            countries=record.countries,
            kind=ALIASES[one.alias],
        )
        if score >= least:
            hits.append(NameHit(record, one.text, score, one.match, tuple(notes), number))
    return sorted(hits, key=lambda hit: (-hit.score, hit.record.pk))
