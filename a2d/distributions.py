"""Distributions over actions: choices and continuous commands, with exact densities and divergences."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import gymnasium
import numpy as np
import torch
from torch import Tensor

from a2d.errors import A2DError

MEAN_BOUND = (
    1.5  # continuous means stay within this: beyond 1 the action is clipped, and gradients must not die there
)


class Distribution(Protocol):
    """One distribution per leading index of its parameters."""

    def sample(self, generator: torch.Generator | None) -> Tensor: ...
    def mode(self) -> Tensor: ...
    def log_prob(self, action: Tensor) -> Tensor: ...
    def entropy(self) -> Tensor: ...
    def divergence(self, other: Distribution) -> Tensor: ...
    def divergence_from_choice(self, action: Tensor) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class Categorical:
    """A choice among A actions."""

    log_probs: Tensor  # (..., A), normalised

    def sample(self, generator: torch.Generator | None) -> Tensor:
        """Draw one action index each, shape (...)."""
        flat = self.log_probs.exp().reshape(-1, self.log_probs.shape[-1])
        return torch.multinomial(flat, 1, generator=generator).reshape(self.log_probs.shape[:-1])

    def mode(self) -> Tensor:
        """The most probable action, shape (...)."""
        return self.log_probs.argmax(-1)

    def log_prob(self, action: Tensor) -> Tensor:
        """Log probability of `action`, integer of shape (...)."""
        return self.log_probs.gather(-1, action.long().unsqueeze(-1)).squeeze(-1)

    def entropy(self) -> Tensor:
        """In nats, shape (...)."""
        return -(self.log_probs.exp() * self.log_probs).sum(-1)

    def divergence(self, other: Distribution) -> Tensor:
        """KL(self || other) in nats, shape (...)."""
        if not isinstance(other, Categorical):
            raise TypeError(f"no divergence from Categorical to {type(other).__name__}")
        return (self.log_probs.exp() * (self.log_probs - other.log_probs)).sum(-1)

    def divergence_from_choice(self, action: Tensor) -> Tensor:
        """KL to here from a policy that always chooses `action`, nats, shape (...)."""
        return -self.log_prob(action)


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Independent normal commands; the world clips them to its bounds."""

    mean: Tensor  # (..., A)
    log_std: Tensor  # (..., A)

    def sample(self, generator: torch.Generator | None) -> Tensor:
        """Draw one command each, shape (..., A)."""
        noise = torch.randn(
            self.mean.shape, generator=generator, device=self.mean.device, dtype=self.mean.dtype
        )
        return self.mean + self.log_std.exp() * noise

    def mode(self) -> Tensor:
        """The mean, shape (..., A)."""
        return self.mean

    def log_prob(self, action: Tensor) -> Tensor:
        """Log density of `action` (..., A), shape (...)."""
        offset = (action - self.mean) * torch.exp(-self.log_std)
        return (-0.5 * offset.square() - self.log_std - 0.5 * math.log(2.0 * math.pi)).sum(-1)

    def entropy(self) -> Tensor:
        """In nats, shape (...)."""
        return (self.log_std + 0.5 * math.log(2.0 * math.pi * math.e)).sum(-1)

    def divergence(self, other: Distribution) -> Tensor:
        """KL(self || other) in nats, shape (...)."""
        if not isinstance(other, Gaussian):
            raise TypeError(f"no divergence from Gaussian to {type(other).__name__}")
        spread = torch.exp(2.0 * (self.log_std - other.log_std))
        offset = (self.mean - other.mean) * torch.exp(-other.log_std)
        return (other.log_std - self.log_std + 0.5 * (spread + offset.square() - 1.0)).sum(-1)

    def divergence_from_choice(self, action: Tensor) -> Tensor:
        """KL to here from a policy as wide that aims at `action`, nats, shape (...)."""
        return 0.5 * ((action - self.mean) * torch.exp(-self.log_std)).square().sum(-1)


@dataclass(frozen=True, slots=True)
class ActionFamily:
    """Which distributions a world's action space calls for, and how many parameters one has."""

    kind: str  # "categorical" | "gaussian"
    actions: int  # choices, or dimensions of the command

    @property
    def size(self) -> int:
        """Parameters per distribution (P)."""
        return self.actions if self.kind == "categorical" else 2 * self.actions

    def of(self, parameters: Tensor) -> Distribution:
        """Read parameters (..., P): log-probabilities, or means followed by log standard deviations."""
        if self.kind == "categorical":
            return Categorical(parameters)
        mean, log_std = parameters.split(self.actions, dim=-1)
        return Gaussian(mean, log_std)


def family_of(space: gymnasium.Space) -> ActionFamily:
    """Choose the family for an action space.

    Raises:
        A2DError: Neither Discrete nor a Box of shape (A,) from -1 to 1.
    """
    if isinstance(space, gymnasium.spaces.Discrete):
        return ActionFamily("categorical", int(space.n))
    unit = isinstance(space, gymnasium.spaces.Box) and np.all(space.low == -1) and np.all(space.high == 1)
    if unit and space.shape is not None and len(space.shape) == 1:
        return ActionFamily("gaussian", space.shape[0])
    raise A2DError(
        f"actions must be Discrete or Box(-1, 1, (A,)), the world has {space}; "
        "gymnasium.wrappers.RescaleAction brings a Box to that range"
    )
