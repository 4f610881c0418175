"""Lists of recordings: CSV, JSON or JSON lines of path, kind, subject, session, actions.

A path is relative to the list's folder, or to another root. `actions` are those that the person
was asked for and when, in milliseconds: `left@1200;blink_twice@4000`. A folder with a session.json
knows what was asked.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.faces.engine.session import Step

LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One recording: `kind` is live, or the species of an attack, in lower case."""

    path: Path
    kind: str
    subject: str = ""
    session: str = ""
    actions: tuple[tuple[int, Step], ...] = ()

    @property
    def is_live(self) -> bool:
        return self.kind == LIVE


class NotAManifest(ValueError):
    """The file is not a list of recordings; the sentence says why."""


def read(path: Path, *, root: Path | None = None) -> list[Item]:
    """The recordings of a list; NotAManifest names what is wrong with it."""
    folder = (root or path.parent).resolve()
    try:
        rows = _rows(path)
    except (json.JSONDecodeError, UnicodeDecodeError) as fault:
        raise NotAManifest(f"{path} can't be read: {fault}") from fault
    return [_item(row, folder, place) for place, row in enumerate(rows, start=1)]


def _rows(path: Path) -> list[Any]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))
    text = path.read_text(encoding="utf-8-sig")
    if text.lstrip().startswith("["):
        return list(json.loads(text))
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _item(row: Any, folder: Path, place: int) -> Item:
    if not isinstance(row, dict) or not row.get("path") or not row.get("kind"):
        raise NotAManifest(f"Recording {place} needs a path and a kind.")
    return Item(
        path=folder / str(row["path"]),
        kind=str(row["kind"]).strip().lower(),
        subject=str(row.get("subject") or ""),
        session=str(row.get("session") or ""),
        actions=_actions(row.get("actions"), place),
    )


def _actions(said: Any, place: int) -> tuple[tuple[int, Step], ...]:
    """What was asked when; names without times (as a rendered manifest lists them) say nothing."""
    parts = said if isinstance(said, list) else str(said or "").split(";")
    found = []
    for part in (str(one).strip() for one in parts):
        name, at, when = part.partition("@")
        if not at:
            continue
        try:
            found.append((round(float(when)), Step(name.strip().upper())))
        except ValueError:
            raise NotAManifest(f"Recording {place}: {part!r} is no action@milliseconds.") from None
    return tuple(sorted(found))
