"""Gradient steps on minibatches: what every fit has in common."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Scalars = dict[str, float]


def minibatches(count: int, size: int, *, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Split a random order of `count` rows into parts of about `size`, none much smaller than the others."""
    yield from np.array_split(rng.permutation(count), max(1, round(count / size)))


def descend(loss: Tensor, optimizer: torch.optim.Optimizer, *, module: nn.Module, longest: float) -> None:
    """One gradient step, the gradient no longer than `longest`."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(module.parameters(), longest)
    optimizer.step()
