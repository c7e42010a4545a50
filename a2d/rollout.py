"""Worlds and policies -> one round of experience as arrays of shape (T, N, ...)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium import Space
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray
from torch import Tensor

from a2d.acting import for_world
from a2d.errors import A2DError
from a2d.mixture import Mixture
from a2d.policies import tensors
from a2d.stopwatch import SIMULATOR, Stopwatch

FIRST_TRAINING_SEED, LAST_TRAINING_SEED = 2**20, 2**31  # smaller seeds are left to evaluation


class RolloutError(A2DError):
    """The arrays of a rollout disagree, or a world gave what it must not."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """What one round of acting gave: T steps in each of N worlds."""

    observation: dict[str, NDArray]  # each (T, N, ...); with `memory` and `began` of a recurrent trainee
    action: NDArray  # (T, N) int64 or (T, N, A) float32, as drawn: not clipped
    log_prob: NDArray[np.float32]  # (T, N) of the mixture that acted
    trainee: NDArray[np.float32]  # (T, N, P) the trainee's distribution parameters
    reward: NDArray[np.float32]  # (T, N)
    value: NDArray[np.float32]  # (T, N) V of what was acted on, in units of reward
    gain: (
        NDArray[np.float32] | None
    )  # (T, N) the learned advantage Q(b, a) - E_pi[Q(b, .)], where there is one
    next_value: NDArray[np.float32]  # (T, N) V of the observation the step returned; 0 where it terminated
    terminated: NDArray[np.bool_]  # (T, N): no future
    truncated: NDArray[np.bool_]  # (T, N): cut short by a limit, the future still has value
    expert_action: NDArray[np.float32] | None  # (T, N, A) of a scripted expert
    episodes: tuple[Episode, ...]  # that ended during the round

    def __post_init__(self) -> None:
        shapes = {
            name: getattr(self, name).shape[:2]
            for name in ("action", "log_prob", "trainee", "reward", "value", "next_value", "terminated")
        }
        shapes |= {key: values.shape[:2] for key, values in self.observation.items()}
        if len(set(shapes.values())) != 1:
            raise RolloutError(f"the arrays of a rollout begin with one (T, N), got {shapes}")

    @property
    def ended(self) -> NDArray[np.bool_]:
        """The episode ended at this step, for either reason; (T, N)."""
        return self.terminated | self.truncated

    @property
    def interactions(self) -> int:
        """Environment steps in it."""
        return int(self.reward.size)


@dataclass(frozen=True, slots=True)
class Episode:
    """A finished training episode."""

    total: float  # undiscounted return
    outcome: str


class Collector:
    """Steps the worlds; episodes go on from one round to the next until `restart`.

    Args:
        worlds: What is stepped.
        seeds: Of the episodes.
        generator: Of the actions.
        device: Where the policies are.
        watch: Counts what the worlds take.
    """

    def __init__(
        self,
        worlds: VectorEnv,
        *,
        seeds: np.random.Generator,
        generator: torch.Generator,
        device: torch.device,
        watch: Stopwatch,
    ) -> None:
        self._worlds, self._seeds, self._generator, self._device = worlds, seeds, generator, device
        self.watch = watch
        self._observation: Mapping[str, NDArray] | None = None
        self._label: NDArray | None = None
        self._total = np.zeros(worlds.num_envs)
        self._began = np.ones(worlds.num_envs, np.bool_)
        self._memory: Tensor | None = None

    def restart(self) -> None:
        """Begin new episodes at the next `collect`: the worlds were used elsewhere, or the run was saved."""
        self._observation = None

    def collect(self, mixture: Mixture, *, steps: int, return_scale: float) -> Rollout:
        """Act for `steps` steps in every world.

        Raises:
            RolloutError: The world gives no `expert_action` where a scripted expert is to act or to label.
        """
        if self._observation is None:
            self._observation = self._reset(None)
        recurrent = mixture.trainee if mixture.trainee is not None and mixture.trainee.memory else None
        tape = _Tape(self._worlds, steps=steps, memory=0 if recurrent is None else recurrent.memory)
        episodes: list[Episode] = []
        for t in range(steps):
            tape.observe(t, self._observation)
            if recurrent is not None:
                self._memory = recurrent.recall(self._memory, began=self._began)
                tape.recall(t, memory=self._memory, began=self._began)
            label = self._label_tensor() if mixture.expert is None else None
            decision = mixture.decide(
                tensors(tape.at(t), self._device), memory=self._memory, label=label, generator=self._generator
            )
            self._memory = decision.memory
            action = for_world(decision.action)
            with self.watch.of(SIMULATOR):
                following, reward, terminated, truncated, info = self._worlds.step(action)
            value = decision.value.cpu().numpy() * return_scale
            tape.decide(t, action=decision.action, log_prob=decision.log_prob, trainee=decision.trainee)
            if decision.gain is not None:
                tape.gain(t, decision.gain.cpu().numpy() * return_scale)
            tape.label(t, self._label)
            tape.outcome(t, reward=reward, value=value, terminated=terminated, truncated=truncated)
            self._note_label(info, np.ones(len(reward), np.bool_))
            self._total += reward
            ended = np.asarray(terminated) | np.asarray(truncated)
            if t == steps - 1 or (truncated & ~terminated).any():
                bootstrap = mixture.value(tensors(following, self._device), memory=self._memory)
                tape.bootstrap(t, bootstrap.cpu().numpy() * return_scale)
            self._began = ended
            if ended.any():
                episodes += self._finish(ended, info)
                following = self._reset(ended)
            self._observation = following
        return tape.rollout(tuple(episodes))

    def _reset(self, mask: NDArray[np.bool_] | None) -> Mapping[str, NDArray]:
        # Every episode gets its own seed, drawn here, so that the same seeds always give the same run.
        seeds = self._seeds.integers(FIRST_TRAINING_SEED, LAST_TRAINING_SEED, self._worlds.num_envs).tolist()
        reset: Any = self._worlds.reset  # annotated for one seed, takes one per world
        options = None if mask is None else {"reset_mask": mask}
        if mask is None:
            mask = self._began = np.ones(self._worlds.num_envs, np.bool_)
        self._total[mask] = 0.0
        with self.watch.of(SIMULATOR):
            observation, info = reset(seed=seeds, options=options)
        self._note_label(info, mask)
        return observation

    def _finish(self, ended: NDArray[np.bool_], info: Mapping[str, Any]) -> list[Episode]:
        outcomes = info.get("outcome", np.full(len(ended), "unnamed", dtype=object))
        return [Episode(float(self._total[i]), str(outcomes[i])) for i in np.flatnonzero(ended)]

    def _note_label(self, info: Mapping[str, Any], mask: NDArray[np.bool_]) -> None:
        given = info.get("expert_action")
        if given is None:
            return
        if self._label is None:
            self._label = np.zeros_like(given)
        self._label[mask] = given[mask]

    def _label_tensor(self) -> Tensor:
        if self._label is None:
            raise RolloutError(
                "the world gives no info['expert_action']; use expert_from=RUN, the folder of a run"
            )
        return torch.from_numpy(self._label).to(self._device)


def _room(shape: tuple[int, int], space: Space) -> NDArray:
    """Room for (T, N) observations; pictures lie channels last, as convolutions read them quickest."""
    sizes = space.shape or ()
    if len(sizes) != 3:
        return np.empty((*shape, *sizes), space.dtype)
    channels, height, width = sizes
    return np.moveaxis(np.empty((*shape, height, width, channels), space.dtype), -1, -3)


class _Tape:
    """The arrays of a rollout while they are being filled."""

    def __init__(self, worlds: VectorEnv, *, steps: int, memory: int) -> None:
        shape = (steps, worlds.num_envs)
        spaces = worlds.single_observation_space.spaces  # type: ignore[attr-defined]
        self._observation = {key: _room(shape, space) for key, space in spaces.items()}
        self._recalled: dict[str, NDArray] = {}
        if memory:
            self._recalled["memory"] = np.empty((*shape, memory), np.float32)
            self._recalled["began"] = np.empty(shape, np.bool_)
        self._reward, self._value = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self._next_value, self._log_prob = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self._terminated, self._truncated = np.empty(shape, np.bool_), np.empty(shape, np.bool_)
        self._action: NDArray | None = None
        self._trainee: NDArray | None = None
        self._label: NDArray | None = None
        self._gain: NDArray | None = None
        self._shape = shape

    def observe(self, t: int, observation: Mapping[str, NDArray]) -> None:
        for key, values in self._observation.items():
            values[t] = observation[key]

    def at(self, t: int) -> dict[str, NDArray]:
        return {key: values[t] for key, values in self._observation.items()}

    def recall(self, t: int, *, memory: Tensor, began: NDArray[np.bool_]) -> None:
        self._recalled["memory"][t] = memory.cpu().numpy()
        self._recalled["began"][t] = began

    def decide(self, t: int, *, action: Tensor, log_prob: Tensor, trainee: Tensor) -> None:
        if self._action is None or self._trainee is None:
            kind = np.float32 if action.is_floating_point() else np.int64
            self._action = np.empty((*self._shape, *action.shape[1:]), kind)
            self._trainee = np.empty((*self._shape, trainee.shape[-1]), np.float32)
        self._action[t] = action.cpu().numpy()
        self._trainee[t] = trainee.cpu().numpy()
        self._log_prob[t] = log_prob.cpu().numpy()

    def gain(self, t: int, gain: NDArray) -> None:
        if self._gain is None:
            self._gain = np.empty(self._shape, np.float32)
        self._gain[t] = gain

    def label(self, t: int, label: NDArray | None) -> None:
        if label is None:
            return
        if self._label is None:
            self._label = np.empty((*self._shape, *label.shape[1:]), label.dtype)
        self._label[t] = label

    def outcome(
        self, t: int, *, reward: NDArray, value: NDArray, terminated: NDArray, truncated: NDArray
    ) -> None:
        self._reward[t], self._value[t] = reward, value
        self._terminated[t], self._truncated[t] = terminated, truncated
        if (
            t > 0
        ):  # an observation acted on is the one that the previous step returned, unless that step ended
            going = ~(self._terminated[t - 1] | self._truncated[t - 1])
            self._next_value[t - 1][going] = value[going]

    def bootstrap(self, t: int, value: NDArray) -> None:
        self._next_value[t] = value

    def rollout(self, episodes: tuple[Episode, ...]) -> Rollout:
        if self._action is None or self._trainee is None:
            raise RolloutError("a rollout needs at least one step")
        self._next_value[self._terminated] = 0.0
        return Rollout(
            observation=self._observation | self._recalled,
            action=self._action,
            log_prob=self._log_prob,
            trainee=self._trainee,
            reward=self._reward,
            value=self._value,
            gain=self._gain,
            next_value=self._next_value,
            terminated=self._terminated,
            truncated=self._truncated,
            expert_action=self._label,
            episodes=episodes,
        )
