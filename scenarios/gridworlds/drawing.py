"""A gridworld's cells as text or as a picture."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

CELL_PIXELS = 24


class Glyph(IntEnum):
    """What can be drawn in a cell."""

    FLOOR = 0
    AGENT = 1
    GOAL = 2
    HAZARD = 3


CHARACTERS = np.array([".", "@", "G", "X"])
COLOURS = np.array([[225, 236, 245], [40, 70, 160], [60, 160, 80], [190, 50, 40]], dtype=np.uint8)
BORDER = np.array([90, 100, 110], dtype=np.uint8)


def as_text(glyphs: NDArray[np.int64]) -> str:
    """Return the cells (rows, columns) as one line of characters per row."""
    return "\n".join("".join(row) for row in CHARACTERS[glyphs])


def as_image(glyphs: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the cells as RGB squares with a thin border; uint8 (rows * 24, columns * 24, 3)."""
    image = COLOURS[glyphs].repeat(CELL_PIXELS, axis=0).repeat(CELL_PIXELS, axis=1)
    image[::CELL_PIXELS] = BORDER
    image[:, ::CELL_PIXELS] = BORDER
    return image
