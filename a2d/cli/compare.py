"""`a2d compare`: runs against each other, on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from a2d.cli import progress
from a2d.cli.evaluate import results_table
from a2d.report.material import read_runs, video_seeds
from a2d.report.page import comparison, headline, write_report


def compare(
    runs: Annotated[list[Path], typer.Argument(help="The runs' folders, the one to be judged first.")],
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("report.html"),
    suite: Annotated[str, typer.Option(help="Which episodes were evaluated and recorded.")] = "heldout",
) -> None:
    """Write one HTML file: rates with intervals, learning curves, videos of the same episodes side by side.

    The file holds everything, videos included: mail it or move it. Only seeds that every run was evaluated
    on are counted. Of the recorded episodes it shows one with a child and one without.

    Example: a2d compare runs/demo/a2d runs/demo/ail --out runs/demo/report.html
    """
    console = progress.console()
    materials = read_runs(runs, suite=suite)
    write_report(materials, out, suite=suite)
    console.print(results_table({m.name: m.summary for m in materials}, title=f"{suite}, the same seeds"))
    console.print(headline(materials, suite=suite))
    if said := comparison(materials):
        console.print(said)
    if not video_seeds(materials):
        console.print("No episode is recorded for every run; for videos in the report run:")
        for run in runs:
            console.print(f"  a2d record {run} --suite {suite}", soft_wrap=True)
    console.print(f"report: {out}", soft_wrap=True)
