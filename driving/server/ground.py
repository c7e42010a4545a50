"""How high the ground is anywhere: a grid of heights drawn from a map's lane strips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driving.server.kernels import kernel
from driving.server.maps import LaneStrip, edge_points

FINE, COARSE = 0.25, 0.5  # m between grid points, of small and of large maps
LARGE = 60_000.0  # m2
MARGIN = 2.0  # m around the lanes


@dataclass(frozen=True, slots=True)
class Ground:
    """Heights on a grid, between which the ground is bilinear; beyond its edges it goes on level."""

    heights: NDArray[np.float32]  # (columns along x, rows along y), m
    frame: NDArray[np.float64]  # x and y of the first point, grid points per metre


def ground_of(strips: Sequence[LaneStrip]) -> Ground:
    """The ground that lanes lie on; between and beyond them, the height of the nearest lane."""
    edges = edge_points(strips)
    low, high = edges[:, :2].min(axis=0) - MARGIN, edges[:, :2].max(axis=0) + MARGIN
    cell = FINE if np.prod(high - low) < LARGE else COARSE
    columns, rows = (int(size) + 2 for size in (high - low) / cell)
    heights = np.full((columns, rows), np.nan, np.float32)
    frame = np.array([low[0], low[1], 1.0 / cell])
    for strip in strips:
        _draw(heights, frame, strip.left, strip.right)
    _spread(heights)
    return Ground(heights, frame)


@kernel
def height_at(heights: NDArray[np.float32], frame: NDArray[np.float64], x: float, y: float) -> float:
    """Height of the ground below a point, m."""
    columns, rows = heights.shape
    u = min(max((x - frame[0]) * frame[2], 0.0), columns - 1.001)
    v = min(max((y - frame[1]) * frame[2], 0.0), rows - 1.001)
    i, j = int(u), int(v)
    u, v = u - i, v - j
    near = heights[i, j] * (1.0 - v) + heights[i, j + 1] * v
    far = heights[i + 1, j] * (1.0 - v) + heights[i + 1, j + 1] * v
    return float(near * (1.0 - u) + far * u)


@kernel
def _draw(
    heights: NDArray[np.float32],
    frame: NDArray[np.float64],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
) -> None:
    """Set the height of every grid point on a strip: the quadrilaterals between its edges' points."""
    for k in range(len(left) - 1):
        _triangle(heights, frame, left[k], right[k], left[k + 1])
        _triangle(heights, frame, right[k], left[k + 1], right[k + 1])


@kernel
def _triangle(
    heights: NDArray[np.float32],
    frame: NDArray[np.float64],
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    c: NDArray[np.float64],
) -> None:
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    if abs(area) < 1e-12:
        return
    columns, rows = heights.shape
    first = max(math.ceil((min(a[0], b[0], c[0]) - frame[0]) * frame[2]), 0)
    last = min(math.floor((max(a[0], b[0], c[0]) - frame[0]) * frame[2]), columns - 1)
    lowest = max(math.ceil((min(a[1], b[1], c[1]) - frame[1]) * frame[2]), 0)
    highest = min(math.floor((max(a[1], b[1], c[1]) - frame[1]) * frame[2]), rows - 1)
    for i in range(first, last + 1):
        x = frame[0] + i / frame[2]
        for j in range(lowest, highest + 1):
            y = frame[1] + j / frame[2]
            of_b = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
            of_c = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
            if of_b >= -1e-9 and of_c >= -1e-9 and of_b + of_c <= 1.0 + 1e-9:
                heights[i, j] = a[2] + of_b * (b[2] - a[2]) + of_c * (c[2] - a[2])


@kernel
def _spread(heights: NDArray[np.float32]) -> None:
    """Give points beside the lanes the height of a lane nearby: two sweeps there and back."""
    columns, rows = heights.shape
    for turn in range(4):
        for p in range(columns):
            i = p if turn % 2 == 0 else columns - 1 - p
            for q in range(rows):
                j = q if turn % 2 == 0 else rows - 1 - q
                if math.isnan(heights[i, j]):
                    back = -1 if turn % 2 == 0 else 1
                    if 0 <= j + back < rows and not math.isnan(heights[i, j + back]):
                        heights[i, j] = heights[i, j + back]
                    elif 0 <= i + back < columns and not math.isnan(heights[i + back, j]):
                        heights[i, j] = heights[i + back, j]
