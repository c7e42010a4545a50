"""A policy at the wheel: observations of N worlds in, actions as the worlds take them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from a2d.evaluation import BEGAN
from a2d.policies import Expert, Trainee


class Driver:
    """Drives N worlds with one policy; a recurrent one remembers each world's episode so far.

    Args:
        policy: The trainee, or an expert.
        deterministic: The most probable action (the mean of a continuous one) instead of a sample.
        generator: Source of the samples; None only if deterministic.
    """

    def __init__(
        self, policy: Expert | Trainee, *, deterministic: bool, generator: torch.Generator | None
    ) -> None:
        self._policy, self._deterministic, self._generator = policy, deterministic, generator
        self._memory: Tensor | None = None

    @torch.inference_mode()
    def __call__(self, observation: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Choose actions: (N,) int64, or (N, A) float32 clipped to [-1, 1].

        Args:
            observation: Arrays of shape (N, ...) under the world's keys; with `began` if it is recurrent.
        """
        policy = self._policy
        seen = {key: torch.as_tensor(observation[key], device=policy.log_std.device) for key in policy.reads}
        if isinstance(policy, Trainee) and policy.memory:
            self._memory = policy.recall(self._memory, began=np.asarray(observation[BEGAN]))
        found = [self._read(seen, worlds) for worlds in self._batches(len(seen[policy.reads[0]]))]
        if found[0][1] is not None:
            self._memory = torch.cat([memory for _, memory in found if memory is not None])
        distribution = policy.family.of(torch.cat([parameters for parameters, _ in found]))
        action = distribution.mode() if self._deterministic else distribution.sample(self._generator)
        return for_world(action)

    def _batches(self, worlds: int) -> list[slice]:
        """Which worlds are looked at together.

        How many there are changes a sum's last bits. A command carries them into its world, where they grow:
        so that an episode is the same alone as among others, each world is then looked at for itself.
        """
        if self._policy.family.kind == "gaussian":
            return [slice(world, world + 1) for world in range(worlds)]
        return [slice(None)]

    def _read(self, seen: Mapping[str, Tensor], worlds: slice) -> tuple[Tensor, Tensor | None]:
        """Parameters of some worlds' distributions, and what is remembered of them from now on."""
        part = {key: value[worlds] for key, value in seen.items()}
        if isinstance(self._policy, Expert):
            return self._policy(part["state"]), None
        memory = None if self._memory is None else self._memory[worlds]
        reading = self._policy.step(part, memory=memory)
        return reading.parameters, reading.memory


def for_world(action: Tensor) -> NDArray[Any]:
    """Actions as numpy: choices unchanged, commands clipped to [-1, 1]."""
    return (action.clamp(-1.0, 1.0) if action.is_floating_point() else action).cpu().numpy()
