"""When a tick must wait, lest a client misses it: for listeners on their way, for a TrafficManager to rest.

A TrafficManager in synchronous mode runs in the client. Its thread asks for the settings, then goes to sleep,
and the client's tick wakes it; woken in the instant before it sleeps, it sleeps for ever and the client hangs
(it is notified without holding the lock: a lost wake-up). Unreal's ticks take too long for that instant to
matter, ours do not: one in some thousands hit it. So a tick gives that thread time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

LONGEST_HOLD = 0.25  # s that a tick waits for announced subscriptions
REST = 0.001  # s that a tick waits after a TrafficManager's last call of its step


class Gate:
    """Tells whether ticks must wait, and for how long."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock  # s
        self._announced: dict[int, deque[float]] = {}  # until when subscriptions are waited for, by stream
        self._rest_until = 0.0

    def announce(self, stream: int) -> None:
        """Somebody is about to listen to a stream."""
        self._announced.setdefault(stream, deque()).append(self._clock() + LONGEST_HOLD)

    def arrive(self, stream: int) -> None:
        """Somebody listens to a stream."""
        waited = self._announced.get(stream, deque())
        if waited:
            waited.popleft()
        if not waited:
            self._announced.pop(stream, None)

    def rest(self) -> None:
        """A TrafficManager's thread is about to sleep until the next tick."""
        self._rest_until = self._clock() + REST

    def wait(self) -> float:
        """For how long ticks must wait from now on; s, 0 if they need not."""
        if not self._announced and not self._rest_until:
            return 0.0
        now = self._clock()
        self._forget(now)
        if now >= self._rest_until:
            self._rest_until = 0.0
        holds = [waited[-1] for waited in self._announced.values()]
        return max(max(holds, default=0.0) - now, self._rest_until - now, 0.0)

    def _forget(self, now: float) -> None:
        """Wait no longer for whom enough was waited."""
        for stream, waited in tuple(self._announced.items()):
            while waited and waited[0] <= now:
                waited.popleft()
            if not waited:
                del self._announced[stream]
