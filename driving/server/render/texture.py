"""Procedural textures, each averaged over the pixel's footprint so that nothing shimmers.

`width_u`, `width_v` are the footprint's extents in metres along the texture's axes. Regular patterns
(windows, bricks, slabs) are box-filtered in closed form; random ones are read from a coarser level.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driving.server.render.compiled import inlined, narrow, unsigned, whole
from driving.server.render.fields import PART_U, PART_V, QUAD, SPOT, field

NOISE_SIZE = 256.0  # texels along a side of the finest level
NOISE_LEVELS = 4
MEAN_BEYOND = 6.0  # texels; what is left of the pattern then is below 2 % of the light

Interval = tuple[
    float, float, float, float
]  # parts of its ends above whole numbers, those between, 1 / width


def noise_levels(rng: np.random.Generator) -> NDArray[np.uint32]:
    """Draw a tiling random texture and its averages over 2, 4 and 8 texels, row by row; flat.

    A number holds four texels of a byte each, from the lowest: the texel itself, the one to its right and
    the two below. Whoever looks between them reads once.
    """
    level = rng.random((int(NOISE_SIZE), int(NOISE_SIZE)))
    levels = [level]
    while len(levels) < NOISE_LEVELS:
        side = levels[-1].shape[0] // 2
        levels.append(levels[-1].reshape(side, 2, side, 2).mean(axis=(1, 3)))
    return np.concatenate([_quads(level).ravel() for level in levels])


def _quads(level: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Each texel (side, side) of a level with its three neighbours; beyond the edge is the next tile."""
    texels = np.round(255.0 * level).astype(np.uint32)
    below = np.roll(texels, -1, axis=0)
    right, opposite = np.roll(texels, -1, axis=1), np.roll(below, -1, axis=1)
    return np.asarray(texels | right << 8 | below << 16 | opposite << 24, np.uint32)


@inlined
def noise(levels: NDArray[np.uint32], u: float, v: float, footprint: float) -> float:
    """Smooth noise in [0, 1] at (u, v) texels, averaged over `footprint` texels; its mean beyond 6."""
    spot, part_u, part_v = texel(u, v, footprint)
    return between(whole(levels[unsigned(spot)]), part_u, part_v, footprint)


@inlined
def noise_of(
    work: NDArray[np.float32],
    marks: NDArray[np.int32],
    count: int,
    levels: NDArray[np.uint32],
    places: tuple[int, int, int, int],
    scales: tuple[float, float, float],
    shifts: tuple[float, float],
) -> None:
    """`noise` of all points at once.

    Args:
        work: Fields of the points.
        marks: Likewise.
        count: Number of points.
        levels: See `noise_levels`.
        places: Fields with the points' coordinates and extent, and the one that the noise is written to.
        scales: Texels per unit of the first three.
        shifts: Texels added to the coordinates.
    """
    along, across, widths = field(work, places[0]), field(work, places[1]), field(work, places[2])
    part_u, part_v, out = field(work, PART_U), field(work, PART_V), field(work, places[3])
    spots, quads = field(marks, SPOT), field(marks, QUAD)
    for point in range(count):
        u, v = along[point] * scales[0] + shifts[0], across[point] * scales[1] + shifts[1]
        spots[point], part_u[point], part_v[point] = texel(u, v, widths[point] * scales[2])
    for point in range(count):
        quads[point] = levels[unsigned(spots[point])]
    for point in range(count):
        out[point] = between(quads[point], part_u[point], part_v[point], widths[point] * scales[2])


