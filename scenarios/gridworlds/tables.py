"""A model's tables laid out for many look-ups at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.gridworlds.model import GridModel


class Tables:
    """Starts and moves many worlds of one model."""

    def __init__(self, model: GridModel) -> None:
        self._actions = model.actions
        self._next_state = model.next_state.reshape(-1)
        self._reward = model.reward.reshape(-1)
        self._outcome = model.outcome.reshape(-1)
        self.outcomes = np.array(["timeout", *model.outcomes], dtype=object)
        self._starts = np.flatnonzero(model.start)
        self._start_up_to = np.round(model.start[self._starts].cumsum(), 12)

    def start(self, drawn: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the start states that numbers in [0, 1) stand for; both (N,)."""
        return self._starts[np.searchsorted(self._start_up_to, drawn, side="right")]

    def move(
        self, states: NDArray[np.int64], actions: NDArray[np.integer]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int8]]:
        """Return next states, rewards and outcomes; each (N,)."""
        at = states * self._actions + actions
        return self._next_state[at], self._reward[at], self._outcome[at]
