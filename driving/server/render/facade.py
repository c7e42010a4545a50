"""Walls of houses: storeys, windows with frames and sills, shop fronts, brick or plaster."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driving.server.render import fields as f
from driving.server.render import surfaces as s
from driving.server.render.compiled import inlined, whole
from driving.server.render.fields import field
from driving.server.render.texture import (
    bricks,
    cell_of,
    inside,
    interval,
    noise_of,
    scramble,
    step_up,
)

PLINTH = 0.5  # m
PALE = 0.52  # reflectance of cornices and bands
Wall = tuple[float, float, float, float]  # colour, share of glass


@inlined
def walls(
    work: NDArray[np.float32], marks: NDArray[np.int32], count: int, kind: int, levels: NDArray[np.uint32]
) -> None:
    """Linear reflectance of brick or plaster walls at points, and how much of them mirrors like glass."""
    _masonry(work, marks, count, kind, levels)
    along, up, styles = field(work, f.U), field(work, f.V), field(work, f.STYLE)
    wide, tall, factors = field(work, f.WIDE), field(work, f.TALL), field(work, f.FACTOR)
    red, green, blue = field(work, f.RED), field(work, f.GREEN), field(work, f.BLUE)
    bays, storeys, heights = field(work, f.BAY), field(work, f.STOREY), field(work, f.HEIGHT)
    mirrors = field(work, f.MIRROR)
    for point in range(count):
        factor = factors[point]
        colour = red[point] * factor, green[point] * factor, blue[point] * factor
        u, v, extents = along[point], up[point], (wide[point], tall[point])
        red[point], green[point], blue[point], mirrors[point] = _wall(
            u, v, extents, bays[point], storeys[point], heights[point], whole(styles[point]), colour
        )


@inlined
def light_rooms(work: NDArray[np.float32], count: int, dark: float) -> None:
    """How much of the walls shines; `dark` is 1 by night, when people are home."""
    along, up, styles = field(work, f.U), field(work, f.V), field(work, f.STYLE)
    wide, tall = field(work, f.WIDE), field(work, f.TALL)
    bays, storeys = field(work, f.BAY), field(work, f.STOREY)
    mirrors, shines = field(work, f.MIRROR), field(work, f.SHINE)
    for point in range(count):
        per_bay, per_storey = bays[point], storeys[point]
        width = max(wide[point] * per_bay, tall[point] * per_storey)
        room = _shine(along[point] * per_bay, up[point] * per_storey, width, whole(styles[point]))
        shines[point] = dark * mirrors[point] * room


@inlined
def _masonry(
    work: NDArray[np.float32], marks: NDArray[np.int32], count: int, kind: int, levels: NDArray[np.uint32]
) -> None:
    """Brightness factors of brickwork or plaster."""
    along, up, factors = field(work, f.U), field(work, f.V), field(work, f.FACTOR)
    wide, tall, widths = field(work, f.WIDE), field(work, f.TALL), field(work, f.THREE)
    stains, grains = field(work, f.ONE), field(work, f.TWO)
    for point in range(count):
        widths[point] = max(wide[point], tall[point])
    if kind == s.BRICK:
        noise_of(work, marks, count, levels, (f.U, f.V, f.THREE, f.ONE), (0.9, 0.7, 0.9), (0.0, 0.0))
        for point in range(count):
            factors[point] = bricks(stains[point], along[point], up[point], wide[point], tall[point])
    else:
        noise_of(work, marks, count, levels, (f.U, f.V, f.THREE, f.ONE), (0.7, 0.35, 0.7), (3.3, 0.0))
        noise_of(work, marks, count, levels, (f.U, f.V, f.THREE, f.TWO), (14.0, 14.0, 14.0), (0.0, 0.0))
        for point in range(count):
            factors[point] = 1.0 + 0.10 * (grains[point] - 0.5) + 0.16 * (stains[point] - 0.5)


@inlined
def _wall(
    u: float,
    v: float,
    extents: tuple[float, float],
    per_bay: float,
    per_storey: float,
    height: float,
    style: int,
    colour: tuple[float, float, float],
) -> Wall:
    """One point of a wall whose masonry is of this colour; extents of the pixel on it, m."""
    (r, g, b), (wide, tall) = colour, extents
    column, row, wide, tall_cells = u * per_bay, v * per_storey, wide * per_bay, tall * per_storey
    plinth = 1.0 - step_up(v, PLINTH, tall)
    cornice = step_up(v, height - 0.35, tall)
    up = interval(row, tall_cells)
    band = inside(up, 0.0, 0.055) * (1.0 - plinth)
    darker = 1.0 - 0.45 * plinth
    relief = max(cornice, 0.55 * band)
    r, g, b = r * darker, g * darker, b * darker
    r += (PALE - r) * relief
    g += (PALE * 0.97 - g) * relief
    b += (PALE * 0.90 - b) * relief
    rims = 0.07 * per_bay, 0.07 * per_storey
    return _windows(column, row, wide, tall_cells, rims, style, cornice, (r, g, b))


@inlined
def _shine(column: float, row: float, width: float, style: int) -> float:
    """How bright the room behind a window is by night; from afar, all windows' mean."""
    lit = 0.55 if cell_of(row) == 0 else 0.34
    cell = scramble(cell_of(column), cell_of(row), style + 77)
    own = 0.0 if cell > lit else 0.35 + 0.65 * (cell / lit)
    near = min(1.0, max(0.0, 1.5 - 2.0 * width))
    return 0.68 * lit + (own - 0.68 * lit) * near


