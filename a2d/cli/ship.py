"""`a2d ship`: pack a finished run's trainee so that it can go with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from a2d.cli import progress
from a2d.shipping import LIMIT, find_run, pack


def ship(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run that was evaluated.")],
    out: Annotated[Path, typer.Option(help="The folder to make; its name becomes the trainee's.")],
) -> None:
    """Pack a run's trainee: config, weights of the trainee alone, metrics, seed, commit, evaluations.

    In a2d/trained/NAME it ships with the package, and NAME stands for a RUN to evaluate, record, compare or
    export; other runs cannot start from it, or imitate it: it comes without its expert. What is
    driven with it is written to runs/NAME.

    Example: a2d ship runs/child_crossing-a2d-0 --out a2d/trained/crossing
    """
    console = progress.console()
    opened = find_run(run)
    files = pack(opened, out)
    size = sum(path.stat().st_size for path in files)
    console.print(
        f"{out}: {len(files)} files, {size / 1e6:.2f} MB of at most {LIMIT / 1e6:.0f}", soft_wrap=True
    )
    if not opened.commits:
        console.print(f"{run} does not tell which commit trained it.", soft_wrap=True)
