"""A picture's rows shared out among threads, so that all of them end together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

FEWEST_ROWS = 32  # px of a band: with less, what every band does again costs as much as it saves
MEMORY = 0.5  # weight of the former shares against those that would have been right for the last picture

Band = tuple[int, int]  # first row of pixels, and the first that is not in it anymore
Paint = Callable[[int, Band], None]
"""Draws the band of a number; lets go of the interpreter while it does."""


class Bands:
    """Splits pictures into bands, one per thread.

    Rows differ in their cost, sky from street: shares follow what the last picture of a size took.
    A picture does not depend on how it is split.
    """

    def __init__(self, threads: int = 1) -> None:
        """Say how many threads draw one picture; they are begun with the first."""
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._ends: dict[tuple[int, int], list[float]] = {}  # by size: share of the rows up to a band's end

    def number(self, height: int) -> int:
        """How many bands a picture of so many rows has."""
        return max(1, min(self._threads, height // FEWEST_ROWS))

    def paint(self, width: int, height: int, paint: Paint) -> None:
        """Have all bands of a picture drawn."""
        count = self.number(height)
        if count == 1:
            paint(0, (0, height))
            return
        ends = self._ends.setdefault((width, height), [(number + 1) / count for number in range(count)])
        bands = list(pairwise([0, *(round(end * height) for end in ends)]))
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads - 1, thread_name_prefix="picture")
        others = [self._pool.submit(_timed, paint, number, bands[number]) for number in range(1, count)]
        costs = [_timed(paint, 0, bands[0]), *(other.result() for other in others)]
        self._ends[width, height] = shared_out(ends, costs, least=FEWEST_ROWS / 2 / height)


def _timed(paint: Paint, number: int, band: Band) -> float:
    """Processor seconds of a band."""
    started = time.thread_time()
    paint(number, band)
    return time.thread_time() - started


def shared_out(ends: Sequence[float], costs: Sequence[float], *, least: float) -> list[float]:
    """Where bands had better end, given what they cost with these ends; the former ends weigh half.

    Args:
        ends: Share of the rows up to each band's end, ascending to 1.
        costs: What each of them took; seconds.
        least: Share of the rows that every band keeps.
    """
    goals = np.arange(1, len(ends) + 1) * sum(costs) / len(ends)
    found = np.interp(goals, np.cumsum([0.0, *costs]), [0.0, *ends]).tolist()
    mixed: list[float] = []
    low = 0.0
    for number, (old, new) in enumerate(zip(ends, found, strict=True)):
        high = 1.0 - least * (len(ends) - 1 - number)
        low = min(max(MEMORY * old + (1.0 - MEMORY) * new, low + least), high)
        mixed.append(low)
    return [*mixed[:-1], 1.0]
