"""Tiger Door: the goal is behind one of two doors and a tiger behind the other; a button shows which.

Only the expert sees through the doors, so it never presses the button, and whoever imitates it picks a door
at random. Four maps: the paper's, and three corridors with the button beside the start and the doors 1, 2 or
3 steps away, the fewer the harder for A2D. Source: Warrington et al., ICML 2021, section 5.1 and appendix.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from scenarios.gridworlds.drawing import Glyph
from scenarios.gridworlds.maze import Maze, letters, tabulate
from scenarios.gridworlds.model import GridModel

MAP = (  # B is the button, the digits are the doors
    "S####",
    ".#..1",
    "...##",
    "B#..2",
    "#####",
)
CORRIDORS = {
    1: ("##1#2##", "##1#2##", "##1B2##", "##1S2##", "##1#2##", "##1#2##", "##1#2##"),
    2: ("#1###2#", "#1###2#", "#1.B.2#", "#1.S.2#", "#1###2#", "#1###2#", "#1###2#"),
    3: ("1#####2", "1#####2", "1..B..2", "1..S..2", "1#####2", "1#####2", "1#####2"),
}
DOORS = "12"
GLYPHS = {"#": Glyph.WALL, "B": Glyph.BUTTON, "1": Glyph.DOOR, "2": Glyph.DOOR}


def tiger_door() -> GridModel:
    """Return the tables of the paper's map: 2 goals * 2 lights * 12 cells, so 48 states."""
    return _tables(MAP)


def tiger_door_1() -> GridModel:
    """Return the tables of a corridor whose doors are whole columns, 1 step left and right of the start."""
    return _tables(CORRIDORS[1])


def tiger_door_2() -> GridModel:
    """Return the tables of the same, 2 steps away."""
    return _tables(CORRIDORS[2])


def tiger_door_3() -> GridModel:
    """Return the tables of the same, 3 steps away."""
    return _tables(CORRIDORS[3])


@lru_cache(maxsize=4)
def _tables(rows: tuple[str, ...]) -> GridModel:
    """The expert sees which door has the goal (one-hot), which the tiger (one-hot), and whether it is lit."""
    drawn = letters(*rows)
    goal = np.stack([drawn == door for door in DOORS])
    tiger = goal[::-1]
    shown = np.vectorize(lambda letter: GLYPHS.get(letter, Glyph.FLOOR), otypes=[np.uint8])(drawn)
    return tabulate(
        Maze(
            letters=drawn,
            goal=goal.reshape(len(DOORS), -1),
            hazard=tiger.reshape(len(DOORS), -1),
            features=np.array([[1, 0, 0, 1], [0, 1, 1, 0]], dtype=np.float32),
            shown=shown,
            truth=np.select([goal, tiger], [Glyph.GOAL, Glyph.TIGER], shown).astype(np.uint8),
        )
    )
