"""A round's arrays, put before the networks: each step of the loop on the learner's own parts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from a2d.descent import Scalars
from a2d.estimators import advantages
from a2d.improvement import PolicyBatch, improve_expert, improve_trainee
from a2d.learner import Learner
from a2d.policies import Expert
from a2d.rollout import Rollout
from a2d.updates import clone_expert, fit_critic, project


def step_expert(learner: Learner, rollout: Rollout) -> Scalars:
    """Improve the expert by what the mixture experienced."""
    batch, spread = _policy_batch(learner, rollout, keys=["state"])
    return improve_expert(
        learner.expert,
        learner.expert_optimizer,
        batch=batch,
        scale=spread,
        config=learner.config.expert,
        rng=learner.batches,
    )


def step_trainee(learner: Learner, rollout: Rollout, *, target: NDArray[np.float32] | None) -> Scalars:
    """Improve the trainee by its own experience, and its own critic unless there is no `target` for it."""
    batch, spread = _policy_batch(learner, rollout, keys=learner.trainee.reads)
    return improve_trainee(
        learner.trainee,
        learner.trainee_optimizer,
        batch=batch,
        scale=spread,
        config=learner.config.expert,
        fit=learner.config.trainee,
        target=None if target is None else learner.tensor(_scaled(learner, target)),
        rng=learner.batches,
    )


def step_critic(learner: Learner, rollout: Rollout, *, target: NDArray[np.float32]) -> Scalars:
    """Fit the critic that sees more than the trainee."""
    return fit_critic(
        learner.critic,
        learner.critic_optimizer,
        observation={key: learner.tensor(flat(rollout.observation[key])) for key in learner.critic.reads},
        target=learner.tensor(_scaled(learner, target)),
        config=learner.config.expert,
        rng=learner.batches,
    )


def step_projection(
    learner: Learner, rollout: Rollout, *, target: NDArray[np.float32], teacher: Expert | None
) -> Scalars:
    """Aggregate the round into D and fit the trainee to `teacher`, or to the labels where it is scripted."""
    rows = {key: flat(values) for key, values in rollout.observation.items()}
    if rollout.expert_action is not None:
        rows["label"] = flat(rollout.expert_action)
    learner.buffer.add(rows)
    scalars = project(
        learner.trainee,
        learner.trainee_optimizer,
        expert=teacher,
        fresh={**rows, "target": _scaled(learner, target)},
        buffer=learner.buffer,
        config=learner.config.trainee,
        rng=learner.batches,
    )
    if teacher is None:
        config = learner.config.expert
        scalars |= clone_expert(
            learner.expert,
            learner.expert_optimizer,
            buffer=learner.buffer,
            steps=config.epochs * math.ceil(rollout.interactions / config.minibatch),
            config=config,
            rng=learner.batches,
        )
    return scalars


def flat(array: NDArray[Any]) -> NDArray[Any]:
    """Join time and worlds: (T, N, ...) to (T * N, ...)."""
    return array.reshape(-1, *array.shape[2:])


def _scaled(learner: Learner, target: NDArray[np.float32]) -> NDArray[np.float32]:
    """Targets (T, N) as the critics learn them: (T * N,), in units of the return scale."""
    return flat(target / np.float32(learner.config.return_scale))


def _policy_batch(learner: Learner, rollout: Rollout, *, keys: list[str]) -> tuple[PolicyBatch, float]:
    config = learner.config.rollout
    advantage = advantages(
        rollout.reward,
        rollout.value,
        next_value=rollout.next_value,
        ended=rollout.ended,
        discount=config.discount,
        gae_lambda=config.gae_lambda,
    )
    batch = PolicyBatch(
        observation={key: learner.tensor(flat(rollout.observation[key])) for key in keys},
        action=learner.tensor(flat(rollout.action)),
        log_prob=learner.tensor(flat(rollout.log_prob)),
        advantage=learner.tensor(flat(advantage)),
        trainee=learner.tensor(flat(rollout.trainee)),
    )
    return batch, learner.advantage_scale(float(advantage.var()))
