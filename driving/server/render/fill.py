"""Scan conversion: write a triangle into an image wherever its value exceeds what stands there.

A point is (x, y, value); sample centres lie at whole coordinates. Triangles that share an edge neither
overlap nor leave a gap: where a row meets an edge is computed from the edge's upper end for both.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driving.server.render.compiled import VECTOR, inlined, kernel, narrow, unsigned, vectors, whole

Point = tuple[float, float, float]


def sheet(rows: int, columns: int, kind: type[np.generic]) -> NDArray[Any]:
    """An image of nothing yet for `fill`, which looks at whole vectors: also at some behind the last row."""
    cells = np.empty(rows * columns + VECTOR, kind)
    return cells[: rows * columns].reshape(rows, columns)


@inlined
def fill(
    a: Point,
    b: Point,
    c: Point,
    owner: int,
    values: NDArray[np.float32],
    owners: NDArray[np.int32],
    rows: tuple[int, int],
) -> None:
    """Write a triangle's value into `values` (H, W), and `owner` beside it, where the value is larger.

    Both are made by `sheet`; only from the first of `rows` until before the second.
    """
    if b[1] < a[1]:
        a, b = b, a
    if c[1] < a[1]:
        a, c = c, a
    if c[1] < b[1]:
        b, c = c, b
    first_row, end_row = max(math.ceil(a[1]), rows[0]), min(math.ceil(c[1]), rows[1])
    bx, by, bv = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    cx, cy, cv = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    area = bx * cy - cx * by
    step_x, step_y = (bv * cy - cv * by) / area, (cv * bx - bv * cx) / area
    long, upper, lower = cx / cy, bx / by, (c[0] - b[0]) / (c[1] - b[1])
    step, columns = np.float32(step_x), float(values.shape[1])
    for row in range(first_row, end_row):
        down = row - a[1]
        left = a[0] + down * long
        right = a[0] + down * upper if row < b[1] else b[0] + (row - b[1]) * lower
        if area < 0.0:
            left, right = right, left
        first, end = math.ceil(max(left, 0.0)), math.ceil(min(right, columns))
        if first >= end:
            continue
        value = np.float32(a[2] + step_x * (first - a[0]) + step_y * down)
        line, line_owners, count = values[row, first:], owners[row, first:], whole(end - first)
        for column in range(vectors(end - first)):
            spot = unsigned(column)
            here = value + step * narrow(whole(column))
            if (here > line[spot]) & (whole(column) < count):
                line[spot] = here
                line_owners[spot] = owner


@kernel
def fill_polygon(
    corners: NDArray[np.float64], value: float, values: NDArray[np.float32], owners: NDArray[np.int32]
) -> None:
    """Write a convex polygon (k, 2) of one value; sample centres lie at half coordinates. See `fill`."""
    a = (corners[0, 0] - 0.5, corners[0, 1] - 0.5, value)
    for k in range(2, corners.shape[0]):
        b = (corners[k - 1, 0] - 0.5, corners[k - 1, 1] - 0.5, value)
        c = (corners[k, 0] - 0.5, corners[k, 1] - 0.5, value)
        fill(a, b, c, 1, values, owners, (0, values.shape[0]))
