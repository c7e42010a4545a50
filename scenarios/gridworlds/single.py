"""One gridworld as a gymnasium environment: a batch of one, without the batch axis."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from scenarios.gridworlds.drawing import RENDERERS
from scenarios.gridworlds.world import HORIZON, GridworldVector, Observation


class Gridworld(gymnasium.Env):
    """A single gridworld; see `GridworldVector` for its observations, its info and its arguments."""

    metadata: dict[str, Any] = {"render_modes": list(RENDERERS), "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        *,
        game: str,
        suite: str = "train",
        horizon: int = HORIZON,
        observation: str = "compact",
        noise: float = 0.0,
        scripted_expert: str | None = None,
        render_mode: str | None = None,
    ) -> None:
        self._batch = GridworldVector(
            1,
            game=game,
            suite=suite,
            horizon=horizon,
            observation=observation,
            noise=noise,
            scripted_expert=scripted_expert,
            render_mode=render_mode,
        )
        self.render_mode = render_mode
        self.observation_space = self._batch.single_observation_space
        self.action_space = self._batch.single_action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start a new episode, the one of this seed."""
        if seed is not None:
            super().reset(seed=seed)
        observation, info = self._batch.reset(seed=seed)
        return _first(observation), _first(info)

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Move.

        Raises:
            ResetNeeded: The episode has ended.
            ValueError: The action does not exist.
        """
        observation, reward, terminated, truncated, info = self._batch.step(np.array([action]))
        return _first(observation), float(reward[0]), bool(terminated[0]), bool(truncated[0]), _first(info)

    def render(self) -> Any:
        """Return the text or the RGB picture of this world, with nothing hidden."""
        frames = self._batch.render()
        return None if frames is None else frames[0]


def _first(batch: dict[str, Any]) -> dict[str, Any]:
    """Take the batch axis off, and the masks that say which worlds of a batch a piece of info is about."""
    return {name: array[0] for name, array in batch.items() if not name.startswith("_")}
