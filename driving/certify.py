"""Does a scenario separate privileged from safe driving? Scripted drivers on the very environment."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import gymnasium
from scipy.stats import binomtest

from driving.drivers import Driver
from driving.env import RESTARTED
from driving.errors import DrivingError
from driving.registration import CHILD_CROSSING
from driving.scripts import SCRIPTS

SUITE = "certify"
CHUNK = 25  # seeds that a worker drives, with every driver, before it reports
TRIES = 3  # of an episode whose server fails
INVALID = ("invalid_run", RESTARTED)
CARELESS = 0.8  # of the hazards that the careless driver has to hit at least
REACTING = 0.3  # of the hidden ones that whoever brakes at sight has to hit at least
LOCATION = 10.0  # % of the car's width, how far from the wanted place a test's target may be met

Episode = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """What one scripted driver came to, over episodes with and without a hazard."""

    driver: str
    hits: int
    with_hazard: int
    hidden_hits: int
    with_hidden: int  # hazard, which something hides at first
    impact_speed: float  # m/s, mean over the hits; NaN without a hit
    time_without_hazard: float  # s, mean over the arrivals; NaN without one
    time_with_hazard: float  # s
    open_speed: float  # m/s, mean, away from what hides; NaN where that is nowhere
    other_failures: int  # left the lane, hit something else, stuck, timeout
    invalid: int  # runs outside the procedure's tolerances

    @property
    def rate(self) -> float:
        """Hits given a hazard."""
        return self.hits / self.with_hazard if self.with_hazard else math.nan

    @property
    def hidden_rate(self) -> float:
        """Hits given a hidden hazard."""
        return self.hidden_hits / self.with_hidden if self.with_hidden else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson 95 % interval of the rate (Wilson, JASA 1927)."""
        if not self.with_hazard:
            return 0.0, 1.0
        bounds = binomtest(self.hits, self.with_hazard).proportion_ci(method="wilson")
        return float(bounds.low), float(bounds.high)


def drive(scenario: str, suite: str, seeds: Sequence[int], server: str) -> list[Episode]:
    """Drive some episodes with every scripted driver, all on one server."""
    # the smallest picture: the drivers look at the snapshot, the environment stays the real one
    env = gymnasium.make(
        CHILD_CROSSING, scenario=scenario, suite=suite, server=server, image_width=16, image_height=8
    )
    try:
        return [
            {"driver": name, "suite": suite, "seed": seed, **drive_one(env, seed, script)}
            for name, script in SCRIPTS[scenario].items()
            for seed in seeds
        ]
    finally:
        env.close()


def drive_one(env: gymnasium.Env[Any, Any], seed: int, script: Driver) -> dict[str, Any]:
    """Drive one episode to its end, again where the server failed in it; its record."""
    for _ in range(TRIES):
        env.reset(seed=seed)
        ended = False
        while not ended:
            action = script(env.unwrapped.snapshot)  # type: ignore[attr-defined]
            _, _, terminated, truncated, info = env.step(action)
            ended = terminated or truncated
        if info["outcome"] != RESTARTED:
            break
    return info


def drive_all(
    scenario: str, episodes: int, *, server: str, workers: int, suite: str = SUITE
) -> Iterator[list[Episode]]:
    """Every scripted driver over the same seeds; yields finished chunks in any order."""
    size = min(CHUNK, math.ceil(episodes / workers))
    chunks = [range(start, min(start + size, episodes)) for start in range(0, episodes, size)]
    # a process per chunk: a client's threads sometimes take the process with them when it is closed
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=workers, mp_context=fresh, max_tasks_per_child=1) as pool:
        futures = [pool.submit(drive, scenario, suite, chunk, server) for chunk in chunks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise DrivingError(
                f"a process that drove {scenario} died; was it killed, or out of memory? Run it again"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def table(episodes: Sequence[Episode]) -> list[Row]:
    """One row per driver, in the order of the scenario's scripts."""
    order = SCRIPTS[episodes[0]["scenario"]] if episodes else {}
    return [_row(name, [e for e in episodes if e["driver"] == name]) for name in order]


def faults(rows: Sequence[Row]) -> list[str]:
    """What the table lacks for the scenario to be fit for training; empty if it is fit.

    The rows are those of a careless driver, of one who reacts, of one who knows, and of one who is careful.
    """
    careless, reacting, knowing, careful = rows
    checks = [
        (
            not careless.with_hazard or careless.rate >= CARELESS,
            f"{careless.driver} hits less than {100 * CARELESS:.0f} %: the hazard can be outrun",
        ),
        (
            not reacting.with_hidden or reacting.hidden_rate >= REACTING,
            f"{reacting.driver} hits less than {100 * REACTING:.0f} % of who was hidden: reacting is enough",
        ),
        (knowing.hits == 0, f"{knowing.driver} has a hit: the scenario is not solvable by knowing"),
        (careful.hits == 0, f"{careful.driver} has a hit: being careful does not make it safe"),
    ]
    return [message for holds, message in checks if not holds] + failures(rows)


def failures(rows: Sequence[Row]) -> list[str]:
    """Which scripted driver ended otherwise than by a hit of the hazard or by arriving."""
    return [
        f"{entry.driver} failed {entry.other_failures} times in another way"
        for entry in rows
        if entry.other_failures
    ]


def grid_faults(episodes: Sequence[Episode]) -> list[str]:
    """What is wrong with a procedure's grid: a test in which nothing was tested, or that knowing fails."""
    found = []
    for episode in episodes:
        name = f"{episode['driver']} at {episode['row']}, {episode['column']} (seed {episode['seed']})"
        if episode["outcome"] == "invalid_run":
            found.append(f"{name}: invalid, {episode['invalid']}")
        elif episode["driver"] == "privileged" and episode["colour"] != "green":
            found.append(f"{name}: {episode['colour']}, though it knew")
        elif episode["driver"] == "never_brakes" and episode["hazard"]:
            apart = abs(episode["impact_location"] - episode["wanted_location"])
            if not apart <= LOCATION:
                found.append(f"{name}: met at {episode['impact_location']:.0f} % of the car's width")
    return found


def _row(driver: str, episodes: Sequence[Episode]) -> Row:
    valid = [e for e in episodes if e["outcome"] not in INVALID]
    hits = [e for e in valid if e["outcome"] in ("hit_child", "hit_oncoming")]
    arrived = [e for e in valid if e["outcome"] == "arrived"]
    return Row(
        driver=driver,
        hits=len(hits),
        with_hazard=sum(bool(e["hazard"]) for e in valid),
        hidden_hits=sum(bool(e["hidden"]) for e in hits),
        with_hidden=sum(bool(e["hidden"]) for e in valid),
        impact_speed=_mean([e["impact_speed"] for e in hits]),
        time_without_hazard=_mean([e["duration"] for e in arrived if not e["hazard"]]),
        time_with_hazard=_mean([e["duration"] for e in arrived if e["hazard"]]),
        open_speed=_mean([e["open_speed"] for e in valid if not math.isnan(e["open_speed"])]),
        other_failures=len(valid) - len(hits) - len(arrived),
        invalid=len(episodes) - len(valid),
    )


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else math.nan
