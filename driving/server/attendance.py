"""Who is there: how many clients are connected, and for how long there has been none."""

from __future__ import annotations

import math
import time
from collections.abc import Callable


class Attendance:
    """Counts clients; tells when a server that nobody uses should end."""

    def __init__(self, idle_exit: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nobody.

        Args:
            idle_exit: Seconds without a client after which the server should end; None: never.
            clock: s.
        """
        self._idle_exit = math.inf if idle_exit is None else idle_exit
        self._clock = clock
        self._clients = 0
        self._empty_since = clock()

    def enter(self) -> None:
        """A client connects."""
        self._clients += 1

    def leave(self) -> bool:
        """A client is gone; whether it was the last one."""
        self._clients -= 1
        self._empty_since = self._clock()
        return not self._clients

    def patience(self) -> float:
        """Seconds until the server should end if nobody comes; inf while somebody is there."""
        if self._clients:
            return math.inf
        return max(self._empty_since + self._idle_exit - self._clock(), 0.0)
