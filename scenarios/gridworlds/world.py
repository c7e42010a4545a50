"""N gridworlds at once as a gymnasium vector environment, stepped by table look-ups."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from scenarios.gridworlds.drawing import RENDERERS
from scenarios.gridworlds.expert import ScriptedExpert
from scenarios.gridworlds.games import game_tables
from scenarios.gridworlds.seeding import SEED_LIMIT, mask_of, seeds_of
from scenarios.gridworlds.sight import Sight
from scenarios.gridworlds.tables import Tables
from scenarios.suites import episode_keys, uniform

Observation = dict[str, NDArray[Any]]
HORIZON = 200


class GridworldVector(VectorEnv):
    """N independent copies of a gridworld.

    Nothing resets by itself: the caller names the finished worlds in `reset(options={"reset_mask": ...})`.
    Everything random in an episode follows from its own (suite, seed), whoever its neighbours are.
    What `reset` and `step` return is the caller's and no later call writes to it - unless `copy=False`,
    as in gymnasium's own vector environments: then each call overwrites the observation of the one before.

    Observations: `state` float32 (N, F) for the expert; `compact` float32 (N, K) or `image` uint8
    (N, 3, 42, 42) for the trainee.
    Info: `seed` after a reset; `outcome` on an episode's last step; `expert_action` with a scripted expert.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012  gymnasium declares it as an attribute of the instance
        "render_modes": list(RENDERERS),
        "render_fps": 4,
        "autoreset_mode": AutoresetMode.DISABLED,
    }

    def __init__(
        self,
        num_envs: int,
        *,
        game: str,
        suite: str = "train",
        horizon: int = HORIZON,
        observation: str = "compact",
        noise: float = 0.0,
        scripted_expert: str | None = None,
        copy: bool = True,
        render_mode: str | None = None,
    ) -> None:
        """Prepare the worlds; the first reset begins their episodes.

        Args:
            num_envs: How many (N).
            game: A name of `scenarios.gridworlds.games.GAMES`.
            suite: Which episodes `reset(seed=...)` draws; a name of `scenarios.suites.SUITES`.
            horizon: Steps after which an episode is cut short.
            observation: `compact` or `image`: what the trainee sees.
            noise: Standard deviation of an image's pixels, as a share of 255.
            scripted_expert: `privileged` for `info["expert_action"]`: a best move for each observation of
                a driver who sees everything, ties drawn evenly.
            copy: Return observations in new arrays. False is for callers who read each observation at once:
                with thousands of worlds, new memory can take four fifths of a step's time.
            render_mode: `ansi` or `rgb_array`.

        Raises:
            ValueError: An argument is none of its choices.
        """
        if num_envs < 1 or horizon < 1:
            raise ValueError(f"num_envs and horizon are at least 1, got {num_envs} and {horizon}")
        if render_mode not in (None, *RENDERERS):
            raise ValueError(f"render_mode is ansi or rgb_array, got {render_mode!r}")
        if scripted_expert not in (None, "privileged"):
            raise ValueError(f"unknown scripted_expert {scripted_expert!r}; choose one of: privileged, None")
        episode_keys(suite, np.zeros(0, np.int64))  # raises where the suite is unknown
        self.model, self.suite, self.horizon = game_tables(game), suite, horizon
        self.num_envs, self.render_mode = num_envs, render_mode
        self._sight = Sight(game, observation=observation, noise=noise)
        self._expert = None if scripted_expert is None else ScriptedExpert(self.model)
        self.single_observation_space = spaces.Dict(
            {
                "state": spaces.Box(0.0, 1.0, self.model.state.shape[1:], np.float32),
                self._sight.name: self._sight.space,
            }
        )
        self.single_action_space = spaces.Discrete(self.model.actions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        # Where observations are written to, each over the one before.
        self._state = None if copy else np.zeros((num_envs, self.model.state.shape[1]), np.float32)
        self._seen = None if copy else np.zeros((num_envs, *self._sight.space.shape), self._sight.space.dtype)
        self._tables = Tables(self.model)
        self._now = np.zeros(num_envs, dtype=np.int64)  # state
        self._steps = np.zeros(num_envs, dtype=np.int64)
        self._keys = np.zeros(num_envs, dtype=np.uint64)  # each episode's source of chance
        self._ended = np.ones(num_envs, dtype=np.bool_)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start new episodes in all worlds, or in those that `options["reset_mask"]` names.

        Args:
            seed: None draws new seeds, which follow from the last complete set of given ones; an int s gives
                world i the seed s + i; a list or array gives each its own, and None in it draws one.
            options: `reset_mask`, bool array (N,): the worlds to reset; the others keep going.

        Returns:
            The observation of all worlds, and info with `seed` of those that were reset.

        Raises:
            ValueError: Seeds or mask do not fit the worlds.
        """
        mask = mask_of(options, count=self.num_envs)
        seeds, given = seeds_of(seed, count=self.num_envs)
        if given.all() and mask.all():
            self.np_random = np.random.default_rng(seeds.view(np.uint32))
        if not given.all():
            seeds = np.where(given, seeds, self.np_random.integers(SEED_LIMIT, size=self.num_envs))
        chosen = np.flatnonzero(mask)
        keys = episode_keys(self.suite, seeds[chosen])
        self._keys[chosen] = keys
        self._now[chosen] = self._tables.start(uniform(keys))
        self._steps[chosen] = 0
        self._ended[chosen] = False
        return self._observe(), {"seed": np.where(mask, seeds, 0), "_seed": mask, **self._expert_info()}

    def step(
        self, actions: Any
    ) -> tuple[Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Move in every world.

        Raises:
            ResetNeeded: A world's episode has ended.
            ValueError: An action does not exist.
        """
        actions = np.asarray(actions)
        if (
            actions.shape != (self.num_envs,)
            or actions.dtype.kind not in "iu"
            or actions.min() < 0
            or actions.max() >= self.model.actions
        ):
            raise ValueError(
                f"an action is an integer from 0 to {self.model.actions - 1} for each of "
                f"{self.num_envs} worlds, got {actions!r}"
            )
        if self._ended.any():
            raise ResetNeeded(
                f"the episode of world(s) {np.flatnonzero(self._ended).tolist()} has ended; "
                "reset them first: reset(options={'reset_mask': terminated | truncated})"
            )
        self._now, reward, outcome = self._tables.move(self._now, actions)
        self._steps += 1
        terminated = outcome > 0
        truncated = (self._steps >= self.horizon) & ~terminated
        self._ended = terminated | truncated
        info = self._last_step_info(outcome) | self._expert_info()
        return self._observe(), reward, terminated, truncated, info

    def render(self) -> tuple[Any, ...] | None:
        """Return one text or RGB picture per world, with nothing hidden: for human eyes."""
        if self.render_mode is None:
            return None
        truth, agent = self.model.truth[self._now], self.model.agent[self._now].tolist()
        return tuple(RENDERERS[self.render_mode](*scene) for scene in zip(truth, agent, strict=True))

    def _observe(self) -> Observation:
        # A state is never out of range; clipping is what lets numpy write to `out` without a copy.
        state = np.take(self.model.state, self._now, axis=0, out=self._state, mode="clip")
        seen = self._sight.look(self._now, keys=self._keys, steps=self._steps, out=self._seen)
        return {"state": state, self._sight.name: seen}

    def _expert_info(self) -> dict[str, Any]:
        if self._expert is None:
            return {}
        return {
            "expert_action": self._expert.act(self._now, keys=self._keys, steps=self._steps),
            "_expert_action": np.ones(self.num_envs, dtype=np.bool_),
        }

    def _last_step_info(self, outcome: NDArray[np.int8]) -> dict[str, Any]:
        ended = np.flatnonzero(self._ended)
        if not ended.size:
            return {}
        names = np.full(self.num_envs, None, dtype=object)
        names[ended] = self._tables.outcomes[outcome[ended]]
        return {"outcome": names, "_outcome": self._ended.copy()}
