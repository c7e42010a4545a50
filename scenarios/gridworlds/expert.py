"""The scripted expert: it sees everything and makes a best move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.gridworlds.exact import optimal_state_policy
from scenarios.gridworlds.model import GridModel
from scenarios.suites import refined, uniform


class ScriptedExpert:
    """Makes best moves in many worlds at once; where several are best, each as often as the others."""

    def __init__(self, model: GridModel) -> None:
        # Rounded, so that a move of probability 0 behind the last best one cannot be drawn.
        self._up_to = np.round(optimal_state_policy(model).cumsum(axis=1), 12)

    def act(
        self, states: NDArray[np.int64], *, keys: NDArray[np.uint64], steps: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return a best move in each world, shape (N,); among equals, key and step decide.

        Args:
            states: Number of each world's state, shape (N,).
            keys: Each episode's source of chance (see `scenarios.suites`), shape (N,).
            steps: Steps since each episode began, shape (N,).
        """
        drawn = uniform(refined(keys, 2 * steps))
        return (drawn[:, None] >= self._up_to[states]).sum(axis=1)
