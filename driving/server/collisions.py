"""Who ran into whom: the contacts of each tick as events; one that lasts is not told anew."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from driving.server.impact import Contacts
from driving.server.wire import Vector

QUIET_IMPULSE = 1.0  # N s; a lasting contact that presses less is not reported again


@dataclass(frozen=True, slots=True)
class Collision:
    """Two actors that touched during the last tick."""

    actor: int
    other: int
    impulse: Vector  # N s on `other`


class Collisions:
    """The last tick's collisions, and who touches still."""

    def __init__(self) -> None:
        self.latest: tuple[Collision, ...] = ()
        self._touching: set[tuple[int, int]] = set()

    def note(self, contacts: Contacts, actors: Iterable[int]) -> None:
        """Take in a tick's contacts between rows of `actors`, given by id."""
        if not len(contacts) and not self._touching:
            self.latest = ()
            return
        ids = list(actors)
        found, touching = [], set()
        for first, second, x, y in contacts:
            pair = (ids[int(first)], ids[int(second)])
            touching.add(pair)
            if pair not in self._touching or math.hypot(x, y) > QUIET_IMPULSE:
                found.append(Collision(*pair, (float(x), float(y), 0.0)))
        self.latest, self._touching = tuple(found), touching

    def forget(self, actor_id: int) -> None:
        """Let go of somebody who is gone."""
        self._touching = {pair for pair in self._touching if actor_id not in pair}
