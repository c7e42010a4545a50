"""Dynamic programming on a gridworld's tables: the truth that learning is measured against.

All returns are undiscounted, as the paper reports them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.gridworlds.beliefs import belief_graph
from scenarios.gridworlds.model import GridModel

CONVERGED = 1e-10
ITERATION_LIMIT = 10_000


def optimal_state_return(model: GridModel) -> float:
    """Return what the best driver earns who sees the whole state.

    Value iteration: V(s) = max_a [r(s, a) + V(s')], 0 where the episode ended.
    """
    return float(model.start @ _optimal_values(model).max(axis=1))


def optimal_partial_return(model: GridModel) -> float:
    """Return what the best driver earns who sees the trainee's observations and remembers them.

    Value iteration over the beliefs (posteriors over states given what was seen) that can be reached.
    """
    graph = belief_graph(model)
    values = np.zeros(len(graph.reward))
    for _ in range(ITERATION_LIMIT):
        backed_up = graph.reward.copy()
        np.add.at(backed_up, (graph.source, graph.action), graph.probability * values[graph.target])
        improved = backed_up.max(axis=1)
        if np.abs(improved - values).max() < CONVERGED:
            return float(graph.start @ improved)
        values = improved
    raise ArithmeticError(f"value iteration over beliefs did not settle in {ITERATION_LIMIT} sweeps")


def policy_return(model: GridModel, policy: NDArray[np.float64], *, horizon: int) -> float:
    """Return what a policy earns in episodes cut off after `horizon` steps.

    Args:
        model: The world, S states and A actions.
        policy: Probability of each action in each state, shape (S, A).
        horizon: Steps after which an episode is cut off.

    Raises:
        ValueError: The policy is not a distribution over actions for each state.
    """
    if policy.shape != model.reward.shape or not np.allclose(policy.sum(axis=1), 1.0):
        raise ValueError(f"a policy is {model.reward.shape} probabilities with rows that sum to 1")
    values = np.zeros(len(model.start))
    for _ in range(horizon):
        values = (policy * _action_values(model, values)).sum(axis=1)
    return float(model.start @ values)


def uniform_policy(model: GridModel) -> NDArray[np.float64]:
    """Return the policy that moves at random, shape (S, A)."""
    return np.full(model.reward.shape, 1.0 / model.actions)


def optimal_state_policy(model: GridModel, *, preference: Sequence[int] | None = None) -> NDArray[np.float64]:
    """Return the best policy on the state, shape (S, A).

    Args:
        model: The world, S states and A actions.
        preference: Of the moves that are equally good, the one that comes first in this order of all actions
            is made; None makes each as often as the others. The choice changes nothing that this policy
            earns, but what its imitator does (on Frozen Lake only: elsewhere there are no ties).
    """
    values = _optimal_values(model)
    best = values >= values.max(axis=1, keepdims=True) - 1e-6
    if preference is None:
        return best / best.sum(axis=1, keepdims=True)
    order = np.asarray(preference)
    return np.eye(model.actions)[order[best[:, order].argmax(axis=1)]]


@dataclass(frozen=True, slots=True)
class Imitation:
    """What becomes of a trainee that is fitted to an expert and drives itself."""

    policy: NDArray[np.float64]  # (S, A), equal for states that look the same
    occupancy: NDArray[np.float64]  # (S,): share of its time that it spends in each state
    divergence: float  # mean over that time of KL(expert || trainee), nats


def imitate(model: GridModel, expert: NDArray[np.float64], *, discount: float) -> Imitation:
    """Return the fixed point of asymmetric imitation (AIL) without memory.

    The trainee does what the expert does on average in the states that look the same, weighted by how often
    the trainee is in each: pihat(a|b) = E_{d(s|b)}[pi(a|s)] with d of pihat itself, iterated. That weight is
    not the prior: where the trainee has survived so far, the hazard is less likely to be.

    Args:
        model: The world, S states and A actions.
        expert: Probability of each action in each state, shape (S, A).
        discount: Of the time spent in a state, in (0, 1].

    Raises:
        ArithmeticError: The iteration does not settle.

    Source: Warrington et al., ICML 2021, definition 1 and theorem 1.
    """
    alike = model.appearance()
    same = (alike[:, None] == alike).astype(np.float64)  # (S, S)
    trainee = same @ expert / same.sum(axis=1, keepdims=True)
    for _ in range(ITERATION_LIMIT):
        time = occupancy(model, trainee, discount=discount)
        weight = same @ time
        average = same @ (time[:, None] * expert) / np.maximum(weight, CONVERGED)[:, None]
        following = np.where((weight > CONVERGED)[:, None], average, trainee)  # never seen: as before
        if np.abs(following - trainee).max() < CONVERGED:
            share = time / time.sum()
            return Imitation(following, share, float(share @ divergence(expert, following)))
        trainee = following
    raise ArithmeticError(f"imitation did not settle in {ITERATION_LIMIT} rounds")


def most_probable(policy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the policy that always makes the most probable move, the first of equals; both (S, A)."""
    return np.eye(policy.shape[1])[np.round(policy, 9).argmax(axis=1)]


def occupancy(model: GridModel, policy: NDArray[np.float64], *, discount: float) -> NDArray[np.float64]:
    """Return how many steps a policy (S, A) spends in each state, a step after t others counting discount^t.

    Solves d(s') = start(s') + discount * sum_{s, a} d(s) policy(a|s) [a leads from s to s' and goes on].
    """
    states = len(model.start)
    onward = np.zeros((states, states))
    source = np.repeat(np.arange(states), model.actions)
    np.add.at(onward, (model.next_state.reshape(-1), source), np.where(model.ended, 0.0, policy).reshape(-1))
    return np.asarray(np.linalg.solve(np.eye(states) - discount * onward, model.start), dtype=np.float64)


def divergence(expert: NDArray[np.float64], trainee: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return KL(expert || trainee) in each state, nats, shape (S,); both policies (S, A)."""
    made = expert > 0
    ratio = np.divide(expert, trainee, out=np.ones_like(expert), where=made)
    return np.where(made, expert * np.log(ratio), 0.0).sum(axis=1)


def _action_values(model: GridModel, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return model.reward + np.where(model.ended, 0.0, values[model.next_state])


def _optimal_values(model: GridModel) -> NDArray[np.float64]:
    """Return Q*(s, a), shape (S, A).

    Starts from 0, above every value where steps cost, and falls to the fixed point; states from which
    no end can be reached would fall for ever, hence the limit.
    """
    values = np.zeros(len(model.start))
    for _ in range(ITERATION_LIMIT):
        action_values = _action_values(model, values)
        improved = action_values.max(axis=1)
        if np.abs(improved - values).max() < CONVERGED:
            return action_values
        values = improved
    raise ArithmeticError(f"value iteration did not settle in {ITERATION_LIMIT} sweeps")
