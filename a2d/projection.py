"""The projection: the trainee is fitted to the expert, and beside it to rewards where a method wants so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from a2d.augmentation import shifted
from a2d.config import TraineeConfig
from a2d.dataset import Arrays, Buffer
from a2d.descent import Scalars, descend, minibatches
from a2d.distributions import Distribution
from a2d.estimators import clipped_surrogate
from a2d.policies import Expert, Trainee, tensors

LEAST_ERROR = 0.01  # mean square; an entry of the state that is known better is not worth more for it
ERROR_PACE = 0.01  # weight of a minibatch in what has lately been left of the state's error
HARDNESS = "hardness"
"""Key of D's rows: what the state's loss last was there, (B,); 1 where nobody looked yet."""


@dataclass(frozen=True, slots=True)
class Reinforcement:
    """The trainee's own PPO loss beside the imitation, on the newest round."""

    coefficient: float
    clip: float
    alpha: float | None = None
    """ADVISOR's: imitation weighs w = exp(-alpha KL(expert || auxiliary imitator)) and reward 1 - w."""


def project(
    trainee: Trainee,
    optimizer: torch.optim.Optimizer,
    *,
    expert: Expert | None,
    fresh: Mapping[str, NDArray],
    buffer: Buffer | None,
    config: TraineeConfig,
    reinforcement: Reinforcement | None,
    error: Tensor,
    rng: np.random.Generator,
) -> Scalars:
    """Fit the trainee to the current expert: forward KL on D, with the value and the state beside it.

    Minimises E_D[KL(pi_theta(a|s) || pi_psi(a|b))], whose optimum is the implicit policy, the posterior
    average of the expert. One pass of the encoder serves all losses: each minibatch is part newest round
    (which alone has `target`s for the value) and part D. The state's error counts in units of what has lately
    been left of it, entry by entry: what is seldom and small, such as a child in view, is learnt as well as
    what is large, and what nobody can see takes nothing from it. A share `config.hard` of what is drawn from
    D are rows where that error was large when last drawn; imitation weighs them less by as much.

    Args:
        trainee: What is fitted.
        optimizer: Of the trainee.
        expert: Gives the labels; None where they were scripted and stand in the rows as `label`.
        fresh: The newest round's rows (B, ...), with `target` in units of the return scale, `action`,
            `log_prob` of the policy that acted and `advantage`; sequences (N, L, ...) for a GRU.
        buffer: D, already with the newest round in it, and HARDNESS; None to imitate on that round alone.
        config: The bound on the work is `updates_per_step`.
        reinforcement: What the trainee learns from reward in the same steps, if it does.
        error: What has lately been left of the state's square error (S,), all 0 before the first minibatch;
            each minibatch is taken into it.
        rng: Of the minibatches.

    Source: Warrington et al., ICML 2021, theorem 1 and algorithm 1 (AILStep); Weihs et al., NeurIPS 2021
    (ADVISOR); Li et al., ICLR 2026 (GPO); Kendall, Gal & Cipolla, CVPR 2018, section 3 (losses weighed by
    their own size, which is learnt there); Schaul et al., ICLR 2016 (prioritized replay).
    """
    device = trainee.log_std.device
    newest = len(fresh["target"])
    minibatch = config.rows(config.minibatch)
    steps = max(1, math.ceil(config.updates_per_step * newest / minibatch))
    share = minibatch if buffer is None else max(1, round(config.fresh * minibatch))
    order = _endless(newest, share, rng=rng)
    weights = {"value": config.value, "quality": config.value, "state": config.state}
    fresh = {**fresh, "weight": np.ones(newest, np.float32)}
    if buffer is not None:
        fresh["number"] = buffer.added(newest)
    found: dict[str, list[float]] = {}
    for _ in range(steps):
        rows = next(order)
        batch = {key: values[rows] for key, values in fresh.items()}
        if buffer is not None:
            old = _drawn(buffer, max(0, minibatch - len(rows)), config, rng=rng)
            batch |= {key: np.concatenate((batch[key], values)) for key, values in old.items()}
        seen = _augmented(tensors(batch, device), config, rng=rng)
        terms, notes, hardness = _losses(trainee, expert, batch=seen, error=error, reward=reinforcement)
        loss = sum((weights.get(name, 1.0) * term for name, term in terms.items()), torch.zeros(()))
        descend(loss, optimizer, module=trainee, longest=config.max_grad_norm)
        trainee.limit_std()
        if buffer is not None:
            buffer.put(HARDNESS, batch["number"], hardness.detach().cpu().numpy())
        for name, value in ({f"loss/{name}": term for name, term in terms.items()} | notes).items():
            found.setdefault(name, []).append(float(value.detach()))
    live = trainee.live_code(seen)
    means = {name: float(np.mean(values)) for name, values in found.items()}
    return means if live is None else means | {"code/live": live}


