"""The aggregated experience D: a ring of samples, bounded in number and in bytes, images as uint8."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray]


class Buffer:
    """The newest samples, each a row under every key; memory is taken at the first `add`."""

    def __init__(self, *, samples: int, megabytes: int) -> None:
        self._samples, self._bytes = samples, megabytes * 2**20
        self._rows: Arrays = {}
        self._next = 0
        self.size = 0
        self.capacity = 0
        self.total = 0
        """How many rows were ever added."""

    def add(self, rows: Mapping[str, NDArray]) -> None:
        """Append rows of shape (B, ...), forgetting the oldest.

        Raises:
            ValueError: The keys or the lengths differ.
        """
        lengths = {len(values) for values in rows.values()}
        if len(lengths) != 1 or (self._rows and rows.keys() != self._rows.keys()):
            raise ValueError(
                f"rows of one length under {sorted(self._rows or rows)}, got {sorted(rows)} {lengths}"
            )
        if not self._rows:
            self._allocate(rows)
        added = lengths.pop()
        count = min(added, self.capacity)
        where = (self._next + np.arange(count)) % self.capacity
        for key, values in rows.items():
            self._rows[key][where] = values[-count:]
        self._next = int((self._next + count) % self.capacity)
        self.size = min(self.size + count, self.capacity)
        self.total += added

    @property
    def position(self) -> int:
        """Where the next row goes: it tells which row a number drawn by `sample` is."""
        return self._next

    def restore(
        self, parts: Iterable[Mapping[str, NDArray]], *, count: int, position: int, total: int
    ) -> None:
        """Take in the newest rows of another buffer; of all of them, the same numbers draw the same rows.

        Args:
            parts: Its newest rows, oldest first, in any number of parts.
            count: How many these are together.
            position: Its position.
            total: Its total.
        """
        for rows in parts:
            if not self._rows:
                self._allocate(rows)
                # Rows fill a buffer from its beginning, also where older ones are left out.
                self._next = position if count == self.capacity else 0
            self.add(rows)
        self.total = total

    def sample(self, count: int, *, keys: Iterable[str], rng: np.random.Generator) -> Arrays:
        """Draw rows uniformly with replacement; of each what it has under `keys`."""
        chosen = rng.integers(self.size, size=count)
        return {key: self._rows[key][chosen] for key in keys}

    def choose(
        self, count: int, *, by: str, share: float, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Draw rows with replacement, each uniformly or, with probability `share`, in proportion to `by`.

        Returns:
            Their numbers (count,), and importance weights (count,): how likely a row is if all are drawn
            uniformly, in units of how likely it was; at most 1 / (1 - share).

        Source: Schaul et al., ICLR 2016 (prioritized experience replay), sections 3.3 and 3.4.
        """
        chosen = rng.integers(self.size, size=count)
        if share == 0.0:  # nothing to add up, and the numbers that `sample` draws
            return chosen, np.ones(count, np.float32)
        priority = self._rows[by][: self.size]
        total = np.cumsum(priority, dtype=np.float64)
        first = rng.random(count) < share
        chosen[first] = total.searchsorted(rng.random(first.sum()) * total[-1], side="right")
        odds = 1.0 - share + share * priority[chosen] * (self.size / total[-1])
        return chosen, (1.0 / odds).astype(np.float32)

    def rows(self, chosen: NDArray[np.int64]) -> Arrays:
        """Copy the rows of these numbers."""
        return {key: values[chosen] for key, values in self._rows.items()}

    def put(self, key: str, chosen: NDArray[np.int64], values: NDArray) -> None:
        """Replace what is kept under `key` in the rows of these numbers."""
        self._rows[key][chosen] = values

    def added(self, count: int) -> NDArray[np.int64]:
        """The numbers of the rows added last, oldest first."""
        return (self._next - count + np.arange(count)) % self.capacity

    def fitting(self, megabytes: int) -> int:
        """How many of the rows fit into so much memory."""
        return min(self.size, megabytes * 2**20 // self._row_bytes(self._rows)) if self._rows else 0

    def column(self, key: str) -> NDArray:
        """Copy what all rows have under `key`, oldest first."""
        return self._rows[key][self.added(self.size)]

    def _allocate(self, rows: Mapping[str, NDArray]) -> None:
        self.capacity = max(1, min(self._samples, self._bytes // self._row_bytes(rows)))
        self._rows = {  # pictures keep how they lie in memory
            key: np.empty_like(values, shape=(self.capacity, *values.shape[1:]))
            for key, values in rows.items()
        }

    @staticmethod
    def _row_bytes(rows: Mapping[str, NDArray]) -> int:
        return sum(values.dtype.itemsize * int(np.prod(values.shape[1:])) for values in rows.values())
