"""What stands on a map besides actors: the houses, trees and lamps that cameras see, as boxes with names."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from driving.server.render.street import Placed
from driving.server.render.surfaces import BUILDINGS, POLES, VEGETATION
from driving.server.wire import Vector

ANY = 255
_LABELS = {"house": BUILDINGS, "tree": VEGETATION, "lamp": POLES}


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing that stands, in an upright box."""

    id: int
    row: int  # of the drawn scene's objects
    name: str
    label: int  # CityObjectLabel
    centre: Vector  # of the box, m
    half: Vector  # m along the box's own axes
    yaw: float  # degrees


def scenery_of(street: Iterable[tuple[int, Placed]]) -> tuple[Standing, ...]:
    """Everything that stands on a drawn street, given as rows of the scene's objects and placed shapes."""
    found: list[Standing] = []
    for row, placed in street:
        sort = placed.shape.key[0] if isinstance(placed.shape.key, tuple) else ""
        if sort in _LABELS:
            found.append(_standing(len(found) + 1, row, str(sort), placed))
    return tuple(found)


def _standing(number: int, row: int, sort: str, placed: Placed) -> Standing:
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
        row,
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
