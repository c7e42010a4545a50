"""A world solved in seconds that has what a driving world has: camera, telemetry, continuous commands.

A mark stands somewhere across the lane; steering to it (first action) earns most, throttle (second) costs.
Importing this module registers it, so `lane_world:Lane-v0` works in worker processes, too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

SIZE = 16  # pixels
HORIZON = 5  # steps; then the episode is cut short, which is no death


class Lane(gymnasium.Env):
    """Reward per step: 1 - 4 (steer - mark)^2 - throttle^2; episodes are truncated after 5 steps."""

    def __init__(
        self, *, suite: str, scripted_expert: str | None = None, fails_at: int = 0, farewell: str = ""
    ) -> None:
        self.observation_space = spaces.Dict(
            {
                "state": spaces.Box(-1.0, 1.0, (1,), np.float32),
                "image": spaces.Box(0, 255, (1, SIZE, SIZE), np.uint8),
                "telemetry": spaces.Box(-1.0, 1.0, (2,), np.float32),
            }
        )
        self.action_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
        self._suite, self._scripted, self._fails_at = suite, scripted_expert, fails_at
        self._farewell, self._last = farewell, np.zeros(2, np.float32)
        self._steps, self._column = 0, 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        super().reset(seed=seed)
        self._steps, self._last = 0, np.zeros(2, np.float32)
        self._column = int(self.np_random.integers(SIZE))
        return self._observe(), self._info()

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[dict[str, NDArray[Any]], float, bool, bool, dict[str, Any]]:
        self._steps += 1
        if self._steps == self._fails_at:
            raise ZeroDivisionError("the simulator went away")
        self._last = np.asarray(action, np.float32)
        reward = 1.0 - 4.0 * float(action[0] - self._mark()) ** 2 - float(action[1]) ** 2
        self._column = int(self.np_random.integers(SIZE))
        over = self._steps >= HORIZON
        return (
            self._observe(),
            reward,
            False,
            over,
            {**self._info(), **({"outcome": "arrived"} if over else {})},
        )

    def close(self) -> None:
        if self._farewell:
            Path(self._farewell, str(os.getpid())).touch()

    @property
    def process(self) -> int:
        """Where it lives."""
        return os.getpid()

    @property
    def node(self) -> str:
        """On which node of a Ray cluster it lives."""
        import ray

        return ray.get_runtime_context().get_node_id()

    def _mark(self) -> float:
        return 2.0 * self._column / (SIZE - 1) - 1.0

    def _observe(self) -> dict[str, NDArray[Any]]:
        image = np.zeros((1, SIZE, SIZE), np.uint8)
        image[:, :, self._column] = 255
        return {"state": np.array([self._mark()], np.float32), "image": image, "telemetry": self._last}

    def _info(self) -> dict[str, Any]:
        return {"expert_action": np.array([self._mark(), 0.0], np.float32)} if self._scripted else {}


class UnscriptedLane(Lane):
    """The same without an expert to imitate."""

    def __init__(self, *, suite: str) -> None:
        super().__init__(suite=suite)


if "Lane-v0" not in gymnasium.registry:
    gymnasium.register(id="Lane-v0", entry_point=Lane)
    gymnasium.register(id="UnscriptedLane-v0", entry_point=UnscriptedLane)
