"""Velocity made anew from events as columns: after a restore, a new stream, or for a benchmark.

Fills empty tables by COPY: heads, points and edges as the one write would have left them.
"""

from collections.abc import Iterator
from datetime import UTC
from io import StringIO
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from apps.core import partitions
from apps.risk.velocity.offline import Columns
from apps.risk.velocity.streams import LINKS, STREAMS

Table = dict[str, NDArray[Any]]
_CHUNK = 500_000


def rebuild(columns: Columns) -> dict[str, int]:
    """Fill risk_head, risk_point and risk_edge, which must be empty; return the rows of each."""
    if not len(columns):
        return {"risk_head": 0, "risk_point": 0, "risk_edge": 0}
    for month in np.unique(columns.at.astype("datetime64[us]").astype("datetime64[M]")):
        partitions.ensure(month.astype("datetime64[us]").item().replace(tzinfo=UTC))
    written = {"risk_head": 0, "risk_point": 0, "risk_edge": 0}
    with transaction.atomic():
        for name in written:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT EXISTS (SELECT FROM {name})")
                if cursor.fetchone()[0]:
                    raise ValueError(f"{name} is not empty: rebuild fills empty tables")
        for heads, points in _streams(columns):
            written["risk_head"] += copy("risk_head", heads)
            if points:
                written["risk_point"] += copy("risk_point", points)
        for edges in _relations(columns):
            written["risk_edge"] += copy("risk_edge", edges)
    return written


def copy(table: str, rows: Table) -> int:
    """COPY columns into a table; `at`-like columns are µs since the epoch. Return their number."""
    import pandas as pd

    frame = pd.DataFrame(rows)
    for name in frame:
        if str(name).endswith("at"):
            frame[name] = _moments(frame[name].to_numpy())
    names = ", ".join(f'"{name}"' for name in frame)
    with connection.cursor() as cursor:
        for start in range(0, len(frame), _CHUNK):
            text = StringIO()
            frame.iloc[start : start + _CHUNK].to_csv(text, index=False, header=False)
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT csv)") as stream:
                stream.write(text.getvalue())
    return len(frame)


def _moments(micros: NDArray[np.int64]) -> NDArray[np.str_]:
    return np.char.add(np.datetime_as_string(micros.astype("datetime64[us]")), "+00")


def _streams(columns: Columns) -> Iterator[tuple[Table, Table]]:
    """Yield the heads and points of each stream, points in order of (entity, arrival)."""
    for stream in STREAMS:
        chosen = np.flatnonzero(columns.counted(stream))
        if not chosen.size:
            continue
        entity = columns.ids[stream.role][chosen]
        order = np.argsort(entity, kind="stable")
        entity, chosen = entity[order], chosen[order]
        first, group = _groups(entity)
        last = np.r_[first[1:], entity.size] - 1
        cents = columns.cents[chosen]
        usd = cents / 100
        points = {
            "entity": entity,
            "stream": np.full(entity.size, stream.number, np.int16),
            "at": columns.at[chosen],
            "n": np.arange(entity.size) - first[group] + 1,
            "cents": _running(cents, first, group),
            "squares": _running(usd * usd, first, group),
        }
        heads = {
            "entity": entity[first],
            "stream": points["stream"][first],
            "n": points["n"][last],
            "cents": points["cents"][last],
            "squares": points["squares"][last],
            "peak": np.maximum.reduceat(cents, first),
            "first_at": points["at"][first],
            "last_at": points["at"][last],
        }
        if stream.name == "located":
            heads["lat"] = columns.facts["lat"][chosen][last]
            heads["lon"] = columns.facts["lon"][chosen][last]
        yield heads, points if stream.windowed else {}


def _relations(columns: Columns) -> Iterator[Table]:
    for relation in LINKS:
        chosen = np.flatnonzero(columns.linked(relation))
        if not chosen.size:
            continue
        a, b = columns.ids[relation.a][chosen], columns.ids[relation.b][chosen]
        order = np.lexsort((chosen, b, a))
        a, b, at = a[order], b[order], columns.at[chosen[order]]
        new = np.r_[True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])]
        first = np.flatnonzero(new)
        last = np.r_[first[1:], a.size] - 1
        yield {
            "a": a[first],
            "b": b[first],
            "relation": np.full(first.size, relation.number, np.int16),
            "n": last - first + 1,
            "first_at": at[first],
            "last_at": at[last],
            "hour": at[last] // 3_600_000_000,
        }


def _groups(entity: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first = np.flatnonzero(np.r_[True, entity[1:] != entity[:-1]])
    group = np.repeat(np.arange(first.size), np.diff(np.r_[first, entity.size]))
    return first, group


def _running(values: NDArray[Any], first: NDArray[np.int64], group: NDArray[np.int64]) -> Any:
    total = np.cumsum(values)
    return total - np.r_[0, total][first][group]
