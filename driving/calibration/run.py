"""What one drive recorded: the controls of every tick and what the car did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Run:
    """K ticks of one car that started at rest, its pedals released and its wheels straight."""

    delta: float  # s per tick
    length: float  # of the car, m
    throttle: NDArray[np.float64]  # (K,), as applied for the tick
    brake: NDArray[np.float64]  # (K,)
    steer: NDArray[np.float64]  # (K,)
    before: NDArray[np.float64]  # (K,), speed before the tick, m/s
    after: NDArray[np.float64]  # (K,), speed after it
    turn: NDArray[np.float64]  # (K,), yaw rate after it, rad/s, clockwise from above

    @property
    def acceleration(self) -> NDArray[np.float64]:
        """What each tick changed of the speed, m/s2, shape (K,)."""
        return (self.after - self.before) / self.delta
