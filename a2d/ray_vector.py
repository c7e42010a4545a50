"""N worlds over a Ray cluster, one worker each, as one VectorEnv; workers that vanish are replaced."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate
from numpy.typing import NDArray

from a2d.errors import A2DError
from a2d.faults import LOST_WORKER, RESTARTED

START_SECONDS = 600.0  # for a node with room to be found, and a world to be made and begun
STEP_SECONDS = 300.0  # a world's own supervision is over long before
CLOSE_SECONDS = 10.0
TRIES = 3  # of a reset whose worker vanishes
RESOURCE = "carla"
"""Nodes started with so many of it (`ray start --resources='{"carla": 4}'`) hold so many workers."""


class WorkerLost(A2DError):
    """A worker vanished again and again, or no node has room for it."""


class RayVectorEnv(VectorEnv):
    """Workers are spread over the nodes; each makes its world, and starts its simulator, where it runs.

    A worker that vanishes (its process, its node) ends its episode as a restarted server does: truncated,
    with the last observation and no reward. Arrays travel as they are, images as bytes.
    """

    def __init__(self, makers: Sequence[Callable[[], gymnasium.Env]]) -> None:
        """Make the worlds; joins the cluster of RAY_ADDRESS, or of this machine, or starts one within it.

        Raises:
            A2DError: Ray is not installed.
        """
        try:
            import ray
        except ImportError as error:
            raise A2DError(
                "vector=ray needs Ray: pip install 'a2d-driving[cluster]'; or use vector=async"
            ) from error
        self._ray = ray
        self._mine = not ray.is_initialized()
        if self._mine:
            ray.init(include_dashboard=False, logging_level=logging.ERROR)
        self._makers, self.num_envs = list(makers), len(makers)
        self.metadata = {"autoreset_mode": AutoresetMode.DISABLED}
        self._workers = [self._hired(maker) for maker in self._makers]
        self._lost = [0] * self.num_envs
        self._begun = np.zeros(self.num_envs, np.bool_)  # whose worker holds an episode
        single = self._answers([worker.spaces.remote() for worker in self._workers], seconds=START_SECONDS)
        self.single_observation_space, self.single_action_space, self.metadata = self._spaces(single)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        empty: Any = create_empty_array(self.single_observation_space, n=self.num_envs)
        self._observation = empty
        self._last: list[Any] = list(iterate(self.observation_space, empty))

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Reset all worlds, or those of `options["reset_mask"]`, bool (N,).

        Raises:
            WorkerLost: A worker vanished TRIES times.
        """
        options = dict(options or {})
        mask = options.pop("reset_mask", np.ones(self.num_envs, np.bool_))
        seeds = _each(seed, self.num_envs)
        infos: dict[str, Any] = {}
        waiting = np.flatnonzero(mask).tolist()
        for _ in range(TRIES):
            calls = [self._workers[i].reset.remote(seeds[i], options) for i in waiting]
            answers = self._answers(calls, seconds=START_SECONDS)
            for i, answer in zip(waiting, answers, strict=True):
                if answer is None:
                    self._replace(i)
                else:
                    self._last[i], info = answer
                    self._begun[i] = True
                    infos = self._add_info(infos, info, i)
            waiting = [i for i, answer in zip(waiting, answers, strict=True) if answer is None]
            if not waiting:
                return self._batched(), infos
        raise WorkerLost(
            f"workers {waiting} vanished {TRIES} times while they began an episode; "
            "has a node too little memory? `ray status` shows what the cluster has"
        )

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Step all worlds; one whose worker vanished since its last step ends its episode now."""
        split = list(iterate(self.action_space, actions))
        there = np.flatnonzero(self._begun).tolist()
        calls = [self._workers[i].step.remote(split[i]) for i in there]
        answers = dict(zip(there, self._answers(calls, seconds=STEP_SECONDS), strict=True))
        reward = np.zeros(self.num_envs)
        terminated, truncated = np.zeros(self.num_envs, np.bool_), np.zeros(self.num_envs, np.bool_)
        infos: dict[str, Any] = {}
        for i in range(self.num_envs):
            if (answer := answers.get(i)) is None:
                if self._begun[i]:
                    self._replace(i)
                truncated[i], info = True, {"outcome": RESTARTED, "restart_cause": LOST_WORKER}
            else:
                self._last[i], reward[i], terminated[i], truncated[i], info = answer
            infos = self._add_info(infos, info, i)
        return self._batched(), reward, terminated, truncated, infos

    def call(self, name: str, *arguments: Any) -> tuple[Any, ...]:
        """Each world's attribute, or what its method returns; vanished workers count among the `faults`."""
        answers = self._answers([w.call.remote(name, arguments) for w in self._workers], seconds=STEP_SECONDS)
        for i, answer in enumerate(answers):
            if answer is None:
                self._replace(i)
        if name != "faults":
            return tuple(answers)
        counts = [dict(answer or {}) for answer in answers]
        return tuple({**count, LOST_WORKER: lost} for count, lost in zip(counts, self._lost, strict=True))

    def render(self) -> tuple[Any, ...] | None:
        """Each world's picture."""
        return self.call("render")

    def close_extras(self, **_: Any) -> None:
        """Have the worlds close, end the workers, and leave the cluster."""
        with contextlib.suppress(Exception):  # dead or deaf, they are ended below
            calls = [worker.close.remote() for worker in self._workers]
            self._ray.wait(calls, num_returns=len(calls), timeout=CLOSE_SECONDS)
        for worker in self._workers:
            self._ray.kill(worker)
        if self._mine:
            self._ray.shutdown()

    def _hired(self, maker: Callable[[], gymnasium.Env]) -> Any:
        """A worker on the node that has fewest of ours and room for it."""
        options: dict[str, Any] = {"num_cpus": 0, "scheduling_strategy": "SPREAD", "max_restarts": 0}
        if RESOURCE in self._ray.cluster_resources():
            options["resources"] = {RESOURCE: 1}
        return self._ray.remote(_Worker).options(**options).remote(maker)

    def _replace(self, i: int) -> None:
        self._lost[i] += 1
        self._begun[i] = False
        self._ray.kill(self._workers[i])  # in case it is only deaf
        self._workers[i] = self._hired(self._makers[i])

    def _answers(self, calls: list[Any], *, seconds: float) -> list[Any]:
        """What the workers answer; None of one that vanished. A world's own error is raised."""
        self._ray.wait(calls, num_returns=len(calls), timeout=seconds)
        return [self._answer(call) for call in calls]

    def _answer(self, call: Any) -> Any:
        errors = self._ray.exceptions
        try:
            return self._ray.get(call, timeout=0)
        except errors.RayTaskError as error:
            raise error.as_instanceof_cause() from error
        except errors.RayActorError as error:
            if getattr(error, "actor_init_failed", False):  # its own node cannot even begin
                raise WorkerLost(f"a worker cannot be made: {str(error).strip().splitlines()[-1]}") from error
            return None
        except (errors.GetTimeoutError, errors.ObjectLostError):
            return None

    def _spaces(self, answers: list[Any]) -> Any:
        for answer in answers:
            if answer is not None:
                return answer
        raise WorkerLost(
            f"no worker was there after {START_SECONDS:.0f} s; has a node room? See `ray status`"
        )

    def _batched(self) -> Any:
        concatenate(self.single_observation_space, self._last, self._observation)
        return {key: values.copy() for key, values in self._observation.items()}


class _Worker:
    """Lives in a process of Ray's and holds one world."""

    def __init__(self, maker: Callable[[], gymnasium.Env]) -> None:
        self._world = maker()

    def spaces(self) -> tuple[gymnasium.Space, gymnasium.Space, dict[str, Any]]:
        metadata = {**self._world.metadata, "autoreset_mode": AutoresetMode.DISABLED}
        return self._world.observation_space, self._world.action_space, metadata

    def reset(self, seed: int | None, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return self._world.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        return self._world.step(action)

    def call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        found = self._world.get_wrapper_attr(name)
        return found(*arguments) if callable(found) else found

    def close(self) -> None:
        self._world.close()


def _each(seed: int | Sequence[int | None] | None, count: int) -> Sequence[int | None]:
    """A seed for each world: those given, or those that follow the one given."""
    if seed is None:
        return [None] * count
    return [seed + i for i in range(count)] if isinstance(seed, int) else seed
