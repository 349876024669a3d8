"""Large pictures, a few rows at a time: cut into strips, worked on by all cores, handed over in order.

Memory holds so many strips as there are cores, whatever the picture; and what a strip is depends on the picture alone,
so the bytes of a document are the same on every machine.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

AREA = 2**18
"""Pixels of a strip: large beside what it costs to hand it over, small beside the memory."""

ROWS = 256
"""Of a strip at most."""

MOST = 16
"""Cores used at most: there is one disk, and whatever waits for it is kept in memory."""

Item, Result = TypeVar("Item"), TypeVar("Result")


def strips(height: int, width: int) -> Iterator[slice]:
    """Slices of rows that cover a picture from top to bottom; none where it has no pixels."""
    rows = max(1, min(ROWS, AREA // max(1, width)))
    for first in range(0, height if width else 0, rows):
        yield slice(first, min(first + rows, height))


def cores() -> int:
    """How many cores this process may use."""
    own = getattr(os, "sched_getaffinity", None)  # not every system tells
    return len(own(0)) if own else os.cpu_count() or 1


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`map`, on all cores.

    Law: the results are those of `map`, in the same order. Only a few items more than there are cores are taken ahead
    of what was asked for. What a worker raises, this raises.

    Args:
        work: releases the interpreter's lock most of the time, as numpy, OpenCV and zlib do.
        items: taken one by one, by the thread that asks.
    """
    items = iter(items)
    first = list(islice(items, 2))
    if len(first) < 2:  # a small picture is one strip, and a thread takes longer to start than that to be worked on
        yield from map(work, first)
        return
    hands = min(MOST, cores())
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(hands) as pool:
        try:
            for item in chain(first, items):
                pending.append(pool.submit(work, item))
                if len(pending) > hands:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
