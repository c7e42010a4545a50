"""A gridworld as tables: deterministic moves, a random start, and what each driver sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UP, RIGHT, DOWN, LEFT = range(4)
MOVES = ((0, -1), (1, 0), (0, 1), (-1, 0))  # (column, row) of UP, RIGHT, DOWN, LEFT


@dataclass(frozen=True, slots=True)
class GridModel:
    """All there is to know about a gridworld of S states and A actions on R rows and C columns.

    The hidden part of a state is drawn once, with the start; every move is deterministic.
    The batched world steps these tables, and `exact` solves the very same ones.
    """

    start: NDArray[np.float64]  # (S,): probability that an episode starts here
    next_state: NDArray[np.int64]  # (S, A)
    reward: NDArray[np.float64]  # (S, A)
    outcome: NDArray[np.int8]  # (S, A): 0 where the episode goes on, else 1 + index into `outcomes`
    outcomes: tuple[str, ...]  # names of the ways in which an episode ends
    state: NDArray[np.float32]  # (S, F): what the expert sees
    compact: NDArray[np.float32]  # (S, K): what the trainee sees, as a vector
    agent: NDArray[np.int64]  # (S,): cell that the agent is in, row by row from the top left
    shown: NDArray[np.uint8]  # (S, R, C): glyph in each cell in the trainee's image
    truth: NDArray[np.uint8]  # (S, R, C): glyph in each cell for human eyes, nothing hidden

    def __post_init__(self) -> None:
        states, actions = self.next_state.shape
        shapes = {
            "start": (self.start.shape, (states,)),
            "reward": (self.reward.shape, (states, actions)),
            "outcome": (self.outcome.shape, (states, actions)),
            "state": (self.state.shape[:1], (states,)),
            "compact": (self.compact.shape[:1], (states,)),
            "agent": (self.agent.shape, (states,)),
            "shown": (self.shown.shape, (states, *self.truth.shape[1:])),
            "truth": (self.truth.shape[:1], (states,)),
        }
        for name, (shape, expected) in shapes.items():
            if shape != expected:
                raise ValueError(f"{name} has shape {shape}, but {expected} is needed to fit the others")
        if not np.isclose(self.start.sum(), 1.0):
            raise ValueError(f"the start probabilities sum to {self.start.sum()}, not to 1")
        if self.outcome.max() > len(self.outcomes):
            raise ValueError(f"outcome {self.outcome.max()} has no name among {self.outcomes}")

    @property
    def actions(self) -> int:
        """How many actions there are (A)."""
        return self.next_state.shape[1]

    @property
    def ended(self) -> NDArray[np.bool_]:
        """Whether a move ends the episode, shape (S, A)."""
        return self.outcome > 0

    def appearance(self) -> NDArray[np.int64]:
        """Number the states so that two share a number when the trainee cannot tell them apart, (S,)."""
        return np.unique(self.compact, axis=0, return_inverse=True)[1].reshape(-1)


def neighbours(wall: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the cell that each move leads to; whoever would leave the grid or enter a wall stays.

    Cells are numbered row by row from the top left: cell = row * columns + column.

    Args:
        wall: Where nobody can be, shape (rows, columns).

    Returns:
        Next cell of each cell and move (UP, RIGHT, DOWN, LEFT), shape (rows * columns, 4).
    """
    rows, columns = wall.shape
    row, column = np.divmod(np.arange(rows * columns), columns)
    moves = np.array(MOVES)
    next_column = np.clip(column[:, None] + moves[:, 0], 0, columns - 1)
    next_row = np.clip(row[:, None] + moves[:, 1], 0, rows - 1)
    blocked = wall[next_row, next_column]
    return np.where(blocked, (row * columns + column)[:, None], next_row * columns + next_column)