@inlined
def texel(u: float, v: float, footprint: float) -> tuple[int, float, float]:
    """Index in `noise_levels` of what lies at (u, v) texels, and how far beyond it; without branches."""
    scale = 1.0 if footprint <= 1.0 else (0.5 if footprint <= 2.0 else (0.25 if footprint <= 4.0 else 0.125))
    wider = 1.0 if footprint <= 1.0 else (2.0 if footprint <= 2.0 else (4.0 if footprint <= 4.0 else 8.0))
    side, texels = NOISE_SIZE * scale, NOISE_SIZE * NOISE_SIZE * scale * scale
    first = (4.0 * NOISE_SIZE * NOISE_SIZE - 4.0 * texels) * (1.0 / 3.0)
    u, v = u * scale, v * scale
    column, row = np.floor(u), np.floor(v)
    part_u, part_v = u - column, v - row
    tile = wider * (1.0 / NOISE_SIZE)
    column -= side * np.floor(column * tile)
    row -= side * np.floor(row * tile)
    return whole(first + row * side + column + 0.5), part_u, part_v


@inlined
def between(quad: int, part_u: float, part_v: float, footprint: float) -> float:
    """A number of `noise_levels`, interpolated; the mean of all where the footprint is wide."""
    a, b = narrow(whole(quad & 255)), narrow(whole(quad >> 8 & 255))
    c, d = narrow(whole(quad >> 16 & 255)), narrow(whole(quad >> 24 & 255))
    upper, lower = a + (b - a) * part_u, c + (d - c) * part_u
    return 0.5 if footprint > MEAN_BEYOND else (upper + (lower - upper) * part_v) * (1.0 / 255.0)


@inlined
def stripes(t: float, start: float, end: float, width: float) -> float:
    """Share of [t - width/2, t + width/2] inside the stripes [n + start, n + end] of period 1."""
    return inside(interval(t, width), start, end)


@inlined
def interval(t: float, width: float) -> Interval:
    """[t - width/2, t + width/2], ready to be asked about several stripes."""
    width = max(width, 1e-4)
    low, high = t - 0.5 * width, t + 0.5 * width
    floor_low, floor_high = np.floor(low), np.floor(high)
    return low - floor_low, high - floor_high, floor_high - floor_low, 1.0 / width


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
    h = np.uint32(a * 374761393 + b * 668265263 + seed * 974634777)
    h = np.uint32((h ^ (h >> 13)) * 1274126177)
    return narrow(whole((h ^ (h >> 16)) & 0xFFFF)) * (1.0 / 65536.0)


@inlined
def cell_of(t: float) -> int:
    """The whole number below t."""
    return whole(np.floor(t))


@inlined
def odd(t: float) -> float:
    """1 if the whole number below t is odd, else 0."""
    half = 0.5 * np.floor(t)
    return 2.0 * (half - np.floor(half))


@inlined
def slabs(grain: float, u: float, v: float, width: float, side: float) -> float:
    """Brightness factor of paving in rows of square slabs of `side` metres, every other row shifted.

    `grain` is noise, `width` the footprint's extent along both axes, m.
    """
    row = v / side
    column = u / side + 0.5 * odd(row)
    joint = 0.018 / side
    joints = 1.0 - (1.0 - stripes(row, 0.0, joint, width / side)) * (
        1.0 - stripes(column, 0.0, joint, width / side)
    )
    fade = min(1.0, max(0.0, 1.6 - width / side))
    own = (scramble(cell_of(column), cell_of(row), 5) - 0.5) * fade
    return (1.0 + 0.13 * own + 0.18 * (grain - 0.5)) * (1.0 - 0.5 * joints)


@inlined
def bricks(stain: float, u: float, v: float, width_u: float, width_v: float) -> float:
    """Brightness factor of brickwork in running bond, 21 x 7.5 cm; `stain` is noise."""
    course, tall = v * (1.0 / 0.075), width_v * (1.0 / 0.075)
    column, wide = u * (1.0 / 0.215) + 0.5 * odd(course), width_u * (1.0 / 0.215)
    mortar = 1.0 - (1.0 - stripes(course, 0.0, 0.14, tall)) * (1.0 - stripes(column, 0.0, 0.05, wide))
    fade = min(1.0, max(0.0, 1.5 - max(tall, wide)))
    own = (scramble(cell_of(column), cell_of(course), 9) - 0.5) * fade
    return (1.0 + 0.30 * own + 0.20 * (stain - 0.5)) * (1.0 + 0.22 * (mortar - 0.18))
