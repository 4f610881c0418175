"""Long measurements on all cores: one function over many items, answers in their order."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def spread(
    function: Callable[[Item], Answer], items: Sequence[Item], *, processes: int, chunk: int = 1
) -> Iterator[Answer]:
    """The answers as they come; few items are not worth starting processes for."""
    if processes <= 1 or len(items) < 8 * chunk:
        yield from map(function, items)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(function, items, chunksize=chunk)
