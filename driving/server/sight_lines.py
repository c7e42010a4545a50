"""Rays: where a straight line meets boxes and the ground, nearest first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from driving.server.ground import Ground, ground_of, height_at
from driving.server.maps import LaneStrip
from driving.server.render.surfaces import ROADS, SIDEWALKS, TERRAIN
from driving.server.wire import Vector

GROUND_STEP = 0.2  # m between looks at the ground below a ray
_BISECTIONS = 30

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes that a ray may meet."""

    centre: Array  # (n, 3), m
    half: Array  # (n, 3), m
    axes: Array  # (n, 3, 3), columns: where a box's own axes point
    label: NDArray[np.int64]  # (n,) CityObjectLabel


def box_hits(boxes: Boxes, start: Array, way: Array) -> list[tuple[float, int]]:
    """Where a ray enters boxes.

    Args:
        boxes: n boxes; one in which the ray begins is not met.
        start: The ray's first point, shape (3,).
        way: From its first to its last point, shape (3,).

    Returns:
        Pairs of part of the way in [0, 1], and label; unordered.
    """
    origin = np.einsum("nij,ni->nj", boxes.axes, start - boxes.centre)
    along = np.einsum("nij,i->nj", boxes.axes, way)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (-boxes.half - origin) / along, (boxes.half - origin) / along
    beside = (along == 0.0) & (np.abs(origin) > boxes.half)
    near = np.where(along == 0.0, -np.inf, np.minimum(one, other)).max(axis=1)
    far = np.where(along == 0.0, np.inf, np.maximum(one, other)).min(axis=1)
    met = (near <= far) & (near >= 0.0) & (near <= 1.0) & ~beside.any(axis=1)
    return [(float(near[row]), int(boxes.label[row])) for row in np.flatnonzero(met)]


def ground_hit(ground: Ground, start: Vector, way: Vector) -> float | None:
    """The part of the way at which a ray first goes into the ground; None if it does not."""
    part = _ground_hit(ground.heights, ground.frame, start, way)
    return None if part < 0.0 else float(part)


def label_at(strips: Sequence[LaneStrip], x: float, y: float) -> int:
    """What the ground is at a point: road, pavement, or neither."""
    for strip in reversed(strips):  # the last one drawn is the one that the ground's height is taken from
        if _covers(strip, x, y):
            return SIDEWALKS if strip.kind == "sidewalk" else ROADS
    return TERRAIN


def _covers(strip: LaneStrip, x: float, y: float) -> bool:
    low = np.minimum(strip.left[:, :2].min(axis=0), strip.right[:, :2].min(axis=0))
    high = np.maximum(strip.left[:, :2].max(axis=0), strip.right[:, :2].max(axis=0))
    if not (low[0] <= x <= high[0] and low[1] <= y <= high[1]):
        return False
    left, right = strip.left[:, :2], strip.right[:, :2]
    corners = np.stack([left[:-1], right[:-1], right[1:], left[1:]], axis=1)  # (quads, 4, 2)
    sides = np.roll(corners, -1, axis=1) - corners
    cross = sides[..., 0] * (y - corners[..., 1]) - sides[..., 1] * (x - corners[..., 0])
    return bool(((cross >= -1e-9).all(axis=1) | (cross <= 1e-9).all(axis=1)).any())


def warm_up() -> None:
    """Load or compile the kernel."""
    flat = LaneStrip("driving", np.zeros((2, 3)), np.ones((2, 3)))
    ground_hit(ground_of([flat]), (0.0, 0.0, 1.0), (0.0, 0.0, -2.0))


@njit(cache=True)
def _ground_hit(heights: NDArray[np.float32], frame: Array, start: Vector, way: Vector) -> float:
    looks = int(max(math.hypot(way[0], way[1]) / GROUND_STEP, 1.0)) + 1
    before = start[2] - height_at(heights, frame, start[0], start[1])
    for look in range(1, looks + 1):
        part = look / looks
        after = start[2] + part * way[2] - _below(heights, frame, start, way, part)
        if before >= 0.0 and after < 0.0:
            low, high = (look - 1) / looks, part
            for _ in range(_BISECTIONS):
                middle = (low + high) / 2
                if start[2] + middle * way[2] >= _below(heights, frame, start, way, middle):
                    low = middle
                else:
                    high = middle
            return low
        before = after
    return -1.0


@njit(cache=True)
def _below(heights: NDArray[np.float32], frame: Array, start: Vector, way: Vector, part: float) -> float:
    return height_at(heights, frame, start[0] + part * way[0], start[1] + part * way[1])
