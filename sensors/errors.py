"""What can go wrong between a simulator's sensor and an array."""

from __future__ import annotations


class SensorError(RuntimeError):
    """Base of this package's errors."""


class SensorTimeout(SensorError):
    """A sensor gave no data for a simulated frame."""

    def __init__(self, sensor: str, *, frame: int, waited: float) -> None:
        super().__init__(
            f"{sensor}: no data for frame {frame} after {waited:.1f} s; "
            "is the server in synchronous mode and rendering?"
        )
        self.sensor, self.frame = sensor, frame
