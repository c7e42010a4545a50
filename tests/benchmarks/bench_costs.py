"""What a step of the crossing costs: processor time of its client, its server and the learner, and its bytes.

`python -m tests.benchmarks.bench_costs trainee.updates_per_step=1` for other settings than the preset's.
What follows from it for many servers: docs/scale.md.
"""

from __future__ import annotations

import itertools
import pickle
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from a2d.config import EnvConfig, load
from a2d.processors import own_cpu_seconds
from a2d.vector import make_worlds, stopping
from tests.embedded_servers import embedded_servers

COUNT, STEPS, ROUNDS = 4, 128, 5  # worlds, steps of each in a round; the first round is not counted
SETTINGS = (f"env.count={COUNT}", f"rollout.steps={STEPS}", "evaluation.every=0", "checkpoint.every=1000")
SHOWN = {"server": "server", "worker": "client: worker with carla.Client", "trainer": "learner: trainer"}


def run(overrides: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Rows of name, value and unit; less is better."""
    totals: list[Counter[str]] = []

    def look(_: Mapping[str, float]) -> None:
        totals.append(_spent())

    interactions = f"rollout.interactions={COUNT * STEPS * ROUNDS}"
    from a2d.loop import train  # here, as worker processes import this module and are free of torch
    from a2d.run import Run

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        config = load("child_crossing", [f"run={path}", interactions, *SETTINGS, *overrides])
        train(Run.create(path, config), report=look)
    rows = [
        {
            "name": f"{shown} (less is better)",
            "value": 1000.0 * _least([total[kind] for total in totals]) / (COUNT * STEPS),
            "unit": "CPU ms/step",
        }
        for kind, shown in SHOWN.items()
    ]
    return [*rows, {"name": "worker to trainer (less is better)", "value": _bytes(), "unit": "bytes/step"}]


def _spent() -> Counter[str]:
    """Processor seconds of each kind of process so far."""
    trainer = psutil.Process()
    found: Counter[str] = Counter(trainer=own_cpu_seconds(trainer))
    servers = set(embedded_servers())
    for child in trainer.children(recursive=True):
        found["server" if child in servers else "worker"] += own_cpu_seconds(child)
    return found


def _least(totals: Sequence[float]) -> float:
    """Of the rounds: what disturbs a measurement only ever adds to it."""
    return min(later - earlier for earlier, later in itertools.pairwise(totals))


def _bytes() -> int:
    """How long a worker's answer to a step is on its way over the network."""
    with stopping(
        make_worlds(EnvConfig(id="driving/ChildCrossing-v0", vector="sync"), count=1, suite="train")
    ) as worlds:
        worlds.reset(seed=[0])
        answer = worlds.envs[0].step(np.zeros(2, np.float32))  # type: ignore[attr-defined]
        return len(pickle.dumps((True, answer)))


if __name__ == "__main__":
    for row in run(sys.argv[1:]):
        print(f"{row['name']:<56} {row['value']:>10.2f} {row['unit']}")
