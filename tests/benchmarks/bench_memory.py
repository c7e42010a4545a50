"""Whether a trainer, its worker and its server keep their memory while A2D drives for hours on one server.

`python -m tests.benchmarks.bench_memory --hours 24` for a day of simulated driving; `make bench` drives less.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from a2d.config import load
from driving.env import CONTROL_HZ
from tests.embedded_servers import embedded_servers, zygotes

HOURS = 0.25
SETTLED = 0.1  # of the drive, after which memory is first looked at: buffers are full by then
STEPS = 512  # of a round
SETTINGS = (  # everything that a run does, with little learning: it is memory that is measured
    *("env.count=1", f"rollout.steps={STEPS}", "buffer.samples=500", "trainee.updates_per_step=0.5"),
    *("evaluation.every=10", "evaluation.episodes=2", "checkpoint.every=10", "expert.epochs=1"),
)
PROCESSES = ("trainer", "worker", "zygote", "server")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """What the processes held after a round."""

    hours: float  # driven so far, simulated
    megabytes: dict[str, float]  # resident, by process


def run(hours: float = HOURS) -> list[dict[str, Any]]:
    """Rows of name, value and unit: at the start, in the middle and at the end, and the growth."""
    looks: list[Look] = []

    def look(metrics: Mapping[str, float]) -> None:
        looks.append(Look(metrics["interactions"] / CONTROL_HZ / 3600.0, _held()))
        if len(looks) % 10 == 1:
            log.info("%.2f h: %s", looks[-1].hours, looks[-1].megabytes)

    from a2d.loop import train  # here, as worker processes import this module and are free of torch
    from a2d.run import Run

    with tempfile.TemporaryDirectory() as folder:
        path, steps = Path(folder) / "run", round(hours * 3600 * CONTROL_HZ)
        overrides = [f"run={path}", f"rollout.interactions={steps}", *SETTINGS]
        train(Run.create(path, load("child_crossing", overrides)), report=look)
    return _rows(looks)


def _held() -> dict[str, float]:
    """Resident MiB of each process; what zygote and server share counts twice."""
    here = psutil.Process()
    (server,) = embedded_servers()
    (zygote,) = zygotes()
    found = (here, zygote.parent() or here, zygote, server)
    return {name: process.memory_info().rss / 2**20 for name, process in zip(PROCESSES, found, strict=True)}


def _rows(looks: list[Look]) -> list[dict[str, Any]]:
    whole = looks[-1].hours
    start = next(look for look in looks if look.hours >= SETTLED * whole)
    middle = next(look for look in looks if look.hours >= 0.5 * whole)
    end = looks[-1]
    rows = []
    for name in PROCESSES:
        for when in (start, middle, end):
            value = when.megabytes[name]
            rows.append({"name": f"{name} after {when.hours:.2f} h", "value": value, "unit": "MiB"})
        grown = end.megabytes[name] - start.megabytes[name]
        rows.append({"name": f"{name} grown (less is better)", "value": grown, "unit": "MiB"})
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=HOURS, help="simulated")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for row in run(parser.parse_args().hours):
        print(f"{row['name']:<32} {row['value']:>8.1f} {row['unit']}")
