"""The lane world, whose simulator goes away in the middle of chosen episodes.

Importing this module registers it, so `fragile_world:Fragile-v0` works in worker processes, too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium
from lane_world import Lane


class Fragile(Lane):
    """Raises in the episodes of some seeds, ends its process in those of others, always or once.

    Args:
        suite: As everywhere.
        raises: Seeds.
        dies: Seeds.
        once: A folder to note in what has failed already and will not again; empty: it always will.
    """

    def __init__(
        self, *, suite: str, raises: Sequence[int] = (), dies: Sequence[int] = (), once: str = ""
    ) -> None:
        super().__init__(suite=suite)
        self._raises, self._dies, self._once = raises, dies, once
        self._seed = -1

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        self._seed = -1 if seed is None else seed
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        if self._steps == 2 and self._seed in (*self._raises, *self._dies) and self._strikes():
            if self._seed in self._dies:
                os._exit(1)
            raise ZeroDivisionError(f"the street of seed {self._seed} cannot be laid")
        return super().step(action)

    def _strikes(self) -> bool:
        note = Path(self._once, f"{self._seed}")
        if not self._once:
            return True
        struck = note.exists()
        note.touch()
        return not struck


if "Fragile-v0" not in gymnasium.registry:
    gymnasium.register(id="Fragile-v0", entry_point=Fragile)
