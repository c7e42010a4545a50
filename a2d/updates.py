"""What a round fits besides the trainee: the critic to returns, the expert to a scripted one."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from a2d.config import ExpertConfig
from a2d.critics import Critic
from a2d.dataset import Buffer
from a2d.descent import Scalars, descend, minibatches
from a2d.estimators import explained_variance
from a2d.policies import Expert, Observation


def clone_expert(
    expert: Expert,
    optimizer: torch.optim.Optimizer,
    *,
    buffer: Buffer,
    minibatch: int,
    steps: int,
    config: ExpertConfig,
    rng: np.random.Generator,
) -> Scalars:
    """Fit the expert network to a scripted expert's labels on D by maximum likelihood.

    Imitation does not need it: it gives later runs a start (`start_from`), for a few percent of the work.
    """
    total = 0.0
    for _ in range(steps):
        drawn = buffer.sample(minibatch, keys=("state", "label"), rng=rng)
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
        for rows in minibatches(len(target), config.minibatch * config.reuse, rng=rng):
            seen = {key: observation[key][rows] for key in critic.reads}
            loss = (critic(seen) - target[rows]).square().mean()
            descend(loss, optimizer, module=critic, longest=config.max_grad_norm)
            total, steps = total + float(loss.detach()), steps + 1
    with torch.no_grad():
        explained = explained_variance(critic(observation).cpu().numpy(), target.cpu().numpy())
    return {"loss/critic": total / steps, "critic/explained_variance": explained}
