"""`driving calibrate`: motion tables from steps recorded on any CARLA server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from driving.calibration.fitting import Fit, fit
from driving.calibration.recording import drives, record
from driving.calibration.run import Run
from driving.cli.output import make_way_for
from driving.server.motion_tables import MotionTables, standard_tables, write_tables
from driving.servers import serving


def calibrate(
    server: Annotated[str, typer.Option(help="embedded or HOST:PORT.")] = "embedded",
    out: Annotated[Path, typer.Option(help="Write the tables here.")] = Path("motion.json"),
    vehicle: Annotated[str, typer.Option(help="Blueprint of the car.")] = "vehicle.lincoln.mkz_2017",
    top_speed: Annotated[
        float,
        typer.Option(help="Largest speed to record, km/h; above it the tables stay as they are.", min=30),
    ] = 100.0,
) -> None:
    """Record throttle, brake and steering steps of a car and refit the embedded server's motion tables.

    The server gets a straight road for it and its own map back; nobody else should use it meanwhile.

    Example: driving calibrate --server 127.0.0.1:2000 --out motion.json && driving serve --motion motion.json
    """
    make_way_for(out)
    start = standard_tables()
    plan = drives(
        start.throttle_levels.tolist(), start.brake_levels.tolist(), start.steering_speeds.tolist(), top_speed
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    runs: list[Run] = []
    with serving(server) as endpoint, Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("drives", total=len(plan))
        for run in record(endpoint, plan, blueprint=vehicle):
            runs.append(run)
            progress.advance(task)
    found = fit(runs, start)
    out.write_text(write_tables(found.tables), encoding="utf-8")
    console = Console()
    console.print(_table(found, start))
    console.print(f"tables written: {out}")


def _table(found: Fit, start: MotionTables) -> Table:
    table = Table(title="what was fitted")
    for heading in ("", "lag", "lag before", "error per tick"):
        table.add_column(heading, justify="right" if heading else "left")
    tables = found.tables
    rows = (
        ("throttle", tables.throttle_lag, start.throttle_lag, f"{found.throttle_error:.3f} m/s2"),
        ("brake", tables.brake_lag, start.brake_lag, f"{found.brake_error:.3f} m/s2"),
        ("steering", tables.steering_lag, start.steering_lag, f"{found.steering_error:.4f} rad per steer"),
    )
    for name, lag, before, error in rows:
        table.add_row(name, f"{lag:.3f} s", f"{before:.3f} s", error)
    return table
