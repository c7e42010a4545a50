"""Calls to a server that may never answer: made in a thread of their own, given up when nobody will."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from driving.errors import ServerDied, ServerHung

LOOK_EVERY = 0.25  # s of waiting, after which the server's life is looked at

Answer = TypeVar("Answer")
_Box = queue.SimpleQueue[tuple[Any, BaseException | None]]


class Watch:
    """One thread that talks to one server.

    The client waits for a dead server as long as its timeout says, within C++, where neither a signal nor
    Python reaches it; so the caller waits here instead, and leaves the thread to time out by itself.
    """

    def __init__(self, alive: Callable[[], bool]) -> None:
        """`alive` tells whether the server is still there; it is asked only while an answer is late."""
        self._alive = alive
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], _Box] | None] = queue.SimpleQueue()
        threading.Thread(target=_work, args=(self._calls,), name="driving-watch", daemon=True).start()

    def __call__(self, call: Callable[[], Answer], *, limit: float) -> Answer:
        """What the call returns or raises, if it does so within `limit` seconds.

        Raises:
            ServerDied: The server is gone.
            ServerHung: It is there, and the limit has passed.
        """
        box: _Box = queue.SimpleQueue()
        self._calls.put((call, box))
        deadline = time.monotonic() + limit
        while True:
            try:
                answer, error = box.get(timeout=LOOK_EVERY)
            except queue.Empty:
                if not self._alive():
                    raise ServerDied("the simulator is gone") from None
                if time.monotonic() >= deadline:
                    raise ServerHung(f"the simulator gave no answer for {limit:.1f} s") from None
                continue
            if error is not None:
                raise error
            return answer  # type: ignore[no-any-return]

    def end(self) -> None:
        """Let the thread end, as soon as what it does returns."""
        self._calls.put(None)


def _work(calls: queue.SimpleQueue[tuple[Callable[[], Any], _Box] | None]) -> None:
    while (task := calls.get()) is not None:
        call, box = task
        try:
            box.put((call(), None))
        except Exception as error:  # raised again by the caller, if it still waits
            box.put((None, error))
        del task, call, box  # nothing of a session may live on here while this waits
