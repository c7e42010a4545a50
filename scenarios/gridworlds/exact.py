"""Dynamic programming on a gridworld's tables: the truth that learning is measured against.

All returns are undiscounted, as the paper reports them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    graph = _belief_graph(model)
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


def optimal_state_policy(model: GridModel) -> NDArray[np.float64]:
    """Return the best policy on the state, ties shared evenly, shape (S, A)."""
    values = _optimal_values(model)
    best = values >= values.max(axis=1, keepdims=True) - 1e-6
    return best / best.sum(axis=1, keepdims=True)


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


@dataclass(frozen=True, slots=True)
class _BeliefGraph:
    """B reachable beliefs and the E ways from one to another."""

    start: NDArray[np.float64]  # (B,): probability of starting with this belief
    reward: NDArray[np.float64]  # (B, A): expected reward
    source: NDArray[np.int64]  # (E,)
    action: NDArray[np.int64]  # (E,)
    target: NDArray[np.int64]  # (E,)
    probability: NDArray[np.float64]  # (E,)


_Belief = tuple[tuple[int, float], ...]  # (state, probability), ordered by state


def _belief_graph(model: GridModel) -> _BeliefGraph:
    appearance = model.appearance()
    starts = _split_by_appearance(dict(enumerate(model.start.tolist())), appearance)
    queue = [belief for belief, _ in starts]
    number = {belief: index for index, belief in enumerate(queue)}
    rewards: list[list[float]] = []
    edges: list[tuple[int, int, int, float]] = []
    for belief in queue:  # grows while it is walked: breadth first
        rewards.append([sum(p * model.reward[state, a] for state, p in belief) for a in range(model.actions)])
        for action in range(model.actions):
            for successor, probability in _successors(model, appearance, belief, action):
                if successor not in number:
                    number[successor] = len(number)
                    queue.append(successor)
                edges.append((number[belief], action, number[successor], probability))
    start = np.zeros(len(queue))
    for belief, probability in starts:
        start[number[belief]] = probability
    source, actions, target, probabilities = zip(*edges, strict=True)
    return _BeliefGraph(
        start=start,
        reward=np.array(rewards),
        source=np.array(source),
        action=np.array(actions),
        target=np.array(target),
        probability=np.array(probabilities),
    )


def _successors(
    model: GridModel, appearance: NDArray[np.int64], belief: _Belief, action: int
) -> list[tuple[_Belief, float]]:
    """Return the beliefs that may follow an action with their probabilities; ended episodes are left out."""
    mass: dict[int, float] = {}
    for state, probability in belief:
        if not model.ended[state, action]:
            successor = int(model.next_state[state, action])
            mass[successor] = mass.get(successor, 0.0) + probability
    return _split_by_appearance(mass, appearance)


def _split_by_appearance(
    mass: dict[int, float], appearance: NDArray[np.int64]
) -> list[tuple[_Belief, float]]:
    """Group states that look the same into one belief each; rounded so that equal ones are found again."""
    groups: dict[int, dict[int, float]] = {}
    for state, probability in mass.items():
        if probability > 0:
            groups.setdefault(int(appearance[state]), {})[state] = probability
    beliefs = []
    for group in groups.values():
        total = sum(group.values())
        beliefs.append((tuple((s, round(group[s] / total, 12)) for s in sorted(group)), total))
    return beliefs
