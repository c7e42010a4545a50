"""What a comparison is made of: each run's settings, episodes, curves and videos, read and checked."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a2d.config import flat
from a2d.evaluation import EvaluationError, Record, Summary, read_records, summary
from a2d.film_index import read_index
from a2d.learning_curves import metrics_of
from a2d.run import Run
from a2d.shipping import find_run

METHOD_NAMES = {
    "a2d": "A2D",
    "advisor": "ADVISOR",
    "ail": "AIL",
    "gpo_clip": "GPO-clip",
    "gpo_penalty": "GPO-penalty",
    "oil": "OIL on state",
    "pre_enc": "Pre-Enc",
    "rl": "RL",
    "rl_asym": "RL, critic on state",
    "rl_asym_unbiased": "RL, critic on both",
    "rl_mdp": "RL on state",
}


@dataclass(frozen=True, slots=True)
class Video:
    """One recorded episode."""

    seed: int
    path: Path
    record: Record


@dataclass(frozen=True, slots=True)
class Material:
    """One run, as the report tells of it."""

    name: str  # unlike every other run's
    called: str  # what names it on a command line
    folder: Path  # of its results
    trained: Path  # the folder of its config and metrics
    method: str
    finished: bool
    commits: tuple[str, ...]  # of the code that trained it; none if that was not noted
    settings: dict[str, Any]  # under dotted keys
    records: tuple[Record, ...]  # of the seeds that every run has, by seed
    metrics: tuple[dict[str, Any], ...]  # one per round
    videos: dict[int, Video]  # by seed

    @property
    def quoted(self) -> str:
        """Its name on a command line, as a shell takes it."""
        return shlex.quote(self.called)

    @property
    def summary(self) -> Summary:
        """What the episodes say together."""
        return summary(self.records)


def read_runs(folders: Sequence[Path], *, suite: str) -> list[Material]:
    """Read runs and reduce their episodes to the seeds that all of them have.

    Raises:
        RunError: A folder is no run.
        EvaluationError: A run was not evaluated on the suite, or the runs share no seed.
    """
    runs = [find_run(folder) for folder in folders]
    if len({run.folder.resolve() for run in runs}) != len(runs):
        raise EvaluationError("a run is compared with others, not with itself: name each folder once")
    records = [_records(run, suite) for run in runs]
    _refuse_other_episodes(runs, records, suite)
    shared = set.intersection(*({record["seed"] for record in found} for found in records))
    if not shared:
        raise EvaluationError(
            f"the runs share no {suite} seed; evaluate all of them with the same --seed and --episodes"
        )
    names = _names(runs)
    return [
        Material(
            name=name,
            called=run.called,
            folder=run.results,
            trained=run.folder,
            method=run.config.method,
            finished=run.finished,
            commits=tuple(run.commits),
            settings=flat(run.config),
            records=tuple(record for record in found if record["seed"] in shared),
            metrics=tuple(metrics_of(run)),
            videos=_videos(run.results / "videos" / suite, checkpoint=found[0].get("checkpoint")),
        )
        for run, found, name in zip(runs, records, names, strict=True)
    ]


def _refuse_other_episodes(runs: Sequence[Run], records: Sequence[Sequence[Record]], suite: str) -> None:
    """A seed is the same episode in one scenario alone, or in a standard's grid, which all scenarios have."""
    worlds = [
        "a standard's grid"
        if "row" in found[0]
        else f"{run.config.env.id} {found[0].get('scenario', '')}".strip()
        for run, found in zip(runs, records, strict=True)
    ]
    for run, world in zip(runs, worlds, strict=True):
        if world != worlds[0]:
            raise EvaluationError(
                f"{suite} episodes of {runs[0].called} are of {worlds[0]}, those of {run.called} of {world}: "
                "only drivers of the same episodes can be compared"
            )


def _records(run: Run, suite: str) -> list[Record]:
    path = run.results / "evaluation" / f"{suite}.jsonl"
    records = read_records(path) if path.is_file() else []
    if not records:
        raise EvaluationError(
            f"{run.called} has no {suite} episodes; run: a2d evaluate {run.quoted} --suite {suite}"
        )
    return records


def _videos(folder: Path, *, checkpoint: str | None) -> dict[int, Video]:
    """The videos of the checkpoint that was evaluated; those of another would contradict the table."""
    whose, entries = read_index(folder)
    if whose.get("checkpoint") != checkpoint:
        return {}
    found = {seed: Video(seed, folder / entry["file"], entry) for seed, entry in entries.items()}
    return {seed: video for seed, video in found.items() if video.path.is_file()}


def _names(runs: Sequence[Run]) -> list[str]:
    """Name runs by method; by method and seed, or by folder, where that would not tell them apart."""
    by_method = [METHOD_NAMES.get(run.config.method, run.config.method) for run in runs]
    by_seed = [f"{name}, seed {run.config.seed}" for name, run in zip(by_method, runs, strict=True)]
    by_folder = [f"{name}, {run.folder.name}" for name, run in zip(by_method, runs, strict=True)]
    by_path = [f"{name}, {run.called}" for name, run in zip(by_method, runs, strict=True)]
    choices = (by_method, by_seed, by_folder)
    return next((names for names in choices if len(set(names)) == len(runs)), by_path)
