"""Frozen Lake: cross the ice past a hole that only the expert sees, or walk round the rim.

A 5x5 grid, start in the middle of the left edge, goal in the middle of the right edge, and one hazard
somewhere among the nine interior cells. Source: Warrington et al., ICML 2021, section 5.1.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from scenarios.gridworlds.drawing import Glyph
from scenarios.gridworlds.maze import Maze, letters, tabulate
from scenarios.gridworlds.model import GridModel

MAP = (  # the digits are where the hazard may be
    ".....",
    ".123.",
    "S456G",
    ".789.",
    ".....",
)
HAZARDS = "123456789"


@lru_cache(maxsize=1)
def frozen_lake() -> GridModel:
    """Return the tables; state = hazard number * 25 + agent cell, so 225 states."""
    drawn = letters(*MAP)
    hazard = np.stack([drawn == digit for digit in HAZARDS])
    goal = np.broadcast_to(drawn == "G", hazard.shape)
    shown = np.where(drawn == "G", Glyph.GOAL, Glyph.ICE).astype(np.uint8)
    return tabulate(
        Maze(
            letters=drawn,
            goal=goal.reshape(len(HAZARDS), -1),
            hazard=hazard.reshape(len(HAZARDS), -1),
            features=np.eye(len(HAZARDS), dtype=np.float32),
            shown=shown,
            truth=np.where(hazard, Glyph.HOLE, shown).astype(np.uint8),
        )
    )
