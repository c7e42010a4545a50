"""Lamps: which of them shine near a camera, what stands in their light, and what they give to a point.

A row is place (x, y, z in m), way (unit vector), colour (linear, at 1 m), range (m), sort, row of its object.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Lamps, Light
from driving.server.render.compiled import inlined, kernel, trailing_zeros

CELLS = 64  # of the grid of lamps, along a side
CELL = 5.0  # m
MOST = 62  # bits of one cell
COLUMNS = 12
WAY, COLOUR, RANGE, SORT, OWNER = 3, 6, 9, 10, 11
STREET, DIPPED, MAIN, POOL = range(4)  # sorts: street lamp, low and high beam, a tail lamp's light behind it
FAINTEST = 0.0015  # light that is left out, linear
WIDE_LAMP = 30.0  # m2
SOFT = 0.12  # m of way through a box that darken a lamp's light wholly

Colour = tuple[float, float, float]


def no_lamps() -> Lamps:
    """The light of day."""
    return Lamps(np.zeros((0, COLUMNS)), np.zeros(0, np.int64), np.zeros((0, 0), np.int64), (0.0, 0.0, 0.0))


def lamps_around(rows: NDArray[np.float64], x: float, y: float, blockers: NDArray[np.float64]) -> Lamps:
    """The `MOST` lamps of rows (n, COLUMNS) nearest to (x, y); `blockers` as in `Light`."""
    far = np.hypot(rows[:, 0] - x, rows[:, 1] - y) - rows[:, RANGE]
    near = np.argsort(far, kind="stable")[:MOST]
    chosen = np.ascontiguousarray(rows[near[far[near] < 0.5 * CELLS * CELL]])
    screens, cells = np.zeros(len(chosen), np.int64), np.zeros((CELLS, CELLS), np.int64)
    origin = (x - 0.5 * CELLS * CELL, y - 0.5 * CELLS * CELL, 1.0 / CELL)
    spread(chosen, blockers, screens, cells, origin)
    return Lamps(chosen, screens, cells, origin)


@kernel
def spread(
    rows: NDArray[np.float64],
    blockers: NDArray[np.float64],
    screens: NDArray[np.int64],
    cells: NDArray[np.int64],
    origin: Colour,
) -> None:
    """Note which cells each lamp may light, and which boxes may stand in its light."""
    side, scale = cells.shape[0], origin[2]
    for lamp in range(rows.shape[0]):
        row, bit = rows[lamp], np.int64(1) << np.int64(lamp)
        left, right = (
            _cell(row[0] - row[RANGE] - origin[0], scale),
            _cell(row[0] + row[RANGE] - origin[0], scale),
        )
        low, high = (
            _cell(row[1] - row[RANGE] - origin[1], scale),
            _cell(row[1] + row[RANGE] - origin[1], scale),
        )
        for i in range(max(low, 0), min(high, side - 1) + 1):
            for j in range(max(left, 0), min(right, side - 1) + 1):
                x, y = origin[0] + (j + 0.5) / scale - row[0], origin[1] + (i + 0.5) / scale - row[1]
                if row[SORT] == STREET or row[SORT] == POOL or x * row[3] + y * row[4] > -1.0 / scale:
                    cells[i, j] |= bit
        for number in range(blockers.shape[0]):
            box = blockers[number]
            dx, dy = box[0] - row[0], box[1] - row[1]
            size = math.sqrt(box[5] ** 2 + box[6] ** 2)
            if box[5] <= 0.0 or box[9] == row[OWNER] or dx * dx + dy * dy > (row[RANGE] + size) ** 2:
                continue
            if row[SORT] == STREET or dx * row[3] + dy * row[4] > -size:
                screens[lamp] |= np.int64(1) << np.int64(number)


@inlined
def _cell(distance: float, scale: float) -> int:
    return math.floor(distance * scale)


@inlined
def lamplight(
    light: Light, x: float, y: float, z: float, nx: float, ny: float, nz: float, own: float
) -> Colour:
    """Light of all lamps on a surface with normal n at a point of the object `own`; linear."""
    lamps = light.lamps
    red, green, blue = 0.0, 0.0, 0.0
    column = int((x - lamps.origin[0]) * lamps.origin[2])
    row = int((y - lamps.origin[1]) * lamps.origin[2])
    if column < 0 or row < 0 or column >= CELLS or row >= CELLS:
        return red, green, blue
    mask = lamps.cells[np.uint64(row), np.uint64(column)]
    while mask != 0:
        number = np.uint64(trailing_zeros(mask))
        lamp = lamps.rows[number]
        mask &= mask - 1
        if lamp[SORT] == POOL and lamp[OWNER] == own:
            continue
        dx, dy, dz = x - lamp[0], y - lamp[1], z - lamp[2]
        square = dx * dx + dy * dy + dz * dz
        if square >= lamp[RANGE] * lamp[RANGE]:
            continue
        distance = math.sqrt(square)
        slope = -(nx * dx + ny * dy + nz * dz) / (distance + 1e-6)
        if slope <= 0.0:
            continue
        strength = _strength(lamp, dx, dy, dz, square, distance, slope)
        if strength * lamp[COLOUR] > FAINTEST or strength * lamp[COLOUR + 2] > FAINTEST:
            screens = lamps.screens[number]
            while screens != 0 and strength > 0.0:
                box = light.blockers[np.uint64(trailing_zeros(screens))]
                screens &= screens - 1
                if box[9] != own:
                    strength *= _past(box, lamp, dx, dy, dz, distance)
            red += strength * lamp[COLOUR]
            green += strength * lamp[COLOUR + 1]
            blue += strength * lamp[COLOUR + 2]
    return red, green, blue


@inlined
def _strength(
    lamp: NDArray[np.float64], dx: float, dy: float, dz: float, square: float, distance: float, slope: float
) -> float:
    """Share of a lamp's light at 1 m that a surface gets: by distance, beam and the light's slope on it."""
    window = 1.0 - square / (lamp[RANGE] * lamp[RANGE])
    sort = lamp[SORT]
    ahead = dx * lamp[WAY] + dy * lamp[WAY + 1] + dz * lamp[WAY + 2]
    if sort == STREET:  # a lamp's dome is wide: leaves around it do not glow as if they burned
        return (
            window * window / (square + WIDE_LAMP) * slope * min(max(ahead / distance * 1.6 + 0.12, 0.0), 1.0)
        )
    fall = window * window / (square + 1.0)
    if sort == POOL:
        return fall * slope
    if ahead <= 0.05:
        return 0.0
    rise = (dz - ahead * lamp[WAY + 2]) / ahead
    side = max(square - ahead * ahead, 0.0) / (ahead * ahead) - rise * rise
    wide = side / (0.30 * 0.30)
    beam = 1.0 / (1.0 + wide * wide)
    tall = rise / (0.10 if rise < 0.0 else (0.05 if sort == DIPPED else 0.16))
    # asphalt throws light back to where it comes from, so that a grazing beam still shows on the road
    return fall * beam / (1.0 + tall * tall) * (0.30 + 0.70 * slope)


@inlined
def _past(
    box: NDArray[np.float64], lamp: NDArray[np.float64], dx: float, dy: float, dz: float, distance: float
) -> float:
    """Share of a lamp's light that one box lets through to the point d away from the lamp."""
    ox, oy, oz = lamp[0] - box[0], lamp[1] - box[1], lamp[2] - box[2]
    along, across = box[3] * ox + box[4] * oy, box[3] * oy - box[4] * ox
    da, dc = _away(box[3] * dx + box[4] * dy), _away(box[3] * dy - box[4] * dx)
    dz = _away(dz)
    a, b = (-box[5] - along) / da, (box[5] - along) / da
    c, d = (-box[6] - across) / dc, (box[6] - across) / dc
    e, f = (-box[7] - oz) / dz, (box[7] - oz) / dz
    enter = max(max(min(a, b), max(min(c, d), min(e, f))), 0.0)
    leave = min(min(max(a, b), min(max(c, d), max(e, f))), 0.995)
    return 1.0 - min(max((leave - enter) * distance / SOFT, 0.0), 1.0)


@inlined
def _away(number: float) -> float:
    """The number, kept away from zero."""
    return number if abs(number) > 1e-6 else 1e-6
