"""A map in use: its ground, what stands on it, and what of that a client took away."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from driving.server.ground import Ground, ground_of
from driving.server.maps import RoadMap
from driving.server.render.street import Street
from driving.server.scenery import LAYERS, Standing, scenery_of, street_of
from driving.server.solids import Index, Solids, hide, index_of, solids_of


class Place:
    """The unmoving part of a world."""

    def __init__(self, road_map: RoadMap) -> None:
        self.map = road_map
        self.hidden: set[int] = set()  # ids of standing things that a client took away

    def restore(self) -> None:
        """Put back what clients took away."""
        if self.hidden:
            self.show(self.hidden, on=True)

    @cached_property
    def ground(self) -> Ground:
        """Heights; drawn when first needed: a bad map or address is refused before any kernel loads."""
        return ground_of(self.map.strips)

    @cached_property
    def street(self) -> Street:
        """What cameras see of it."""
        return street_of(self.map)

    @cached_property
    def standing(self) -> tuple[Standing, ...]:
        """Every house, tree and lamp."""
        return scenery_of(self.street)

    @cached_property
    def solids(self) -> Solids:
        """What of it stops bodies."""
        return solids_of(self.street.placed)

    @cached_property
    def index(self) -> Index:
        """Where that is."""
        return index_of(self.solids)

    def show(self, ids: Collection[int], *, on: bool) -> None:
        """Put standing things back, or take them away."""
        self.hidden = self.hidden - set(ids) if on else self.hidden | set(ids)
        hide(self.solids, self.hidden)

    def show_layers(self, layers: int, *, on: bool) -> None:
        """Put back, or take away, all that stands and belongs to layers, bits of carla.MapLayer."""
        if layers & sum(LAYERS.values()):
            self.show([thing.id for thing in self.standing if LAYERS[thing.label] & layers], on=on)
