"""The gridworlds' names in gymnasium; imports nothing heavy, since every command calls it."""

from __future__ import annotations

import gymnasium

FROZEN_LAKE = "gridworlds/FrozenLake-v0"


def register() -> None:
    """Make the gridworlds known to `gymnasium.make` and `gymnasium.make_vec`; twice does no harm.

    The entry point `gymnasium.envs` of this distribution names this function; gymnasium 1.0 stopped
    calling such entry points itself, so whoever makes worlds by name loads them first.
    """
    if FROZEN_LAKE not in gymnasium.registry:
        gymnasium.register(
            id=FROZEN_LAKE,
            entry_point="scenarios.gridworlds.frozen_lake:FrozenLake",
            vector_entry_point="scenarios.gridworlds.frozen_lake:FrozenLakeVector",
        )
