"""Procedural textures, each averaged over the pixel's footprint so that nothing shimmers.

`width_u`, `width_v` are the footprint's extents in metres along the texture's axes. Regular patterns
(windows, bricks, slabs) are box-filtered in closed form; random ones are read from a coarser level.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render.compiled import inlined

NOISE_SIZE = 256  # texels along a side of the finest level
NOISE_LEVELS = 4
NOISE_STEPS = 65535.0
MEAN_BEYOND = 6.0  # texels; what is left of the pattern then is below 2 % of the light

Interval = tuple[
    float, float, float, float
]  # parts of its ends above whole numbers, those between, 1 / width


def noise_levels(rng: np.random.Generator) -> NDArray[np.uint16]:
    """Draw a tiling random texture and its averages over 2, 4 and 8 texels, row by row; flat.

    A texel is a share of `NOISE_STEPS`: in two bytes more of the texture stays in the processor's cache.
    """
    level = rng.random((NOISE_SIZE, NOISE_SIZE))
    levels = [level]
    while len(levels) < NOISE_LEVELS:
        side = levels[-1].shape[0] // 2
        levels.append(levels[-1].reshape(side, 2, side, 2).mean(axis=(1, 3)))
    return np.round(NOISE_STEPS * np.concatenate([level.ravel() for level in levels])).astype(np.uint16)


@inlined
def noise(levels: NDArray[np.uint16], u: float, v: float, footprint: float) -> float:
    """Smooth noise in [0, 1] at (u, v) texels, averaged over `footprint` texels; its mean beyond 6.

    Indices are unsigned, for which compiled code needs no test whether they count from the end.
    """
    if footprint > MEAN_BEYOND:
        return 0.5
    side, first = NOISE_SIZE, 0
    if footprint > 1.0:
        level = 1 if footprint <= 2.0 else (2 if footprint <= 4.0 else 3)
        scale = 0.5 if level == 1 else (0.25 if level == 2 else 0.125)
        u, v = u * scale, v * scale
        side = NOISE_SIZE >> level
        first = (4 * NOISE_SIZE * NOISE_SIZE - 4 * side * side) // 3
    floor_u, floor_v = math.floor(u), math.floor(v)
    part_u, part_v = u - floor_u, v - floor_v
    column, row = floor_u & (side - 1), floor_v & (side - 1)
    next_column = (column + 1) & (side - 1)
    here, below = first + row * side, first + ((row + 1) & (side - 1)) * side
    a, b = float(levels[np.uint64(here + column)]), float(levels[np.uint64(here + next_column)])
    c, d = float(levels[np.uint64(below + column)]), float(levels[np.uint64(below + next_column)])
    upper, lower = a + (b - a) * part_u, c + (d - c) * part_u
    return (upper + (lower - upper) * part_v) * (1.0 / NOISE_STEPS)


@inlined
def stripes(t: float, start: float, end: float, width: float) -> float:
    """Share of [t - width/2, t + width/2] inside the stripes [n + start, n + end] of period 1."""
    return inside(interval(t, width), start, end)


@inlined
def interval(t: float, width: float) -> Interval:
    """[t - width/2, t + width/2], ready to be asked about several stripes."""
    width = max(width, 1e-4)
    low, high = t - 0.5 * width, t + 0.5 * width
    floor_low, floor_high = math.floor(low), math.floor(high)
    return low - floor_low, high - floor_high, float(floor_high - floor_low), 1.0 / width


@inlined
def inside(span: Interval, start: float, end: float) -> float:
    """Share of an interval inside the stripes [n + start, n + end] of period 1."""
    low, high, periods, density = span
    duty = end - start
    before, after = min(max(low - start, 0.0), duty), min(max(high - start, 0.0), duty)
    return (periods * duty + after - before) * density


@inlined
def step_up(t: float, edge: float, width: float) -> float:
    """Share of the footprint around `t` that lies beyond `edge`."""
    return min(max((t - edge) / max(width, 1e-4) + 0.5, 0.0), 1.0)


@inlined
def scramble(a: int, b: int, seed: int) -> float:
    """A reproducible number in [0, 1) for the cell (a, b)."""
    h = (a * 374761393 + b * 668265263 + seed * 974634777) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return float((h ^ (h >> 16)) & 0xFFFF) / 65536.0


@inlined
def asphalt(levels: NDArray[np.uint16], x: float, y: float, width: float) -> float:
    """Brightness factor of a worn road surface: grain, patches and long stains."""
    grain = noise(levels, x * 30.0, y * 30.0, width * 30.0) - 0.5
    patches = noise(levels, x * 0.9 + 7.3, y * 0.9 + 2.1, width * 0.9) - 0.5
    stains = noise(levels, x * 0.23 + 40.7, y * 0.23 + 11.9, width * 0.23) - 0.5
    return 1.0 + 0.42 * grain + 0.20 * patches + 0.22 * stains


@inlined
def slabs(
    levels: NDArray[np.uint16], u: float, v: float, width_u: float, width_v: float, side: float
) -> float:
    """Brightness factor of paving in rows of square slabs of `side` metres, every other row shifted."""
    row = v / side
    shift = 0.5 * (math.floor(row) & 1)
    column = u / side + shift
    joint = 0.018 / side
    joints = 1.0 - (1.0 - stripes(row, 0.0, joint, width_v / side)) * (
        1.0 - stripes(column, 0.0, joint, width_u / side)
    )
    fade = min(1.0, max(0.0, 1.6 - max(width_u, width_v) / side))
    own = (scramble(math.floor(column), math.floor(row), 5) - 0.5) * fade
    width = max(width_u, width_v)
    grain = noise(levels, u * 22.0, v * 22.0, width * 22.0) - 0.5
    return (1.0 + 0.13 * own + 0.18 * grain) * (1.0 - 0.5 * joints)


@inlined
def bricks(levels: NDArray[np.uint16], u: float, v: float, width_u: float, width_v: float) -> float:
    """Brightness factor of brickwork in running bond, 21 x 7.5 cm."""
    stain = noise(levels, u * 0.9, v * 0.7, max(width_u, width_v) * 0.9) - 0.5
    if width_v > 4.0 * 0.075 and width_u > 0.215:  # the bricks are then below 1 % of the light
        return 1.0 + 0.20 * stain
    course = v / 0.075
    column = u / 0.215 + 0.5 * (math.floor(course) & 1)
    mortar = 1.0 - (1.0 - stripes(course, 0.0, 0.14, width_v / 0.075)) * (
        1.0 - stripes(column, 0.0, 0.05, width_u / 0.215)
    )
    fade = min(1.0, max(0.0, 1.5 - max(width_v / 0.075, width_u / 0.215)))
    own = (scramble(math.floor(column), math.floor(course), 9) - 0.5) * fade
    return (1.0 + 0.30 * own + 0.20 * stain) * (1.0 + 0.22 * (mortar - 0.18))
