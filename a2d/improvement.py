"""The reinforcement-learning step: PPO or TRPO for the expert, PPO for a trainee that learns by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from a2d.config import ExpertConfig, TraineeConfig
from a2d.descent import Scalars, descend, minibatches
from a2d.distributions import Distribution
from a2d.estimators import (
    clipped_surrogate,
    double_clipped_surrogate,
    effective_samples,
    left_behind,
)
from a2d.policies import Expert, Observation, Trainee
from a2d.trpo import trust_region_step

Rows = NDArray[np.int64] | slice
ALL = slice(None)


@dataclass(frozen=True, slots=True)
class PolicyBatch:
    """A round as a policy's step sees it; B = T * N, or sequences and time for a recurrent trainee."""

    observation: Observation  # each (B, ...)
    action: Tensor  # (B,) or (B, A)
    log_prob: Tensor  # (B,) of the mixture that acted
    advantage: Tensor  # (B,) centred over the round and scaled
    trainee: Tensor  # (B, P) the trainee's distribution parameters while it acted
    expert: Tensor | None = None  # (B, P) the expert's at that time, for the surrogate of the projection


@dataclass(frozen=True, slots=True)
class Restraint:
    """What holds an expert's step back this round."""

    entropy: float
    """Coefficient of the entropy bonus."""
    trainee_kl: float
    """Coefficient of KL(expert || trainee)."""
    trainee_clip: float | None
    """GPO-clip's delta; None for any other method."""


def improve_expert(
    expert: Expert,
    optimizer: torch.optim.Optimizer,
    *,
    batch: PolicyBatch,
    restraint: Restraint,
    config: ExpertConfig,
    rng: np.random.Generator,
) -> Scalars:
    """Take PPO steps or one TRPO step on the expert, weighted for the mixture that acted.

    Maximises E[min(w A, clip(w) A)] + entropy H(pi_theta) - trainee_kl KL(pi_theta || pi_psi), where a weight
    above `weight_cap` counts as that in the gradient. The weight w = pi(a) / pi_beta(a) is of pi_theta, or,
    where the batch tells the `expert` of that time, of pi_psi moved as pi_theta was since: the projection
    of a mixture of Gaussians has their mean. With a `trainee_clip` the weight is clipped twice and the KL
    counts only where the expert left the trainee behind (GPO-clip). PPO stops once it moved `kl_stop`; TRPO
    does not clip, and moves no further than `kl_step`.
    """
    family = expert.family

    def policy(rows: Rows) -> Distribution:
        return expert.distribution(batch.observation["state"][rows])

    def judged(parameters: Tensor, rows: Rows) -> Distribution:
        if batch.expert is not None:
            parameters = batch.trainee[rows] + parameters - batch.expert[rows]
        return family.of(parameters)

    def loss(rows: Rows, clip: float) -> Tensor:
        parameters, follower = expert(batch.observation["state"][rows]), family.of(batch.trainee[rows])
        now = family.of(parameters)
        entropy, lead = restraint.entropy, restraint.trainee_clip
        if lead is not None:
            return _led_loss(now, follower, batch, rows, clip=clip, lead=lead, entropy=entropy)
        cap = config.weight_cap or math.inf
        found = _policy_loss(judged(parameters, rows), batch, rows=rows, clip=clip, entropy=entropy, cap=cap)
        if restraint.trainee_kl > 0.0:
            found = found + restraint.trainee_kl * now.divergence(follower).mean()
        return found

    def limit() -> None:
        expert.limit_std(expert.std_max)

    def step(rows: Rows) -> None:
        descend(loss(rows, config.clip or math.inf), optimizer, module=expert, longest=config.max_grad_norm)
        limit()

    def moved(rows: Rows) -> float:  # of all states, whatever the step's rows: it costs next to nothing
        return float(before.divergence(policy(ALL)).mean())

    with torch.no_grad():
        before = policy(ALL)
    if config.step == "trpo":
        scalars = trust_region_step(
            expert,
            objective=lambda: -loss(ALL, math.inf),
            divergence=lambda: before.divergence(policy(ALL)).mean(),
            kl_step=config.kl_step,
            damping=config.damping,
            iterations=config.iterations,
            constrain=limit,
        )
    else:
        scalars = _passes(
            step,
            moved,
            count=len(batch.action),
            minibatch=config.minibatch * config.reuse,
            config=config,
            rng=rng,
            restored=list(expert.parameters()) if config.adaptive_rate else [],
        )
    with torch.no_grad():
        parameters = expert(batch.observation["state"])
        after = family.of(parameters)
        gap = float(after.divergence(family.of(batch.trainee)).mean())
        scalars |= {"gap": gap, **_weights(judged(parameters, ALL), batch=batch)}
    return _named("expert", scalars) | {"entropy": float(after.entropy().mean())}


