"""Makes the driving worlds known to gymnasium, once imported; imports nothing heavy.

Gymnasium 1 no longer calls the `gymnasium.envs` entry point itself, so either import this module, or let
gymnasium do it: `gymnasium.make("driving.registration:driving/ChildCrossing-v0")`.
"""

from __future__ import annotations

import gymnasium

CHILD_CROSSING = "driving/ChildCrossing-v0"
CROSSINGS = "driving/Crossings-v0"
OVERTAKING_TRUCK = "driving/OvertakingTruck-v0"

# id -> the scenario it drives unless told `scenario=`
WORLDS = {
    CHILD_CROSSING: "child_crossing",
    CROSSINGS: "crossings",
    OVERTAKING_TRUCK: "overtaking_truck",
}


def register() -> None:
    """Register the worlds; twice does no harm. Named by this distribution's `gymnasium.envs` entry point."""
    for world, scenario in WORLDS.items():
        if world not in gymnasium.registry:
            gymnasium.register(id=world, entry_point="driving.env:DrivingEnv", kwargs={"scenario": scenario})


register()
