"""What can go wrong between a simulator's sensor and an array; made from the message, so that it pickles."""

from __future__ import annotations


class SensorError(RuntimeError):
    """Base of this package's errors."""


class SensorTimeout(SensorError):
    """A sensor gave no data for a simulated frame."""

    @classmethod
    def of(cls, sensor: str, *, frame: int, waited: float) -> SensorTimeout:
        """Name the sensor, the frame and how long it was waited for (s)."""
        return cls(
            f"{sensor}: no data for frame {frame} after {waited:.1f} s; "
            "is the server in synchronous mode and rendering?"
        )
