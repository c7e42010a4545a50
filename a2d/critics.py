"""What a state is worth: the networks that see more than the trainee, for training only."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from a2d.config import ExpertConfig, TraineeConfig
from a2d.networks import ImageEncoder, layer, perceptron
from a2d.policies import EXOGENOUS, Observation, Shapes


class Critic(nn.Module):
    """V_m(s); or V(b, s), where it is given the trainee's settings to read its observation with, too.

    Where the world tells what will happen whatever anybody does (`exogenous`), it reads that besides: a
    baseline may depend on all that the action does not change, and what would come as a surprise, good or
    bad, is then no longer put down to the actions just before it.

    Values are in units of the return scale. V(s) alone is biased for a policy that acts on b, unless b is
    a function of s: what it did before, and so what it will do, may depend on b beyond s.

    Source: Pinto et al., RSS 2018 (V(s)); Baisero & Amato, AAMAS 2022 (V(h, s)); here h is b; Mao et al.,
    ICLR 2019 (input-dependent baselines).
    """

    def __init__(self, shapes: Shapes, config: ExpertConfig, *, reading: TraineeConfig | None) -> None:
        super().__init__()
        self.keys = ["state", EXOGENOUS] if shapes.exogenous else ["state"]
        inputs = shapes.state + shapes.exogenous
        self.encoder: ImageEncoder | None = None
        if reading is not None:
            self.keys += [key for key, _ in shapes.vectors if key != "state"]
            inputs += sum(size for key, size in shapes.vectors if key != "state")
            if shapes.image is not None:
                self.encoder = ImageEncoder(shapes.image, reading)
                inputs += reading.features
        self.body = perceptron(inputs, config.hidden)
        self.head = layer(config.hidden[-1], 1, gain=1.0)

    @property
    def reads(self) -> list[str]:
        """The keys of an observation that it reads."""
        return self.keys + (["image"] if self.encoder is not None else [])

    def forward(self, observation: Observation) -> Tensor:
        """Values of shape (B,) for observations of shape (B, ...)."""
        parts = [observation[key] for key in self.keys]
        if self.encoder is not None:
            parts.append(self.encoder(observation["image"]))
        return self.head(self.body(torch.cat(parts, dim=-1) if len(parts) > 1 else parts[0])).squeeze(-1)
