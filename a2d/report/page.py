"""The report: materials -> one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
import platform
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from a2d.evaluation import Record, paired_hits
from a2d.intervals import PairedDifference, Rate
from a2d.report.drawings import COLOURS, curve_plots, interval_plot
from a2d.report.grids import read_grids
from a2d.report.material import Material, video_seeds
from a2d.report.rows import percent, result_rows
from a2d.report.worst import worst_episodes
from a2d.run import write_atomically

_ENDINGS = {
    "arrived": ("arrived", "good"),
    "goal": ("reached the goal", "good"),
    "hit_child": ("hit the child", "bad"),
    "hit_oncoming": ("hit who came", "bad"),
    "hit_other": ("hit something else", "bad"),
    "hazard": ("ran into the hazard", "bad"),
    "left_lane": ("left the lane", "poor"),
    "stuck": ("got stuck", "poor"),
    "timeout": ("ran out of time", "poor"),
    "invalid_run": ("invalid: outside the test's tolerances", "poor"),
    "server_restarted": ("invalid: the simulator restarted", "poor"),
}


@dataclass(frozen=True, slots=True)
class Film:
    """One run's video of an episode, with how it ended."""

    name: str
    colour: str
    source: str  # data URI
    ending: str
    verdict: str  # good, poor or bad


@dataclass(frozen=True, slots=True)
class Strip:
    """The same episode, once per run."""

    title: str
    seed: int
    films: tuple[Film, ...]


def write_report(materials: Sequence[Material], path: Path, *, suite: str) -> None:
    """Write the report, whole or not at all.

    Raises:
        DiskFull: No space left.
        RunError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, render(materials, suite=suite).encode())


def render(materials: Sequence[Material], *, suite: str) -> str:
    """Make the page's text."""
    summaries = [material.summary for material in materials]
    names = [material.name for material in materials]
    colours = [COLOURS[index % len(COLOURS)] for index in range(len(materials))]
    rates = {name: summary.main_hits for name, summary in zip(names, summaries, strict=True)}
    curves = curve_plots({material.name: material.metrics for material in materials}, colours=colours)
    template = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string((resources.files("a2d.report") / "report.html").read_text("utf-8"))
    return template.render(
        title=" and ".join(names) if len(names) < 3 else f"{len(names)} drivers",
        world=materials[0].settings["env.id"],
        suite=suite,
        seeds=_seed_text([record["seed"] for record in materials[0].records]),
        given_child=summaries[0].hits_given_child is not None,
        headline=headline(materials, suite=suite),
        difference=comparison(materials),
        names=names,
        colours=colours,
        rows=result_rows(summaries),
        intervals=Markup(interval_plot(rates, colours=colours)),
        curves=[(title, Markup(plot)) for title, plot in curves.items()],
        strips=_strips(materials, colours),
        grids=read_grids(materials),
        worst=[(episode, *ending_text(episode.record)) for episode in worst_episodes(materials, suite=suite)],
        record_commands=[f"a2d record {shlex.quote(material.called)}" for material in materials],
        commands=_commands(materials, suite),
        changed=_changed_settings(materials),
        settings=[(material.name, sorted(material.settings.items())) for material in materials],
        unfinished=[material.name for material in materials if not material.finished],
        versions=f"a2d-driving {metadata.version('a2d-driving')}, Python {platform.python_version()}",
    )


def headline(materials: Sequence[Material], *, suite: str) -> str:
    """State each driver's hit rate as measured."""
    rates = [material.summary.main_hits for material in materials]
    given_child = materials[0].summary.hits_given_child is not None
    parts = [
        f"{material.name} {'hit the child' if given_child else 'had a hit'} in {_of(rate)}"
        for material, rate in zip(materials, rates, strict=True)
    ]
    what = f"{'held-out' if suite == 'heldout' else suite} episodes{' with a child' if given_child else ''}"
    arrivals = _join([f"{percent(material.summary.arrivals.value)} %" for material in materials])
    # A car that never moves hits nobody: the rate of arrivals belongs beside the rate of hits.
    arrived = f" They arrived in {arrivals} of all episodes." if len(parts) > 1 else ""
    return f"Over the same {what}, {_join(parts)}.{arrived}"


