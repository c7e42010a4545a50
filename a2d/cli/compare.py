"""`a2d compare`: runs against each other, on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from a2d.cli import progress
from a2d.cli.evaluate import results_table
from a2d.report.drivers import drivers_of
from a2d.report.films import video_seeds
from a2d.report.headline import comparison, headline
from a2d.report.material import read_runs
from a2d.report.page import write_report
from sensors.video import shrunk

_WIDTH = 560  # pixels of a video in the page, where two stand side by side


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Runs' folders, or names of trainees that ship; the one to be judged first."),
    ],
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("report.html"),
    suite: Annotated[str, typer.Option(help="Which episodes were evaluated and recorded.")] = "heldout",
) -> None:
    """Write one HTML file: rates with intervals, paired differences, grids, videos side by side, curves.

    The file holds everything, videos included, smaller than they are: mail it or move it. Only seeds that
    every run was evaluated on are counted. Runs that differ in their training seed alone are one driver, if
    there is another. Of the episodes recorded for every driver it shows the worst first.

    Example: a2d compare runs/demo/a2d runs/demo/ail --out runs/demo/report.html
    """
    console = progress.console()
    materials = read_runs(runs, suite=suite)
    drivers = drivers_of(materials)
    write_report(materials, out, suite=suite, load=lambda path: shrunk(path, width=_WIDTH))
    console.print(results_table({d.name: d.summary for d in drivers}, title=f"{suite}, the same seeds"))
    console.print(headline(drivers, suite=suite))
    if said := comparison(drivers):
        console.print(said)
    if not video_seeds(drivers):
        console.print("No episode is recorded for every driver; for videos in the report run:")
        for driver in drivers:
            console.print(f"  a2d record {driver.runs[0].called} --suite {suite}", soft_wrap=True)
    console.print(f"report: {out}", soft_wrap=True)
