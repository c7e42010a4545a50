"""`a2d evaluate`: drive held-out episodes with the trained trainee and count what happens."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from itertools import chain, count
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from a2d.cli import progress
from a2d.cli.driver import drivers, worlds_at_once, worlds_of
from a2d.evaluation import Record, Summary, append_record, is_fault, is_hit, read_records, summary
from a2d.files import refuse_folder, write_atomically
from a2d.isolation import drive
from a2d.ranges import LAST_SEED, MOST_EPISODES
from a2d.report.rows import result_rows
from a2d.run import Run, checkpoint_id
from a2d.shipping import find_run
from scenarios.grids import grid_of, grid_table
from scenarios.standards import PROCEDURES


def evaluate(
    run: Annotated[Path, typer.Argument(help="The run's folder, or the name of a trainee that ships.")],
    suite: Annotated[
        str, typer.Option(help="Which episodes: heldout, shifted, decoys, cpnco, fmvss127, ...")
    ] = "heldout",
    episodes: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_EPISODES, help="How many; default: 200, or each cell of a grid once."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=LAST_SEED, help="The first seed; the others follow it.")
    ] = 0,
    server: Annotated[
        str | None,
        typer.Option(help="embedded, docker or HOST:PORT, one world for each named; default: as trained."),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    sampled: Annotated[
        bool, typer.Option("--sampled", help="Draw actions from the policy instead of the most probable.")
    ] = False,
    pixels: Annotated[
        bool, typer.Option("--pixels", help="On the road: find the first pixel of a child; costs time.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write summary and episodes here, too.")
    ] = None,
) -> None:
    """Drive fixed seeds with the trained driver and print rates with 95 % intervals.

    Episodes are appended to RUN/evaluation/SUITE.jsonl as they end: run the same command again after an
    interruption, or with more episodes, and it goes on. RUN/evaluation/SUITE.json sums up all that the file
    has; with --sampled both are named SUITE-sampled. Of a trainee that ships, RUN is runs/NAME here.

    Example: a2d evaluate runs/frozen_lake-a2d-0 --episodes 200; a2d evaluate runs/demo/a2d --suite cpnco
    """
    console = progress.console()
    if json_file is not None:
        refuse_folder(json_file)
    episodes = episodes or passes(suite)
    opened = find_run(run)
    records = evaluated(
        opened,
        suite=suite,
        seeds=range(seed, seed + episodes),
        server=server,
        device=device,
        console=console,
        sampled=sampled,
        pixels=pixels,
    )
    result, grid = summary(records), grid_of(records)
    if json_file is not None:
        content = {"suite": suite, "summary": result.as_json(), "grid": [asdict(cell) for cell in grid]}
        _write_json(json_file, {**content, "episodes": records})
    if grid:
        console.print(grid_table(f"{run}, {suite}", grid))
    console.print(results_table({str(run): result}, title=f"{suite}, seeds {seed} to {seed + episodes - 1}"))


def evaluated(
    run: Run,
    *,
    suite: str,
    seeds: range,
    server: str | None,
    device: str,
    console: Console,
    sampled: bool,
    pixels: bool = False,
) -> list[Record]:
    """Drive the seeds that this checkpoint has not driven yet, and return all their records.

    Episodes that a fault of the simulator ended are driven again, and counted apart if it strikes again.
    """
    path = run.results / "evaluation" / f"{suite}{'-sampled' if sampled else ''}.jsonl"
    origin = {"suite": suite, "checkpoint": checkpoint_id(run), "server": server or run.config.env.server}
    path.parent.mkdir(parents=True, exist_ok=True)
    earlier = read_records(path) if path.exists() else []
    stale = any(record.get(key) != value for record in earlier for key, value in origin.items())
    known = {} if stale else {record["seed"]: record for record in earlier}
    looked = {"pixels": True} if pixels else {}  # other worlds know no such keyword
    missing = [
        seed
        for seed in seeds
        if seed not in known or is_fault(known[seed]) or not looked.items() <= known[seed].items()
    ]
    if missing:
        with progress.progress_of(f"{suite} episodes", len(missing), on=console) as advance:
            hits = ended = 0

            def note(record: Record) -> None:
                nonlocal hits, ended
                if stale and not ended:  # the first new one: those of another checkpoint or server make room
                    _set_aside(path, earlier)
                known[record["seed"]] = append_record(path, record | origin | looked)
                hits, ended = hits + is_hit(record), ended + 1
                advance(f"{hits} of {ended} hit")

            drive(
                missing,
                open_worlds=lambda count: worlds_of(run, count=count, suite=suite, server=server, **looked),
                make_act=drivers(run, device=device, sampled=sampled),
                count=worlds_at_once(run, server=server),
                proven=bool(known),
                progress=note,
            )
    records = [known[seed] for seed in seeds]
    _tell_broken(records, console)
    whole = [known[seed] for seed in sorted(known)]
    _write_json(
        path.with_suffix(".json"),
        {
            **origin,
            "seeds": [whole[0]["seed"], whole[-1]["seed"]],
            "summary": summary(whole).as_json(),
            "grid": [asdict(cell) for cell in grid_of(whole)],
        },
    )
    return records


def _tell_broken(records: list[Record], console: Console) -> None:
    for record in filter(is_fault, records):
        reason = record.get("error") or record.get("restart_cause") or record["outcome"]
        console.print(
            f"seed {record['seed']} broke however often it was tried and counts in no rate ({reason}); "
            "the same command drives it again",
            soft_wrap=True,
        )


def passes(suite: str) -> int:
    """How many episodes are worth driving: one per cell of a grid, 200 of what has no grid."""
    procedure = PROCEDURES.get(suite)
    return 200 if procedure is None else len(procedure.tests)


def results_table(results: dict[str, Summary], *, title: str) -> Table:
    """One column per driver, one row per measure."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in results:
        table.add_column(name, justify="right")
    for label, values in result_rows(list(results.values())):
        table.add_row(label, *values)
    return table


def _set_aside(path: Path, records: list[Record]) -> None:
    """Give the file of another checkpoint, or of another server, a name of its own."""
    name = f"{path.stem}-{records[0].get('checkpoint', 'earlier')}"
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    os.replace(path, next(free for each in names if not (free := path.with_name(f"{each}.jsonl")).exists()))


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())
