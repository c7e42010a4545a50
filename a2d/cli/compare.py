"""`a2d compare`: runs against each other, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from a2d.cli import progress
from a2d.cli.evaluate import results_table
from a2d.evaluation import EvaluationError
from a2d.files import refuse_folder, write_atomically
from a2d.report.drivers import Driver, drivers_of
from a2d.report.films import one_of_each, strips_of, video_seeds
from a2d.report.headline import comparison, headline
from a2d.report.material import read_runs
from a2d.report.page import write_report
from sensors.video import shrunk
from sensors.wall import Scene, Take, animated

_WIDTH = 560  # pixels of a video in the page, where two stand side by side
_WALL_WIDTH, _WALL_FPS = 280, 5  # of a film on the wall, where three do: some 100 kB each


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Runs' folders, or names of trainees that ship; the one to be judged first."),
    ],
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("report.html"),
    suite: Annotated[str, typer.Option(help="Which episodes were evaluated and recorded.")] = "heldout",
    wall: Annotated[
        Path | None, typer.Option(help="An animated WebP to write, too: the drivers' films side by side.")
    ] = None,
) -> None:
    """Write one HTML file: rates with intervals, paired differences, grids, videos side by side, curves.

    The file holds everything, videos included, smaller than they are: mail it or move it. Only seeds that
    every run was evaluated on are counted. Runs that differ in their training seed alone are one driver, if
    there is another. Of the episodes recorded for every driver it shows the worst first. --wall has two of
    them, one with a child and one without, in a picture that a README can show.

    Example: a2d compare runs/demo/a2d runs/demo/ail --out runs/demo/report.html
    """
    console = progress.console()
    for path in (out, wall):
        if path is not None:
            refuse_folder(path)
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
            console.print(f"  a2d record {driver.runs[0].quoted} --suite {suite}", soft_wrap=True)
    console.print(f"report: {out}", soft_wrap=True)
    if wall is not None:
        write_wall(drivers, wall)
        console.print(f"wall: {wall}", soft_wrap=True)


def write_wall(drivers: Sequence[Driver], path: Path) -> None:
    """Write one episode of each kind, once per driver, as one animated picture.

    Raises:
        EvaluationError: None is recorded for every driver.
        VideoError: The films cannot be read, or differ in size.
    """
    strips = one_of_each(strips_of(drivers, [""] * len(drivers), load=lambda film: b""))
    if not strips:
        raise EvaluationError(f"no episode is recorded for every driver: {path} would be empty")
    scenes = [
        Scene(
            strip.title,
            tuple(
                Take(Path(film.path), film.name, film.ending, film.verdict, film.ended)
                for film in strip.films
            ),
        )
        for strip in strips
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, animated(scenes, width=_WALL_WIDTH, fps=_WALL_FPS))
