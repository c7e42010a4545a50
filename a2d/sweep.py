"""A sweep as data: which methods learn in which worlds from how many seeds, and what is drawn of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from omegaconf import MISSING, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from a2d.config import ConfigError, presets
from a2d.ranges import at_least, nearest, one_of, wording

KINDS = ("curves", "rounds", "hits", "divergence", "first_reached", "final")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A method with its settings, trained in some worlds."""

    label: str = MISSING
    """Its name in tables and figures; rows may share one if they share no preset."""
    presets: list[str] = MISSING
    """The worlds: presets of `a2d train`."""
    overrides: list[str] = field(default_factory=list)
    """key=value, as for `a2d train`."""
    seeds: int | None = None
    """How many; None for the sweep's number."""
    expert_from: str = ""
    """Label of the row whose run of the same preset and seed is the expert to imitate (method=ail)."""
    start_from: str = ""
    """Label of the row whose run of the same preset and seed this one starts from."""

    def __post_init__(self) -> None:
        if not self.presets:
            raise ConfigError(f"row {self.label!r} has no presets")
        for preset in self.presets:
            if preset not in presets():
                raise ConfigError(f"row {self.label!r}: no preset {preset!r}; {nearest(preset, presets())}")
        if self.seeds is not None:
            at_least(f"row {self.label!r}: seeds", self.seeds, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One figure, with a plot per preset."""

    kind: str = MISSING
    """What it shows.

    curves: return of the looks, over interactions. rounds: return of the rounds' episodes, exploration
    included, where looks are few. hits: the same of the share that end in a collision. divergence: the
    expert-trainee KL. first_reached: when the return came to stay at the optimum, against a setting. final:
    what the finished drivers earn.
    """
    file: str = MISSING
    """Name of the PNG, without its ending."""
    title: str = MISSING
    presets: list[str] = MISSING
    rows: list[str] = MISSING
    """Labels, in the order of the legend."""
    setting: str = ""
    """For first_reached: the setting on the horizontal axis, such as rollout.gae_lambda."""

    def __post_init__(self) -> None:
        if self.file in ("", ".", "..") or Path(self.file).name != self.file:
            raise ConfigError(f"panel {self.file!r}: `file` is a name, without a folder and without .png")
        one_of(f"panel {self.file!r}: kind", self.kind, KINDS)
        if (self.kind == "first_reached") != bool(self.setting):
            raise ConfigError(
                f"panel {self.file!r}: `setting` (such as rollout.gae_lambda) belongs to kind first_reached"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """How the finished drivers are judged."""

    suite: str = "heldout"
    episodes: int = 2000
    sampled: bool = True
    """Draw their actions from their policies; else they take the most probable one, as a car would."""

    def __post_init__(self) -> None:
        at_least("final.episodes", self.episodes, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a sweep's file says."""

    title: str = MISSING
    rows: list[Row] = MISSING
    seeds: int = 5
    """Of each row that does not say otherwise: 0, 1, ..."""
    final: Final = field(default_factory=Final)
    overrides: list[str] = field(default_factory=list)
    """key=value for every row, before its own."""
    panels: list[Panel] = field(default_factory=list)

    def __post_init__(self) -> None:
        at_least("seeds", self.seeds, 1)
        if not self.rows:
            raise ConfigError("a sweep has at least one row")
        _refuse_strangers(self)


_PARTS: dict[str, type] = {"rows": Row, "panels": Panel, "final": Final}


def sweeps() -> tuple[str, ...]:
    """Name the sweeps that ship with the package."""
    found = resources.files("a2d.sweeps").iterdir()
    return tuple(sorted(entry.name[: -len(".yaml")] for entry in found if entry.name.endswith(".yaml")))


def read(name: str) -> Sweep:
    """Read a sweep that ships with the package, or a YAML file.

    Raises:
        ConfigError: There is none, or it holds what no sweep has; the message names what there is.
    """
    if name in sweeps():
        return parse((resources.files("a2d.sweeps") / f"{name}.yaml").read_text(encoding="utf-8"))
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        raise ConfigError(f"no sweep {name!r}; there are {', '.join(sweeps())}, or name a YAML file")
    try:
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    except (ConfigError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def parse(text: str) -> Sweep:
    """Read a sweep from the text of its file.

    Raises:
        ConfigError: As `read`.
    """
    try:
        values = yaml.safe_load(text)
        _refuse_unknown(values, Sweep, "")
        merged = OmegaConf.merge(OmegaConf.structured(Sweep), OmegaConf.create(values))
        sweep = OmegaConf.to_object(merged)
    except yaml.YAMLError as error:
        raise ConfigError(f"no YAML: {' '.join(str(error).split())}") from error
    except OmegaConfBaseException as error:
        raise ConfigError(wording(error)) from error
    if not isinstance(sweep, Sweep):
        raise ConfigError("a sweep is a mapping with the keys title and rows")
    return sweep


def _refuse_unknown(values: Any, schema: type, where: str) -> None:
    """Refuse keys that a part of a sweep does not have, and a part that is no mapping."""
    known = [entry.name for entry in fields(schema)]
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where or 'a sweep'} is a mapping with the keys {', '.join(known)}")
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"no key {where + '.' if where else ''}{key}; {nearest(str(key), known)}")
        if schema is Sweep and key in _PARTS:
            entries = value if isinstance(value, list) else [value]
            for number, entry in enumerate(entries):
                _refuse_unknown(entry, _PARTS[key], f"{key}[{number}]" if isinstance(value, list) else key)


def _refuse_strangers(sweep: Sweep) -> None:
    """Refuse labels, presets and files that a row or panel names and the rows do not have."""
    pairs = [(row.label, preset) for row in sweep.rows for preset in row.presets]
    for row in sweep.rows:
        for preset in row.presets:
            if pairs.count((row.label, preset)) > 1:
                raise ConfigError(f"two rows are {row.label!r} on {preset}; give each its own label")
    labels = [row.label for row in sweep.rows]
    for panel in sweep.panels:
        for label in panel.rows:
            if label not in labels:
                raise ConfigError(f"panel {panel.file!r}: no row {label!r}; {nearest(label, labels)}")
            if not any((label, preset) in pairs for preset in panel.presets):
                raise ConfigError(f"panel {panel.file!r}: no row {label!r} on {', '.join(panel.presets)}")
        for preset in panel.presets:
            if not any((label, preset) in pairs for label in panel.rows):
                raise ConfigError(f"panel {panel.file!r}: none of its rows is trained on {preset}")
    files = [panel.file for panel in sweep.panels]
    if twice := next((file for file in files if files.count(file) > 1), None):
        raise ConfigError(f"two panels would be {twice}.png; give each its own file")
