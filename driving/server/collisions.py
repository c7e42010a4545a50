"""Who ran into whom: the contacts of each tick as events; one that lasts is not told anew."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from driving.server.impact import Contacts
from driving.server.solids import LABEL, Solids
from driving.server.wire import Vector

QUIET_IMPULSE = 1.0  # N s; a lasting contact that presses less is not reported again


@dataclass(frozen=True, slots=True)
class Collision:
    """Two that touched during the last tick."""

    actor: int
    other: int  # 0: a part of the scenery
    impulse: Vector  # N s on `other`
    label: int = 0  # CityObjectLabel of that part


class Collisions:
    """The last tick's collisions, and who touches still."""

    def __init__(self) -> None:
        self.latest: tuple[Collision, ...] = ()
        self._touching: set[tuple[int, int]] = set()  # ids; -1 - k for a solid

    def note(self, contacts: Contacts, actors: Iterable[int], solids: Solids) -> None:
        """Take in a tick's contacts between rows of `actors`, given by id, and `solids`."""
        if not len(contacts) and not self._touching:
            self.latest = ()
            return
        ids = list(actors)
        found, touching = [], set()
        for first, second, x, y in contacts.tolist():
            one, other = ids[int(first)], ids[int(second)] if second >= 0 else int(second)
            touching.add((one, other))
            if (one, other) not in self._touching or math.hypot(x, y) > QUIET_IMPULSE:
                label = 0 if other > 0 else int(solids[-1 - other, LABEL])
                found.append(Collision(one, max(other, 0), (x, y, 0.0), label))
        self.latest, self._touching = tuple(found), touching

    def forget(self, actor_id: int) -> None:
        """Let go of somebody who is gone."""
        self._touching = {pair for pair in self._touching if actor_id not in pair}
