"""A round's arrays, put before the networks: each step of the loop on the learner's own parts."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from a2d.dataset import Arrays
from a2d.descent import Scalars
from a2d.estimators import advantages, lambda_returns
from a2d.improvement import PolicyBatch, Restraint, improve_expert, improve_trainee
from a2d.learner import Learner
from a2d.policies import Expert
from a2d.projection import HARDNESS, Reinforcement, fit_encoder, project
from a2d.rollout import Rollout
from a2d.updates import clone_expert, fit_critic


@dataclass(frozen=True, slots=True)
class Estimates:
    """What a round says about the actions taken and the states seen."""

    advantage: NDArray[np.float32]  # (T, N) centred over the round, in units of the spread remembered
    target: NDArray[np.float32]  # (T, N) lambda-returns for the critics, in units of reward


def estimate(learner: Learner, rollout: Rollout) -> Estimates:
    """Turn rewards and values into advantages, or take the learned ones, and into targets."""
    config = learner.config.rollout
    found = rollout.gain
    if found is None:
        found = advantages(
            rollout.reward,
            rollout.value,
            next_value=rollout.next_value,
            ended=rollout.ended,
            discount=config.discount,
            gae_lambda=config.gae_lambda,
        )
    target = lambda_returns(
        rollout.reward,
        rollout.value,
        next_value=rollout.next_value,
        ended=rollout.ended,
        discount=config.discount,
        critic_lambda=config.critic_lambda,
    )
    scale = np.float32(learner.advantage_scale(float(found.var())) + 1e-8)
    return Estimates((found - found.mean()) / scale, target)


def experience(learner: Learner, rollout: Rollout, estimates: Estimates) -> Arrays:
    """What the expert's step and the critic learn from: this round's rows, and those that are reused."""
    keys = {*learner.expert.reads, *learner.critic.reads}
    newest = {key: flat(values) for key, values in rollout.observation.items() if key in keys}
    newest |= {**_acted(rollout, estimates, length=1), "target": flat(_scaled(learner, estimates))}
    if learner.config.expert.surrogate == "projection":
        with torch.inference_mode():
            newest["expert"] = learner.expert(learner.tensor(newest["state"])).cpu().numpy()
    return learner.with_recent(newest)


def step_expert(learner: Learner, known: Arrays) -> Scalars:
    """Improve the expert by what the mixture experienced."""
    config, restrains = learner.config.expert, learner.method.restrains
    scalars = improve_expert(
        learner.expert,
        learner.expert_optimizer,
        batch=_policy_batch(learner, known, keys=learner.expert.reads),
        restraint=Restraint(
            entropy=learner.entropy,
            trainee_kl=learner.trainee_kl if learner.method.projects else 0.0,
            trainee_clip=config.trainee_clip if restrains == "clip" else None,
        ),
        config=config,
        rng=learner.batches,
    )
    if config.adaptive_rate and config.step == "ppo":
        scalars["expert/pace"] = learner.adapt_pace(scalars["expert/passes"])
    if restrains == "penalty":
        scalars["expert/trainee_kl"] = learner.trainee_kl
        learner.adapt_trainee_kl(scalars["expert/gap"])
    return scalars


def step_trainee(learner: Learner, rollout: Rollout, estimates: Estimates) -> Scalars:
    """Improve the trainee by its own experience, and its own critic where that is the baseline."""
    own, fit = learner.method.baseline == "mixture", learner.config.trainee
    keys = learner.trainee.reads + (["memory", "began"] if fit.memory else [])
    found = _seen(learner, rollout, length=fit.length) | _acted(rollout, estimates, length=fit.length)
    return improve_trainee(
        learner.trainee,
        learner.trainee_optimizer,
        batch=_policy_batch(learner, found, keys=keys),
        entropy=learner.entropy,
        config=learner.config.expert,
        fit=fit,
        target=learner.tensor(rows(_scaled(learner, estimates), length=fit.length)) if own else None,
        rng=learner.batches,
    )


def step_critic(learner: Learner, known: Arrays) -> Scalars:
    """Fit the critic that sees more than the trainee."""
    return fit_critic(
        learner.critic,
        learner.critic_optimizer,
        observation={key: learner.tensor(known[key]) for key in learner.critic.reads},
        target=learner.tensor(known["target"]),
        config=learner.config.expert,
        rng=learner.batches,
    )


def step_encoder(learner: Learner, rollout: Rollout) -> Scalars:
    """Aggregate the round into D and teach the trainee's encoder to see the state."""
    config = learner.config.trainee
    learner.buffer.add(_seen(learner, rollout, length=config.length))
    return fit_encoder(
        learner.trainee,
        learner.trainee_optimizer,
        buffer=learner.buffer,
        steps=math.ceil(config.updates_per_step * rollout.interactions / config.minibatch),
        config=config,
        error=learner.state_error,
        rng=learner.batches,
    )


