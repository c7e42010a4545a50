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
from a2d.groups import Group, groups_of
from a2d.mixture import Decision, Mixture
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


@dataclass(slots=True)
class _Progress:
    """How far a group's episodes are."""

    group: Group
    columns: slice  # its worlds among all
    observation: Mapping[str, NDArray] | None  # None: episodes are to begin
    label: NDArray | None  # (n, A) a scripted expert's actions
    total: NDArray  # (n,) rewards so far
    began: NDArray[np.bool_]  # (n,)
    memory: Tensor | None  # (n, H)


class Collector:
    """Steps the worlds; episodes go on from one round to the next until `restart`.

    While one group of worlds is stepped, the other's actions are chosen.

    Args:
        worlds: What is stepped.
        seeds: Of the episodes.
        generator: Of the actions.
        device: Where the policies are.
        watch: Counts what the worlds take.

    Source: Petrenko et al., ICML 2020 (Sample Factory), section 3 (double-buffered sampling).
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
        self._progress: list[_Progress] = []
        first = 0
        for group in groups_of(worlds):
            count = group.num_envs
            columns = slice(first, first + count)
            began = np.ones(count, np.bool_)
            self._progress.append(_Progress(group, columns, None, None, np.zeros(count), began, None))
            first += count

    def restart(self) -> None:
        """Begin new episodes at the next `collect`: the worlds were used elsewhere, or the run was saved."""
        for now in self._progress:
            now.observation = None

    def collect(self, mixture: Mixture, *, steps: int, return_scale: float) -> Rollout:
        """Act for `steps` steps in every world.

        Raises:
            RolloutError: The world gives no `expert_action` where a scripted expert is to act or to label.
        """
        recurrent = mixture.trainee is not None and mixture.trainee.memory
        tape = _Tape(self._worlds, steps=steps, memory=recurrent or 0, return_scale=return_scale)
        episodes: list[Episode] = []
        for now in self._progress:
            if now.observation is None:
                self._reset(now, None)
        for t in range(steps):
            for now in self._progress:
                if t > 0:
                    episodes += self._receive(mixture, now, tape, t - 1)
                self._decide(mixture, now, tape, t)
        for now in self._progress:
            episodes += self._receive(mixture, now, tape, steps - 1)
        return tape.rollout(tuple(episodes))

    def _decide(self, mixture: Mixture, now: _Progress, tape: _Tape, t: int) -> None:
        """Choose a group's actions and have it begin the step."""
        at = t, now.columns
        tape.observe(at, now.observation or {})
        if mixture.trainee is not None and mixture.trainee.memory:
            now.memory = mixture.trainee.recall(now.memory, began=now.began)
            tape.recall(at, memory=now.memory, began=now.began)
        label = self._label_tensor(now) if mixture.expert is None else None
        decision = mixture.decide(
            tensors(tape.at(at), self._device), memory=now.memory, label=label, generator=self._generator
        )
        now.memory = decision.memory
        now.group.step_async(for_world(decision.action))
        tape.decide(at, decision)
        tape.label(at, now.label)

    def _receive(self, mixture: Mixture, now: _Progress, tape: _Tape, t: int) -> list[Episode]:
        """Take in what came of a group's step, and begin anew where episodes ended; those that did."""
        at = t, now.columns
        with self.watch.of(SIMULATOR):
            following, reward, terminated, truncated, info = now.group.step_wait()
        tape.outcome(at, reward=reward, terminated=terminated, truncated=truncated)
        self._note_label(now, info, np.ones(len(reward), np.bool_))
        now.total += reward
        ended = np.asarray(terminated) | np.asarray(truncated)
        if t == tape.steps - 1 or (truncated & ~terminated).any():
            tape.bootstrap(at, mixture.value(tensors(following, self._device), memory=now.memory))
        now.began, now.observation = ended, following
        if not ended.any():
            return []
        episodes = _finished(now.total, ended, info)
        self._reset(now, ended)
        return episodes

    def _reset(self, now: _Progress, mask: NDArray[np.bool_] | None) -> None:
        # Every episode gets its own seed, drawn here, so that the same seeds always give the same run.
        count = now.group.num_envs
        seeds = self._seeds.integers(FIRST_TRAINING_SEED, LAST_TRAINING_SEED, count).tolist()
        options = None if mask is None else {"reset_mask": mask}
        if mask is None:
            mask = now.began = np.ones(count, np.bool_)
        now.total[mask] = 0.0
        with self.watch.of(SIMULATOR):
            now.observation, info = now.group.reset(seed=seeds, options=options)
        self._note_label(now, info, mask)

    def _note_label(self, now: _Progress, info: Mapping[str, Any], mask: NDArray[np.bool_]) -> None:
        given = info.get("expert_action")
        if given is None:
            return
        if now.label is None:
            now.label = np.zeros_like(given)
        now.label[mask] = given[mask]

    def _label_tensor(self, now: _Progress) -> Tensor:
        if now.label is None:
            raise RolloutError(
                "the world gives no info['expert_action']; use expert_from=RUN, the folder of a run"
            )
        return torch.from_numpy(now.label).to(self._device)


