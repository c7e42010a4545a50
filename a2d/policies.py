"""The policies: the expert on `state`, the trainee on everything else but `exogenous`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from a2d.config import ExpertConfig, TraineeConfig
from a2d.distributions import MEAN_BOUND, ActionFamily, Distribution, family_of
from a2d.errors import A2DError
from a2d.networks import ImageEncoder, layer, live_share, perceptron, recurrent

Observation = Mapping[str, Tensor]  # each (B, ...); images uint8
EXOGENOUS = "exogenous"  # the key that the critic alone reads


def tensors(arrays: Mapping[str, NDArray], device: torch.device) -> dict[str, Tensor]:
    """Arrays by name, where the networks are."""
    return {key: torch.from_numpy(values).to(device) for key, values in arrays.items()}


@dataclass(frozen=True, slots=True)
class Shapes:
    """What the networks must fit: sizes of the observation's parts and of the action."""

    state: int
    vectors: tuple[tuple[str, int], ...]  # the trainee's vector keys, by name
    image: tuple[int, int, int] | None  # (C, H, W)
    family: ActionFamily
    exogenous: int = 0  # what neither policy reads, for the critic

    def seen(self, *, state: bool) -> Shapes:
        """What a trainee is made for that sees the state and nothing else, if `state`; otherwise the same."""
        return replace(self, vectors=(("state", self.state),), image=None) if state else self


def shapes_of(observation: gymnasium.Space, action: gymnasium.Space) -> Shapes:
    """Read the shapes off a world's single-environment spaces.

    Raises:
        A2DError: No `state`, nothing for the trainee, or a key of a kind that no network reads.
    """
    if not isinstance(observation, gymnasium.spaces.Dict) or "state" not in observation.spaces:
        raise A2DError(
            f"observations must be a Dict with `state` for the expert, the world has {observation}"
        )
    vectors, image = [], None
    for key, space in sorted(observation.spaces.items()):
        shape = tuple(space.shape or ())
        if key == "image" and len(shape) == 3 and space.dtype == np.uint8:
            image = (shape[0], shape[1], shape[2])
        elif len(shape) == 1 and space.dtype == np.float32:
            vectors.append((key, shape[0]))
        else:
            raise A2DError(
                f"observation[{key!r}] must be float32 (K,), or image uint8 (C, H, W); it is {space}"
            )
    sizes = dict(vectors)
    seen = tuple((key, size) for key, size in vectors if key not in ("state", EXOGENOUS))
    if "state" not in sizes or not (seen or image):
        raise A2DError(f"the world needs a `state` vector and at least one other key, it has {observation}")
    return Shapes(sizes["state"], seen, image, family_of(action), sizes.get(EXOGENOUS, 0))


class Expert(nn.Module):
    """pi_theta(a|s): a multilayer perceptron on `state`."""

    def __init__(self, shapes: Shapes, config: ExpertConfig) -> None:
        super().__init__()
        self.family = shapes.family
        self.body = perceptron(shapes.state, config.hidden)
        self.head = layer(config.hidden[-1], shapes.family.actions, gain=0.01)
        self.std_min, self.std_max = config.std_min, config.std_start
        self.log_std = nn.Parameter(torch.full((shapes.family.actions,), math.log(config.std_start)))

    def forward(self, state: Tensor) -> Tensor:
        """Parameters of the action's distribution, shape (B, P), for states of shape (B, S)."""
        return action_parameters(self.family, self.head(self.body(state)), self.log_std)

    @property
    def reads(self) -> list[str]:
        """The keys of an observation that it reads."""
        return ["state"]

    def distribution(self, state: Tensor) -> Distribution:
        """The action's distribution for states of shape (B, S)."""
        return self.family.of(self(state))

    @torch.no_grad()
    def limit_std(self, std_max: float) -> None:
        """Bound the standard deviation from now on, keeping its gradient alive."""
        self.std_max = max(std_max, self.std_min)
        self.log_std.clamp_(math.log(self.std_min), math.log(self.std_max))


@dataclass(frozen=True, slots=True)
class Reading:
    """What the trainee makes of one batch of observations, in one pass of its encoder.

    B stands for one axis, or for sequences and time (N, L) where the trainee is recurrent.
    """

    parameters: Tensor  # (B, P) of the action's distribution
    value: Tensor  # (B,) V_p(b) in units of the return scale
    state: Tensor  # (B, S) its estimate of the hidden state
    quality: Tensor | None  # (B, A) Q(b, .) in units of the return scale, where it learns one
    auxiliary: Tensor | None  # (B, P) of the policy that only imitates, where there is one
    memory: Tensor | None  # (N, H) what a recurrent trainee remembers after the last of them


