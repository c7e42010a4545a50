"""A gridworld's cells as text or as a picture: smooth shapes on tiles, seen from above."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Glyph(IntEnum):
    """What can be drawn in a cell, under the agent."""

    FLOOR = 0
    ICE = 1
    WALL = 2
    GOAL = 3
    HOLE = 4
    TIGER = 5
    DOOR = 6
    BUTTON = 7
    PRESSED = 8


CHARACTERS = np.array([".", ".", "#", "G", "X", "X", "?", "B", "b"])
AGENT_CHARACTER = "@"

Colour = tuple[int, int, int]
Shape = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]]
"""Coordinates in a tile, x to the right and y down, each in [-1, 1] -> what the shape covers."""


def as_text(glyphs: NDArray[np.uint8], agent: int) -> str:
    """Return the cells (rows, columns) as one line of characters per row, "@" where the agent is."""
    characters = CHARACTERS[glyphs]
    characters.reshape(-1)[agent] = AGENT_CHARACTER
    return "\n".join("".join(row) for row in characters)


def as_image(glyphs: NDArray[np.uint8], agent: int, *, size: int, samples: int) -> NDArray[np.uint8]:
    """Paint the cells from above; each pixel is the mean of several samples, so edges are smooth.

    Args:
        glyphs: A square of cells, shape (C, C).
        agent: Number of the agent's cell.
        size: Width and height of the picture in pixels; `size * samples` is a multiple of C.
        samples: Along each side of a pixel.

    Returns:
        RGB, shape (size, size, 3).
    """
    cells = len(glyphs)
    side = size * samples // cells
    tiles = np.stack([_tile(Glyph(glyph), side) for glyph in glyphs.reshape(-1).tolist()])
    tiles[agent] = _with_agent(tiles[agent])
    fine = tiles.reshape(cells, cells, side, side, 3).swapaxes(1, 2)
    mean = fine.reshape(size, samples, size, samples, 3).mean(axis=(1, 3))
    return np.rint(mean).astype(np.uint8)


def as_frame(glyphs: NDArray[np.uint8], agent: int) -> NDArray[np.uint8]:
    """Paint the cells (C, C) large, for human eyes; RGB, shape (60 C, 60 C, 3)."""
    return as_image(glyphs, agent, size=60 * len(glyphs), samples=3)


RENDERERS: dict[str, Callable[[NDArray[np.uint8], int], Any]] = {"ansi": as_text, "rgb_array": as_frame}


def _disc(radius: float, *, y: float = 0.0) -> Shape:
    return lambda across, down: across**2 + (down - y) ** 2 < radius**2


def _box(half_width: float, half_height: float, *, x: float = 0.0, y: float = 0.0) -> Shape:
    return lambda across, down: (abs(across - x) < half_width) & (abs(down - y) < half_height)


def _diamond(radius: float) -> Shape:
    return lambda across, down: abs(across) + abs(down) < radius


def _stripes(across: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (np.mod(across + 0.35 * abs(down), 0.6) < 0.24) & (across**2 + down**2 < 0.72**2)


GROUT: Colour = (196, 190, 178)
STONE: Colour = (234, 229, 217)
ICE: Colour = (219, 235, 246)
LAYERS: dict[Glyph, tuple[tuple[Shape, Colour], ...]] = {  # from the bottom up, over grout
    Glyph.FLOOR: ((_box(0.95, 0.95), STONE),),
    Glyph.ICE: ((_box(1.0, 1.0), (186, 208, 224)), (_box(0.95, 0.95), ICE)),
    Glyph.WALL: ((_box(1.0, 1.0), (62, 68, 82)), (_box(0.86, 0.86), (82, 89, 105))),
    Glyph.GOAL: ((_box(0.95, 0.95), (196, 232, 201)), (_diamond(0.8), (39, 148, 84))),
    Glyph.HOLE: (
        (_box(1.0, 1.0), (186, 208, 224)),
        (_box(0.95, 0.95), ICE),
        (_disc(0.78), (126, 170, 202)),
        (_disc(0.64), (16, 38, 66)),
    ),
    Glyph.TIGER: (
        (_box(0.95, 0.95), (250, 214, 190)),
        (_disc(0.72), (232, 112, 24)),
        (_stripes, (40, 28, 24)),
    ),
    Glyph.DOOR: (
        (_box(0.95, 0.95), STONE),
        (_box(0.74, 0.95), (110, 72, 44)),
        (_box(0.58, 0.8), (158, 106, 64)),
        (_box(0.1, 0.18, x=0.36), (240, 204, 96)),
    ),
    Glyph.BUTTON: ((_box(0.95, 0.95), STONE), (_disc(0.7), (120, 122, 128)), (_disc(0.5), (206, 44, 52))),
    Glyph.PRESSED: ((_box(0.95, 0.95), STONE), (_disc(0.7), (120, 122, 128)), (_disc(0.5), (255, 222, 84))),
}
AGENT: tuple[tuple[Shape, Colour], ...] = (
    (_disc(0.72), (255, 255, 255)),
    (_disc(0.62), (38, 76, 190)),
    (_disc(0.24, y=-0.14), (150, 178, 246)),
)


@lru_cache(maxsize=64)
def _tile(glyph: Glyph, side: int) -> NDArray[np.float32]:
    return _painted(np.full((side, side, 3), GROUT, np.float32), LAYERS[glyph])


def _with_agent(tile: NDArray[np.float32]) -> NDArray[np.float32]:
    return _painted(tile.copy(), AGENT)


def _painted(tile: NDArray[np.float32], layers: tuple[tuple[Shape, Colour], ...]) -> NDArray[np.float32]:
    middle = (np.arange(len(tile)) + 0.5) / len(tile) * 2.0 - 1.0
    for shape, colour in layers:
        tile[shape(middle[None, :], middle[:, None])] = colour
    return tile
