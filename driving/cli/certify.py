"""`driving certify`: the scripted drivers' table, and whether the scenario is fit for training."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from driving import certify as certification
from driving.cli.output import make_way_for
from driving.errors import DrivingError
from driving.scripts import SCRIPTS
from scenarios.catalogue import SCENARIOS, episodes_of, suites_of
from scenarios.grids import grid_of, grid_table
from scenarios.suites import SUITES


def certify(
    scenario: Annotated[str, typer.Argument(help="The scenario, such as child_crossing.")],
    suite: Annotated[
        str, typer.Option(help="certify, or another: shifted, cpnco, ...")
    ] = certification.SUITE,
    episodes: Annotated[
        int | None,
        typer.Option(help="Episodes per driver; default: 200, or each cell of a grid once.", min=1),
    ] = None,
    server: Annotated[str, typer.Option(help="embedded or HOST:PORT.")] = "embedded",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write table and episodes here.")] = None,
) -> None:
    """Drive a scenario with scripted drivers: does it separate privileged from safe driving?

    Exits 1 if the gap is not there, or, with a standard's suite, if a cell of its grid tests nothing.

    Examples: driving certify child_crossing --episodes 200; driving certify child_crossing --suite cpnco
    """
    if scenario not in SCENARIOS:
        raise DrivingError(f"unknown scenario {scenario!r}; choose one of: {', '.join(SCENARIOS)}")
    if suite not in suites_of(scenario):
        choices = ", ".join(suites_of(scenario))
        raise DrivingError(f"unknown suite {suite!r} of {scenario}; choose one of: {choices}")
    if json_file is not None:
        make_way_for(json_file)
    cells = episodes_of(scenario, suite).count
    results = _drive(scenario, suite, episodes or cells or 200, server)
    rows = certification.table(results)
    console = Console()
    console.print(_table(scenario, suite, rows))
    for row in rows if cells else []:
        console.print(grid_table(row.driver, grid_of([e for e in results if e["driver"] == row.driver])))
    faults = certification.grid_faults(results) if cells else _gap(suite, rows)
    if json_file is not None:
        _write(json_file, suite, rows, faults, results)
    for fault in faults:
        console.print(f"not fit: {fault}", style="red", soft_wrap=True)
    if faults:
        raise typer.Exit(1)
    console.print(f"fit: {_said(cells, any(row.with_hidden for row in rows))}", style="green")


_SEPARATING = (*SUITES, "shifted", "short_reveal")  # suites with hazards of every kind


def _said(cells: int | None, hidden: bool) -> str:
    """What a table without a fault shows."""
    if cells:
        return "every cell tests what it should, and knowing passes it"
    if hidden:
        return "knowing is safe at speed, seeing is not, being careful is"
    return "nobody who is careful, or who knows, fails"


def _gap(suite: str, rows: list[certification.Row]) -> list[str]:
    """What the table lacks; where nobody comes, nobody can be hit by the careless."""
    return certification.faults(rows) if suite in _SEPARATING else certification.failures(rows)


def _drive(scenario: str, suite: str, episodes: int, server: str) -> list[certification.Episode]:
    # a server that somebody else runs holds one world: one worker
    workers = min(os.cpu_count() or 1, 8) if server == "embedded" else 1
    results: list[certification.Episode] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("episodes", total=episodes * len(SCRIPTS[scenario]))
        for chunk in certification.drive_all(scenario, episodes, server=server, workers=workers, suite=suite):
            results += chunk
            progress.advance(task, len(chunk))
    return results


def _table(scenario: str, suite: str, rows: list[certification.Row]) -> Table:
    table = Table(title=f"{scenario}: scripted drivers on suite {suite}")
    for heading in (
        "driver",
        "hits, given a hazard",
        "95 % interval",
        "impact",
        "time without / with",
        "speed away from it",
    ):
        table.add_column(heading, justify="left" if heading == "driver" else "right")
    for row in rows:
        low, high = row.interval
        met = row.with_hazard > 0
        table.add_row(
            row.driver,
            f"{row.hits}/{row.with_hazard} = {100 * row.rate:.1f} %" if met else "-",
            f"{100 * low:.1f} - {100 * high:.1f} %" if met else "-",
            _or_dash(row.impact_speed, "m/s"),
            f"{_or_dash(row.time_without_hazard, 's')} / {_or_dash(row.time_with_hazard, 's')}",
            _or_dash(row.open_speed, "m/s"),
        )
    return table


def _or_dash(value: float, unit: str) -> str:
    return "-" if math.isnan(value) else f"{value:.1f} {unit}"


def _write(
    path: Path,
    suite: str,
    rows: list[certification.Row],
    faults: list[str],
    results: list[certification.Episode],
) -> None:
    table = [{**asdict(row), "rate": row.rate, "interval": row.interval} for row in rows]
    document = {"suite": suite, "table": table, "faults": faults, "episodes": results}
    path.write_text(json.dumps(_plain(document), indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    """A value as JSON has it: no numpy, and null for what is no number."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