def comparison(materials: Sequence[Material]) -> str:
    """Say what the first two drivers' difference is worth; empty for one driver."""
    if len(materials) < 2:
        return ""
    first, second = materials[0], materials[1]
    rates = first.summary.main_hits, second.summary.main_hits
    paired = paired_hits(first.records, second.records)
    if not paired.total:
        return "No episode is valid for both, so the drivers cannot be compared."
    apart = rates[0].high < rates[1].low or rates[1].high < rates[0].low
    overlap = "The 95 % intervals do not overlap." if apart else "The 95 % intervals overlap."
    return f"{overlap} {_paired_text(first.name, second.name, paired)}"


def _paired_text(first: str, second: str, paired: PairedDifference) -> str:
    points = f"{100 * abs(paired.value):.1f}"
    low, high = sorted((100 * abs(paired.low), 100 * abs(paired.high)))
    p_value = "p < 0.001" if paired.p_value < 0.001 else f"p = {paired.p_value:.3f}"
    counts = (
        f"{paired.only_second} episodes were hit by {second} alone, {paired.only_first} by {first} alone, "
        f"{paired.both} by both (McNemar's exact test: {p_value})."
    )
    if paired.low <= 0 <= paired.high:
        signed = f"{100 * paired.low:+.1f} to {100 * paired.high:+.1f}".replace("-", "−")
        return f"Seed by seed no difference is shown: {first} minus {second} is {signed} points; {counts}"
    direction = "less" if paired.value < 0 else "more"
    return (
        f"Seed by seed {first} hits {points} percentage points {direction} than {second} "
        f"(95 % interval {low:.1f} to {high:.1f}); {counts}"
    )


def _strips(materials: Sequence[Material], colours: Sequence[str]) -> list[Strip]:
    strips = []
    for seed in video_seeds(materials):
        child = materials[0].videos[seed].record.get("child")
        title = "Episode" if child is None else "A child runs out" if child else "No child"
        films = tuple(
            _film(material, seed, colour) for material, colour in zip(materials, colours, strict=True)
        )
        strips.append(Strip(title, seed, films))
    return strips


def _film(material: Material, seed: int, colour: str) -> Film:
    video = material.videos[seed]
    ending, verdict = ending_text(video.record)
    # Inside the page, so that the report still plays after it was mailed or moved.
    source = "data:video/mp4;base64," + base64.b64encode(video.path.read_bytes()).decode("ascii")
    return Film(material.name, colour, source, ending, verdict)


def ending_text(record: Record) -> tuple[str, str]:
    """Word how an episode ended, such as `hit the child at 19 km/h after 4.1 s`, and judge it."""
    outcome = record["outcome"]
    ending, verdict = _ENDINGS.get(outcome, (outcome.replace("_", " "), "poor"))
    if outcome.startswith("hit") and record.get("impact_speed") is not None:
        ending += f" at {record['impact_speed'] * 3.6:.0f} km/h"
    if record.get("duration") is not None:
        ending += f" after {record['duration']:.1f} s"
    return ending, verdict


def _commands(materials: Sequence[Material], suite: str) -> list[str]:
    seeds = [record["seed"] for record in materials[0].records]
    folders = [shlex.quote(material.called) for material in materials]
    lines = [
        f"a2d evaluate {folder} --suite {suite} --seed {seeds[0]} --episodes {seeds[-1] - seeds[0] + 1}"
        for folder in folders
    ]
    for seed in video_seeds(materials):
        lines += [f"a2d record {folder} --suite {suite} --seed {seed} --episodes 1" for folder in folders]
    return [*lines, f"a2d compare {' '.join(folders)}"]


def _changed_settings(materials: Sequence[Material]) -> list[tuple[str, list[Any]]]:
    """The settings in which the runs differ, and those that say what was trained where."""
    always = ("preset", "method", "seed", "env.id", "env.server", "rollout.interactions")
    keys = sorted({key for material in materials for key in material.settings})
    rows = [(key, [material.settings.get(key, "") for material in materials]) for key in keys]
    return [
        (key, values) for key, values in rows if key in always or any(value != values[0] for value in values)
    ]


def _of(rate: Rate) -> str:
    if not rate.total:
        return "none of 0 episodes"
    return (
        f"{rate.count} of {rate.total} ({percent(rate.value)} %, "
        f"95 % interval {percent(rate.low)} to {percent(rate.high)} %)"
    )


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _seed_text(seeds: Sequence[int]) -> str:
    consecutive = seeds[-1] - seeds[0] + 1 == len(seeds)
    which = f"{seeds[0]} to {seeds[-1]}" if consecutive else f"between {seeds[0]} and {seeds[-1]}"
    return f"{len(seeds)} episodes, seeds {which}"