def fit_encoder(
    trainee: Trainee,
    optimizer: torch.optim.Optimizer,
    *,
    buffer: Buffer,
    steps: int,
    config: TraineeConfig,
    error: Tensor,
    rng: np.random.Generator,
) -> Scalars:
    """Teach the trainee's encoder to see: regress `state` on D, drawn and weighed as in `project`.

    Source: Warrington et al., ICML 2021, experiments (the baseline Pre-Enc).
    """
    total = 0.0
    for _ in range(steps):
        drawn = _drawn(buffer, config.rows(config.minibatch), config, rng=rng)
        seen = _augmented(tensors(drawn, trainee.log_std.device), config, rng=rng)
        hardness = _state_losses(trainee(seen).state, seen["state"], weight=seen["weight"], error=error)
        loss = hardness.mean()
        descend(loss, optimizer, module=trainee, longest=config.max_grad_norm)
        buffer.put(HARDNESS, drawn["number"], hardness.detach().cpu().numpy())
        total += float(loss.detach())
    return {"loss/state": total / steps}


def _drawn(buffer: Buffer, count: int, config: TraineeConfig, *, rng: np.random.Generator) -> Arrays:
    """Draw so many rows of D, with their `number` there and their importance `weight`."""
    chosen, weight = buffer.choose(count, by=HARDNESS, share=config.hard, rng=rng)
    return {**buffer.rows(chosen), "weight": weight, "number": chosen}


def _augmented(
    batch: Mapping[str, Tensor], config: TraineeConfig, *, rng: np.random.Generator
) -> Mapping[str, Tensor]:
    if "image" not in batch:
        return batch
    return {**batch, "image": shifted(batch["image"], config.shift, rng=rng)}


def _losses(
    trainee: Trainee,
    expert: Expert | None,
    *,
    batch: Mapping[str, Tensor],
    error: Tensor,
    reward: Reinforcement | None,
) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor]:
    """Return the terms of the loss by name, what else is worth knowing, and the state's by rows (B,).

    The newest round's rows come first in the `batch`; what they alone have is as long as they are.
    """
    reading, family, count = trainee(batch), trainee.family, len(batch["target"])
    label: Distribution | Tensor = batch["label"] if expert is None else _label(expert, batch["state"])
    policy = family.of(reading.parameters)
    imitation = _per_row(batch["weight"], _imitation(policy, label))
    hardness = _state_losses(reading.state, batch["state"], weight=batch["weight"], error=error)
    terms = {
        "value": (reading.value[:count] - batch["target"]).square().mean(),
        "state": hardness.mean(),
    }
    notes = {} if expert is None else {"divergence": imitation.mean()}
    if reading.quality is not None:
        chosen = reading.quality[:count].gather(-1, batch["action"].unsqueeze(-1)).squeeze(-1)
        terms["quality"] = (chosen - batch["target"]).square().mean()
    share: Tensor | float = 1.0
    if reading.auxiliary is not None and reward is not None and reward.alpha is not None:
        imitator = family.of(reading.auxiliary)
        terms["auxiliary"] = _per_row(batch["weight"], _imitation(imitator, label)).mean()
        weight = torch.exp(-reward.alpha * _divergence(imitator, label).detach())
        imitation, share = weight * imitation, 1.0 - weight[:count]
        notes["advisor/weight"] = weight.mean()
    terms["projection"] = imitation.mean()
    if reward is not None:
        gain = clipped_surrogate(
            family.of(reading.parameters[:count]).log_prob(batch["action"]),
            batch["log_prob"],
            advantage=batch["advantage"],
            clip=reward.clip,
        )
        terms["reward"] = -reward.coefficient * (share * gain).mean()
    return terms, notes, hardness


def _state_losses(estimate: Tensor, state: Tensor, *, weight: Tensor, error: Tensor) -> Tensor:
    """Half the square error of each row's `estimate` (B, ..., S), in units of `error` (S,); shape (B,).

    What the rows, each weighed by `weight` (B,), tell of the error is taken into it first.
    """
    squares = (estimate - state).square()
    with torch.no_grad():
        mean = _per_row(weight, squares).flatten(0, -2).mean(0)
        error.lerp_(mean, ERROR_PACE if error.any() else 1.0)
    return 0.5 * (squares / error.clamp_min(LEAST_ERROR)).flatten(1).mean(1)


def _label(expert: Expert, state: Tensor) -> Distribution:
    with torch.no_grad():
        return expert.distribution(state)


def _imitation(policy: Distribution, label: Distribution | Tensor) -> Tensor:
    """What imitation minimises, up to what does not depend on the policy; (B,)."""
    return -policy.log_prob(label) if isinstance(label, Tensor) else label.divergence(policy)


def _divergence(policy: Distribution, label: Distribution | Tensor) -> Tensor:
    """KL(label || policy), nats, (B,)."""
    return policy.divergence_from_choice(label) if isinstance(label, Tensor) else label.divergence(policy)


def _per_row(weight: Tensor, values: Tensor) -> Tensor:
    """Weigh values (B, ...) by their rows' weight (B,)."""
    return weight.reshape(-1, *[1] * (values.dim() - 1)) * values


def _endless(count: int, size: int, *, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    while True:
        yield from minibatches(count, size, rng=rng)
