"""How many steps and pictures a CPU-second buys: thousands of gridworlds driven at random, with resets."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from scenarios.gridworlds.world import GridworldVector

SECONDS = 1.0  # of CPU per measurement
REPEATS = 3  # the best counts: what disturbs a measurement only ever slows it
MANY, FEW = 4096, 512  # worlds; of pictures fewer, since they fill the memory
GAMES = {"frozen_lake": "Frozen Lake", "tiger_door": "Tiger Door", "tiger_door_1": "Tiger Door 1"}


def run() -> list[dict[str, Any]]:
    """Rows of name, value, unit, target."""
    rows = []
    for game, title in GAMES.items():
        rate = _rate(GridworldVector(MANY, game=game, copy=False))
        rows.append(_row(f"{title}, {MANY} worlds, compact", rate, unit="steps/CPU-s", target=5e6))
    for noise, target in ((0.0, 2e5), (0.05, None)):
        rate = _rate(GridworldVector(FEW, game="tiger_door", observation="image", noise=noise, copy=False))
        name = f"Tiger Door, {FEW} worlds, 42x42 images" + (", noise" if noise else "")
        rows.append(_row(name, rate, unit="images/CPU-s", target=target))
    return rows


def _row(name: str, rate: float, *, unit: str, target: float | None = None) -> dict[str, Any]:
    promised = {} if target is None else {"target": target}
    return {"name": name, "value": round(rate, 1), "unit": unit, **promised}


def _rate(worlds: GridworldVector) -> float:
    return max(_once(worlds) for _ in range(REPEATS))


def _once(worlds: GridworldVector) -> float:
    moves = np.random.default_rng(0).integers(4, size=(64, worlds.num_envs))
    worlds.reset(seed=0)
    count, start = 0, time.process_time()
    while time.process_time() - start < SECONDS:
        _, _, terminated, truncated, _ = worlds.step(moves[count % len(moves)])
        ended = terminated | truncated
        if ended.any():
            worlds.reset(options={"reset_mask": ended})
        count += 1
    return count * worlds.num_envs / (time.process_time() - start)


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']:<50} {row['value']:>14,.0f} {row['unit']:<14} target {row.get('target', '-')}")
