"""Frozen Lake: cross the ice past a hole that only the expert sees, or walk round the rim.

A 5x5 grid, start in the middle of the left edge, goal in the middle of the right edge, and one hazard
somewhere among the nine interior cells. Source: Warrington et al., ICML 2021, section 5.1.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenarios.gridworlds.drawing import Glyph
from scenarios.gridworlds.model import GridModel, neighbours
from scenarios.gridworlds.world import BatchedGridworld, Gridworld

SIZE = 5
CELLS = SIZE * SIZE
START = 2 * SIZE  # x = 1, y = 3 in the paper's counting from 1
GOAL = 2 * SIZE + SIZE - 1  # x = 5, y = 3
HAZARDS = np.array([row * SIZE + column for row in (1, 2, 3) for column in (1, 2, 3)])
STEP_REWARD = -2.0
GOAL_REWARD = 20.0  # on top of the step's
HAZARD_REWARD = -100.0  # on top of the step's
HORIZON = 200


@lru_cache(maxsize=1)
def frozen_lake() -> GridModel:
    """Return the tables; state = hazard number * 25 + agent cell, so 225 states."""
    hazard, agent = np.divmod(np.arange(len(HAZARDS) * CELLS), CELLS)
    next_agent = neighbours(SIZE, SIZE)[agent]
    on_goal = next_agent == GOAL
    on_hazard = next_agent == HAZARDS[hazard][:, None]
    sees_agent = np.eye(CELLS, dtype=np.float32)[agent]
    sees_hazard = np.eye(len(HAZARDS), dtype=np.float32)[hazard]
    return GridModel(
        start=np.where(agent == START, 1.0 / len(HAZARDS), 0.0),
        next_state=hazard[:, None] * CELLS + next_agent,
        reward=STEP_REWARD + GOAL_REWARD * on_goal + HAZARD_REWARD * on_hazard,
        outcome=(on_goal + 2 * on_hazard).astype(np.int8),
        outcomes=("goal", "hazard"),
        state=np.concatenate([sees_agent, sees_hazard], axis=1),
        compact=sees_agent,
    )


def glyphs(state: int) -> NDArray[np.int64]:
    """Return what is drawn in each cell, shape (5, 5); the hazard is drawn, for human eyes only."""
    hazard, agent = divmod(state, CELLS)
    cells = np.full(CELLS, Glyph.FLOOR)
    cells[GOAL] = Glyph.GOAL
    cells[HAZARDS[hazard]] = Glyph.HAZARD
    cells[agent] = Glyph.AGENT
    return cells.reshape(SIZE, SIZE)


class FrozenLakeVector(BatchedGridworld):
    """N frozen lakes at once."""

    def __init__(
        self, num_envs: int, *, suite: str = "train", horizon: int = HORIZON, render_mode: str | None = None
    ) -> None:
        super().__init__(
            frozen_lake(), glyphs, num_envs=num_envs, suite=suite, horizon=horizon, render_mode=render_mode
        )


class FrozenLake(Gridworld):
    """One frozen lake."""

    def __init__(
        self, *, suite: str = "train", horizon: int = HORIZON, render_mode: str | None = None
    ) -> None:
        super().__init__(FrozenLakeVector(1, suite=suite, horizon=horizon, render_mode=render_mode))
