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
        if isinstance(policy, Expert):
            distribution = policy.distribution(seen["state"])
        else:
            if policy.memory:
                self._memory = policy.recall(self._memory, began=np.asarray(observation[BEGAN]))
            reading = policy.step(seen, memory=self._memory)
            distribution, self._memory = policy.family.of(reading.parameters), reading.memory
        action = distribution.mode() if self._deterministic else distribution.sample(self._generator)
        return for_world(action)


def for_world(action: Tensor) -> NDArray[Any]:
    """Actions as numpy: choices unchanged, commands clipped to [-1, 1]."""
    return (action.clamp(-1.0, 1.0) if action.is_floating_point() else action).cpu().numpy()
