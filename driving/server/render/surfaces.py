"""What a triangle is made of: a row of numbers that the shading pass reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Materials, column KIND.
MATTE, SMOOTH, PAINT, GLASS, ASPHALT, PAVING, GRASS, BRICK, FOLIAGE, GLOW, TILES, LINE, PLASTER = range(13)
MATERIALS = 13

# Columns of a surface.
KIND, RED, GREEN, BLUE, TAG, ORIGIN_X, ORIGIN_Y, BASE, BAY, STOREY, TOP, STYLE = range(12)
COLUMNS = 12

# Semantic tags (carla.CityObjectLabel of 0.9.16).
ROADS, SIDEWALKS, BUILDINGS, POLES, VEGETATION, TERRAIN, SKY = 1, 2, 3, 6, 9, 10, 11
TRAFFIC_LIGHTS, TRAFFIC_SIGNS = 7, 8
ROAD_LINES, GROUND = 24, 25

Surface = NDArray[np.float64]  # (COLUMNS,)


def surface(kind: int, colour: tuple[float, float, float], tag: int) -> Surface:
    """A surface of one material, `colour` in sRGB 0-255, stored as linear reflectance."""
    row = np.zeros(COLUMNS)
    row[KIND] = kind
    row[RED : BLUE + 1] = linear(np.asarray(colour, float))
    row[TAG] = tag
    return row


def facade(
    colour: tuple[float, float, float],
    *,
    origin: tuple[float, float],
    base: float,
    bay: float,
    storey: float,
    top: float,
    style: int,
) -> Surface:
    """A wall with windows.

    Args:
        colour: sRGB 0-255 of the wall.
        origin: A corner of the wall, x and y in metres; windows are counted from there.
        base: Height of the pavement, m.
        bay: Width of one window's share of the wall, m.
        storey: Height of a storey, m.
        top: Height of the eaves, m.
        style: Even: brick, odd: plaster; also the seed of the windows' curtains.
    """
    row = surface(PLASTER if style % 2 else BRICK, colour, BUILDINGS)
    row[[ORIGIN_X, ORIGIN_Y, BASE, BAY, STOREY, TOP, STYLE]] = *origin, base, bay, storey, top, style
    return row


def linear(colour: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB 0-255 to linear 0-1 (IEC 61966-2-1)."""
    share = np.clip(colour, 0.0, 255.0) / 255.0
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
