"""`driving certify`: the scripted drivers' table, and whether the scenario is fit for training."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from driving import certify as certification
from driving.drivers import DRIVERS
from driving.errors import DrivingError


def certify(
    scenario: Annotated[str, typer.Argument(help="The scenario, such as child_crossing.")],
    episodes: Annotated[int, typer.Option(help="Episodes per driver.", min=1)] = 200,
    server: Annotated[str, typer.Option(help="embedded or HOST:PORT.")] = "embedded",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write table and episodes here.")] = None,
) -> None:
    """Drive a scenario with scripted drivers: does it separate privileged from safe driving?

    Exits 1 if the gap is not there. Example: driving certify child_crossing --episodes 200
    """
    if scenario not in certification.SCENARIOS:
        choices = ", ".join(certification.SCENARIOS)
        raise DrivingError(f"unknown scenario {scenario!r}; choose one of: {choices}")
    results = _drive(scenario, episodes, server)
    rows = certification.table(results)
    faults = certification.faults(rows)
    console = Console()
    console.print(_table(scenario, rows))
    if json_file is not None:
        _write(json_file, rows, faults, results)
    for fault in faults:
        console.print(f"not fit for training: {fault}", style="red")
    if faults:
        raise typer.Exit(1)
    console.print("fit for training: knowing is safe at speed, seeing is not, slowing is", style="green")


def _drive(scenario: str, episodes: int, server: str) -> list[certification.Episode]:
    # a server that somebody else runs holds one world: one worker
    workers = min(os.cpu_count() or 1, 8) if server == "embedded" else 1
    results: list[certification.Episode] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("episodes", total=episodes * len(DRIVERS))
        for chunk in certification.drive_all(scenario, episodes, server=server, workers=workers):
            results += chunk
            progress.advance(task, len(chunk))
    return results


def _table(scenario: str, rows: list[certification.Row]) -> Table:
    table = Table(title=f"{scenario}: scripted drivers on suite {certification.SUITE}")
    for heading in ("driver", "hits, given a child", "95 % interval", "impact", "time without / with child"):
        table.add_column(heading, justify="left" if heading == "driver" else "right")
    for row in rows:
        low, high = row.interval
        table.add_row(
            row.driver,
            f"{row.hits}/{row.with_child} = {100 * row.rate:.1f} %",
            f"{100 * low:.1f} - {100 * high:.1f} %",
            _or_dash(row.impact_speed, "m/s"),
            f"{_or_dash(row.time_without_child, 's')} / {_or_dash(row.time_with_child, 's')}",
        )
    return table


def _or_dash(value: float, unit: str) -> str:
    return "-" if math.isnan(value) else f"{value:.1f} {unit}"


def _write(
    path: Path, rows: list[certification.Row], faults: list[str], results: list[certification.Episode]
) -> None:
    table = [{**asdict(row), "rate": row.rate, "interval": row.interval} for row in rows]
    document = {"suite": certification.SUITE, "table": table, "faults": faults, "episodes": results}
    path.write_text(json.dumps(document, indent=1, default=float))
