"""Which episodes to look at first: the hardest hits, then other failures, then the closest passes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from a2d.evaluation import Record, has_arrived, is_hit, is_valid
from a2d.report.drivers import Driver
from a2d.report.material import Material

CLOSE = 0.5  # m between boxes: an arrival that came nearer to a child is worth a look
SHOWN = 5  # per driver


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode and how to see it."""

    driver: str
    record: Record
    replay: str


def worst_episodes(drivers: Sequence[Driver], *, suite: str, shown: int = SHOWN) -> list[Episode]:
    """Each driver's worst episodes, the worst of all first; none of a driver without any."""
    chosen = [
        Episode(
            driver.name if len(driver.runs) == 1 else run.name,
            record,
            f"a2d record {run.quoted} --suite {suite} --seed {record['seed']}",
        )
        for driver in drivers
        for run, record in sorted(_bad(driver), key=lambda found: badness(found[1]))[:shown]
    ]
    return sorted(chosen, key=lambda episode: badness(episode.record))


def badness(record: Record) -> tuple[int, float, int]:
    """How bad an episode is, the worst least: hits by their speed, other failures, arrivals by their gap."""
    if is_hit(record):
        return 0, -(record.get("impact_speed") or 0.0), record["seed"]
    return (1, 0.0, record["seed"]) if not has_arrived(record) else (2, _gap(record), record["seed"])


def _bad(driver: Driver) -> list[tuple[Material, Record]]:
    return [(run, record) for run in driver.runs for record in run.records if _is_bad(record)]


def _is_bad(record: Record) -> bool:
    return is_valid(record) and (not has_arrived(record) or _gap(record) < CLOSE)


def _gap(record: Record) -> float:
    gap = record.get("min_gap")
    return math.inf if gap is None else float(gap)
