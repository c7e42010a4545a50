"""An episode's settings, as clients give them, and how long its ticks are."""

from __future__ import annotations

from dataclasses import dataclass, replace

DEFAULT_DELTA = 0.05  # s, without fixed_delta_seconds
LONGEST_DELTA = 1.0  # s


@dataclass(frozen=True, slots=True)
class Settings:
    """CARLA's episode settings, in the order of its struct."""

    synchronous: bool = False
    no_rendering: bool = False
    fixed_delta: float | None = None  # s
    substepping: bool = True
    substep_delta: float = 0.01
    most_substeps: int = 10
    culling_distance: float = 0.0
    deterministic_ragdolls: bool = True
    tile_stream_distance: float = 3000.0
    active_distance: float = 2000.0
    spectator_as_ego: bool = True

    @property
    def delta(self) -> float:
        """Seconds that a tick lasts."""
        return self.fixed_delta or DEFAULT_DELTA


def usable(settings: Settings) -> Settings:
    """Settings without a fixed delta if theirs is outside (0, 1] s."""
    delta = settings.fixed_delta
    if delta is not None and not 0.0 < delta <= LONGEST_DELTA:
        delta = None
    return replace(settings, fixed_delta=delta)
