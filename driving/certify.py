"""Does a scenario separate privileged from safe driving? Scripted drivers on the very environment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import gymnasium
from scipy.stats import binomtest

from driving.drivers import DRIVERS
from driving.env import RESTARTED
from driving.registration import CHILD_CROSSING

SUITE = "certify"
SCENARIOS = {"child_crossing": CHILD_CROSSING}
CHUNK = 50  # episodes a worker drives before it reports
TRIES = 3  # of an episode whose server fails

Episode = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """What one scripted driver came to, over episodes with and without a child."""

    driver: str
    hits: int
    with_child: int
    impact_speed: float  # m/s, mean over the hits; NaN without a hit
    time_without_child: float  # s, mean over the arrivals; NaN without one
    time_with_child: float  # s
    other_failures: int  # left the lane, hit something else, stuck, timeout

    @property
    def rate(self) -> float:
        """Hits given a child."""
        return self.hits / self.with_child if self.with_child else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson 95 % interval of the rate (Wilson, JASA 1927)."""
        if not self.with_child:
            return 0.0, 1.0
        bounds = binomtest(self.hits, self.with_child).proportion_ci(method="wilson")
        return float(bounds.low), float(bounds.high)


def drive(scenario: str, driver: str, seeds: Sequence[int], server: str) -> list[Episode]:
    """Drive some episodes with one scripted driver."""
    # the smallest picture: the drivers look at the snapshot, the environment stays the real one
    env = gymnasium.make(SCENARIOS[scenario], suite=SUITE, server=server, image_width=16, image_height=8)
    episodes = []
    try:
        for seed in seeds:
            for _ in range(TRIES):
                info = _drive_one(env, driver, seed)
                if info["outcome"] != RESTARTED:
                    break
            episodes.append({"driver": driver, "seed": seed, **info})
    finally:
        env.close()
    return episodes


def drive_all(scenario: str, episodes: int, *, server: str, workers: int) -> Iterator[list[Episode]]:
    """Every scripted driver over the same seeds; yields finished chunks in any order."""
    chunks = [range(start, min(start + CHUNK, episodes)) for start in range(0, episodes, CHUNK)]
    with ProcessPoolExecutor(max_workers=workers) as pool:
        futures = [
            pool.submit(drive, scenario, driver, chunk, server) for driver in DRIVERS for chunk in chunks
        ]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def table(episodes: Sequence[Episode]) -> list[Row]:
    """One row per driver, in the order of `DRIVERS`."""
    return [_row(name, [e for e in episodes if e["driver"] == name]) for name in DRIVERS]


def faults(rows: Sequence[Row]) -> list[str]:
    """What the table lacks for the scenario to be fit for training; empty if it is fit."""
    row = {entry.driver: entry for entry in rows}
    checks = [
        (row["never_brakes"].rate >= 0.8, "never_brakes hits less than 80 %: the child can be outrun"),
        (row["sees_and_brakes"].rate >= 0.3, "sees_and_brakes hits less than 30 %: reacting is enough"),
        (row["privileged"].hits == 0, "privileged hits a child: the scenario is not solvable by knowing"),
        (row["slow_then_react"].hits == 0, "slow_then_react hits a child: slowing does not make it safe"),
    ]
    others = [
        f"{entry.driver} failed {entry.other_failures} times without hitting a child"
        for entry in rows
        if entry.other_failures
    ]
    return [message for holds, message in checks if not holds] + others


def _drive_one(env: gymnasium.Env[Any, Any], driver: str, seed: int) -> dict[str, Any]:
    """Drive one episode; its last info."""
    env.reset(seed=seed)
    while True:
        action = DRIVERS[driver](env.unwrapped.snapshot)  # type: ignore[attr-defined]
        _, _, terminated, truncated, info = env.step(action)
        if terminated or truncated:
            return info


def _row(driver: str, episodes: Sequence[Episode]) -> Row:
    hits = [e for e in episodes if e["outcome"] == "hit_child"]
    arrived = [e for e in episodes if e["outcome"] == "arrived"]
    return Row(
        driver=driver,
        hits=len(hits),
        with_child=sum(bool(e["child"]) for e in episodes),
        impact_speed=_mean([e["impact_speed"] for e in hits]),
        time_without_child=_mean([e["duration"] for e in arrived if not e["child"]]),
        time_with_child=_mean([e["duration"] for e in arrived if e["child"]]),
        other_failures=len(episodes) - len(hits) - len(arrived),
    )


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else math.nan
