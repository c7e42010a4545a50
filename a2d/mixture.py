"""Who acts while experience is collected: expert or trainee, by a coin per step and world."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from a2d.critics import Critic
from a2d.estimators import mixture_log_prob, mixture_value
from a2d.policies import Expert, Observation, Reading, Trainee


@dataclass(frozen=True, slots=True)
class Decision:
    """What the mixture did in each of N worlds, and what has to be remembered of it."""

    action: Tensor  # (N,) or (N, A), not clipped
    log_prob: Tensor  # (N,) of the mixture that acted
    value: Tensor  # (N,) V of the mixture or the critic's alone, in units of the return scale
    trainee: Tensor  # (N, P) the trainee's distribution parameters; the expert's where there is no trainee
    memory: Tensor | None  # (N, H) what a recurrent trainee remembers from now on
    gain: Tensor | None  # (N,) Q(b, a) - E_pi[Q(b, .)] in units of the return scale, where a Q is learned


@dataclass(frozen=True, slots=True)
class Mixture:
    """pi_beta = beta pi_theta + (1 - beta) pi_psi: a coin per step and world, and its exact density.

    Source: Warrington et al., ICML 2021, algorithm 1.
    """

    expert: Expert | None  # None: a scripted expert, whose actions come with the observations
    critic: Critic
    trainee: Trainee | None  # None: the expert drives alone, and an image is dear to read for nothing
    beta: float
    critic_alone: bool = False  # its value whoever acts, instead of the mixture's

    @torch.inference_mode()
    def decide(
        self,
        observation: Observation,
        *,
        memory: Tensor | None,
        label: Tensor | None = None,
        generator: torch.Generator,
    ) -> Decision:
        """Act in every world with at most one pass of each network.

        Args:
            observation: Tensors of shape (N, ...) under the world's keys.
            memory: What a recurrent trainee remembers of the episodes so far, (N, H).
            label: The scripted expert's actions, where there is one; its density is unknown, so
                `log_prob` is then the trainee's.
            generator: Of the coins and the samples.
        """
        if self.trainee is None:
            return self._expert_alone(observation, generator)
        reading = self.trainee.step(observation, memory=memory)
        trainee = self.trainee.family.of(reading.parameters)
        action = trainee.sample(generator)
        value = self._value(observation, reading)
        if self.beta <= 0.0:
            return _decision(action, trainee.log_prob(action), value, reading)
        expert = None if self.expert is None else self.expert.distribution(observation["state"])
        theirs = label if expert is None else expert.sample(generator)
        if theirs is None:
            raise ValueError("a scripted expert acts through `label`")
        coin = torch.rand(value.shape, generator=generator, device=action.device) < self.beta
        action = torch.where(coin.unsqueeze(-1) if action.dim() > coin.dim() else coin, theirs, action)
        log_prob = trainee.log_prob(action)
        if expert is not None:
            log_prob = mixture_log_prob(expert.log_prob(action), log_prob, beta=self.beta)
        return _decision(action, log_prob, value, reading)

    @torch.inference_mode()
    def value(self, observation: Observation, *, memory: Tensor | None) -> Tensor:
        """V of the observation, shape (N,), in units of the return scale; `memory` as in `decide`."""
        if self.critic_alone or self.trainee is None or self.beta >= 1.0:
            return self.critic(observation)
        return self._value(observation, self.trainee.step(observation, memory=memory))

    def _value(self, observation: Observation, reading: Reading) -> Tensor:
        if self.critic_alone or self.beta >= 1.0:
            return self.critic(observation)
        if self.beta <= 0.0:
            return reading.value
        return mixture_value(self.critic(observation), reading.value, beta=self.beta)

    def _expert_alone(self, observation: Observation, generator: torch.Generator) -> Decision:
        if self.expert is None:
            raise ValueError("a mixture needs an expert or a trainee that acts")
        parameters = self.expert(observation["state"])
        distribution = self.expert.family.of(parameters)
        action = distribution.sample(generator)
        value = self.critic(observation)
        return Decision(action, distribution.log_prob(action), value, parameters, memory=None, gain=None)


def _decision(action: Tensor, log_prob: Tensor, value: Tensor, reading: Reading) -> Decision:
    return Decision(
        action, log_prob, value, reading.parameters, memory=reading.memory, gain=_gain(reading, action)
    )


def _gain(reading: Reading, action: Tensor) -> Tensor | None:
    """Say how much better `action` is than what the policy does on average, by the learned Q; (N,)."""
    if reading.quality is None:
        return None
    chosen = reading.quality.gather(-1, action.unsqueeze(-1)).squeeze(-1)
    return chosen - (reading.parameters.exp() * reading.quality).sum(-1)
