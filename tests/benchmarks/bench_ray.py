"""What a Ray worker for each world costs beside a process for each: two crossings on embedded servers."""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from a2d.config import EnvConfig
from a2d.processors import cpu_seconds
from a2d.vector import make_worlds, stopping

WORKERS = 2
STEPS, TURNS = 200, 9  # steps of a turn, and turns of each kind; they alternate
WARM_UP = 30  # steps
KINDS = ("async", "ray")


@dataclass
class Pace:
    """What each turn of one kind came to, per step of all its worlds."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)  # seconds, of all processes


def run() -> list[dict[str, Any]]:
    """Rows of name, value, unit and target; none where Ray is not installed: the extra [cluster]."""
    if importlib.util.find_spec("ray") is None:
        return []
    env = {kind: EnvConfig(id="driving/ChildCrossing-v0", vector=kind) for kind in KINDS}
    with (
        stopping(make_worlds(env["async"], count=WORKERS, suite="train")) as processes,
        stopping(make_worlds(env["ray"], count=WORKERS, suite="train")) as cluster,
    ):
        for worlds in (processes, cluster):
            _drive(worlds, WARM_UP)
        paces = [Pace(), Pace()]
        for _ in range(TURNS):
            for worlds, pace in zip((processes, cluster), paces, strict=True):
                _take(worlds, pace)
    return _rows(*paces)


def _take(worlds: VectorEnv, pace: Pace) -> None:
    began, used = time.perf_counter(), cpu_seconds()
    _drive(worlds, STEPS)
    pace.seconds.append((time.perf_counter() - began) / STEPS)
    pace.processor.append((cpu_seconds() - used) / STEPS)


def _drive(worlds: VectorEnv, steps: int) -> None:
    """Drive straight on; episodes that end begin anew, which is part of what is compared."""
    action = np.tile(np.float32([0.0, 0.3]), (worlds.num_envs, 1))
    worlds.reset(seed=list(range(worlds.num_envs)))
    for _ in range(steps):
        _, _, terminated, truncated, _ = worlds.step(action)
        if (ended := terminated | truncated).any():
            worlds.reset(seed=[0] * worlds.num_envs, options={"reset_mask": ended})


def _rows(processes: Pace, cluster: Pace) -> list[dict[str, Any]]:
    def share(one: Sequence[float], other: Sequence[float]) -> float:
        """Of neighbouring turns, which share what else the machine did."""
        return 100.0 * statistics.median(a / b for a, b in zip(one, other, strict=True))

    rows = [
        {
            "name": f"{kind}, {WORKERS} crossings",
            "value": WORKERS / statistics.median(pace.seconds),
            "unit": "steps/s",
        }
        for kind, pace in zip(KINDS, (processes, cluster), strict=True)
    ]
    pace, cost = share(processes.seconds, cluster.seconds), share(processes.processor, cluster.processor)
    return [
        *rows,
        {"name": "pace of ray", "value": pace, "unit": "% of async", "target": 90},
        {"name": "processor time of async", "value": cost, "unit": "% of ray's"},
    ]


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']:<28} {row['value']:>8.1f} {row['unit']:<12} target {row.get('target', '-')}")
