"""A map in use: its ground, what stands on it, and what of that a client took away."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from driving.server.ground import Ground, ground_of, height_at
from driving.server.maps import RoadMap
from driving.server.render.signage import Signage
from driving.server.render.street import Street
from driving.server.scenery import EVERY_KIND, Standing, scenery_of, street_of
from driving.server.signposts import signage_of
from driving.server.solids import Index, Solids, hide, index_of, solids_of


class Place:
    """The unmoving part of a world."""

    def __init__(self, road_map: RoadMap) -> None:
        self.map = road_map
        self.hidden: set[int] = set()  # ids of standing things that a client took away, whichever way
        self._off: set[int] = set()  # ids of those that it switched off, one by one
        self._unloaded = 0  # layers, bits of carla.MapLayer

    def restore(self) -> None:
        """Put back what clients took away."""
        if self._off or self._unloaded:
            self._off, self._unloaded = set(), 0
            self._hide()

    @cached_property
    def ground(self) -> Ground:
        """Heights; drawn when first needed: a bad map or address is refused before any kernel loads."""
        return ground_of(self.map.strips)

    @cached_property
    def signage(self) -> Signage:
        """Its lights and signs, and their posts."""
        return signage_of(self.map, self.height)

    def height(self, x: float, y: float) -> float:
        """Height of the ground below a point, m."""
        return height_at(self.ground.heights, self.ground.frame, x, y)

    @cached_property
    def street(self) -> Street:
        """What cameras see of it."""
        return street_of(self.map, self.signage)

    @cached_property
    def standing(self) -> tuple[Standing, ...]:
        """Every house, tree, lamp, post, head and plate."""
        return scenery_of(self.street)

    @cached_property
    def solids(self) -> Solids:
        """What of it stops bodies."""
        return solids_of(self.street.placed)

    @cached_property
    def index(self) -> Index:
        """Where that is."""
        return index_of(self.solids)

    @property
    def loaded(self) -> list[Standing]:
        """What stands and is of no layer that was unloaded, switched off or not."""
        return [thing for thing in self.standing if not thing.layer & self._unloaded]

    @property
    def shown(self) -> list[Standing]:
        """What stands and was not taken away."""
        return [thing for thing in self.standing if thing.id not in self.hidden]

    def show(self, ids: Collection[int], *, on: bool) -> None:
        """Switch standing things on or off; those of a layer that is unloaded stay away."""
        self._off = self._off - set(ids) if on else self._off | set(ids)
        self._hide()

    def show_layers(self, layers: int, *, on: bool) -> None:
        """Put back, or take away, all that stands and belongs to layers, bits of carla.MapLayer."""
        if not layers & EVERY_KIND:
            return
        if on:
            self._unloaded &= ~layers
            self._off -= {thing.id for thing in self.standing if thing.layer & layers}
        else:
            self._unloaded |= layers
        self._hide()

    def _hide(self) -> None:
        away = {thing.id for thing in self.standing if thing.layer & self._unloaded}
        self.hidden = self._off | away
        hide(self.solids, self.hidden)
