"""A world that only memory solves: what is shown at first is asked for at the end, three steps later.

Importing this module registers it, so `recall_world:Recall-v0` works by its id.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

STEPS = 4


class Recall(gymnasium.Env):
    """Action 0 or 1; the last of four earns 1 if it is the cue, else -1. Who sees the state sees the cue."""

    def __init__(self, *, suite: str, scripted_expert: str | None = None) -> None:
        self.observation_space = spaces.Dict(
            {
                "state": spaces.Box(-1.0, 1.0, (2,), np.float32),
                "compact": spaces.Box(-1.0, 1.0, (2,), np.float32),
            }
        )
        self.action_space = spaces.Discrete(2)
        self._scripted = scripted_expert is not None
        self._step = self._cue = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        super().reset(seed=seed)
        self._step, self._cue = 0, int(self.np_random.integers(2))
        return self._observe(), self._info()

    def step(self, action: int) -> tuple[dict[str, NDArray[Any]], float, bool, bool, dict[str, Any]]:
        self._step += 1
        over = self._step == STEPS
        reward = 0.0 if not over else 1.0 if int(action) == self._cue else -1.0
        info = self._info() | ({"outcome": "goal" if reward > 0.0 else "hazard"} if over else {})
        return self._observe(), reward, over, False, info

    def _observe(self) -> dict[str, NDArray[np.float32]]:
        cue, time = 2.0 * self._cue - 1.0, self._step / STEPS
        shown = cue if self._step == 0 else 0.0
        return {"state": np.array([cue, time], np.float32), "compact": np.array([shown, time], np.float32)}

    def _info(self) -> dict[str, Any]:
        return {"expert_action": self._cue} if self._scripted else {}


gymnasium.register("Recall-v0", Recall)
