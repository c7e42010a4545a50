"""`a2d train`: train a driver, or go on with a run that was interrupted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from a2d.config import TrainConfig, load
from a2d.methods import method_of
from a2d.stopwatch import INFERENCE, SIMULATOR, UPDATES

LOG_EVERY = 15.0  # s, between lines of a log that is no terminal


def train(
    preset: Annotated[str, typer.Argument(help="What to learn, such as frozen_lake or child_crossing.")],
    settings: Annotated[
        list[str] | None,
        typer.Argument(help="key=value, such as method=ail seed=1 run=runs/mine env.count=8."),
    ] = None,
) -> None:
    """Train until the run's interactions are used up.

    Run the same command again to go on after an interruption.

    Example: a2d train frozen_lake method=a2d seed=1 run=runs/lake
    """
    config = load(preset, settings or [])
    method_of(config)  # refuses what belongs to another method before there is a folder
    from a2d.loop import train as learn  # torch takes seconds to load: not before the settings are known good
    from a2d.run import Run

    console = Console()
    run = Run.create(config.folder, config)
    if run.finished:
        console.print(
            f"{run.folder} is finished; nothing to do. Next: a2d evaluate {run.quoted}", soft_wrap=True
        )
        return
    if run.checkpoint_path.exists():
        console.print(f"going on with {run.folder}", soft_wrap=True)
    try:
        with reported(config, console=console) as report:
            learn(run, report=report)
    except KeyboardInterrupt:
        saved = "its last checkpoint is kept" if run.checkpoint_path.exists() else "no checkpoint was due yet"
        typer.echo(f"\n{run.folder}: {saved}; run the same command again to go on", err=True)
        raise
    if config.evaluation.keep_best and config.evaluation.every:
        rounds = map(json.loads, run.metrics_path.read_text("utf-8").splitlines())
        kept = _kept([metrics for metrics in rounds if "eval/return" in metrics])
        console.print(kept, soft_wrap=True, highlight=False)
    console.print(f"{run.folder} is finished. Next: a2d evaluate {run.quoted}", soft_wrap=True)


def _kept(looks: Sequence[Mapping[str, float]]) -> str:
    """Which driver a run gives that keeps its best: a run may fall apart after it."""
    best, last = max(looks, key=lambda look: look["eval/return"]), looks[-1]
    kept = f"kept: the driver of {int(best['interactions'])} interactions, return {best['eval/return']:.2f}"
    return kept if best is last else f"{kept}; the last one's is {last['eval/return']:.2f}"


@contextmanager
def reported(config: TrainConfig, *, console: Console) -> Iterator[Callable[[Mapping[str, float]], None]]:
    """Show interactions, rate and time left; a line for each evaluation.

    Yields:
        A function to call with the metrics of each round.
    """
    total = config.rollout.interactions
    columns = (
        TextColumn(f"{config.preset} {config.method}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    started, first, last = 0.0, -1, 0.0
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total, rate="")

        def report(metrics: Mapping[str, float]) -> None:
            nonlocal started, first, last
            done, now = int(metrics["interactions"]), time.monotonic()
            if first < 0:  # servers have started, a resumed run stands here: the rate counts from now on
                started, first = now, done
            rate = (done - first) / max(now - started, 1e-9)
            pace = f"{rate:.0f}/s" if rate > 0.0 else ""
            bar.update(task, completed=min(done, total), rate=pace)
            if "eval/return" in metrics:
                console.print(_evaluation_line(metrics), soft_wrap=True, highlight=False)
            elif not console.is_terminal and now - last >= LOG_EVERY:
                left = f", {pace}, {(total - done) / rate:.0f} s left" if pace else ""
                line = f"{done}/{total} interactions{left}{_shares(metrics)}"
                console.print(line, soft_wrap=True, highlight=False)
                last = now

        yield report


def _shares(metrics: Mapping[str, float]) -> str:
    """Where the round's time went."""
    parts = [
        f"{name.partition('/')[2]} {metrics[name]:.0%}"
        for name in (SIMULATOR, INFERENCE, UPDATES)
        if name in metrics
    ]
    return f" ({', '.join(parts)})" if parts else ""


def _evaluation_line(metrics: Mapping[str, float]) -> str:
    parts = [
        f"{int(metrics['interactions']):>8} interactions",
        f"{metrics['seconds']:6.0f} s",
        f"return {metrics['eval/return']:8.2f}",
        f"hits {metrics['eval/hit_rate']:6.1%}",
        f"arrivals {metrics['eval/arrival_rate']:6.1%}",
    ]
    for name, label in (
        ("eval/expert_return", "expert's"),
        ("divergence", "KL"),
        ("explained_variance", "explained variance"),
    ):
        if name in metrics:
            parts.append(f"{label} {metrics[name]:.3f}")
    return "   ".join(parts)
