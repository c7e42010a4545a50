"""One run of a sweep, in a process of its own: train it, judge its driver, write what it cost."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from a2d.cli import progress
from a2d.cli.evaluate import evaluated
from a2d.cli.train import reported
from a2d.evaluation import Summary, as_json, summary
from a2d.files import write_atomically
from a2d.loop import train
from a2d.processors import cpu_seconds
from a2d.run import Run
from a2d.tally import RESULT

_COST = "cost.json"  # of training so far, over restarts


def sweep_run(
    folder: Annotated[Path, typer.Argument(help="The run's folder, with its config.")],
    suite: Annotated[str, typer.Option(help="Which episodes judge the finished driver.")],
    episodes: Annotated[int, typer.Option(help="How many.")],
    sampled: Annotated[bool, typer.Option(help="Whether it draws its actions from its policy.")],
    parent: Annotated[int, typer.Option(help="The process without which this one stops.")],
) -> None:
    """Train the run in FOLDER or go on with it, drive the episodes and write FOLDER/result.json."""
    run, console = Run.open(folder), progress.console()
    if not run.finished:
        with _counted(folder / _COST), reported(run.config, console=console) as report:

            def report_to_parent(metrics: Mapping[str, float]) -> None:
                if os.getppid() != parent:  # it was killed: nobody wants this run any more
                    raise KeyboardInterrupt
                report(metrics)

            train(run, report=report_to_parent)
    records = evaluated(
        run, suite=suite, seeds=range(episodes), server=None, device="cpu", console=console, sampled=sampled
    )
    found = summary(records)
    result = {
        "suite": suite,
        "episodes": episodes,
        "sampled": sampled,
        "interactions": run.checkpoint()["interactions"],
        "return": asdict(found.episode_return),
        "hit_rate": found.hits.value,
        "arrival_rate": found.arrivals.value,
        "driving": _driving(found) if any("duration" in record for record in records) else None,
        **_cost(folder / _COST),
    }
    write_atomically(folder / RESULT, (json.dumps(as_json(result), indent=1) + "\n").encode())


def _driving(found: Summary) -> dict[str, float | None]:
    """What `a2d.tally.DRIVING` names."""
    duration, speed = found.arrival_duration, found.occluder_speed
    return {
        "hits": found.main_hits.value,
        "arrivals": found.arrivals.value,
        "arrival_duration": None if duration is None else duration.value,
        "occluder_speed": None if speed is None else speed.value,
    }


@contextlib.contextmanager
def _counted(path: Path) -> Iterator[None]:
    """Add what this process, and those it started, took to what earlier attempts did."""
    before, started = _cost(path), cpu_seconds()
    try:
        yield
    finally:
        cost = {
            "cpu_seconds": round((before["cpu_seconds"] or 0.0) + cpu_seconds() - started, 2),
            "peak_megabytes": max(before["peak_megabytes"] or 0.0, _peak_megabytes() or 0.0) or None,
        }
        write_atomically(path, (json.dumps(cost) + "\n").encode())


def _cost(path: Path) -> dict[str, float | None]:
    if not path.is_file():
        return {"cpu_seconds": None, "peak_megabytes": None}
    return dict(json.loads(path.read_text("utf-8")))


def _peak_megabytes() -> float | None:
    """The most memory that this process had at once; None where the system does not tell.

    Not `getrusage`: there a process inherits the peak of the one that started it.
    """
    status = Path("/proc/self/status")
    lines = status.read_text("utf-8").splitlines() if status.is_file() else []
    peaks = [float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")]
    return round(peaks[0], 1) if peaks else None
