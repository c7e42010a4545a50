"""What a driver who remembers all it saw may know: a gridworld's reachable posteriors over states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.gridworlds.model import GridModel

_Belief = tuple[tuple[int, float], ...]  # (state, probability), ordered by state


@dataclass(frozen=True, slots=True)
class BeliefGraph:
    """A POMDP as an MDP: B beliefs that can be reached and the E ways from one to another."""

    start: NDArray[np.float64]  # (B,): probability of starting with this belief
    reward: NDArray[np.float64]  # (B, A): expected reward
    source: NDArray[np.int64]  # (E,)
    action: NDArray[np.int64]  # (E,)
    target: NDArray[np.int64]  # (E,)
    probability: NDArray[np.float64]  # (E,)


def belief_graph(model: GridModel) -> BeliefGraph:
    """Walk through all beliefs that can be reached, breadth first."""
    appearance = model.appearance()
    starts = _split_by_appearance(dict(enumerate(model.start.tolist())), appearance)
    queue = [belief for belief, _ in starts]
    number = {belief: index for index, belief in enumerate(queue)}
    rewards: list[list[float]] = []
    edges: list[tuple[int, int, int, float]] = []
    for belief in queue:  # grows while it is walked
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
    return BeliefGraph(
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