def improve_trainee(
    trainee: Trainee,
    optimizer: torch.optim.Optimizer,
    *,
    batch: PolicyBatch,
    entropy: float,
    config: ExpertConfig,
    fit: TraineeConfig,
    target: Tensor | None,
    rng: np.random.Generator,
) -> Scalars:
    """Take PPO steps on the trainee as if there were no expert; `config` holds the settings of the step.

    Minimises -E[min(w A, clip(w) A)] - entropy H(pi_psi), and in the same pass of its encoder its own
    critic's error fit.value E[(V_p(b) - target)^2]; `target` (B,) is in units of the return scale, None
    where another critic is asked.
    """
    errors: list[float] = []

    def policy(rows: Rows) -> Distribution:
        return trainee.family.of(trainee(_rows_of(batch.observation, rows)).parameters)

    def step(rows: Rows) -> None:
        reading = trainee(_rows_of(batch.observation, rows))
        now = trainee.family.of(reading.parameters)
        loss = _policy_loss(now, batch, rows=rows, clip=config.clip, entropy=entropy)
        if target is not None:
            error = (reading.value - target[rows]).square().mean()
            errors.append(float(error.detach()))
            loss = loss + fit.value * error
        descend(loss, optimizer, module=trainee, longest=fit.max_grad_norm)
        trainee.limit_std()

    def moved(rows: Rows) -> float:  # of the step's own rows: all pictures cost more than the step itself
        return float(trainee.family.of(batch.trainee[rows]).divergence(policy(rows)).mean())

    minibatch = fit.rows(config.minibatch)
    passed = _passes(step, moved, count=len(batch.action), minibatch=minibatch, config=config, rng=rng)
    with torch.no_grad():
        after = policy(ALL)
        scalars = _named("trainee", passed | _weights(after, batch=batch))
    scalars["entropy"] = float(after.entropy().mean())
    return scalars | ({"loss/value": float(np.mean(errors))} if errors else {})


def _policy_loss(
    now: Distribution,
    batch: PolicyBatch,
    *,
    rows: Rows,
    clip: float,
    entropy: float,
    cap: float = math.inf,
) -> Tensor:
    gain = clipped_surrogate(
        now.log_prob(batch.action[rows]),
        batch.log_prob[rows],
        advantage=batch.advantage[rows],
        clip=clip,
        cap=cap,
    )
    return -gain.mean() - entropy * now.entropy().mean()


def _led_loss(
    now: Distribution,
    follower: Distribution,
    batch: PolicyBatch,
    rows: Rows,
    *,
    clip: float,
    lead: float,
    entropy: float,
) -> Tensor:
    action = batch.action[rows]
    log_prob, follows = now.log_prob(action), follower.log_prob(action)
    gain = double_clipped_surrogate(
        log_prob,
        batch.log_prob[rows],
        follows,
        advantage=batch.advantage[rows],
        clip=clip,
        follower_clip=lead,
    )
    pull = left_behind(log_prob, follows, follower_clip=lead) * now.divergence(follower)
    return (pull - gain).mean() - entropy * now.entropy().mean()


def _passes(
    step: Callable[[Rows], None],
    moved: Callable[[Rows], float],
    *,
    count: int,
    minibatch: int,
    config: ExpertConfig,
    rng: np.random.Generator,
    restored: Sequence[nn.Parameter] = (),
) -> Scalars:
    """Go over the round `epochs` times, or until a step after which `moved` is more than `kl_stop`.

    Where there are weights to be `restored`, that step is taken back.
    """
    far, seen = 0.0, 0
    for rows in chain.from_iterable(minibatches(count, minibatch, rng=rng) for _ in range(config.epochs)):
        start = parameters_to_vector(restored).detach() if restored else None
        step(rows)
        with torch.no_grad():
            reached = moved(rows)
        too_far = reached > config.kl_stop
        if too_far and start is not None:
            vector_to_parameters(start, restored)
        else:
            far, seen = reached, seen + len(rows)
        if too_far:
            break
    return {"moved": far, "passes": round(seen / count, 2)}


def _weights(after: Distribution, *, batch: PolicyBatch) -> Scalars:
    weight = torch.exp(after.log_prob(batch.action) - batch.log_prob)
    return {"weight_max": float(weight.max()), "effective_samples": effective_samples(weight)}


def _named(name: str, scalars: Scalars) -> Scalars:
    return {f"{name}/{key}": value for key, value in scalars.items()}


def _rows_of(observation: Observation, rows: Rows) -> Observation:
    return {key: values[rows] for key, values in observation.items()}
