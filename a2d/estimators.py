"""Advantages, value mixtures and importance weights as pure functions of a rollout's arrays."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float32]
LONGEST_LOG_WEIGHT = 10.0  # a larger importance weight is infinite for every purpose but a finite gradient


def advantages(
    reward: Array,
    value: Array,
    *,
    next_value: Array,
    ended: NDArray[np.bool_],
    discount: float,
    gae_lambda: float,
) -> Array:
    """Estimate how much better each action was than its state's value.

    With d_t = r_t + discount * next_value_t - V_t, and 0 carried over where an episode ended:
    A_t = d_t + discount * gae_lambda * A_{t+1}.

    Args:
        reward: shape (T, N).
        value: V of the observation acted on, shape (T, N).
        next_value: V of the observation that the step itself returned, 0 where the episode terminated,
            the critic's value where it was cut short; shape (T, N).
        ended: The episode ended at this step, for either reason; bool, shape (T, N).
        discount: Weight of the next step's reward, in [0, 1].
        gae_lambda: 0 trusts `value` after one step, 1 sums rewards to the end.

    Returns:
        Advantages, shape (T, N).

    Raises:
        ValueError: The shapes differ.

    Source: Schulman et al., ICLR 2016, eq. 16 (their gamma, lambda).
    """
    shapes = {array.shape for array in (reward, value, next_value, ended)}
    if len(shapes) != 1 or reward.ndim != 2:
        raise ValueError(f"advantages needs four arrays of one shape (T, N), got {sorted(map(str, shapes))}")
    delta = reward + discount * next_value - value
    carry = discount * gae_lambda * ~ended
    result = np.empty_like(delta)
    following = np.zeros_like(delta[0])
    for t in range(len(delta) - 1, -1, -1):
        following = delta[t] + carry[t] * following
        result[t] = following
    return result


def lambda_returns(
    reward: Array,
    value: Array,
    *,
    next_value: Array,
    ended: NDArray[np.bool_],
    discount: float,
    critic_lambda: float,
) -> Array:
    """Targets for a critic: the lambda-return, which is the advantage plus the value it was taken from.

    Shapes and arguments as in `advantages`; returns shape (T, N).
    Source: Sutton & Barto, 2nd edition, eq. 12.2 in recursive form.
    """
    gained = advantages(
        reward, value, next_value=next_value, ended=ended, discount=discount, gae_lambda=critic_lambda
    )
    return gained + value


def mixture_value(expert_value: Tensor, trainee_value: Tensor, *, beta: float) -> Tensor:
    """V of the mixture policy: beta V_m(s) + (1 - beta) V_p(b).

    Source: Warrington et al., ICML 2021, section 5 (their nu_m, nu_p).
    """
    return beta * expert_value + (1.0 - beta) * trainee_value


def mixture_log_prob(expert_log_prob: Tensor, trainee_log_prob: Tensor, *, beta: float) -> Tensor:
    """Log density of an action under a coin per step: log(beta pi_theta(a|s) + (1 - beta) pi_psi(a|b)).

    Exact at beta = 0 and 1, where the policy that is never asked may have density 0.
    """
    if beta <= 0.0:
        return trainee_log_prob
    if beta >= 1.0:
        return expert_log_prob
    first = expert_log_prob + float(np.log(beta))
    second = trainee_log_prob + float(np.log1p(-beta))
    return torch.logaddexp(first, second)


def clipped_surrogate(
    log_prob: Tensor, behaviour_log_prob: Tensor, *, advantage: Tensor, clip: float, cap: float = math.inf
) -> Tensor:
    """What PPO maximises the mean of, with the importance weight of the policy that really acted.

    With w = pi_theta(a|s) / pi_beta(a|s, b): min(w A, clip(w, 1 - clip, 1 + clip) A) for each sample.
    With an infinite `clip` the gradient of the mean at any theta is the gradient of A2D:
    E_{pi_beta}[ w A grad log pi_theta(a|s) ], or with a `cap` c E_{pi_beta}[ min(w, c) A grad log pi_theta ]:
    beyond c the weight grows with its logarithm. All shapes (B,).

    Source: Warrington et al., ICML 2021, section 5; clipping from Schulman et al., 2017, eq. 7; truncated
    weights from Ionides, J. Comput. Graph. Stat. 2008.
    """
    weight = _weight(log_prob, behaviour_log_prob, cap=cap)
    bounded = torch.clamp(weight, 1.0 - clip, 1.0 + clip)
    return torch.minimum(weight * advantage, bounded * advantage)


def double_clipped_surrogate(
    log_prob: Tensor,
    behaviour_log_prob: Tensor,
    follower_log_prob: Tensor,
    *,
    advantage: Tensor,
    clip: float,
    follower_clip: float,
) -> Tensor:
    """What a leader maximises the mean of who must not leave behind the one who follows it (GPO-clip).

    As `clipped_surrogate`, but the bounded weight is
    clip(clip(pi_theta / pi_psi, 1 - delta, 1 + delta) pi_psi / pi_beta, 1 - clip, 1 + clip).

    Args:
        log_prob: Of the leader, shape (B,).
        behaviour_log_prob: Of the policy that acted, shape (B,).
        follower_log_prob: Of the follower, shape (B,).
        advantage: shape (B,).
        clip: epsilon, of the step.
        follower_clip: delta, of the lead.

    Source: Li et al., ICLR 2026 (arXiv 2505.15418), GPO-clip.
    """
    weight = _weight(log_prob, behaviour_log_prob, cap=math.inf)
    lead = torch.clamp(torch.exp(log_prob - follower_log_prob), 1.0 - follower_clip, 1.0 + follower_clip)
    bounded = torch.clamp(lead * torch.exp(follower_log_prob - behaviour_log_prob), 1.0 - clip, 1.0 + clip)
    return torch.minimum(weight * advantage, bounded * advantage)


def left_behind(log_prob: Tensor, follower_log_prob: Tensor, *, follower_clip: float) -> Tensor:
    """Say where pi_theta/pi_psi of the action taken left [1 - delta, 1 + delta]: 1.0 there, else 0.0; (B,).

    Source: Li et al., ICLR 2026 (arXiv 2505.15418), the mask of GPO-clip.
    """
    ratio = torch.exp(log_prob.detach() - follower_log_prob.detach())
    return ((ratio - 1.0).abs() > follower_clip).float()


def explained_variance(prediction: Array, target: Array) -> float:
    """Share of the target's variance that a critic accounts for: 1 is perfect, 0 as good as a constant."""
    variance = float(np.var(target))
    return 1.0 - float(np.var(target - prediction)) / variance if variance > 0.0 else 0.0


def effective_samples(weight: Tensor) -> float:
    """Effective sample size of importance weights of any shape, as a share of their number B: 1 if equal.

    (sum w)^2 / (B sum w^2). Source: Kong, 1992.
    """
    return float(weight.sum().square() / (weight.numel() * weight.square().sum()))


def _weight(log_prob: Tensor, behaviour_log_prob: Tensor, *, cap: float) -> Tensor:
    """Importance weights (B,); beyond the cap they grow with their logarithm, and so weigh as the cap."""
    longest = min(math.log(cap), LONGEST_LOG_WEIGHT)
    log_weight = log_prob - behaviour_log_prob
    return torch.exp(torch.clamp(log_weight, max=longest)) * (1.0 + torch.relu(log_weight - longest))
