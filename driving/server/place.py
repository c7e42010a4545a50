"""A map in use: its ground, and which of the things that stand on it a client took away."""

from __future__ import annotations

from collections.abc import Collection

from driving.server.ground import Ground, ground_of
from driving.server.maps import RoadMap


class Place:
    """The unmoving part of a world."""

    def __init__(self, road_map: RoadMap) -> None:
        self.map = road_map
        self.ground: Ground = ground_of(road_map.strips)
        self.hidden: set[int] = set()  # ids of standing things that a client took away

    def show(self, ids: Collection[int], *, on: bool) -> None:
        """Put standing things back, or take them away."""
        self.hidden = self.hidden - set(ids) if on else self.hidden | set(ids)
