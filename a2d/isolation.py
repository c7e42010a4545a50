"""Episodes driven so that a world that fails takes no other episode with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from gymnasium.vector import VectorEnv

from a2d.evaluation import Act, Record, WorldsLost, evaluate
from a2d.faults import FAILED

Open = Callable[[int], AbstractContextManager[VectorEnv[Any, Any, Any]]]
"""Opens so many worlds."""


def drive(
    seeds: Sequence[int],
    *,
    open_worlds: Open,
    make_act: Callable[[], Act],
    count: int,
    proven: bool,
    progress: Callable[[Record], None],
) -> None:
    """Drive one episode per seed; where a world fails, go on with new ones.

    The episodes that were under way are driven again, each in a world of its own: who fails there, too, is
    recorded with the outcome `FAILED` and the reason as `error`, and the others have lost nothing.

    Args:
        seeds: Which episodes, each once.
        open_worlds: Makes worlds, and stops them whatever happens.
        make_act: Makes the policy anew for each group of worlds.
        count: Most worlds at once.
        proven: These worlds are known to work.
        progress: Called with each record as its episode ends.

    Raises:
        WorldsLost: Worlds fail that never gave an episode: it is not the episodes' doing.
    """
    done: set[int] = set()

    def note(record: Record) -> None:
        done.add(record["seed"])
        progress(record)

    def attempt(some: Sequence[int], worlds_at_once: int) -> WorldsLost | None:
        try:
            with open_worlds(worlds_at_once) as worlds:
                evaluate(worlds, make_act, some, progress=note)
        except WorldsLost as lost:
            return lost
        return None

    pending = list(seeds)
    while pending:
        lost = attempt(pending, min(count, len(pending)))
        broken: dict[int, str] = {}
        for seed in [] if lost is None else lost.seeds:
            if (again := attempt([seed], 1)) is not None:
                broken[seed] = str(again)
            if len(broken) > 1 and not (proven or done):
                break
        if lost is not None and not (proven or done):
            raise lost
        for seed, reason in broken.items():
            note({"seed": seed, "return": 0.0, "steps": 0, "outcome": FAILED, "error": reason})
        pending = [seed for seed in pending if seed not in done]
