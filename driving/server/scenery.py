"""What stands on a map: houses, trees, lamps, posts, traffic lights and signs, as boxes with names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from driving.server.maps import RoadMap
from driving.server.render import surfaces
from driving.server.render.signage import Signage
from driving.server.render.street import Placed, Street, lay_out
from driving.server.wire import Vector

SEED = 0  # of the street that cameras see
ANY = 255
LABELS = {
    "house": surfaces.BUILDINGS, "tree": surfaces.VEGETATION, "lamp": surfaces.POLES,
    "post": surfaces.POLES, "light": surfaces.TRAFFIC_LIGHTS, "sign": surfaces.TRAFFIC_SIGNS,
}  # fmt: skip
EVERY_LAYER = 0xFFFF  # carla.MapLayer.All
LAYERS = {"house": 0x01, "tree": 0x04, "lamp": 0x80}
"""Bits of carla.MapLayer: houses are of Buildings, trees of Foliage, lamps of StreetLights."""
EVERY_KIND = sum(LAYERS.values())

_TYPES = {
    surfaces.ROADS: "road", surfaces.SIDEWALKS: "sidewalk", surfaces.BUILDINGS: "building",
    surfaces.POLES: "pole", surfaces.TRAFFIC_LIGHTS: "trafficlight", surfaces.TRAFFIC_SIGNS: "trafficsign",
    surfaces.VEGETATION: "vegetation", surfaces.TERRAIN: "terrain",
    surfaces.ROAD_LINES: "roadline", surfaces.GROUND: "ground",
}  # fmt: skip

_LATEST: dict[str, Street] = {}  # by document; the one street that many worlds of a process have


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing that stands, in an upright box."""

    id: int
    name: str
    label: int  # CityObjectLabel
    centre: Vector  # of the box, m
    half: Vector  # m along the box's own axes
    yaw: float  # degrees
    layer: int = 0  # bit of carla.MapLayer; 0: it stays with all of them


def street_of(road_map: RoadMap, signage: Signage) -> Street:
    """What stands and lies beside a map's roads and on them; the same at every call.

    Args:
        road_map: The map.
        signage: The map's.
    """
    if road_map.xodr not in _LATEST:
        street = lay_out(road_map.strips, road_map.marks, seed=SEED, signage=signage)
        _LATEST.clear()
        _LATEST[road_map.xodr] = street
    return _LATEST[road_map.xodr]


def scenery_of(street: Street) -> tuple[Standing, ...]:
    """Everything that stands in a street."""
    return tuple(_standing(placed) for placed in street.placed if placed.thing)


def type_of(label: int) -> str:
    """The type of actor as which CARLA names a part of the scenery with a CityObjectLabel."""
    return f"static.{_TYPES.get(label, 'unknown')}"


def yaw_of(sort: str, placed: Placed) -> float:
    """Where a standing thing's own x axis points, rad: a house's along its front."""
    if sort == "house":
        _, x, y, next_x, next_y, *_ = cast("tuple[float, ...]", placed.shape.key)
        return math.atan2(next_y - y, next_x - x)
    return math.atan2(placed.pose[1, 0], placed.pose[0, 0])


def _standing(placed: Placed) -> Standing:
    sort, number = str(cast("tuple[object, ...]", placed.shape.key)[0]), placed.thing
    vertices = placed.shape.meshes[0].vertices.astype(float)
    points = vertices @ placed.pose[:, :3].T + placed.pose[:, 3]
    yaw = yaw_of(sort, placed)
    axes = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
    turned = np.column_stack([points[:, :2] @ axes, points[:, 2]])
    low, high = turned.min(axis=0), turned.max(axis=0)
    centre = (low + high) / 2
    x, y = axes @ centre[:2]
    return Standing(
        number,
        f"{sort.capitalize()}_{number}",
        LABELS[sort],
        (float(x), float(y), float(centre[2])),
        _vector((high - low) / 2),
        math.degrees(yaw),
        LAYERS.get(sort, 0),
    )


def _vector(row: NDArray[np.float64]) -> Vector:
    x, y, z = row.tolist()
    return x, y, z
