"""What went wrong with the worlds' simulators, counted by cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from gymnasium.vector import VectorEnv

RESTARTED = "server_restarted"
"""The outcome of an episode that a fault of its simulator, or of the worker that drives it, cut short."""
FAILED = "world_failed"
"""The outcome of an episode whose world failed, and failed again when it was alone."""
LOST_WORKER = "worker"
"""The cause of a restart where a process or a machine of ours vanished."""
FAULTS = frozenset({RESTARTED, FAILED})
"""Ends that are the simulator's doing."""
INVALID_OUTCOMES = FAULTS | {"invalid_run"}
"""Ends that say nothing about the driver, a test that left its tolerances too; left out of every rate."""
_NONE: Mapping[str, int] = {}


class Faults:
    """Tells what has gone wrong since it was asked last; a world counts in its attribute `faults`."""

    def __init__(self, worlds: VectorEnv) -> None:
        self._worlds = worlds
        self._known: list[Mapping[str, int]] = [_NONE] * worlds.num_envs

    def fresh(self) -> dict[str, float]:
        """How often each cause struck since the last call, as metrics; causes that did not are left out."""
        found: Counter[str] = Counter()
        now = _counts(self._worlds)
        for before, after in zip(self._known, now, strict=True):
            for cause, count in after.items():
                known = before.get(cause, 0)
                # a worker that was replaced counts from nothing again
                found[cause] += count - known if count >= known else count
        self._known = now
        return {f"restarts/{cause}": float(count) for cause, count in sorted(found.items()) if count}


def _counts(worlds: Any) -> list[Mapping[str, int]]:
    if not hasattr(worlds, "call"):
        return [_NONE] * worlds.num_envs
    try:
        return list(worlds.call("faults"))
    except AttributeError:  # batched worlds, which have no simulator that could fail
        return [_NONE] * worlds.num_envs
