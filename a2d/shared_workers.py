"""N worlds over fewer worker processes, each of which steps its worlds in turn, as one VectorEnv.

A process per world spends two fifths of its time on getting its caches back. Where the simulators share the
cores with the workers anyway, a worker per core loses nothing by turns: each waits for one server at a time,
and the others keep the cores busy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate
from numpy.typing import NDArray

from a2d.groups import Step

Make = Callable[[], gymnasium.Env]
CLOSE_SECONDS = 10.0  # that a worker which is told to end may take
_INFOS, _BEGIN = "infos", "begin"  # what a worker tells of all its worlds; what it is told to begin


class SharedWorkersVectorEnv(VectorEnv):
    """Worlds in groups, each of which can be stepped while another is decided for, or all together."""

    def __init__(self, makers: Sequence[Make], *, per_worker: int, context: str) -> None:
        """Start the workers: two groups of them, if their number is even.

        Args:
            makers: Of the worlds.
            per_worker: Worlds of a worker; the makers are a multiple of it.
            context: Of multiprocessing.
        """
        self.num_envs = len(makers)
        workers = self.num_envs // per_worker
        each = self.num_envs // (2 if workers % 2 == 0 else 1)
        parts = [makers[first : first + each] for first in range(0, self.num_envs, each)]
        self.groups = tuple(SharedGroup(part, per_worker=per_worker, context=context) for part in parts)
        self.processes = [process for group in self.groups for process in group.workers.processes]
        first = self.groups[0]
        self.metadata, self.render_mode = first.metadata, first.render_mode
        self.single_observation_space = first.single_observation_space
        self.single_action_space = first.single_action_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Reset all worlds, or those of `options["reset_mask"]`, bool (N,)."""
        mask, seeds, options = _asked(seed, options, count=self.num_envs)
        for group, who, own in zip(self.groups, self._dealt(mask), self._dealt(seeds), strict=True):
            group.begin(who, own, options)
        told = [group.begun() for group in self.groups]
        return _joined([observation for observation, _ in told]), self._infos([infos for _, infos in told])

    def step(self, actions: Any) -> Step:
        """Step all worlds."""
        for group, own in zip(self.groups, self._dealt(np.asarray(actions)), strict=True):
            group.step_async(own)
        observations, rewards, terminated, truncated, infos = zip(
            *(group.receive() for group in self.groups), strict=True
        )
        return (
            _joined(observations),
            np.concatenate(rewards),
            np.concatenate(terminated),
            np.concatenate(truncated),
            self._infos(infos),
        )

    def call(self, name: str, *arguments: Any, **keywords: Any) -> tuple[Any, ...]:
        """Each world's attribute, or what its method returns."""
        told = [group.workers.call("ask", name, *arguments, **keywords) for group in self.groups]
        return tuple(chain.from_iterable(chain.from_iterable(told)))

    def render(self) -> tuple[Any, ...] | None:
        """Each world's picture."""
        return self.call("render")

    def close_extras(self, **keywords: Any) -> None:
        """Have the worlds close, and end the workers; a step that was begun and never asked after is lost."""
        if any(group.waiting for group in self.groups):
            self.terminate()
        else:
            for group in self.groups:
                group.workers.close(**keywords)

    def terminate(self) -> None:
        """End the workers wherever in the conversation with them we are; by force after CLOSE_SECONDS."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.join(CLOSE_SECONDS)
            process.kill()
            process.join()
        self.closed = True
        for group in self.groups:
            group.workers.closed = True  # there is nobody left whom closing could ask

    def _dealt(self, values: NDArray[Any]) -> NDArray[Any]:
        """(N, ...) as (groups, worlds of a group, ...)."""
        return values.reshape(len(self.groups), -1, *values.shape[1:])

    def _infos(self, infos: Iterable[Sequence[dict[str, Any]]]) -> dict[str, Any]:
        return _merged(self, chain.from_iterable(infos))


class SharedGroup(VectorEnv):
    """An AsyncVectorEnv whose worlds are workers' batches, cut into worlds again."""

    def __init__(self, makers: Sequence[Make], *, per_worker: int, context: str) -> None:
        """Start the workers; arguments as above."""
        self.num_envs, self._each = len(makers), per_worker
        parts = [makers[first : first + per_worker] for first in range(0, len(makers), per_worker)]
        self.workers = AsyncVectorEnv(
            [partial(_Turns, number, part) for number, part in enumerate(parts)],
            shared_memory=True,
            context=context,
            autoreset_mode=AutoresetMode.DISABLED,
        )
        self.metadata, self.render_mode = self.workers.metadata, self.workers.render_mode
        (first, *_) = self.workers.call("single_spaces")
        self.single_observation_space, self.single_action_space = first
        self._shown: Any = create_empty_array(self.single_observation_space, n=self.num_envs, fn=np.zeros)
        self.waiting = False  # whether they were told to step or to begin, and nobody asked what came of it

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Reset all worlds, or those of `options["reset_mask"]`, bool (n,)."""
        self.begin(*_asked(seed, options, count=self.num_envs))
        observation, infos = self.begun()
        return observation, _merged(self, infos)

    def begin(self, mask: NDArray[np.bool_], seeds: NDArray[Any], options: dict[str, Any]) -> None:
        """Have the worlds of a mask (n,) begin episodes, with seeds (n,); `begun` waits for it."""
        dealt = self._dealt(mask)
        self.waiting = bool(mask.any())
        if self.waiting:
            begin = {"mask": dealt, "seed": self._dealt(seeds), "options": options}
            self.workers.reset_async(options={_BEGIN: begin, "reset_mask": dealt.any(axis=1)})

    def begun(self) -> tuple[Any, list[dict[str, Any]]]:
        """What the worlds show then, and what each tells."""
        if not self.waiting:
            return self._shown, self._told({})
        self.waiting = False
        observation, info = self.workers.reset_wait()
        return self._cut(observation), self._told(info)

    def step_async(self, actions: Any) -> None:
        """Have all worlds step; `step_wait` waits for it."""
        self.waiting = True
        self.workers.step_async(self._dealt(np.asarray(actions)))

    def step_wait(self) -> Step:
        """What came of the step."""
        *step, infos = self.receive()
        return (*step, _merged(self, infos))  # type: ignore[return-value]

    def receive(self) -> tuple[Any, NDArray[Any], NDArray[Any], NDArray[Any], list[dict[str, Any]]]:
        """The same, with what each world tells."""
        self.waiting = False
        observation, reward, terminated, truncated, info = self.workers.step_wait()
        flat = reward.reshape(-1), terminated.reshape(-1), truncated.reshape(-1)
        return self._cut(observation), *flat, self._told(info)

    def _dealt(self, values: NDArray[Any]) -> NDArray[Any]:
        """(n, ...) as (workers, per worker, ...)."""
        return values.reshape(-1, self._each, *values.shape[1:])

    def _cut(self, observation: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        self._shown = {key: values.reshape(-1, *values.shape[2:]) for key, values in observation.items()}
        return self._shown

    def _told(self, info: Mapping[str, Any]) -> list[dict[str, Any]]:
        if _INFOS not in info:
            return [{} for _ in range(self.num_envs)]
        there = zip(info[f"_{_INFOS}"], info[_INFOS], strict=True)
        return list(chain.from_iterable(infos if told else [{}] * self._each for told, infos in there))


def _asked(
    seed: int | Sequence[int | None] | None, options: dict[str, Any] | None, *, count: int
) -> tuple[NDArray[np.bool_], NDArray[Any], dict[str, Any]]:
    """Which of so many worlds a reset is for (count,), the seed of each (count,), and the other options."""
    options = dict(options or {})
    mask = options.pop("reset_mask", np.ones(count, np.bool_))
    return mask, np.array(seed_of_each(seed, count), object), options


def _joined(observations: Iterable[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Observations of groups, one after another."""
    first, *others = observations
    return {key: np.concatenate([values, *(other[key] for other in others)]) for key, values in first.items()}


