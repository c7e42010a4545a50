"""A map in use: its ground, what stands on it, and what a ray meets there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property

import numpy as np

from driving.server.bodies import Bodies
from driving.server.ground import Ground, ground_of
from driving.server.maps import RoadMap
from driving.server.physics import rotation
from driving.server.render.street import Street
from driving.server.scenery import Standing, scenery_of, street_of
from driving.server.sight_lines import Boxes, box_hits, ground_hit, label_at
from driving.server.wire import Vector


class Place:
    """The unmoving part of a world."""

    def __init__(self, road_map: RoadMap) -> None:
        self.map = road_map
        self.ground: Ground = ground_of(road_map.strips)
        self.hidden: set[int] = set()  # ids of standing things that a client took away

    @cached_property
    def street(self) -> Street:
        """What cameras see of it."""
        return street_of(self.map)

    @cached_property
    def standing(self) -> tuple[Standing, ...]:
        """Every house, tree and lamp."""
        return scenery_of(self.street)

    def show(self, ids: Collection[int], *, on: bool) -> None:
        """Put standing things back, or take them away."""
        self.hidden = self.hidden - set(ids) if on else self.hidden | set(ids)

    def look(
        self, start: Vector, end: Vector, bodies: Bodies, labels: Iterable[int]
    ) -> list[tuple[Vector, int]]:
        """What a straight line meets: where it enters each thing, nearest first.

        Args:
            start: Where the line begins, m; a thing around this point is not met.
            end: Where it ends, m.
            bodies: Everybody's rows; those that collide are met.
            labels: Their CityObjectLabels.

        Returns:
            Pairs of point and CityObjectLabel.
        """
        first = np.asarray(start)
        way = np.asarray(end) - first
        hits = box_hits(self._boxes(bodies, labels), first, way)
        part = ground_hit(self.ground, start, (float(way[0]), float(way[1]), float(way[2])))
        if part is not None:
            x, y, _ = (first + part * way).tolist()
            hits.append((part, label_at(self.map.strips, x, y)))
        points = [((first + part * way).tolist(), label) for part, label in sorted(hits)]
        return [((x, y, z), label) for (x, y, z), label in points]

    def _boxes(self, bodies: Bodies, labels: Iterable[int]) -> Boxes:
        centre, half, axes, kinds = [], [], [], []
        for body, label in zip(bodies, labels, strict=True):
            if body["collides"]:
                turned = rotation(float(body["pitch"]), float(body["yaw"]), float(body["roll"]))
                centre.append([body["x"], body["y"], body["z"]] + turned[:, 2] * body["centre_z"])
                half.append([body["half_length"], body["half_width"], body["half_height"]])
                axes.append(turned)
                kinds.append(label)
        for thing in self.standing:
            if thing.id not in self.hidden:
                centre.append(np.asarray(thing.centre))
                half.append(list(thing.half))
                axes.append(rotation(0.0, thing.yaw, 0.0))
                kinds.append(thing.label)
        return Boxes(
            np.array(centre).reshape(-1, 3),
            np.array(half).reshape(-1, 3),
            np.array(axes).reshape(-1, 3, 3),
            np.array(kinds, np.int64),
        )
