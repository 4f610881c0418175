"""Lists of others, loaded: by the clock from their keepers, by staff and the command from a file.

A file is fetched and read outside of every transaction; what it holds becomes live in one.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import structlog
from django.conf import settings
from django.db import transaction

from apps.core import locks, partitions
from apps.core.errors import Refused
from apps.core.ids import entity_id
from apps.flows import outbound, own_acts, staff
from apps.screening import services
from apps.screening.catalogue import KNOWN, Known
from apps.screening.models import Category, Version, WatchList
from apps.screening.services import Source
from apps.screening.sources import FORMATS
from apps.screening.sources.listed import Broken, Listed
from apps.users.models import User
from apps.users.roles import Deed

log = structlog.get_logger(__name__)

#: The largest list in use has 120 MB; whatever is larger is none of them.
MOST_BYTES = 256 << 20
FETCH_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is loaded: which list, from where, by whom; `force` is why a refusal is overridden."""

    code: str
    origin: str
    by: User | None = None
    force: str = ""
    known: Known | None = None


def load(*, given: Given, file: BinaryIO, at: datetime) -> Version:
    """Make a file the live version of its list, or leave everything as it is.

    Refused: LIST_BROKEN, LIST_EMPTY (422), LIST_SHRUNK (409): on record, and the list stays. The
    same file again changes nothing but how fresh the list is. `by` None is the clock or a command.
    """
    if given.by is not None:
        staff.may(given.by, Deed.MANAGE_LISTS)
    force = staff.words(given.force, "force", most=300) if given.force.strip() else ""
    watched = _list(given)
    source = Source(origin=given.origin, sha256=_digest(file), by=given.by, at=at)
    live = watched.live
    if live is not None and live.sha256 == source.sha256:
        services.unchanged(watched, at=at)
        return live
    try:
        listed = _read(file, watched)
    except Broken as broken:
        services.refuse(watched, services.Counts(0, 0, 0), source=source, why=str(broken))
        raise Refused("LIST_BROKEN", 422, f"{broken} The list stays as it is.") from broken
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        locks.hold(entity_id(kind="watchlist", scope="", ref=watched.code))
        watched.refresh_from_db()
        why = services.why_not(watched, services.counts_of(listed))
        if why is None or (force and why[0] != "LIST_EMPTY"):
            version = services.publish(watched, listed, source=source, reason=force)
            _note(version, by=given.by, at=at, forced=bool(why))
            return version
    services.refuse(watched, services.counts_of(listed), source=source, why=why[1])
    raise Refused(why[0], 409 if why[0] == "LIST_SHRUNK" else 422, why[1])


def load_from(*, given: Given, at: datetime) -> Version:
    """The same from a path on this machine or an https address, as `origin` says.

    LIST_NOT_THERE (422, or 502 where its keeper does not answer) when there is nothing to read.
    """
    with _opened(given, at=at) as file:
        return load(given=given, file=file, at=at)


def fetch(*, at: datetime) -> int:
    """Load every list that settings.SCREENING_FEEDS names; how many have a new version."""
    new = 0
    for code, url in settings.SCREENING_FEEDS.items():
        try:
            version = load_from(given=Given(code=code, origin=url), at=at)
        except Refused as refused:
            log.error("screening.list_refused", list=code, code=refused.code)
            continue
        new += version.loaded_at == at
    return new


def _list(given: Given) -> WatchList:
    found = WatchList.objects.select_related("live").filter(pk=given.code).first()
    if found is not None:
        return found
    known = given.known or KNOWN.get(given.code)
    if known is None or known.format not in FORMATS or known.category not in Category.values:
        sentence = (
            f"There is no list {given.code[:40]!r}. Known lists: {', '.join(KNOWN)}; another one "
            "needs a format and a category."
        )
        raise Refused("UNKNOWN_LIST", 422, sentence, {"list": [sentence]})
    return WatchList.objects.get_or_create(
        code=given.code,
        defaults={
            "name": known.name,
            "format": known.format,
            "category": known.category,
            "max_age_hours": known.max_age_hours,
        },
    )[0]


def _read(file: BinaryIO, watched: WatchList) -> list[Listed]:
    file.seek(0)
    found: dict[str, Listed] = {}
    for one in FORMATS[watched.format](file):
        tidy = one.tidy(category=watched.category)
        if tidy.ref in found:
            raise Broken(f"The record {tidy.ref} stands there twice.")
        found[tidy.ref] = tidy
    return list(found.values())


@contextmanager
def _opened(given: Given, *, at: datetime) -> Iterator[BinaryIO]:
    if "://" not in given.origin:
        path = Path(given.origin)
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise _not_there(422, f"{given.origin} is no file of at most {MOST_BYTES >> 20} MB.")
        with path.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as file:
        sent = outbound.get(given.origin, into=file, most=MOST_BYTES, seconds=FETCH_S)
        if sent.error or not sent.accepted:
            services.failed(_list(given), why=sent.error or "No answer.", at=at)
            raise _not_there(502, f"{given.code} could not be fetched: {sent.error}")
        yield file


def _not_there(status: int, sentence: str) -> Refused:
    return Refused("LIST_NOT_THERE", status, sentence, {"source": [sentence]})


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _note(version: Version, *, by: User | None, at: datetime, forced: bool) -> None:
    own_acts.note(
        "watchlist.loaded",
        by=by,
        at=at,
        list=version.watchlist_id,
        version=version.number,
        records=version.records,
        added=version.added,
        changed=version.changed,
        removed=version.removed,
        forced=forced,
    )
