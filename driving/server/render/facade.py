"""Walls of houses: storeys, windows with frames and sills, shop fronts, brick or plaster."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render import surfaces as s
from driving.server.render.compiled import inlined
from driving.server.render.texture import bricks, inside, interval, noise, scramble, step_up, stripes

RED, GREEN, BLUE = s.RED, s.GREEN, s.BLUE
ORIGIN_X, ORIGIN_Y, BASE, BAY, STOREY, TOP, STYLE = (
    s.ORIGIN_X,
    s.ORIGIN_Y,
    s.BASE,
    s.BAY,
    s.STOREY,
    s.TOP,
    s.STYLE,
)
PLINTH = 0.5  # m


@inlined
def wall(
    levels: NDArray[np.uint16],
    material: NDArray[np.float64],
    x: float,
    y: float,
    z: float,
    nx: float,
    ny: float,
    wide: float,
    tall: float,
    dark: float,
) -> tuple[float, float, float, float, float]:
    """Linear reflectance of a wall at a world point, how much of it mirrors like glass, and how much shines.

    `wide` and `tall` are the pixel's extents on the wall, m; `dark` is 1 by night, when people are home.
    """
    u = -(x - material[ORIGIN_X]) * ny + (y - material[ORIGIN_Y]) * nx
    v = z - material[BASE]
    style = int(material[STYLE])
    r, g, b = material[RED], material[GREEN], material[BLUE]
    factor = bricks(levels, u, v, wide, tall) if style & 1 == 0 else _plaster(levels, u, v, wide, tall)
    storey, bay = material[STOREY], material[BAY]
    plinth = 1.0 - step_up(v, PLINTH, tall)
    cornice = step_up(v, material[TOP] - material[BASE] - 0.35, tall)
    band = stripes(v / storey, 0.0, 0.055, tall / storey) * (1.0 - plinth)
    factor *= 1.0 - 0.45 * plinth
    relief = max(cornice, 0.55 * band)
    pale = 0.52
    r, g, b = r * factor, g * factor, b * factor
    r += (pale - r) * relief
    g += (pale * 0.97 - g) * relief
    b += (pale * 0.90 - b) * relief
    r, g, b, glass = _windows(
        u / bay, v / storey, wide / bay, tall / storey, bay, storey, style, cornice, r, g, b
    )
    shine = 0.0
    if dark > 0.0 and glass > 0.0:
        shine = dark * glass * _shine(u / bay, v / storey, max(wide / bay, tall / storey), style)
    return r, g, b, glass, shine


@inlined
def _shine(column: float, row: float, width: float, style: int) -> float:
    """How bright the room behind a window is by night; from afar, all windows' mean."""
    ground = math.floor(row) == 0
    lit = 0.55 if ground else 0.34
    cell = scramble(math.floor(column), math.floor(row), style + 77)
    own = 0.0 if cell > lit else 0.35 + 0.65 * (cell / lit)
    near = min(1.0, max(0.0, 1.5 - 2.0 * width))
    return 0.68 * lit + (own - 0.68 * lit) * near


@inlined
def _plaster(levels: NDArray[np.uint16], u: float, v: float, wide: float, tall: float) -> float:
    width = max(wide, tall)
    grain = noise(levels, u * 14.0, v * 14.0, width * 14.0) - 0.5
    stain = noise(levels, u * 0.7 + 3.3, v * 0.35, width * 0.7) - 0.5
    return 1.0 + 0.10 * grain + 0.16 * stain


@inlined
def _windows(
    column: float,
    row: float,
    wide: float,
    tall: float,
    bay: float,
    storey: float,
    style: int,
    cornice: float,
    r: float,
    g: float,
    b: float,
) -> tuple[float, float, float, float]:
    """Put the window of the cell (column, row) over the wall's colour; extents in cells."""
    ground = math.floor(row) == 0
    if ground:
        left, right, low, high = 0.12, 0.88, 0.17, 0.80
    else:
        left, right, low, high = 0.27, 0.73, 0.28, 0.80
    across, up = interval(column, wide), interval(row, tall)
    rim_u, rim_v = 0.07 / bay, 0.07 / storey
    opening = inside(across, left, right) * inside(up, low, high) * (1.0 - cornice)
    glass = inside(across, left + rim_u, right - rim_u) * inside(up, low + rim_v, high - rim_v)
    bar = inside(across, 0.5 - 0.5 * rim_u, 0.5 + 0.5 * rim_u)
    if not ground:
        bar = max(bar, inside(up, low + 0.66 * (high - low), low + 0.66 * (high - low) + 0.6 * rim_v))
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
    cell = scramble(math.floor(column), math.floor(row), style)
    curtain = 0.0
    if cell > 0.6:
        curtain = 0.22 * fade * inside(up, low + (0.5 * cell - 0.1) * (high - low), high)
    r += (0.025 + curtain - r) * glass
    g += (0.032 + curtain - g) * glass
    b += (0.042 + 0.85 * curtain - b) * glass
    dark = 1.0 - 0.55 * reveal
    return r * dark, g * dark, b * dark, glass * (1.0 - 0.5 * reveal)
