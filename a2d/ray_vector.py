"""N worlds over a Ray cluster, one worker each, as one VectorEnv; workers that vanish are replaced."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate
from numpy.typing import NDArray

from a2d.errors import A2DError, WorldError
from a2d.faults import LOST_WORKER, RESTARTED
from a2d.ray_worker import CLOSE_SECONDS, START_SECONDS, Line, Vanished, WorkerLost
from a2d.shared_workers import seed_of_each

STEP_SECONDS = 300.0  # a world's own supervision is over long before
TRIES = 3  # of a reset whose worker vanishes
RESOURCE = "carla"
"""Nodes started with so many of it (`ray start --resources='{"carla": 4}'`) hold so many workers."""


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
        self._lost = [0] * self.num_envs
        self._begun = np.zeros(self.num_envs, np.bool_)  # whose worker holds an episode
        self._lines = [self._hired(maker) for maker in self._makers]
        try:
            self.single_observation_space, self.single_action_space, self.metadata = self._spaces()
        except BaseException:
            self.close()
            raise
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._last: list[Any] = list(iterate(self.observation_space, self._empty()))

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
        seeds = seed_of_each(seed, self.num_envs)
        infos: dict[str, Any] = {}
        waiting = np.flatnonzero(mask).tolist()
        for _ in range(TRIES):
            asked = {i: (seeds[i], options) for i in waiting}
            answers = self._answers("reset", asked, seconds=START_SECONDS)
            for i, (observation, info) in answers.items():
                self._last[i], self._begun[i] = observation, True
                infos = self._add_info(infos, info, i)
            waiting = [i for i in waiting if i not in answers]
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
        asked = {i: (split[i],) for i in np.flatnonzero(self._begun).tolist()}
        answers = self._answers("step", asked, seconds=STEP_SECONDS)
        reward = np.zeros(self.num_envs)
        terminated, truncated = np.zeros(self.num_envs, np.bool_), np.zeros(self.num_envs, np.bool_)
        infos: dict[str, Any] = {}
        for i in range(self.num_envs):
            if i in answers:
                self._last[i], reward[i], terminated[i], truncated[i], info = answers[i]
            else:
                truncated[i], info = True, {"outcome": RESTARTED, "restart_cause": LOST_WORKER}
            infos = self._add_info(infos, info, i)
        return self._batched(), reward, terminated, truncated, infos

    def call(self, name: str, *arguments: Any) -> tuple[Any, ...]:
        """Each world's attribute, or what its method returns; vanished workers count among the `faults`."""
        asked = {i: (name, *arguments) for i in range(self.num_envs)}
        answers = self._answers("call", asked, seconds=STEP_SECONDS)
        found = [answers.get(i) for i in asked]
        if name != "faults":
            return tuple(found)
        counts = [dict(count or {}) for count in found]
        return tuple({**count, LOST_WORKER: lost} for count, lost in zip(counts, self._lost, strict=True))

    def render(self) -> tuple[Any, ...] | None:
        """Each world's picture."""
        return self.call("render")

    def close_extras(self, **_: Any) -> None:
        """Have the worlds close, end the workers, and leave the cluster."""
        for line in self._lines:
            line.hang_up()
        until = time.monotonic() + CLOSE_SECONDS
        for line in self._lines:
            line.end(until=until)
        if self._mine:
            self._ray.shutdown()

    def _hired(self, maker: Callable[[], gymnasium.Env]) -> Line:
        """A worker on the node that has fewest of ours and room for it."""
        options: dict[str, Any] = {"num_cpus": 0, "scheduling_strategy": "SPREAD", "max_restarts": 0}
        if RESOURCE in self._ray.cluster_resources():
            options["resources"] = {RESOURCE: 1}
        return Line(self._ray, maker, **options)

    def _replace(self, i: int) -> None:
        self._lost[i] += 1
        self._begun[i] = False
        self._lines[i].hang_up()
        self._lines[i].end(until=0.0)  # in case it is only deaf
        self._lines[i] = self._hired(self._makers[i])

    def _answers(self, name: str, asked: Mapping[int, tuple[Any, ...]], *, seconds: float) -> dict[int, Any]:
        """What the workers answer, all at work at once; those that vanish are replaced, and left out.

        Raises:
            WorldError: A world failed; the others have been heard.
        """
        there = time.monotonic() + START_SECONDS
        for i, arguments in asked.items():
            self._lines[i].ask(name, *arguments, until=there)
        return self._heard(asked, until=time.monotonic() + seconds)

    def _heard(self, asked: Iterable[int], *, until: float) -> dict[int, Any]:
        answers: dict[int, Any] = {}
        failures: list[WorldError] = []
        for i in asked:
            try:
                answers[i] = self._lines[i].answer(until=until)
            except Vanished:
                self._replace(i)
            except WorldError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return answers

    def _spaces(self) -> Any:
        answers = self._answers("spaces", {i: () for i in range(self.num_envs)}, seconds=START_SECONDS)
        for answer in answers.values():
            return answer
        raise WorkerLost(
            f"no worker was there after {START_SECONDS:.0f} s; has a node room? See `ray status`"
        )

    def _empty(self) -> Any:
        return create_empty_array(self.single_observation_space, n=self.num_envs)

    def _batched(self) -> Any:
        return concatenate(self.single_observation_space, self._last, self._empty())