def step_projection(
    learner: Learner, rollout: Rollout, estimates: Estimates, *, teacher: Expert | None
) -> Scalars:
    """Aggregate the round into D and fit the trainee to `teacher`, or to the labels where it is scripted."""
    length = learner.config.trainee.length
    seen = _seen(learner, rollout, length=length)
    if rollout.expert_action is not None:
        seen["label"] = rows(rollout.expert_action, length=length)
    if learner.method.remembers:
        learner.buffer.add(seen)
    scalars = project(
        learner.trainee,
        learner.trainee_optimizer,
        expert=teacher,
        fresh={
            **seen,
            **_acted(rollout, estimates, length=length),
            "target": rows(_scaled(learner, estimates), length=length),
        },
        buffer=learner.buffer if learner.method.aggregates else None,
        config=learner.config.trainee,
        reinforcement=_reinforcement(learner),
        error=learner.state_error,
        rng=learner.batches,
    )
    if teacher is None:
        config = learner.config.expert
        scalars |= clone_expert(
            learner.expert,
            learner.expert_optimizer,
            buffer=learner.buffer,
            minibatch=learner.config.trainee.rows(config.minibatch),
            steps=config.epochs * math.ceil(rollout.interactions / config.minibatch),
            config=config,
            rng=learner.batches,
        )
    return scalars


def flat(array: NDArray[Any]) -> NDArray[Any]:
    """Join time and worlds: (T, N, ...) to (T * N, ...)."""
    return array.reshape(-1, *array.shape[2:])


def rows(array: NDArray[Any], *, length: int) -> NDArray[Any]:
    """What a trainee learns from: (T, N, ...) to (T * N, ...), or to (T / L * N, L, ...) where L > 1."""
    if length == 1:
        return flat(array)
    cut = array.reshape(-1, length, *array.shape[1:])  # (T / L, L, N, ...)
    return np.ascontiguousarray(cut.swapaxes(1, 2).reshape(-1, length, *array.shape[2:]))


def _reinforcement(learner: Learner) -> Reinforcement | None:
    config, trainee = learner.config.expert, learner.config.trainee
    if learner.method.reinforces == "nothing":
        return None
    if learner.method.reinforces == "instead":
        return Reinforcement(1.0, config.clip, alpha=trainee.advisor_alpha)
    penalty = learner.method.restrains == "penalty"
    return Reinforcement(learner.trainee_kl if penalty else trainee.reinforce, config.clip)


def _seen(learner: Learner, rollout: Rollout, *, length: int) -> dict[str, NDArray[Any]]:
    """What trainee and expert saw in a round, as rows; of what was remembered each row's first step."""
    read = {"state", "began", "memory", *learner.trainee.reads}
    seen = {key: rows(values, length=length) for key, values in rollout.observation.items() if key in read}
    if "memory" in seen:
        seen["memory"] = np.ascontiguousarray(seen["memory"][:, 0])
    seen[HARDNESS] = np.ones(len(seen["state"]), np.float32)
    return seen


def _acted(rollout: Rollout, estimates: Estimates, *, length: int) -> dict[str, NDArray[Any]]:
    """What was done, by whom, and how it turned out, as rows."""
    return {
        "action": rows(rollout.action, length=length),
        "log_prob": rows(rollout.log_prob, length=length),
        "advantage": rows(estimates.advantage, length=length),
        "trainee": rows(rollout.trainee, length=length),
    }


def _scaled(learner: Learner, estimates: Estimates) -> NDArray[np.float32]:
    """Targets (T, N) as the critics learn them, in units of the return scale."""
    return estimates.target / np.float32(learner.config.return_scale)


def _policy_batch(learner: Learner, found: Arrays, *, keys: list[str]) -> PolicyBatch:
    parts = [entry.name for entry in fields(PolicyBatch) if entry.name in found]
    return PolicyBatch(
        observation={key: learner.tensor(found[key]) for key in keys},
        **{name: learner.tensor(found[name]) for name in parts},
    )
