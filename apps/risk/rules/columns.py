"""All rules of a policy over columns: many thousand rows at a time, for back-tests.

Rows go through in chunks, on several threads, so that memory stays bounded and the chunk at work
stays near the processor. What happens to a chunk is in plan.py.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from apps.risk.rules.check import Rule
from apps.risk.rules.chunk import Categories, Chunk, Coded, Column, States
from apps.risk.rules.plan import Plan

__all__ = ["Categories", "Column", "States", "compile_columns", "evaluate_columns"]

CHUNK: Final = 65_536


def compile_columns(rule: Rule) -> Callable[[Mapping[str, Column]], States]:
    """Return a function from columns to the rule's State in every row."""
    plan = Plan([rule])
    return lambda columns: _run(plan, columns, chunk=CHUNK, workers=1)[0]


def evaluate_columns(
    rules: Sequence[Rule],
    columns: Mapping[str, Column],
    chunk: int = CHUNK,
    *,
    workers: int | None = None,
) -> States:
    """Return a matrix of States: one row for every rule, one column for every row of the data.

    Numbers are float64, NaN missing; yes or no is 1.0, 0.0 or NaN, or a boolean array; text is an
    array of str, None missing, or `Categories`, which is many times faster. `workers` threads
    share the chunks: by default one for every processor, up to four.
    """
    return _run(Plan(rules), columns, chunk=chunk, workers=workers or min(4, os.cpu_count() or 1))


def _run(plan: Plan, columns: Mapping[str, Column], *, chunk: int, workers: int) -> States:
    if chunk < 1:
        raise ValueError("A chunk has one row at least.")
    if lacking := plan.names - set(columns):
        raise ValueError(f"The columns lack {', '.join(sorted(lacking))}.")
    used = {name: columns[name] for name in plan.names}
    # Where the rules name nothing, any column tells how many rows there are.
    lengths = {_length(column) for column in used.values() or columns.values()}
    if len(lengths) != 1:
        raise ValueError("The columns differ in length, or there are none.")
    rows = lengths.pop()
    states = np.empty((plan.rules, rows), np.int8)

    def work(start: int) -> None:
        stop = min(start + chunk, rows)
        plan.run(Chunk(used, start, stop, plan.words, states[:, start:stop]))

    starts = range(0, rows, chunk)
    if workers == 1 or len(starts) < 2:
        for start in starts:
            work(start)
    else:
        with ThreadPoolExecutor(workers) as threads:
            list(threads.map(work, starts))
    return states


def _length(column: Column) -> int:
    return len(column.codes if isinstance(column, Coded) else column)
