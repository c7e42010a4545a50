"""`a2d sweep`: methods x worlds x seeds on every core, and the table and figures that come of them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from a2d.cli import progress
from a2d.cli.exact import exact_of
from a2d.config import ConfigError, EnvConfig
from a2d.errors import A2DError
from a2d.evaluation import as_json
from a2d.jobs import Job, run_jobs
from a2d.plan import Planned, planned_runs
from a2d.processors import cores
from a2d.ranges import first_line
from a2d.sweep import Sweep, read
from a2d.tally import Group, grouped, is_done, read_trained
from a2d.vector import make_worlds, stopping

ORIGIN = "sweep.yaml"  # in the sweep's folder: which sweep it holds


def sweep(
    name: Annotated[
        str,
        typer.Argument(
            help="One that ships with a2d (child_crossing, gridworlds, gridworlds_image), or a YAML file."
        ),
    ],
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs at once; default: one per core.")] = None,
    out: Annotated[Path | None, typer.Option(help="The sweep's folder; default: runs/sweeps/NAME.")] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Seeds of every row; default: as the sweep says.")
    ] = None,
    so_far: Annotated[
        bool, typer.Option("--so-far", help="Train nothing: table and figures of what is finished.")
    ] = False,
) -> None:
    """Train every method of a sweep in every world with every seed; write sweep.json, table.md and figures.

    Each run is a folder as `a2d train` makes it, OUT/runs/PRESET-LABEL-SEED, with its log.txt. Run the same
    command again after an interruption, or with more seeds, and it goes on: nothing is done twice. With
    --so-far, also while another one trains, it writes what is known by then.

    Example: a2d sweep gridworlds --jobs 8 --out runs/paper; a2d sweep gridworlds --so-far
    """
    console = progress.console()
    wanted = read(name)
    out = out or Path("runs/sweeps") / Path(name).stem
    runs = planned_runs(wanted, out, seeds=seeds)
    if not so_far:
        _refuse_unknown_suite(runs, wanted.final.suite)
    _claim(out, {"name": Path(name).stem, "title": wanted.title})
    try:
        failed = [] if so_far else _train(runs, wanted, at_once=jobs or cores(), console=console)
    except KeyboardInterrupt:
        typer.echo("\nwhat is finished is kept; run the same command again to go on", err=True)
        raise
    finished = [run for run in runs if is_done(run, wanted.final)]
    if so_far:
        console.print(f"{len(finished)} of {len(runs)} runs are finished")
    if finished:
        trained = [read_trained(run, exact=exact_of(run.config.env)) for run in finished]
        groups = grouped(trained, labels=[row.label for row in wanted.rows])
        _write(groups, wanted, out, failed=failed, console=console)
    if failed:
        raise A2DError(
            f"{len(failed)} of {len(runs)} runs failed: {', '.join(failed)}; "
            "run the same command again to try them once more"
        )


def _refuse_unknown_suite(runs: Sequence[Planned], suite: str) -> None:
    """Find out before the training whether the worlds have the suite by which their drivers are judged."""
    asked: list[EnvConfig] = []
    for run in runs:
        kind = "native" if run.config.env.vector == "native" else "sync"
        env = replace(run.config.env, count=1, vector=kind)
        if env not in asked:
            asked.append(env)
            with stopping(make_worlds(env, count=1, suite=suite)):
                pass


def _claim(out: Path, origin: dict[str, str]) -> None:
    """Begin the sweep in its folder, or make sure that it is the one that is there."""
    path = out / ORIGIN
    if path.is_file():
        try:
            found = yaml.safe_load(path.read_text("utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{path} cannot be read ({first_line(error)}); restore it, or choose another --out"
            ) from error
        if found != origin:
            raise ConfigError(f"{out} holds another sweep, {_words(found)}, not {_words(origin)}: "
                              "choose another --out")  # fmt: skip
        return
    if out.is_dir() and any(out.iterdir()):
        raise ConfigError(f"{out} has files in it but is no sweep (no {ORIGIN}); choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(origin, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _words(origin: Any) -> str:
    return f"{origin['name']} ({origin['title']})" if isinstance(origin, dict) else str(origin)


def _train(runs: Sequence[Planned], wanted: Sweep, *, at_once: int, console: Console) -> list[str]:
    """Train and judge what is not done yet; the names of the runs that failed."""
    from a2d.run import Run  # torch takes seconds to load: not before the sweep is known good

    final = wanted.final
    for run in runs:  # one that has another config is refused before anything is trained
        Run.create(run.folder, run.config)
    missing = [run for run in runs if not is_done(run, final)]
    if done := len(runs) - len(missing):
        console.print(f"{done} of {len(runs)} runs are there already")
    jobs = [Job(run.name, _command(run, wanted), run.folder / "log.txt", run.after) for run in missing]
    failed: list[str] = []
    with progress.progress_of("runs", len(missing), on=console) as advance:

        def ended(job: Job, trouble: str) -> None:
            if trouble:
                failed.append(job.name)
                console.print(f"{job.name} failed, see {job.log}:", soft_wrap=True, highlight=False)
                console.print(trouble, markup=False, soft_wrap=True, highlight=False)
            advance(f"{len(failed)} failed" if failed else job.name)

        # One numerical thread each: the cores are taken by the other runs.
        run_jobs(jobs, at_once=at_once, environment={"OMP_NUM_THREADS": "1"}, ended=ended)
    return failed


def _command(run: Planned, wanted: Sweep) -> list[str]:
    """A package is run: worker processes import a module that was run, and with it torch, but no package."""
    return [
        *(sys.executable, "-m", "a2d.cli", "sweep_run", str(run.folder)),
        *("--suite", wanted.final.suite, "--episodes", str(wanted.final.episodes)),
        "--sampled" if wanted.final.sampled else "--no-sampled",
        *("--parent", str(os.getpid())),
    ]


def _write(
    groups: Sequence[Group], wanted: Sweep, out: Path, *, failed: Sequence[str], console: Console
) -> None:
    from a2d.files import write_atomically
    from a2d.report.panels import draw  # matplotlib, for the very end
    from a2d.report.sweep_content import as_content
    from a2d.report.sweep_table import table

    final = wanted.final
    content = {
        "title": wanted.title,
        "final": asdict(final),
        "failed": list(failed),
        "worlds": {group.preset: group.exact and asdict(group.exact) for group in groups},
        "results": as_content(groups, out=out),
    }
    written = table(groups, title=wanted.title, final=final)
    write_atomically(out / "sweep.json", (json.dumps(as_json(content)) + "\n").encode())
    write_atomically(out / "table.md", written.encode())
    console.print(written, markup=False, highlight=False, soft_wrap=True)
    for panel in wanted.panels:
        write_atomically(out / f"{panel.file}.png", draw(panel, groups))
    files = ["sweep.json", "table.md", *(f"{panel.file}.png" for panel in wanted.panels)]
    console.print(f"{out}: {', '.join(files)}", soft_wrap=True, highlight=False)
