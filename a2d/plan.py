"""A sweep's runs: one per row, preset and seed, each with its whole config before anything is trained."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from a2d.config import ConfigError, TrainConfig, flat, load
from a2d.methods import method_of
from a2d.ranges import nearest
from a2d.sweep import Row, Sweep

_OWN = ("seed", "run", "preset")
"""What the sweep itself gives to each of its runs."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One run of a sweep."""

    label: str
    config: TrainConfig
    after: str  # name of the run that must be finished first; empty for none

    @property
    def folder(self) -> Path:
        """Where it lives."""
        return Path(self.config.folder)

    @property
    def name(self) -> str:
        """PRESET-LABEL-SEED, unlike every other run's."""
        return self.folder.name


def planned_runs(sweep: Sweep, out: Path, *, seeds: int | None = None) -> list[Planned]:
    """List a sweep's runs: the first seed of every row, then the second, ...

    Args:
        sweep: What to train.
        out: The sweep's folder; a run's is OUT/runs/PRESET-LABEL-SEED.
        seeds: How many of every row; None for what the sweep says.

    Raises:
        ConfigError: A preset or setting does not exist or belongs to another method, a row needs runs that
            there are not, two runs would share a folder, or a panel's setting is no number.
    """
    found: dict[str, Planned] = {}
    for row in sweep.rows:
        for run in _runs_of(row, sweep, out, seeds):
            if other := found.get(run.name):
                raise ConfigError(f"labels {other.label!r} and {run.label!r} would share the run {run.name}")
            found[run.name] = run
    for run in found.values():
        _refuse_what_cannot_start(run, found)
        _refuse_no_number(run, sweep)
    return sorted(found.values(), key=lambda run: run.config.seed)


def slug(label: str) -> str:
    """Write a label with letters and digits that every file system takes, such as `rl-asym-unbiased`."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9.]+", "-", plain.lower()).strip("-.")


def _runs_of(row: Row, sweep: Sweep, out: Path, seeds: int | None) -> Iterator[Planned]:
    for preset in row.presets:
        try:
            config = _config(row, preset, [*sweep.overrides, *row.overrides])
            for seed in range(seeds or row.seeds or sweep.seeds):
                yield _run(row, replace(config, seed=seed), out)
        except ConfigError as error:
            raise ConfigError(f"row {row.label!r}: {error}") from error


def _config(row: Row, preset: str, overrides: list[str]) -> TrainConfig:
    for override in overrides:
        if override.partition("=")[0] in _OWN:
            raise ConfigError(f"{override} is given by the sweep itself")
    if not slug(row.label):
        raise ConfigError("a label needs a letter or a digit, its runs are named by it")
    if row.expert_from and row.start_from:
        raise ConfigError("a row has expert_from or start_from, not both")
    return load(preset, overrides)


def _run(row: Row, config: TrainConfig, out: Path) -> Planned:
    def folder(label: str) -> str:
        return str(out / "runs" / f"{config.preset}-{slug(label)}-{config.seed}")

    config = replace(config, run=folder(row.label))
    needed = row.expert_from or row.start_from
    if row.expert_from:
        config = replace(config, expert_from=folder(row.expert_from))
    if row.start_from:
        config = replace(config, start_from=folder(row.start_from))
    method_of(config)  # refuses what belongs to another method
    return Planned(row.label, config, Path(folder(needed)).name if needed else "")


def _refuse_what_cannot_start(run: Planned, found: dict[str, Planned]) -> None:
    seen = [run.name]
    while after := found[seen[-1]].after:
        if after not in found:
            raise ConfigError(
                f"row {found[seen[-1]].label!r} needs the run {after}, which no row trains; "
                f"{nearest(after, found)}"
            )
        if after in seen:
            raise ConfigError(f"{' needs '.join([*seen, after])}: none of them can be the first")
        seen.append(after)


def _refuse_no_number(run: Planned, sweep: Sweep) -> None:
    for panel in sweep.panels:
        if panel.setting and run.label in panel.rows:
            settings = flat(run.config)
            if panel.setting not in settings:
                choice = nearest(panel.setting, settings)
                raise ConfigError(f"panel {panel.file!r}: no setting {panel.setting}; {choice}")
            if not isinstance(settings[panel.setting], (int, float)):
                raise ConfigError(f"panel {panel.file!r}: {panel.setting} is no number")