@inlined
def _windows(
    column: float,
    row: float,
    wide: float,
    tall: float,
    rims: tuple[float, float],
    style: int,
    cornice: float,
    colour: tuple[float, float, float],
) -> Wall:
    """Put the window of the cell (column, row) over the wall's colour; extents and rims in cells."""
    (r, g, b), (rim_u, rim_v) = colour, rims
    ground = cell_of(row) == 0
    left, right = 0.12 if ground else 0.27, 0.88 if ground else 0.73
    low, high = 0.17 if ground else 0.28, 0.80
    across, up = interval(column, wide), interval(row, tall)
    opening = inside(across, left, right) * inside(up, low, high) * (1.0 - cornice)
    glass = inside(across, left + rim_u, right - rim_u) * inside(up, low + rim_v, high - rim_v)
    bar = inside(across, 0.5 - 0.5 * rim_u, 0.5 + 0.5 * rim_u)
    transom = inside(up, low + 0.66 * (high - low), low + 0.66 * (high - low) + 0.6 * rim_v)
    bar = max(bar, 0.0 if ground else transom)
    glass *= (1.0 - bar) * (1.0 - cornice)
    sill = inside(across, left - 0.03, right + 0.03) * inside(up, low - 0.035, low)
    sill *= (1.0 - cornice) * (0.0 if ground else 1.0)
    r += (0.50 - r) * sill
    g += (0.48 - g) * sill
    b += (0.45 - b) * sill
    frame = 0.62 if style & 2 else 0.10
    r += (frame - r) * opening
    g += (frame - g) * opening
    b += (frame - b) * opening
    reveal = inside(up, high - 0.06, high) * opening
    fade = min(1.0, max(0.0, 1.5 - 2.0 * max(wide, tall)))
    cell = scramble(cell_of(column), cell_of(row), style)
    drawn = inside(up, low + (0.5 * cell - 0.1) * (high - low), high)
    curtain = 0.22 * fade * drawn if cell > 0.6 else 0.0
    r += (0.025 + curtain - r) * glass
    g += (0.032 + curtain - g) * glass
    b += (0.042 + 0.85 * curtain - b) * glass
    dark = 1.0 - 0.55 * reveal
    return r * dark, g * dark, b * dark, glass * (1.0 - 0.5 * reveal)
