"""What stands on a map besides actors: the houses, trees and lamps that cameras see, as boxes with names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from driving.server.maps import RoadMap
from driving.server.render.street import Placed, Street, lay_out
from driving.server.render.surfaces import BUILDINGS, POLES, VEGETATION
from driving.server.wire import Vector

SEED = 0  # of the street that cameras see
ANY = 255
_LABELS = {"house": BUILDINGS, "tree": VEGETATION, "lamp": POLES}


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing that stands, in an upright box."""

    id: int
    name: str
    label: int  # CityObjectLabel
    centre: Vector  # of the box, m
    half: Vector  # m along the box's own axes
    yaw: float  # degrees


def street_of(road_map: RoadMap) -> Street:
    """What stands and lies beside a map's roads and on them; the same at every call."""
    return lay_out(road_map.strips, road_map.marks, seed=SEED)


def scenery_of(street: Street) -> tuple[Standing, ...]:
    """Everything that stands in a street."""
    return tuple(_standing(placed) for placed in street.placed if placed.thing)


def _standing(placed: Placed) -> Standing:
    sort, number = str(cast("tuple[object, ...]", placed.shape.key)[0]), placed.thing
    vertices = placed.shape.meshes[0].vertices.astype(float)
    points = vertices @ placed.pose[:, :3].T + placed.pose[:, 3]
    yaw = _yaw(sort, placed)
    axes = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
    turned = np.column_stack([points[:, :2] @ axes, points[:, 2]])
    low, high = turned.min(axis=0), turned.max(axis=0)
    centre = (low + high) / 2
    x, y = axes @ centre[:2]
    return Standing(
        number,
        f"{sort.capitalize()}_{number}",
        _LABELS[sort],
        (float(x), float(y), float(centre[2])),
        _vector((high - low) / 2),
        math.degrees(yaw),
    )


def _yaw(sort: str, placed: Placed) -> float:
    """Where its own x axis points, rad: a house's along its front."""
    if sort == "house":
        _, x, y, next_x, next_y, *_ = cast("tuple[float, ...]", placed.shape.key)
        return math.atan2(next_y - y, next_x - x)
    return math.atan2(placed.pose[1, 0], placed.pose[0, 0])


def _vector(row: NDArray[np.float64]) -> Vector:
    x, y, z = row.tolist()
    return x, y, z
