"""Makes the driving worlds known to gymnasium, once imported; imports nothing heavy.

Gymnasium 1 no longer calls the `gymnasium.envs` entry point itself, so either import this module, or let
gymnasium do it: `gymnasium.make("driving.registration:driving/ChildCrossing-v0")`.
"""

from __future__ import annotations

import gymnasium

CHILD_CROSSING = "driving/ChildCrossing-v0"


def register() -> None:
    """Register the worlds; twice does no harm. Named by this distribution's `gymnasium.envs` entry point."""
    if CHILD_CROSSING not in gymnasium.registry:
        gymnasium.register(id=CHILD_CROSSING, entry_point="driving.env:ChildCrossingEnv")


register()
