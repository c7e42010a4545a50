"""The gridworlds' names in gymnasium; imports nothing heavy, since every command calls it."""

from __future__ import annotations

import gymnasium

WORLDS = {
    "gridworlds/FrozenLake-v0": "frozen_lake",
    "gridworlds/TigerDoor-v0": "tiger_door",
    "gridworlds/TigerDoor1-v0": "tiger_door_1",
    "gridworlds/TigerDoor2-v0": "tiger_door_2",
    "gridworlds/TigerDoor3-v0": "tiger_door_3",
}


def register() -> None:
    """Make the gridworlds known to `gymnasium.make` and `gymnasium.make_vec`; twice does no harm.

    The entry point `gymnasium.envs` of this distribution names this function; gymnasium 1.0 stopped
    calling such entry points itself, so whoever makes worlds by name loads them first.
    """
    for world, game in WORLDS.items():
        if world not in gymnasium.registry:
            gymnasium.register(
                id=world,
                entry_point="scenarios.gridworlds.single:Gridworld",
                vector_entry_point="scenarios.gridworlds.world:GridworldVector",
                kwargs={"game": game},
            )
