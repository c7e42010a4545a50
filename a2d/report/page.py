"""The report: materials -> one HTML file that needs nothing beside it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from a2d.files import write_atomically
from a2d.hazards import HAZARDS
from a2d.learning_curves import AVERAGED
from a2d.report.drawings import COLOURS, curve_plots, interval_plot
from a2d.report.drivers import Driver, drivers_of
from a2d.report.endings import ending_text
from a2d.report.films import Load, strips_of
from a2d.report.grids import read_grids
from a2d.report.headline import comparison, headline, standings
from a2d.report.material import Material
from a2d.report.rows import result_rows
from a2d.report.worst import worst_episodes

Source = tuple[str, str]
"""A file that figures come from, and the command that makes it again."""


def write_report(
    materials: Sequence[Material], path: Path, *, suite: str, load: Load = Path.read_bytes
) -> None:
    """Write the report, whole or not at all.

    Args:
        materials: The runs, the one to be judged first.
        path: The HTML file.
        suite: Which episodes were evaluated and recorded.
        load: Reads a video file for the page; may make it smaller.

    Raises:
        DiskFull: No space left.
        RunError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, render(materials, suite=suite, load=load).encode())


def render(materials: Sequence[Material], *, suite: str, load: Load = Path.read_bytes) -> str:
    """Make the page's text."""
    drivers = drivers_of(materials)
    names, summaries = [driver.name for driver in drivers], [driver.summary for driver in drivers]
    colours = [COLOURS[index % len(COLOURS)] for index in range(len(drivers))]
    rates = {name: summary.main_hits for name, summary in zip(names, summaries, strict=True)}
    metrics = {driver.name: [run.metrics for run in driver.runs] for driver in drivers}
    strips = strips_of(drivers, colours, load=load)
    template = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string((resources.files("a2d.report") / "report.html").read_text("utf-8"))
    return template.render(
        title=" and ".join(names) if len(names) < 3 else f"{len(names)} drivers",
        world=materials[0].settings["env.id"],
        suite=suite,
        seeds=_seed_text([record["seed"] for record in materials[0].records]),
        hazard=HAZARDS.get(summaries[0].hazard or ""),
        standings=standings(drivers, colours),
        headline=headline(drivers, suite=suite),
        difference=comparison(drivers),
        pooled=any(len(driver.runs) > 1 for driver in drivers),
        names=names,
        colours=colours,
        rows=result_rows(summaries),
        intervals=Markup(interval_plot(rates, colours=colours)),
        curves=[(title, Markup(plot)) for title, plot in curve_plots(metrics, colours=colours).items()],
        averaged=AVERAGED,
        strips=strips,
        grids=read_grids(materials),
        worst=[(episode, *ending_text(episode.record)) for episode in worst_episodes(drivers, suite=suite)],
        record_commands=[f"a2d record {driver.runs[0].quoted}" for driver in drivers],
        evaluations=_evaluations(materials, suite),
        films=_films(drivers, [strip.seed for strip in strips], suite),
        trainings=[
            (str(run.trained / "metrics.jsonl"), str(run.trained / "config.yaml")) for run in materials
        ],
        command=_command(materials, suite),
        runs=[material.name for material in materials],
        changed=_changed_settings(materials),
        settings=[(material.name, sorted(material.settings.items())) for material in materials],
        unfinished=[material.name for material in materials if not material.finished],
        versions=f"a2d-driving {metadata.version('a2d-driving')}, Python {platform.python_version()}",
    )


def _evaluations(materials: Sequence[Material], suite: str) -> list[Source]:
    return [
        (
            str(run.folder / "evaluation" / f"{suite}.jsonl"),
            f"a2d evaluate {run.quoted} --suite {suite} --seed {run.records[0]['seed']} "
            f"--episodes {run.records[-1]['seed'] - run.records[0]['seed'] + 1}",
        )
        for run in materials
    ]


def _films(drivers: Sequence[Driver], seeds: Sequence[int], suite: str) -> list[Source]:
    return [
        (
            str(run.videos[seed].path),
            f"a2d record {run.quoted} --suite {suite} --seed {seed} --episodes 1",
        )
        for run in (driver.filmed for driver in drivers)
        for seed in seeds
    ]


def _command(materials: Sequence[Material], suite: str) -> str:
    return f"a2d compare {' '.join(run.quoted for run in materials)} --suite {suite}"


def _changed_settings(materials: Sequence[Material]) -> list[tuple[str, list[Any]]]:
    """What the runs are of, the settings in which they differ, and those that say what was trained where."""
    always = ("preset", "method", "seed", "env.id", "env.server", "rollout.interactions")
    keys = sorted({key for material in materials for key in material.settings})
    rows = [(key, [material.settings.get(key, "") for material in materials]) for key in keys]
    origin = [
        ("commit", [", ".join(commit[:12] + commit[40:] for commit in run.commits) for run in materials]),
        ("checkpoint", [run.records[0].get("checkpoint", "") for run in materials]),
    ]
    return origin + [
        (key, values) for key, values in rows if key in always or any(value != values[0] for value in values)
    ]


def _seed_text(seeds: Sequence[int]) -> str:
    consecutive = seeds[-1] - seeds[0] + 1 == len(seeds)
    which = f"{seeds[0]} to {seeds[-1]}" if consecutive else f"between {seeds[0]} and {seeds[-1]}"
    return f"{len(seeds)} episodes, seeds {which}"
