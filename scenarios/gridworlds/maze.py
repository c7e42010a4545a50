"""A drawn map with something hidden in it, and its tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.gridworlds.drawing import Glyph
from scenarios.gridworlds.model import GridModel, neighbours

STEP_REWARD = -2.0
GOAL_REWARD = 20.0  # on top of the step's
HAZARD_REWARD = -100.0  # on top of the step's
OUTCOMES = ("goal", "hazard")


@dataclass(frozen=True, slots=True)
class Maze:
    """A map of R rows and C columns, and the H equally likely ways in which something is hidden in it.

    Where there is a button, stepping on it shows what is hidden, for good; else the trainee never sees it.
    """

    letters: NDArray[np.str_]  # (R, C): "#" wall, "S" start, "B" button; the rest is for the world's module
    goal: NDArray[np.bool_]  # (H, R * C): where the episode ends well
    hazard: NDArray[np.bool_]  # (H, R * C): where it ends badly
    features: NDArray[np.float32]  # (H, K): the hidden part as the expert sees it
    shown: NDArray[np.uint8]  # (R, C): glyphs as long as what is hidden is
    truth: NDArray[np.uint8]  # (H, R, C): glyphs with nothing hidden


def letters(*rows: str) -> NDArray[np.str_]:
    """Return a map's rows as an array of single letters, shape (rows, columns)."""
    return np.array([list(row) for row in rows])


def tabulate(maze: Maze) -> GridModel:
    """Work out a maze's tables.

    States are (hidden, lit, agent's cell) in this order, with the cells that are no wall; `lit` only where
    there is a button. The expert sees agent one-hot over all cells, then the hidden part, then `lit`; the
    trainee sees the same with hidden part and `lit` zero until lit, or the agent alone if there is no button.
    """
    letter = maze.letters.reshape(-1)
    free = np.flatnonzero(letter != "#")
    lights = 2 if "B" in letter else 1
    number = np.zeros(letter.size, np.int64)  # of each cell among the free ones
    number[free] = np.arange(free.size)
    hidden, lit, place = (
        axis.reshape(-1) for axis in np.indices((len(maze.goal), lights, free.size), dtype=np.int64)
    )
    agent = free[place]
    next_agent = neighbours(maze.letters == "#")[agent]
    next_lit = np.maximum(lit[:, None], letter[next_agent] == "B")
    on_goal = maze.goal[hidden[:, None], next_agent]
    on_hazard = maze.hazard[hidden[:, None], next_agent]
    sees_agent = np.eye(letter.size, dtype=np.float32)[agent]
    state, compact = [sees_agent, maze.features[hidden]], [sees_agent]
    if lights == 2:
        state.append(lit[:, None].astype(np.float32))
        compact += [shows * lit[:, None] for shows in state[1:]]
    start = (letter[agent] == "S") & (lit == 0)
    return GridModel(
        start=start / start.sum(),
        next_state=(hidden[:, None] * lights + next_lit) * free.size + number[next_agent],
        reward=STEP_REWARD + GOAL_REWARD * on_goal + HAZARD_REWARD * on_hazard,
        outcome=(on_goal + 2 * on_hazard).astype(np.int8),
        outcomes=OUTCOMES,
        state=np.concatenate(state, axis=1, dtype=np.float32),
        compact=np.concatenate(compact, axis=1, dtype=np.float32),
        agent=agent,
        shown=_lamps(np.where(lit[:, None, None] == 1, maze.truth[hidden], maze.shown), lit),
        truth=_lamps(maze.truth[hidden], lit),
    )


def _lamps(glyphs: NDArray[np.uint8], lit: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Show each state's button (S, R, C) as pressed where it was."""
    pressed = (glyphs == Glyph.BUTTON) & (lit[:, None, None] == 1)
    return np.where(pressed, Glyph.PRESSED, glyphs).astype(np.uint8)