class Trainee(nn.Module):
    """pi_psi(a|b): sees every key but `state` and `exogenous`; one encoder for action, value, state estimate.

    With `config.memory` a GRU stands behind the encoder, and b is all that was seen since the episode began.

    Args:
        shapes: What it reads and how it acts.
        config: Its layers.
        quality: With a head for Q(b, .), too.
        auxiliary: With a head for a policy that only imitates, too.
    """

    def __init__(self, shapes: Shapes, config: TraineeConfig, *, quality: bool, auxiliary: bool) -> None:
        super().__init__()
        self.shapes, self.family, self.memory = shapes, shapes.family, config.memory
        self.std_bounds = (math.log(config.std_min), math.log(config.std_max))
        self.encoder = None if shapes.image is None else ImageEncoder(shapes.image, config)
        inputs = sum(size for _, size in shapes.vectors) + (config.features if shapes.image else 0)
        self.recurrent = recurrent(inputs, config.memory) if config.memory else None
        self.body = perceptron(config.memory or inputs, config.hidden)
        width, actions = config.hidden[-1], shapes.family.actions
        self.policy = layer(width, actions, gain=0.01)
        self.value = layer(width, 1, gain=1.0)
        self.state = layer(width, shapes.state, gain=1.0)
        start = math.log(math.sqrt(config.std_min * config.std_max))
        self.log_std = nn.Parameter(torch.full((actions,), start))
        self.spread = layer(width, actions, gain=0.01) if config.observed_std else None
        self.quality = layer(width, actions, gain=1.0) if quality else None
        self.auxiliary = layer(width, actions, gain=0.01) if auxiliary else None

    @property
    def reads(self) -> list[str]:
        """The keys of an observation that it reads."""
        return [key for key, _ in self.shapes.vectors] + (["image"] if self.encoder is not None else [])

    def forward(self, observation: Observation) -> Reading:
        """Read a batch of observations; extra keys such as `state` are ignored.

        Args:
            observation: Tensors of shape (B, ...). For a recurrent trainee: sequences of shape (N, L, ...),
                with `memory` (N, H) of before the first step and `began` (N, L), true where an episode did.
        """
        code = self._encoded(observation)
        if self.recurrent is None:
            return self._read(code, memory=None)
        code, memory = _remembered(self.recurrent, code, observation["memory"], observation["began"])
        return self._read(code, memory=memory)

    def step(self, observation: Observation, *, memory: Tensor | None) -> Reading:
        """Read one observation of each of N worlds, (N, ...), given what is remembered of before, (N, H)."""
        code = self._encoded(observation)
        if self.recurrent is None:
            return self._read(code, memory=None)
        memory = self.recurrent(code, memory)
        return self._read(memory, memory=memory)

    def recall(self, memory: Tensor | None, *, began: NDArray[np.bool_]) -> Tensor:
        """What is remembered (N, H) before a step: nothing where an episode `began` (N,)."""
        if memory is None:
            memory = torch.zeros(len(began), self.memory, device=self.log_std.device)
        return memory.masked_fill(torch.from_numpy(began).to(memory.device).unsqueeze(-1), 0.0)

    @torch.no_grad()
    def live_code(self, observation: Observation) -> float | None:
        """Share of the image code's features that tell a batch's pictures apart; None without an image."""
        if self.encoder is None:
            return None
        return live_share(self.encoder(observation["image"].flatten(0, -4)))

    @torch.no_grad()
    def limit_std(self) -> None:
        """Bring the standard deviation back to its bounds, keeping its gradient alive."""
        self.log_std.clamp_(*self.std_bounds)

    def _read(self, code: Tensor, *, memory: Tensor | None) -> Reading:
        code = self.body(code)
        spread = self.log_std
        if self.spread is not None:
            spread = (spread + self.spread(code)).clamp(*self.std_bounds)
        return Reading(
            parameters=action_parameters(self.family, self.policy(code), spread),
            value=self.value(code).squeeze(-1),
            state=self.state(code),
            quality=None if self.quality is None else self.quality(code),
            auxiliary=None
            if self.auxiliary is None
            else action_parameters(self.family, self.auxiliary(code), spread),
            memory=memory,
        )

    def _encoded(self, observation: Observation) -> Tensor:
        parts = [observation[key] for key, _ in self.shapes.vectors]
        if self.encoder is not None:
            image = observation["image"]
            code = self.encoder(image.flatten(0, -4))
            parts.append(code.unflatten(0, image.shape[:-3]))
        return torch.cat(parts, dim=-1) if len(parts) > 1 else parts[0]


def _remembered(cell: nn.GRUCell, code: Tensor, memory: Tensor, began: Tensor) -> tuple[Tensor, Tensor]:
    """Go through sequences (N, L, ...); what is remembered after each step (N, L, H), and after the last."""
    steps = []
    for t in range(code.shape[1]):
        memory = cell(code[:, t], memory.masked_fill(began[:, t].unsqueeze(-1), 0.0))
        steps.append(memory)
    return torch.stack(steps, dim=1), memory


def action_parameters(family: ActionFamily, raw: Tensor, log_std: Tensor) -> Tensor:
    """Turn a head's output (B, A) into distribution parameters (B, P)."""
    if family.kind == "categorical":
        return torch.log_softmax(raw, dim=-1)
    mean = MEAN_BOUND * torch.tanh(raw / MEAN_BOUND)
    return torch.cat((mean, log_std.expand_as(mean)), dim=-1)
