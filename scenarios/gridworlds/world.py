"""Gridworlds as gymnasium environments: N at once in numpy, or one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from scenarios.gridworlds.drawing import as_image, as_text
from scenarios.gridworlds.model import GridModel
from scenarios.suites import SUITES, episode_rng

Observation = dict[str, NDArray[np.float32]]
Frame = str | NDArray[np.uint8]

SEED_LIMIT = 2**31


class BatchedGridworld(VectorEnv):
    """N independent copies of a gridworld, stepped by table look-ups.

    Nothing resets by itself: the caller names the finished worlds in `reset(options={"reset_mask": ...})`.
    The hidden part of each world is drawn from its own (suite, seed) alone, whoever its neighbours are.

    Observations: `state` float32 (N, F) for the expert, `compact` float32 (N, K) for the trainee.
    Info: `seed` after a reset; `outcome` on an episode's last step.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012  gymnasium declares it as an attribute of the instance
        "render_modes": ["ansi", "rgb_array"],
        "render_fps": 4,
        "autoreset_mode": AutoresetMode.DISABLED,
    }

    def __init__(
        self,
        model: GridModel,
        glyphs: Callable[[int], NDArray[np.int64]],
        *,
        num_envs: int,
        suite: str,
        horizon: int,
        render_mode: str | None,
    ) -> None:
        if num_envs < 1 or horizon < 1:
            raise ValueError(f"num_envs and horizon are at least 1, got {num_envs} and {horizon}")
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(f"render_mode is ansi or rgb_array, got {render_mode!r}")
        episode_rng(suite, 0)  # raises where the suite is unknown, before any episode is asked for
        self.model, self.suite, self.horizon = model, suite, horizon
        self.num_envs, self.render_mode = num_envs, render_mode
        self.single_observation_space = spaces.Dict(
            {
                "state": spaces.Box(0.0, 1.0, (model.state.shape[1],), np.float32),
                "compact": spaces.Box(0.0, 1.0, (model.compact.shape[1],), np.float32),
            }
        )
        self.single_action_space = spaces.Discrete(model.actions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._glyphs = glyphs
        self._now = np.zeros(num_envs, dtype=np.int64)
        self._steps = np.zeros(num_envs, dtype=np.int64)
        self._ended = np.ones(num_envs, dtype=np.bool_)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start new episodes in all worlds, or in those that `options["reset_mask"]` names.

        Args:
            seed: None draws new seeds; an int s gives world i the seed s + i; a list gives each its own,
                and None in it draws one.
            options: `reset_mask`, bool array (N,): the worlds to reset; the others keep going.

        Returns:
            The observation of all worlds, and info with `seed` of those that were reset.
        """
        mask = self._reset_mask(options)
        seeds = self._seeds(seed, mask)
        self._now[mask] = [self._draw_start(int(one)) for one in seeds[mask]]
        self._steps[mask] = 0
        self._ended[mask] = False
        return self._observe(), {"seed": np.where(mask, seeds, 0), "_seed": mask}

    def step(
        self, actions: Any
    ) -> tuple[Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Move in every world.

        Raises:
            ResetNeeded: A world's episode has ended.
            ValueError: An action does not exist.
        """
        actions = np.asarray(actions)
        if actions.shape != (self.num_envs,) or actions.min() < 0 or actions.max() >= self.model.actions:
            raise ValueError(
                f"an action is an integer from 0 to {self.model.actions - 1} for each of "
                f"{self.num_envs} worlds, got {actions!r}"
            )
        if self._ended.any():
            raise ResetNeeded(
                f"the episode of world(s) {np.flatnonzero(self._ended).tolist()} has ended; "
                "reset them first: reset(options={'reset_mask': terminated | truncated})"
            )
        before = self._now
        outcome = self.model.outcome[before, actions]
        self._now = self.model.next_state[before, actions]
        self._steps = self._steps + 1
        terminated = outcome > 0
        truncated = ~terminated & (self._steps >= self.horizon)
        self._ended = terminated | truncated
        reward = self.model.reward[before, actions]
        return self._observe(), reward, terminated, truncated, self._last_step_info(outcome)

    def render(self) -> tuple[Frame, ...] | None:
        """Return one text or RGB picture per world."""
        if self.render_mode is None:
            return None
        draw = as_text if self.render_mode == "ansi" else as_image
        return tuple(draw(self._glyphs(int(state))) for state in self._now)

    def _observe(self) -> Observation:
        return {"state": self.model.state[self._now], "compact": self.model.compact[self._now]}

    def _last_step_info(self, outcome: NDArray[np.int8]) -> dict[str, Any]:
        if not self._ended.any():
            return {}
        names = np.array(["timeout", *self.model.outcomes], dtype=object)[outcome]
        names[~self._ended] = None
        return {"outcome": names, "_outcome": self._ended.copy()}

    def _draw_start(self, seed: int) -> int:
        return int(episode_rng(self.suite, seed).choice(len(self.model.start), p=self.model.start))

    def _reset_mask(self, options: dict[str, Any] | None) -> NDArray[np.bool_]:
        if options is None or "reset_mask" not in options:
            return np.ones(self.num_envs, dtype=np.bool_)
        mask = np.asarray(options["reset_mask"])
        if mask.shape != (self.num_envs,) or mask.dtype != np.bool_:
            raise ValueError(
                f"reset_mask is a bool array of shape ({self.num_envs},), got {mask.dtype} {mask.shape}"
            )
        return mask.copy()

    def _seeds(self, seed: Any, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return a seed for each world; those drawn here follow from the last complete set of given ones."""
        given = [None] * self.num_envs if seed is None else seed
        if isinstance(given, int | np.integer):
            given = [int(given) + index for index in range(self.num_envs)]
        if len(given) != self.num_envs:
            raise ValueError(f"{len(given)} seeds for {self.num_envs} worlds; give one each, or None")
        if mask.all() and all(one is not None for one in given):
            self.np_random = np.random.default_rng([SUITES[self.suite], *given])
        drawn = self.np_random.integers(SEED_LIMIT, size=self.num_envs)
        return np.array([new if one is None else one for one, new in zip(given, drawn, strict=True)])


class Gridworld(gymnasium.Env):
    """A single gridworld: a batch of one, without the batch axis."""

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(self, batch: BatchedGridworld) -> None:
        if batch.num_envs != 1:
            raise ValueError(f"a single world is a batch of 1, got {batch.num_envs}")
        self._batch = batch
        self.render_mode = batch.render_mode
        self.observation_space = batch.single_observation_space
        self.action_space = batch.single_action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start a new episode, the one of this seed."""
        if seed is not None:
            super().reset(seed=seed)
        observation, info = self._batch.reset(seed=seed)
        return _first(observation), {"seed": int(info["seed"][0])}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Move.

        Raises:
            ResetNeeded: The episode has ended.
        """
        observation, reward, terminated, truncated, info = self._batch.step(np.array([action]))
        outcome = {"outcome": info["outcome"][0]} if info else {}
        return _first(observation), float(reward[0]), bool(terminated[0]), bool(truncated[0]), outcome

    def render(self) -> Any:
        """Return the text or the RGB picture of this world."""
        frames = self._batch.render()
        return None if frames is None else frames[0]


def _first(observation: Observation) -> Observation:
    return {name: array[0] for name, array in observation.items()}
