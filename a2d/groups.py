"""Worlds in groups: one is stepped while somebody decides what another does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

Step = tuple[Any, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]
"""Observation, reward, terminated, truncated and info of a group's worlds."""


class Group(Protocol):
    """Some worlds that are stepped together."""

    num_envs: int

    def step_async(self, actions: Any) -> None:
        """Have all its worlds step."""

    def step_wait(self) -> Step:
        """Wait until they have; what came of it."""

    def reset(self, *, seed: Any, options: dict[str, Any] | None) -> tuple[Any, dict[str, Any]]:
        """Begin episodes, in the worlds of `options["reset_mask"]` if it is given."""


def groups_of(worlds: VectorEnv) -> Sequence[Group]:
    """The groups that worlds are in, or all of them as one."""
    return getattr(worlds, "groups", ()) or (_Whole(worlds),)


class _Whole:
    """Worlds that cannot be stepped apart."""

    def __init__(self, worlds: VectorEnv) -> None:
        self._worlds: Any = worlds
        self.num_envs = worlds.num_envs
        self._actions: Any = None

    def step_async(self, actions: Any) -> None:
        self._actions = actions

    def step_wait(self) -> Step:
        step: Step = self._worlds.step(self._actions)
        return step

    def reset(self, *, seed: Any, options: dict[str, Any] | None) -> tuple[Any, dict[str, Any]]:
        begun: tuple[Any, dict[str, Any]] = self._worlds.reset(seed=seed, options=options)
        return begun
