"""The indexes of the live versions, as this process has them: mapped from one file per machine.

Which versions are live is asked each time, so that a process never searches one that was replaced.
"""

import os
import threading
from pathlib import Path
from uuid import UUID

import numpy as np
from django.conf import settings

from apps.screening.matching.index import LAYOUT, Entry, build, read
from apps.screening.matching.lookup import Lookup
from apps.screening.models import NameIndex, Record, Version

_opened: dict[UUID, Lookup] = {}
_lock = threading.Lock()


class Replaced(Exception):
    """The version was replaced while its index was fetched: ask which one is live again."""


def lookup(version: UUID, *, live: set[UUID]) -> Lookup:
    """The index of a live version; the file of this machine, fetched once, serves every process."""
    found = _opened.get(version)
    if found is None:
        with _lock:
            found = _opened.get(version) or _open(version)
            _opened[version] = found
            for gone in _opened.keys() - live - {version}:
                del _opened[gone]
    return found


def _open(version: UUID) -> Lookup:
    path = _folder() / f"{version}.{LAYOUT}"
    if not path.exists():
        _write(path, _fetch(version))
    return Lookup(read(np.memmap(path, np.uint8, "r")))


def _fetch(version: UUID) -> bytes:
    parts = NameIndex.objects.filter(version=version).order_by("place")
    block = b"".join(bytes(body) for body in parts.values_list("body", flat=True).iterator())
    if not block:
        raise Replaced
    try:
        read(memoryview(block))
    except ValueError:
        # Written by another release: its records are the same.
        return build(_entries(version))
    return block


def _entries(version: UUID) -> list[Entry]:
    list_of = Version.objects.values_list("watchlist", flat=True).get(pk=version)
    rows = Record.objects.filter(watchlist=list_of, ended=None).values_list("id", "kind", "names")
    return [
        Entry(id, kind, alias, text) for id, kind, names in rows.iterator() for text, alias in names
    ]


def _write(path: Path, block: bytes) -> None:
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(block)
    unfinished.replace(path)
    # Whoever has an older file mapped keeps it until it is done with it.
    for old in sorted(path.parent.iterdir(), key=lambda one: one.stat().st_mtime)[:-MOST_FILES]:
        old.unlink(missing_ok=True)


#: More than there are lists: what is left over belongs to versions that were replaced.
MOST_FILES = 40


def _folder() -> Path:
    folder = Path(settings.VAR) / "screening"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
