"""`a2d evaluate`: drive held-out episodes with the trained trainee and count what happens."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from a2d.cli import progress
from a2d.cli.driver import drivers, worlds_of
from a2d.evaluation import Record, Summary, append_record, is_fault, is_hit, read_records, summary
from a2d.files import write_atomically
from a2d.isolation import drive
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
        typer.Option(min=1, help="How many; default: 200, or each cell of a standard's grid once."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The first seed; the others follow it.")] = 0,
    server: Annotated[
        str | None, typer.Option(help="embedded, docker or HOST:PORT; default: as trained.")
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
    interruption, or with more episodes, and it goes on. The summary is RUN/evaluation/SUITE.json; with
    --sampled both are named SUITE-sampled. Of a trainee that ships, RUN is runs/NAME here.

    Example: a2d evaluate runs/frozen_lake-a2d-0 --episodes 200; a2d evaluate runs/demo/a2d --suite cpnco
    """
    console = progress.console()
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
    known = _records_of(path, origin)
    options = {"pixels": True} if pixels else {}  # other worlds know no such keyword
    missing = [seed for seed in seeds if seed not in known or is_fault(known[seed])]
    if missing:
        with progress.progress_of(f"{suite} episodes", len(missing), on=console) as advance:
            hits = ended = 0

            def note(record: Record) -> None:
                nonlocal hits, ended
                record |= origin
                append_record(path, record)
                hits, ended = hits + is_hit(record), ended + 1
                advance(f"{hits} of {ended} hit")

            drive(
                missing,
                open_worlds=lambda count: worlds_of(run, count=count, suite=suite, server=server, **options),
                make_act=drivers(run, device=device, sampled=sampled),
                count=run.config.env.count,
                proven=bool(known),
                progress=note,
            )
        known = _records_of(path, origin)
    records = [known[seed] for seed in seeds]
    _tell_broken(records, console)
    _write_json(
        path.with_suffix(".json"),
        {
            **origin,
            "seeds": [seeds.start, seeds.stop - 1],
            "summary": summary(records).as_json(),
            "grid": [asdict(cell) for cell in grid_of(records)],
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


def _records_of(path: Path, origin: dict[str, Any]) -> dict[int, Record]:
    """The records of this checkpoint on this server; others are set aside under another name."""
    records = read_records(path) if path.exists() else []
    if any(record.get(key) != value for record in records for key, value in origin.items()):
        os.replace(path, path.with_name(f"{path.stem}-{records[0].get('checkpoint', 'earlier')}.jsonl"))
        return {}
    return {record["seed"]: record for record in records}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())
