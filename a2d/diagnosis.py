"""What a run's curves say is wrong, and what to try."""

from __future__ import annotations

from collections.abc import Sequence

from a2d.config import RolloutConfig

ROUNDS = 10  # over which the divergence is averaged
LIVE = 1 / 3  # share of the image code; drivers that missed children had 13 to 30 % (docs/crossing.md)
LARGE = 0.1  # nats; on the gridworlds A2D ends at most at 0.04 where it solves them, imitation at 0.14 to 0.7


def divergence_remedy(divergence: Sequence[float], *, beta: float, config: RolloutConfig) -> str | None:
    """Say what to try when the trainee cannot follow the expert, None if it can or it is too early to tell.

    The expert then earns the credit for what only it sees: by the advantages, into which the hidden state
    leaks the more the nearer lambda is to 1, or by its own share beta of the actions.

    Args:
        divergence: KL(expert || trainee) after each round so far, nats.
        beta: The expert's present share of actions.
        config: What lambda and beta are now.

    Source: Warrington et al., ICML 2021, appendix on the estimator's bias.
    """
    recent = divergence[-ROUNDS:]
    if len(recent) < ROUNDS or sum(recent) / ROUNDS <= LARGE:
        return None
    tries = ["a larger expert.trainee_kl", "rollout.baseline=mixture trainee.value=0.5"][
        : 1 + (config.baseline == "state")
    ]
    if beta > 0.01:
        tries.insert(0, f"a smaller rollout.beta_decay (now {config.beta_decay})")
    if config.advantage == "gae":
        tries.append("a learned Q (rollout.advantage=q, for choices)")
        if config.gae_lambda > 0.0:
            tries.insert(0, f"a smaller rollout.gae_lambda (now {config.gae_lambda})")
    return (
        f"the trainee cannot follow the expert: their divergence is {sum(recent) / ROUNDS:.2f} nats over the "
        f"last {ROUNDS} rounds and does not vanish; try {', '.join(tries)}"
    )


def code_remedy(live: float | None, *, layer_norm: bool) -> str | None:
    """Say what to try when most of the image code is the same for every picture, None if it is not.

    Args:
        live: Share of the features that tell pictures apart in the last round; None without an image.
        layer_norm: The code is normalised already.
    """
    if live is None or live >= LIVE:
        return None
    return (
        f"the trainee sees with {live:.0%} of its image code, the rest is the same for every picture; "
        f"try {'' if layer_norm else 'trainee.layer_norm=true or '}a smaller trainee.learning_rate"
    )