def _merged(worlds: VectorEnv, infos: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What each world tells as arrays, as gymnasium puts it together."""
    found: dict[str, Any] = {}
    for world, each in enumerate(infos):
        found = worlds._add_info(found, each, world)
    return found


def seed_of_each(seed: int | Sequence[int | None] | None, count: int) -> Sequence[int | None]:
    """A seed for each world: those given, or those that follow the one given."""
    if seed is None:
        return [None] * count
    return [seed + i for i in range(count)] if isinstance(seed, int) else seed


class _Turns(gymnasium.Env):
    """A worker's worlds as one world of batches."""

    def __init__(self, number: int, makers: Iterable[Make]) -> None:
        self._number, self._worlds = number, [make() for make in makers]
        first = self._worlds[0]
        self.single_spaces = first.observation_space, first.action_space
        self.observation_space = batch_space(first.observation_space, len(self._worlds))
        self.action_space = batch_space(first.action_space, len(self._worlds))
        self.metadata, self.render_mode = first.metadata, first.render_mode
        empty = create_empty_array(first.observation_space, n=len(self._worlds), fn=np.zeros)
        self._last: list[Any] = list(iterate(self.observation_space, empty))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        begin = (options or {})[_BEGIN]
        infos: list[dict[str, Any]] = [{} for _ in self._worlds]
        seeds = begin["seed"][self._number]
        for turn in np.flatnonzero(begin["mask"][self._number]):
            self._last[turn], infos[turn] = self._worlds[turn].reset(
                seed=seeds[turn], options=begin["options"]
            )
        return self._batch(), {_INFOS: infos}

    def step(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        steps = [world.step(own) for world, own in zip(self._worlds, action, strict=True)]
        self._last, reward, terminated, truncated, infos = (list(each) for each in zip(*steps, strict=True))
        return self._batch(), reward, terminated, truncated, {_INFOS: infos}

    def ask(self, name: str, *arguments: Any, **keywords: Any) -> list[Any]:
        found = [world.get_wrapper_attr(name) for world in self._worlds]
        return [each(*arguments, **keywords) if callable(each) else each for each in found]

    def close(self) -> None:
        for world in self._worlds:
            world.close()

    def _batch(self) -> Any:
        space = self.single_spaces[0]
        empty: Any = create_empty_array(space, n=len(self._worlds))
        return concatenate(space, self._last, empty)
