"""Where a run's time goes: seconds by name, none of them counted twice."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIMULATOR, INFERENCE, UPDATES, LOOKS, SAVES = (
    "time/simulator",  # the worlds are stepped and reset while experience is collected
    "time/inference",  # whoever acts decides
    "time/updates",  # networks learn
    "time/looks",  # the driver is evaluated
    "time/saves",  # the last round's checkpoint is written
)


class Stopwatch:
    """Blocks may stand in one another: a second counts for the innermost only.

    Args:
        clock: Tells the time, s.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self._open, self._since = clock, list[str](), 0.0
        self._spent: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Count what the block takes under `name`."""
        self._turn()
        self._open.append(name)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()

    def shares(self) -> dict[str, float]:
        """Each name's share in [0, 1] of the time counted since the last call."""
        whole = sum(self._spent.values())
        found = {name: round(spent / whole, 3) for name, spent in self._spent.items()} if whole else {}
        self._spent.clear()
        return found

    def _turn(self) -> None:
        now = self._clock()
        if self._open:
            self._spent[self._open[-1]] += now - self._since
        self._since = now
