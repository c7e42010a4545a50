"""Scan conversion: which samples a polygon covers, and which of two values stays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from driving.server.render.fill import fill_polygon, sheet

ROWS, COLUMNS = 13, 21  # no whole number of vectors


def covered(corners: np.ndarray) -> np.ndarray:
    """Samples, at half coordinates, to the left of every side of a triangle or to the right of every side."""
    down, across = np.mgrid[:ROWS, :COLUMNS] + 0.5
    sides = [
        (bx - ax) * (down - ay) - (by - ay) * (across - ax)
        for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True)
    ]
    return np.all(np.array(sides) > 0, axis=0) | np.all(np.array(sides) < 0, axis=0)


def blank() -> tuple[np.ndarray, np.ndarray]:
    values, owners = sheet(ROWS, COLUMNS, np.float32), sheet(ROWS, COLUMNS, np.int32)
    values[:], owners[:] = 0.0, -1
    return values, owners


@pytest.mark.parametrize("seed", range(30))
def test_a_triangle_covers_the_samples_inside_it_and_no_others(seed: int) -> None:
    corners = np.random.default_rng(seed).uniform((-4.0, -4.0), (COLUMNS + 4.0, ROWS + 4.0), (3, 2))
    values, owners = blank()
    fill_polygon(corners, 2.0, values, owners)
    assert_array_equal(values, 2.0 * covered(corners))
    assert_array_equal(owners, np.where(covered(corners), 1, -1))


def test_the_larger_value_stays_whichever_comes_first() -> None:
    left = np.array([(-1.0, -1.0), (30.0, -1.0), (-1.0, 30.0)])
    right = np.array([(22.0, 20.0), (22.0, -30.0), (-30.0, 20.0)])
    both = [blank()[0] for _ in range(2)]
    for values, order in zip(both, (((left, 1.0), (right, 3.0)), ((right, 3.0), (left, 1.0))), strict=True):
        for corners, value in order:
            fill_polygon(corners, value, values, blank()[1])
    assert_array_equal(both[0], np.maximum(1.0 * covered(left), 3.0 * covered(right)))
    assert_array_equal(both[0], both[1])
