"""Taking in a version of a list, whole or not at all; what turned up, and what staff say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.addresses import keys
from apps.core.errors import Refused
from apps.screening.matching.index import Entry, build
from apps.screening.models import (
    Hit,
    HitState,
    ListedAddress,
    NameIndex,
    Record,
    Version,
    VersionState,
    WatchList,
)
from apps.screening.sources.listed import Listed
from apps.users.models import User

#: A version that lost more than this share of what the one before had is refused.
MOST_LOST = 0.10
BATCH = 2_000
PART_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a version came from, and what it weighs: for its row."""

    origin: str
    sha256: str
    by: User | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a version holds."""

    records: int
    names: int
    addresses: int


def counts_of(listed: Sequence[Listed]) -> Counts:
    """How much these are."""
    return Counts(
        len(listed),
        sum(len(one.names) for one in listed),
        sum(len(one.addresses) for one in listed),
    )


def why_not(watched: WatchList, counts: Counts) -> tuple[str, str] | None:
    """Why a version is not taken without force: its code and a sentence; None where it is."""
    if not counts.records:
        return "LIST_EMPTY", "The file lists nobody. The list stays as it is."
    before = watched.live
    if before is None:
        return None
    for what in ("records", "names", "addresses"):
        had, has = getattr(before, what), getattr(counts, what)
        if has < had * (1 - MOST_LOST):
            return (
                "LIST_SHRUNK",
                f"The file has {has:,} {what}, and the list {had:,}: more than "
                f"{MOST_LOST:.0%} would be lost. The list stays as it is; look at the file, and "
                "load it with a reason if it is right.",
            )
    return None


def publish(
    watched: WatchList, listed: Sequence[Listed], *, source: Source, reason: str = ""
) -> Version:
    """Write a version and make it the live one; the caller's transaction makes that one moment."""
    counts = counts_of(listed)
    before = watched.live
    if before is not None:
        Version.objects.filter(pk=before.pk).update(state=VersionState.RETIRED)
    version = _version(watched, counts, VersionState.LIVE, source=source, reason=reason)
    version.save(force_insert=True)
    known = {
        ref: (id, bytes(digest))
        for ref, id, digest in Record.objects.filter(watchlist=watched, ended=None).values_list(
            "ref", "id", "digest"
        )
    }
    ids: dict[str, int] = {}
    fresh: list[Listed] = []
    digests = {}
    for one in listed:
        digest = one.digest()
        old = known.get(one.ref)
        if old is not None and old[1] == digest:
            ids[one.ref] = old[0]
        else:
            digests[one.ref] = digest
            fresh.append(one)
    present = {one.ref for one in listed}
    changed = [known[one.ref][0] for one in fresh if one.ref in known]
    removed = [id for ref, (id, _) in known.items() if ref not in present]
    _end([*changed, *removed], version)
    for at in range(0, len(fresh), BATCH):
        ids |= _insert(watched, fresh[at : at + BATCH], digests, version)
    if before is not None:
        NameIndex.objects.filter(version=before).delete()
    _index(version, listed, ids)
    version.added, version.changed = len(fresh) - len(changed), len(changed)
    version.removed = len(removed)
    version.save(update_fields=["added", "changed", "removed"])
    watched.live, watched.checked_at = version, source.at
    watched.failed_at, watched.failure = None, ""
    watched.save(update_fields=["live", "checked_at", "failed_at", "failure"])
    return version


def refuse(watched: WatchList, counts: Counts, *, source: Source, why: str) -> Version:
    """Note a version that was not taken; the one before stays live."""
    version = _version(watched, counts, VersionState.REFUSED, source=source, reason=why)
    version.save(force_insert=True)
    failed(watched, why=why, at=source.at)
    return version


def failed(watched: WatchList, *, why: str, at: datetime) -> None:
    """Note that a source gave nothing usable."""
    watched.failed_at, watched.failure = at, why[:300]
    watched.save(update_fields=["failed_at", "failure"])


def unchanged(watched: WatchList, *, at: datetime) -> None:
    """Note that a source gave once more what is live."""
    watched.checked_at, watched.failed_at, watched.failure = at, None, ""
    watched.save(update_fields=["checked_at", "failed_at", "failure"])


def note_hit(
    *,
    user: User,
    role: str,
    about: UUID | None,
    record: Record,
    score: float,
    explanation: str,
    at: datetime,
) -> Hit | None:
    """Write a hit that is to be looked at; None where the same one is open already."""
    same = Hit.objects.filter(
        user=user, role=role, about=about, record=record, state__in=[HitState.OPEN]
    )
    if same.exists():
        return None
    hit = Hit(
        user=user,
        role=role,
        about=about,
        record=record,
        score=score,
        explanation=explanation,
        at=at,
    )
    hit.save(force_insert=True)
    return hit


def decide(
    hit: Hit, *, by: User, state: HitState, reason: str, quiet_until: datetime | None, at: datetime
) -> None:
    """Decide an open hit; HIT_DECIDED (409) where somebody has already."""
    decided = Hit.objects.filter(pk=hit.pk, state=HitState.OPEN).update(
        state=state, decided_by=by, decided_at=at, reason=reason, quiet_until=quiet_until
    )
    if not decided:
        raise Refused("HIT_DECIDED", 409, "A colleague has decided this already.")
    hit.refresh_from_db()


def _version(
    watched: WatchList, counts: Counts, state: VersionState, *, source: Source, reason: str
) -> Version:
    before = Version.objects.filter(watchlist=watched).order_by("-number").first()
    return Version(
        watchlist=watched,
        number=before.number + 1 if before else 1,
        state=state,
        loaded_at=source.at,
        loaded_by=source.by,
        origin=source.origin[:300],
        sha256=source.sha256,
        records=counts.records,
        names=counts.names,
        addresses=counts.addresses,
        reason=reason[:300],
    )


def _end(ids: Sequence[int], version: Version) -> None:
    for at in range(0, len(ids), BATCH):
        some = ids[at : at + BATCH]
        Record.objects.filter(pk__in=some).update(ended=version)
        ListedAddress.objects.filter(record__in=some, is_live=True).update(is_live=False)


def _insert(
    watched: WatchList, listed: Sequence[Listed], digests: dict[str, bytes], version: Version
) -> dict[str, int]:
    rows = Record.objects.bulk_create(
        Record(
            watchlist=watched,
            ref=one.ref,
            kind=one.kind,
            category=one.category,
            names=[[alias.text, alias.kind] for alias in one.names],
            born=one.born,
            countries=one.countries,
            programmes=one.programmes,
            digest=digests[one.ref],
            began=version,
        )
        for one in listed
    )
    ListedAddress.objects.bulk_create(
        ListedAddress(record=row, key=key, written=address.text, chain=address.chain)
        for row, one in zip(rows, listed, strict=True)
        for address in one.addresses
        for key in keys(address.text)
    )
    return {row.ref: row.pk for row in rows}


def _index(version: Version, listed: Sequence[Listed], ids: dict[str, int]) -> None:
    entries = [
        Entry(ids[one.ref], one.kind, alias.kind, alias.text)
        for one in listed
        for alias in one.names
    ]
    if not entries:
        return
    block = build(entries)
    for place in range(0, len(block), PART_BYTES):
        NameIndex.objects.create(
            version=version, place=place // PART_BYTES, body=block[place : place + PART_BYTES]
        )