def _finished(total: NDArray, ended: NDArray[np.bool_], info: Mapping[str, Any]) -> list[Episode]:
    outcomes = info.get("outcome", np.full(len(ended), "unnamed", dtype=object))
    return [Episode(float(total[i]), str(outcomes[i])) for i in np.flatnonzero(ended)]


def _room(shape: tuple[int, int], space: Space) -> NDArray:
    """Room for (T, N) observations; pictures lie channels last, as convolutions read them quickest."""
    sizes = space.shape or ()
    if len(sizes) != 3:
        return np.empty((*shape, *sizes), space.dtype)
    channels, height, width = sizes
    return np.moveaxis(np.empty((*shape, height, width, channels), space.dtype), -1, -3)


_At = tuple[int, slice]  # a step, and which worlds


class _Tape:
    """The arrays of a rollout while they are being filled."""

    def __init__(self, worlds: VectorEnv, *, steps: int, memory: int, return_scale: float) -> None:
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
        self._shape, self._scale, self.steps = shape, return_scale, steps

    def observe(self, at: _At, observation: Mapping[str, NDArray]) -> None:
        for key, values in self._observation.items():
            values[at] = observation[key]

    def at(self, at: _At) -> dict[str, NDArray]:
        return {key: values[at] for key, values in self._observation.items()}

    def recall(self, at: _At, *, memory: Tensor, began: NDArray[np.bool_]) -> None:
        self._recalled["memory"][at] = memory.cpu().numpy()
        self._recalled["began"][at] = began

    def decide(self, at: _At, decision: Decision) -> None:
        action, trainee = decision.action, decision.trainee
        if self._action is None or self._trainee is None:
            kind = np.float32 if action.is_floating_point() else np.int64
            self._action = np.empty((*self._shape, *action.shape[1:]), kind)
            self._trainee = np.empty((*self._shape, trainee.shape[-1]), np.float32)
        self._action[at] = action.cpu().numpy()
        self._trainee[at] = trainee.cpu().numpy()
        self._log_prob[at] = decision.log_prob.cpu().numpy()
        self._value[at] = value = decision.value.cpu().numpy() * self._scale
        if decision.gain is not None:
            if self._gain is None:
                self._gain = np.empty(self._shape, np.float32)
            self._gain[at] = decision.gain.cpu().numpy() * self._scale
        t, worlds = at
        if t > 0:  # acted on is what the previous step returned, unless that step ended its episode
            going = ~(self._terminated[t - 1, worlds] | self._truncated[t - 1, worlds])
            self._next_value[t - 1, worlds][going] = value[going]

    def label(self, at: _At, label: NDArray | None) -> None:
        if label is None:
            return
        if self._label is None:
            self._label = np.empty((*self._shape, *label.shape[1:]), label.dtype)
        self._label[at] = label

    def outcome(self, at: _At, *, reward: NDArray, terminated: NDArray, truncated: NDArray) -> None:
        self._reward[at], self._terminated[at], self._truncated[at] = reward, terminated, truncated

    def bootstrap(self, at: _At, value: Tensor) -> None:
        self._next_value[at] = value.cpu().numpy() * self._scale

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
