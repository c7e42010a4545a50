"""The points of one material that are shaded together, kept field by field.

Each step of the shading pass goes over all points before the next begins: steps without branches are
compiled to vector instructions, eight points at a time; looking up in tables is a step of its own. The fields
lie at fixed distances in one array, which tells the compiler that they do not overlap.
"""

from __future__ import annotations

from typing import TypeVar

from driving.server.render.compiled import inlined

Fields = TypeVar("Fields")

RUN = 128  # points of one material that are worth shading together
BLOCK = 24  # pixels that are looked at before a full bin is emptied; each may add four points to one bin
LANES = RUN + 4 * BLOCK + 8  # no power of two, which would crowd all fields into a few cache lines

# Fields of numbers. First what the geometry pass knows: where in the image, 1 / depth and a share, all summed
# over the point's samples of its pixel.
ACROSS, DOWN, NEARNESS, SHARE = range(4)
GATHERED = 4
# (DX, DY, DZ): the ray in the world, per metre of depth. CLEAR: the share of light that haze lets through.
# SIZE: a pixel's width there, m. WIDE, TALL: a pixel's extents on the surface, m. FACTOR: of the pattern.
DX, DY, DZ, DEPTH, CLEAR, X, Y, Z, NX, NY, NZ, SIZE, WIDE, TALL, FACTOR = range(4, 19)
# SUN, OPEN: the shares of sun and sky that are seen. MIRROR, SHINE: of windows.
RED, GREEN, BLUE, SUN, OPEN, MIRROR, SHINE = range(19, 26)
# Walls: place from the wall's corner and ground, bays and storeys per m, and the surface's columns.
U, V, BAY, STOREY, HEIGHT, STYLE = range(26, 32)
# Noise, what lies between its texels, four texels of the shadow map.
ONE, TWO, THREE, PART_U, PART_V, FIRST, SECOND, THIRD, FOURTH = range(32, 41)
NUMBERS = 41

# Fields of whole numbers: pixel, or -1 and less for mixed ones; row of `Canvas.visible`; row of `Objects`;
# places in tables.
PLACE, OWNER = range(2)
MARKED = 2
OBJECT, SPOT, QUAD, TONE_RED, TONE_GREEN, TONE_BLUE = range(2, 8)
MARKS = 8


@inlined
def field(points: Fields, number: int) -> Fields:
    """One field of all points."""
    return points[number * LANES : (number + 1) * LANES]  # type: ignore[index, no-any-return]
