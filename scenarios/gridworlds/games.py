"""Which gridworlds there are."""

from __future__ import annotations

from collections.abc import Callable

from scenarios.gridworlds.frozen_lake import frozen_lake
from scenarios.gridworlds.model import GridModel
from scenarios.gridworlds.tiger_door import tiger_door, tiger_door_1, tiger_door_2, tiger_door_3

GAMES: dict[str, Callable[[], GridModel]] = {
    "frozen_lake": frozen_lake,
    "tiger_door": tiger_door,
    "tiger_door_1": tiger_door_1,
    "tiger_door_2": tiger_door_2,
    "tiger_door_3": tiger_door_3,
}


def game_tables(name: str) -> GridModel:
    """Return the tables of a gridworld by name.

    Raises:
        ValueError: There is none of this name.
    """
    if name not in GAMES:
        raise ValueError(f"unknown game {name!r}; choose one of: {', '.join(GAMES)}")
    return GAMES[name]()
