"""What faults cost: episodes on the embedded server, killed at a random moment of each twenty, and calm ones.

`python -m tests.benchmarks.bench_faults 1000` for more episodes than `make bench` takes the time for.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import gymnasium
import numpy as np
import psutil

from driving.drivers import privileged

EPISODES = 60
BLOCK = 20  # episodes, with one kill


@dataclass
class Drive:
    """What driving so many seeds came to."""

    valid: list[int] = field(default_factory=list)  # seeds whose episode ended by itself
    restarted: int = 0
    recoveries: list[float] = field(default_factory=list)  # s from a kill to the next episode's first picture
    seconds: float = 0.0


def run(episodes: int = EPISODES) -> list[dict[str, Any]]:
    """Rows of name, value, unit and target."""
    logging.getLogger("driving").setLevel(logging.ERROR)
    calm = _driven(episodes, kill_within=None)
    struck = _driven(episodes, kill_within=calm.seconds / episodes * BLOCK)
    left = [child for child in psutil.Process().children(recursive=True) if child.is_running()]
    lost = len(set(range(episodes)) - set(struck.valid))
    share = 100.0 * calm.seconds / struck.seconds
    return [
        {"name": f"kills in {episodes} episodes", "value": len(struck.recoveries), "unit": "servers"},
        {"name": "episodes lost", "value": lost, "unit": "episodes", "target": 0},
        {
            "name": "counted twice",
            "value": len(struck.valid) - episodes + lost,
            "unit": "episodes",
            "target": 0,
        },
        {"name": "processes left", "value": len(left), "unit": "processes", "target": 0},
        {
            "name": "longest recovery",
            "value": max(struck.recoveries),
            "unit": "s, lower is better",
            "target": 5,
        },
        {"name": "throughput with kills", "value": share, "unit": "% of the undisturbed", "target": 70},
    ]


def _driven(episodes: int, *, kill_within: float | None) -> Drive:
    """Drive seeds 0, 1, ... until each has ended by itself; kill at a random moment of each block."""
    env = gymnasium.make("driving.registration:driving/ChildCrossing-v0", suite="train")
    rng, drive, struck = np.random.default_rng(0), Drive(), [0.0]
    try:
        env.reset(seed=0)  # the first start compiles, which is nobody's fault
        started = time.monotonic()
        for seed in range(episodes):
            if kill_within is not None and seed % BLOCK == 0:
                threading.Timer(rng.uniform(0.0, 0.9 * kill_within), _kill, [struck]).start()
            while not _one(env, seed, drive, struck):
                drive.restarted += 1
        drive.seconds = time.monotonic() - started
    finally:
        env.close()
    return drive


def _one(env: gymnasium.Env, seed: int, drive: Drive, struck: list[float]) -> bool:
    """Drive an episode; whether it ended by itself."""
    env.reset(seed=seed)
    if struck[0]:
        drive.recoveries.append(time.monotonic() - struck[0])
        struck[0] = 0.0
    while True:
        _, _, terminated, truncated, info = env.step(privileged(env.unwrapped.snapshot))
        if terminated or truncated:
            break
    if info["outcome"] == "server_restarted":
        return False
    drive.valid.append(seed)
    return True


def _kill(struck: list[float]) -> None:
    for child in psutil.Process().children(recursive=True):
        if "--exit-with-stdin" in child.cmdline():
            child.kill()
            struck[0] = time.monotonic()


if __name__ == "__main__":
    for row in run(int(sys.argv[1]) if sys.argv[1:] else EPISODES):
        print(f"{row['name']:<28} {row['value']:>8.1f} {row['unit']:<22} target {row.get('target', '-')}")
