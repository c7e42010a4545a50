"""Makes the driving worlds known to gymnasium; imports nothing heavy."""

from __future__ import annotations

from gymnasium.envs.registration import register as _register


def register() -> None:
    """Called by gymnasium for the `gymnasium.envs` entry point."""
    _register("driving/ChildCrossing-v0", entry_point="driving.env:ChildCrossingEnv")
