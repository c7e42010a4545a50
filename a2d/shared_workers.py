"""N worlds over fewer worker processes, each of which steps its worlds in turn, as one VectorEnv.

A process per world spends two fifths of its time on getting its caches back. Where the simulators share the
cores with the workers anyway, few workers lose nothing by turns: each waits for one server at a time, and
the others keep the cores busy.
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

Make = Callable[[], gymnasium.Env]
_INFOS, _BEGIN = "infos", "begin"  # what a worker tells of all its worlds; what it is told to begin


class SharedWorkersVectorEnv(VectorEnv):
    """An AsyncVectorEnv whose worlds are workers' batches, cut into worlds again."""

    def __init__(self, makers: Sequence[Make], *, per_worker: int, context: str) -> None:
        """Start the workers.

        Args:
            makers: Of the worlds.
            per_worker: Worlds of a worker; the makers are a multiple of it.
            context: Of multiprocessing.
        """
        self.num_envs, self._each = len(makers), per_worker
        parts = [makers[first : first + per_worker] for first in range(0, len(makers), per_worker)]
        self._workers = AsyncVectorEnv(
            [partial(_Turns, number, part) for number, part in enumerate(parts)],
            shared_memory=True,
            context=context,
            autoreset_mode=AutoresetMode.DISABLED,
        )
        self.processes = self._workers.processes
        self.metadata, self.render_mode = self._workers.metadata, self._workers.render_mode
        (first, *_) = self._workers.call("single_spaces")
        self.single_observation_space, self.single_action_space = first
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Reset all worlds, or those of `options["reset_mask"]`, bool (N,)."""
        options = dict(options or {})
        mask = self._dealt(options.pop("reset_mask", np.ones(self.num_envs, np.bool_)))
        seeds = self._dealt(np.array(seed_of_each(seed, self.num_envs), object))
        begin = {"mask": mask, "seed": seeds, "options": options}
        observation, info = self._workers.reset(options={_BEGIN: begin, "reset_mask": mask.any(axis=1)})
        return self._joined(observation), self._infos(info)

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Step all worlds."""
        dealt = self._dealt(np.asarray(actions))
        observation, reward, terminated, truncated, info = self._workers.step(dealt)
        return (
            self._joined(observation),
            reward.reshape(-1),
            terminated.reshape(-1),
            truncated.reshape(-1),
            self._infos(info),
        )

    def call(self, name: str, *arguments: Any, **keywords: Any) -> tuple[Any, ...]:
        """Each world's attribute, or what its method returns."""
        return tuple(chain.from_iterable(self._workers.call("ask", name, *arguments, **keywords)))

    def render(self) -> tuple[Any, ...] | None:
        """Each world's picture."""
        return self.call("render")

    def close_extras(self, **keywords: Any) -> None:
        """Have the worlds close, and end the workers."""
        self._workers.close(**keywords)

    def terminate(self, *, within: float) -> None:
        """End the workers wherever in the conversation with them we are; by force after so many seconds."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.join(within)
            process.kill()
            process.join()
        self.closed = self._workers.closed = True  # there is nobody left whom closing could ask

    def _dealt(self, values: NDArray[Any]) -> NDArray[Any]:
        """(N, ...) as (workers, per worker, ...)."""
        return values.reshape(-1, self._each, *values.shape[1:])

    def _joined(self, observation: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {key: values.reshape(-1, *values.shape[2:]) for key, values in observation.items()}

    def _infos(self, info: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for worker, there in enumerate(info.get(f"_{_INFOS}", ())):
            for turn, each in enumerate(info[_INFOS][worker] if there else ()):
                found = self._add_info(found, each, worker * self._each + turn)
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
