"""What faults cost: episodes whose server is killed at a random moment of each twenty, beside calm ones.

`python -m tests.benchmarks.bench_faults --episodes 1000` for more than `make bench` takes the time for.
"""

from __future__ import annotations

import argparse
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium
import numpy as np
import psutil
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from numpy.typing import NDArray

from a2d.evaluation import evaluate, is_fault
from a2d.processors import cpu_seconds, own_cpu_seconds
from driving.drivers import privileged
from tests.embedded_servers import embedded_servers

EPISODES = 60
BLOCK = 20  # episodes, with one kill
A_STEP = 0.005  # s, about what one takes

log = logging.getLogger(__name__)


class Crossing(gymnasium.Wrapper):
    """One world, what its drives came to, and how it recovers."""

    killed_at: float | None = None  # monotonic s of a kill that no reset has followed yet
    kills, steps = 0, 0

    def __init__(self) -> None:
        super().__init__(gymnasium.make("driving.registration:driving/ChildCrossing-v0", suite="heldout"))
        self.records: Counter[int] = Counter()  # by seed
        self.faulty = 0  # records that a fault ended, which is to be none
        self.recoveries: list[float] = []  # s from a kill to the next episode's first picture
        self.starts: list[float] = []  # s of the processor that the server then has had
        self.seconds, self.processor = 0.0, 0.0  # s that the drives took, and s of the processor
        self._due = 0, 0.0  # at which step, and how many s later, its server is killed
        self._spared: set[int] = set()  # processes of other servers

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        answer = self.env.reset(seed=seed, options=options)
        if self.killed_at is not None:
            self.recoveries.append(time.monotonic() - self.killed_at)
            self.starts.append(own_cpu_seconds(max(embedded_servers(), key=psutil.Process.create_time)))
            self.killed_at = None
        return answer

    def step(self, action: Any) -> Any:
        self.steps += 1
        if self.steps == self._due[0]:
            threading.Timer(self._due[1], self._kill).start()
        return self.env.step(action)

    def act(self, _: Any) -> NDArray[np.float32]:
        """What the privileged driver does; (1, 2)."""
        return privileged(self.env.unwrapped.snapshot)[None]  # type: ignore[attr-defined]

    def kill(self, *, in_steps: int, after: float, spared: set[int]) -> None:
        """Have its server killed so many seconds after it is given that step; not one that is spared."""
        self._due, self._spared = (self.steps + in_steps, after), spared

    def _kill(self) -> None:
        for server in embedded_servers():
            if server.pid not in self._spared:
                server.kill()
                self.kills += 1
                self.killed_at = time.monotonic()


def run(episodes: int = EPISODES) -> list[dict[str, Any]]:
    """Rows of name, value, unit and target; calm and struck blocks of the same seeds alternate."""
    logging.getLogger("driving").setLevel(logging.ERROR)
    rng = np.random.default_rng(0)
    with _worlds() as calm_worlds, _worlds() as struck_worlds:
        calm, struck = _only(calm_worlds), _only(struck_worlds)
        calm_worlds.reset(seed=[0])  # the very first start compiles, which is nobody's fault
        spared = {server.pid for server in embedded_servers()}
        struck_worlds.reset(seed=[0])
        for first in range(0, episodes, BLOCK):
            seeds = range(first, min(first + BLOCK, episodes))
            before = calm.steps
            _drive(calm_worlds, seeds)
            when = int(rng.integers(calm.steps - before)) + 1
            struck.kill(in_steps=when, after=rng.uniform(0.0, A_STEP), spared=spared)
            _drive(struck_worlds, seeds)
            log.info("%s", [round(row["value"], 1) for row in _rows(calm, struck, episodes=seeds.stop)])
        struck_worlds.reset(seed=[0])
        rows = _rows(calm, struck, episodes=episodes)
    return [*rows, {"name": "servers left", "value": len(embedded_servers()), "unit": "", "target": 0}]


@contextmanager
def _worlds() -> Iterator[SyncVectorEnv]:
    worlds = SyncVectorEnv([Crossing], autoreset_mode=AutoresetMode.DISABLED)
    try:
        yield worlds
    finally:
        worlds.close()


def _only(worlds: SyncVectorEnv) -> Crossing:
    (world,) = worlds.envs
    if not isinstance(world, Crossing):
        raise TypeError(f"a crossing was made, got {type(world).__name__}")
    return world


def _drive(worlds: SyncVectorEnv, seeds: range) -> None:
    world = _only(worlds)
    began, used = time.monotonic(), cpu_seconds()
    for record in evaluate(worlds, lambda: world.act, seeds):
        world.records[record["seed"]] += 1
        world.faulty += is_fault(record)
    world.seconds += time.monotonic() - began
    world.processor += cpu_seconds() - used


def _rows(calm: Crossing, struck: Crossing, *, episodes: int) -> list[dict[str, Any]]:
    restarts = sum(struck.env.unwrapped.faults.values())  # type: ignore[attr-defined]
    lost = len(set(range(episodes)) - set(struck.records)) + struck.faulty
    twice = sum(count - 1 for count in struck.records.values())
    median = float(np.median(struck.recoveries or [0.0]))
    start = float(np.median(struck.starts or [0.0]))
    return [
        {"name": f"servers killed in {episodes} episodes", "value": struck.kills, "unit": "kills"},
        {"name": "kills that no restart counts", "value": struck.kills - restarts, "unit": "", "target": 0},
        {"name": "episodes lost", "value": lost, "unit": "", "target": 0},
        {"name": "episodes counted twice", "value": twice, "unit": "", "target": 0},
        {"name": "recovery, median (less is better)", "value": median, "unit": "s"},
        {
            "name": "recovery, longest (less is better)",
            "value": max(struck.recoveries, default=0.0),
            "unit": "s",
            "target": 5,
        },
        {"name": "of it the new server's processor time", "value": start, "unit": "CPU s"},
        {
            "name": "throughput with kills",
            "value": 100.0 * calm.seconds / struck.seconds,
            "unit": "% of calm",
            "target": 70,
        },
        {
            "name": "the same by processor time",
            "value": 100.0 * calm.processor / struck.processor,
            "unit": "% of calm",
        },
    ]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=EPISODES)
    for row in run(parser.parse_args().episodes):
        print(f"{row['name']:<36} {row['value']:>8.1f} {row['unit']:<10} target {row.get('target', '-')}")
