"""How well faces are recognised: pairs of photographs through the engine's own path.

A CSV of a, b, same; paths are relative to its folder, and a and b may each name several pictures
of one person, joined by `|`, which are averaged as in a template. What can't be read, or shows no
face, matches nobody: that is a false rejection, as it is for the person.
"""

import argparse
import csv
import json
import math
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from apps.faces import policy
from apps.faces.engine.checks import match
from apps.faces.evaluation.rates import Rate, share, tar_at

FARS = ("0.01", "0.001", "0.0001")
Vector = NDArray[np.float64]


class NotPairs(ValueError):
    """The file is not a list of pairs; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sets of pictures, and whether they show the same person."""

    a: tuple[str, ...]
    b: tuple[str, ...]
    is_same: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """A pair's distance, the limit for so many pictures, and whether it counts as a match."""

    is_same: bool
    distance: float
    limit: float

    @property
    def is_match(self) -> bool:
        return self.distance <= self.limit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `faces verify`."""
    parser.add_argument("--pairs", type=Path, required=True, help="CSV of a, b, same")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="pictures embedded at once"
    )


def run(options: dict[str, Any], out: TextIO, err: TextIO) -> None:
    """Embeds every picture once, compares the pairs, and prints the rates."""
    pairs = read(options["pairs"])
    limits = policy.shipped().match
    names = sorted({name for pair in pairs for name in (*pair.a, *pair.b)})
    folder = options["pairs"].resolve().parent
    vectors, faults = _embedded(folder, names, processes=options["processes"], err=err)
    compared = [_compare(pair, vectors, limits) for pair in pairs]
    document = rates(compared, limits=limits)
    document["n"] |= {"pictures": len(names), **faults}
    if not options["json"]:
        _print(document, out)
    out.write(json.dumps(document) + "\n")


def read(path: Path) -> list[Pair]:
    """The pairs of a CSV; NotPairs names the line that is none."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if not {"a", "b", "same"} <= set(rows.fieldnames or ()):
            raise NotPairs(f"{path} needs the columns a, b and same.")
        return [_pair(row, line=rows.line_num) for row in rows]


def _pair(row: dict[str, str | None], *, line: int) -> Pair:
    said = (row["same"] or "").strip().lower()
    if said not in _SAID:
        raise NotPairs(f"Line {line}: same must be 1 or 0.")
    sides = [
        tuple(name.strip() for name in (row[side] or "").split("|") if name.strip())
        for side in ("a", "b")
    ]
    if not all(sides):
        raise NotPairs(f"Line {line}: a and b must each name a picture.")
    return Pair(sides[0], sides[1], _SAID[said])


_SAID = {"1": True, "0": False, "true": True, "false": False}


def rates(compared: Sequence[Compared], *, limits: match.Limits) -> dict[str, Any]:
    """False accepts and rejects at the shipped limit, true accepts where strangers pass rarely."""
    same = [one for one in compared if one.is_same]
    different = [one for one in compared if not one.is_same]
    far, frr = share([one.is_match for one in different]), share([not one.is_match for one in same])
    threshold, scale = _scale(compared, limits)
    return {
        "far": _value(far),
        "frr": _value(frr),
        "threshold": threshold,
        "tar_at": {
            name: tar_at(
                far=float(name),
                same=[scale(one) for one in same],
                different=[scale(one) for one in different],
            )
            for name in FARS
        },
        "intervals": {"far": far.document(), "frr": frr.document()},
        "n": {"same": len(same), "different": len(different)},
    }


def _scale(compared: Sequence[Compared], limits: match.Limits) -> tuple[float, Any]:
    """The limit and the distances; where pairs have several limits, as if they all had one."""
    known = {one.limit for one in compared if math.isfinite(one.distance)}
    threshold = known.pop() if len(known) == 1 else limits.single
    return threshold, lambda one: one.distance / one.limit * threshold


def _value(rate: Rate) -> float | None:
    return None if rate.value is None else round(rate.value, 6)


def _compare(pair: Pair, vectors: dict[str, Vector], limits: match.Limits) -> Compared:
    from apps.faces.engine.dlib_models import averaged

    sides = [[vectors[name] for name in side if name in vectors] for side in (pair.a, pair.b)]
    limit = limits.distance(pictures=len(sides[0]) or 1, of_template=len(sides[1]) or 1)
    a, b = averaged(sides[0]), averaged(sides[1])
    if a is None or b is None:
        return Compared(pair.is_same, math.inf, limit)
    return Compared(pair.is_same, match.distance(a, b), limit)


def _embedded(
    folder: Path, names: list[str], *, processes: int, err: TextIO
) -> tuple[dict[str, Vector], dict[str, int]]:
    """The vector of each picture that has one, and how many have none, by reason."""
    vectors: dict[str, Vector] = {}
    faults = Counter({"unreadable": 0, "without_face": 0})
    began = told = time.monotonic()
    paths = [folder / name for name in names]
    for done, (name, found) in enumerate(
        zip(names, _spread(paths, processes), strict=True), start=1
    ):
        if isinstance(found, str):
            faults[found] += 1
        else:
            vectors[name] = found
        if time.monotonic() - told > 5 or done == len(names):
            told = time.monotonic()
            err.write(f"{done} of {len(names)} pictures, {told - began:.0f} s\n")
            err.flush()
    return vectors, dict(faults)


def _spread(paths: list[Path], processes: int) -> Iterator[Vector | str]:
    if processes <= 1 or len(paths) < 32:
        yield from map(embedded, paths)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(embedded, paths, chunksize=8)


def embedded(path: Path) -> Vector | str:
    """The face in a file, or why there is none: unreadable, without_face."""
    from apps.faces.engine import stills

    picture = _picture(path)
    if picture is None:
        return "unreadable"
    found = stills.embedding(picture)
    return "without_face" if found is None else found


def _picture(path: Path) -> NDArray[np.uint8] | None:
    """The pixels of a file. Photographs of a collection need not be as plain as a session's."""
    import cv2

    from apps.faces.engine import decode
    from apps.faces.engine.headers import Unreadable

    try:
        data = path.read_bytes()
        try:
            return decode.colour(data)
        except Unreadable as reason:
            if reason.code in ("TOO_MANY_PIXELS", "TOO_LARGE"):
                return None
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        return None if found is None else decode.colour(found[:, :, ::-1])
    except (OSError, ValueError, cv2.error):
        return None


def _print(document: dict[str, Any], out: TextIO) -> None:
    n, intervals = document["n"], document["intervals"]
    out.write(
        f"{n['same']} pairs of the same person, {n['different']} of different people; "
        f"{n['pictures']} pictures, of these {n['unreadable']} unreadable and "
        f"{n['without_face']} without a face\n"
    )
    for name in ("far", "frr"):
        low, high = intervals[name]
        out.write(
            f"{name.upper()} at distance {document['threshold']:.3f}: {document[name]} "
            f"(95 %: {low:.5f} to {high:.5f})\n"
        )
    for far, tar in document["tar_at"].items():
        out.write(f"TAR at FAR {far}: {tar}\n")
