"""The column pass: the same features over stored history, equal to the last bit.

Used by training, back-tests and the parity check; never by the request. What is not kept
point-in-time (hops to a ban, membership of lists) is unknown here.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.risk.features.ops import NAN
from apps.risk.rules import State, compile_columns
from apps.risk.velocity import kernels
from apps.risk.velocity.inputs import (
    DISTINCT_CAP,
    WINDOWS,
    Distinct,
    Input,
    Link,
    Velocity,
    parse,
)
from apps.risk.velocity.predicates import WHEN
from apps.risk.velocity.streams import Relation, Stream
from apps.risk.vocabulary import KIND_OF_ROLE, KINDS, ROLES, Role

KIND_CODE = {kind: code for code, kind in enumerate(KINDS)}
Array = NDArray[Any]
_MICRO = 1_000_000
_LIFE = {"age": 0, "idle": 1, "peak": 2, "lat": 3, "lon": 4}


@dataclass
class Columns:
    """Events in order of arrival, as columns of equal length.

    `at` in µs since the epoch, `kind` as KIND_CODE, `ids` by role (0: none), `cents`, and `facts`
    by name (float64 with NaN, or object arrays of text).
    """

    at: NDArray[np.int64]
    kind: NDArray[np.int16]
    ids: Mapping[str, NDArray[np.int64]]
    cents: NDArray[np.int64]
    facts: Mapping[str, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.at)

    @cached_property
    def codes(self) -> dict[str, tuple[NDArray[np.int64], int]]:
        """Entities as 0 … k-1 (-1: none) by role, numbered together per kind; and k."""
        by_kind: dict[str, list[Role]] = defaultdict(list)
        for role in ROLES:
            by_kind[KIND_OF_ROLE[role]].append(role)
        found = {}
        for roles in by_kind.values():
            given = np.concatenate([self.ids[role] for role in roles])
            values, code = np.unique(given, return_inverse=True)
            code = code.astype(np.int64)
            nothing = np.searchsorted(values, 0)
            if nothing < len(values) and values[nothing] == 0:
                code = np.where(code == nothing, -1, code)
            for role, part in zip(roles, np.split(code, len(roles)), strict=True):
                found[str(role)] = (np.ascontiguousarray(part), len(values))
        return found

    def counted(self, stream: Stream) -> NDArray[np.bool_]:
        """Return which events the stream counts."""
        chosen = self.ids[stream.role] != 0
        if stream.kinds is not None:
            chosen &= np.isin(self.kind, [KIND_CODE[kind] for kind in stream.kinds])
        if stream.number in WHEN and chosen.any():
            chosen &= compile_columns(WHEN[stream.number])(self.facts) == State.HIT
        return chosen

    def linked(self, relation: Relation) -> NDArray[np.bool_]:
        """Return which events make the link."""
        chosen = (self.ids[relation.a] != 0) & (self.ids[relation.b] != 0)
        if relation.kinds is not None:
            chosen &= np.isin(self.kind, [KIND_CODE[kind] for kind in relation.kinds])
        return chosen


def velocity(columns: Columns, names: tuple[str, ...]) -> list[NDArray[np.float64]]:
    """Return the column of each velocity input, in the order of `names`."""
    wanted: dict[Any, list[tuple[int, Input]]] = defaultdict(list)
    for place, name in enumerate(names):
        item = parse(name)
        if isinstance(item, Velocity):
            wanted[item.role, item.stream].append((place, item))
        elif isinstance(item, Distinct | Link):
            wanted[item.relation].append((place, item))
    out = [np.empty(0)] * len(names)
    for key, items in wanted.items():
        made = (
            _of_relation(columns, key, items)
            if isinstance(key, Relation)
            else _of_stream(columns, key[0], key[1], items)
        )
        for place, column in made:
            out[place] = column
    unknown = np.full(len(columns), NAN)
    return [column if column.size or not len(columns) else unknown for column in out]


def _of_stream(
    columns: Columns, role: Role, stream: Stream, items: list[tuple[int, Any]]
) -> list[tuple[int, NDArray[np.float64]]]:
    read, size = columns.codes[role]
    write = np.where(columns.counted(stream), columns.codes[stream.role][0], -1)
    absent = read < 0
    made = []
    summed = [(place, item) for place, item in items if item.what not in _LIFE]
    if summed:
        windows = sorted({WINDOWS[i.window] if i.window else 0 for _, i in summed})
        n, cents, squares = kernels.totals(
            write,
            read,
            size,
            columns.at,
            columns.cents,
            np.array(windows, np.int64) * _MICRO,
        )
        for place, item in summed:
            w = windows.index(WINDOWS[item.window] if item.window else 0)
            made.append((place, _total(item.what, n[w], cents[w], squares[w], absent)))
    if len(summed) < len(items):
        nowhere = np.full(len(columns), NAN)
        located = stream.name == "located"
        lat = columns.facts["lat"] if located else nowhere
        lon = columns.facts["lon"] if located else nowhere
        life = kernels.lives(write, read, size, columns.at, columns.cents, lat, lon)
        life[:2] /= 3600
        made += [(place, life[_LIFE[i.what]]) for place, i in items if i.what in _LIFE]
    return made


def _total(what: str, n: Array, cents: Array, squares: Array, absent: Array) -> Array:
    if what == "n":
        return np.where(absent, NAN, n)
    if what == "usd":
        return np.where(absent, NAN, cents / 100)
    enough = n >= (1 if what == "avg" else 2)
    mean = np.divide(cents / 100, n, out=np.full(len(n), NAN), where=enough)
    if what == "avg":
        return mean
    spread = np.divide(squares, n, out=np.full(len(n), NAN), where=enough) - mean * mean
    return np.sqrt(np.maximum(0.0, spread))


def _of_relation(
    columns: Columns, relation: Relation, items: list[tuple[int, Any]]
) -> list[tuple[int, NDArray[np.float64]]]:
    a, size = columns.codes[relation.a]
    b, others = columns.codes[relation.b]
    both = (a >= 0) & (b >= 0)
    _, code = np.unique(np.where(both, a * others + b, -1), return_inverse=True)
    pairs = int(code.max(initial=0)) + 1
    pair = np.where(both, code, -1).astype(np.int64)
    writes = columns.linked(relation)
    made = []
    windows = sorted({WINDOWS[i.window] for _, i in items if isinstance(i, Distinct)})
    if windows:
        count = kernels.distincts(
            a,
            writes,
            pair,
            size,
            pairs,
            columns.at,
            np.array(windows, np.int64) * _MICRO,
            DISTINCT_CAP,
        )
        made += [
            (place, np.where(a < 0, NAN, count[windows.index(WINDOWS[i.window])]))
            for place, i in items
            if isinstance(i, Distinct)
        ]
    if any(isinstance(i, Link) for _, i in items):
        met = kernels.links(pair, writes, pairs, columns.at)
        met[:2] /= 3600
        made += [
            (place, met[("age", "idle", "n").index(i.what)])
            for place, i in items
            if isinstance(i, Link)
        ]
    return made
