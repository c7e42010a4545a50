"""What a round fits: the critic to returns, the trainee to the expert, the expert to a scripted one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from a2d.config import ExpertConfig, TraineeConfig
from a2d.critics import Critic
from a2d.dataset import Buffer
from a2d.descent import Scalars, descend, minibatches
from a2d.estimators import explained_variance
from a2d.policies import Expert, Observation, Trainee

LEAST_VARIANCE = 0.01  # an entry of the state that varies less is not worth more for it


def clone_expert(
    expert: Expert,
    optimizer: torch.optim.Optimizer,
    *,
    buffer: Buffer,
    steps: int,
    config: ExpertConfig,
    rng: np.random.Generator,
) -> Scalars:
    """Fit the expert network to a scripted expert's labels on D by maximum likelihood.

    Imitation does not need it: it gives later runs a start (`start_from`), for a few percent of the work.
    """
    total = 0.0
    for _ in range(steps):
        drawn = buffer.sample(config.minibatch, rng=rng)
        state, label = (torch.from_numpy(drawn[key]).to(expert.log_std.device) for key in ("state", "label"))
        loss = -expert.distribution(state).log_prob(label).mean()
        descend(loss, optimizer, module=expert, longest=config.max_grad_norm)
        expert.limit_std(expert.std_max)
        total += float(loss.detach())
    return {"loss/clone": total / steps}


def fit_critic(
    critic: Critic,
    optimizer: torch.optim.Optimizer,
    *,
    observation: Observation,
    target: Tensor,
    config: ExpertConfig,
    rng: np.random.Generator,
) -> Scalars:
    """Regress targets (B,), in units of the return scale, on observations (B, ...) by mean square."""
    total, steps = 0.0, 0
    for _ in range(config.epochs):
        for rows in minibatches(len(target), config.minibatch, rng=rng):
            seen = {key: observation[key][rows] for key in critic.reads}
            loss = (critic(seen) - target[rows]).square().mean()
            descend(loss, optimizer, module=critic, longest=config.max_grad_norm)
            total, steps = total + float(loss.detach()), steps + 1
    with torch.no_grad():
        explained = explained_variance(critic(observation).cpu().numpy(), target.cpu().numpy())
    return {"loss/critic": total / steps, "critic/explained_variance": explained}


def project(
    trainee: Trainee,
    optimizer: torch.optim.Optimizer,
    *,
    expert: Expert | None,
    fresh: Mapping[str, NDArray],
    buffer: Buffer,
    config: TraineeConfig,
    rng: np.random.Generator,
) -> Scalars:
    """Fit the trainee to the current expert: forward KL on D, with the value and the state beside it.

    Minimises E_D[KL(pi_theta(a|s) || pi_psi(a|b))], whose optimum is the implicit policy, the posterior
    average of the expert. One pass of the encoder serves all three losses: each minibatch is part newest
    round (which alone has `target`s for the value) and part D. The state's error counts in units of each
    entry's variance over D: otherwise what is seldom and small, such as a child in view, is never learnt.

    Args:
        trainee: What is fitted.
        optimizer: Of the trainee.
        expert: Gives the labels; None where they were scripted and stand in the rows as `label`.
        fresh: The newest round's rows (B, ...), with `target` in units of the return scale.
        buffer: D, already with the newest round in it.
        config: The bound on the work is `updates_per_step`.
        rng: Of the minibatches.

    Source: Warrington et al., ICML 2021, theorem 1 and algorithm 1 (AILStep).
    """
    device = trainee.log_std.device
    newest = len(fresh["target"])
    steps = max(1, math.ceil(config.updates_per_step * newest / config.minibatch))
    share = max(1, round(config.fresh * config.minibatch))
    order = _endless(newest, share, rng=rng)
    worth = torch.from_numpy(1.0 / np.maximum(buffer.variance("state"), LEAST_VARIANCE)).to(device)
    losses: dict[str, list[float]] = {}
    for _ in range(steps):
        rows = next(order)
        drawn = buffer.sample(config.minibatch - len(rows), rng=rng)
        joined = {key: np.concatenate((fresh[key][rows], old)) for key, old in drawn.items()}
        batch = {key: torch.from_numpy(values).to(device) for key, values in joined.items()}
        target = torch.from_numpy(fresh["target"][rows]).to(device)
        terms = _trainee_losses(trainee, expert, batch=batch, target=target, worth=worth)
        loss = terms["projection"] + config.value * terms["value"] + config.state * terms["state"]
        descend(loss, optimizer, module=trainee, longest=config.max_grad_norm)
        for name, value in terms.items():
            losses.setdefault(name, []).append(float(value.detach()))
    scalars = {f"loss/{name}": float(np.mean(values)) for name, values in losses.items()}
    if expert is not None:
        scalars["divergence"] = scalars["loss/projection"]
    return scalars


def _trainee_losses(
    trainee: Trainee,
    expert: Expert | None,
    *,
    batch: Mapping[str, Tensor],
    target: Tensor,
    worth: Tensor,
) -> dict[str, Tensor]:
    reading = trainee(batch)
    policy = trainee.family.of(reading.parameters)
    if expert is None:
        projection = -policy.log_prob(batch["label"]).mean()
    else:
        with torch.no_grad():
            label = expert.distribution(batch["state"])
        projection = label.divergence(policy).mean()
    value = (reading.value[: len(target)] - target).square().mean()
    return {
        "projection": projection,
        "value": value,
        "state": ((reading.state - batch["state"]).square() * worth).mean(),
    }


def _endless(count: int, size: int, *, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    while True:
        yield from minibatches(count, size, rng=rng)
