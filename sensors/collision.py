"""CARLA's collision sensor as a list of who was touched; a cross-check, since it misses some hits."""

from __future__ import annotations

import queue
from typing import Any


class CollisionSensor:
    """Collects the ids of the actors that the ego touched."""

    def __init__(self, actor: Any) -> None:
        """`actor` is a `carla.Sensor` that is not listening yet; this object keeps it alive."""
        self.actor = actor
        self._events: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        actor.listen(lambda event: self._events.put((event.frame, event.other_actor.id)))

    def touched_since(self, frame: int) -> list[int]:
        """Ids touched after a frame, oldest first; events of earlier frames are dropped."""
        touched: list[int] = []
        while True:
            try:
                at, other = self._events.get_nowait()
            except queue.Empty:
                return touched
            if at > frame:
                touched.append(other)

    def stop(self) -> None:
        """Stop listening; the actor stays."""
        self.actor.stop()
