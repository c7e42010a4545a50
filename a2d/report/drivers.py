"""Runs that differ in their seed alone are one driver: how they are grouped, and what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from a2d.evaluation import Record, Summary, has_arrived, paired_hits, summary
from a2d.intervals import PairedDifference, Rate
from a2d.report.material import METHOD_NAMES, Material
from a2d.run import WHEREABOUTS

_OF_ONE_RUN = {*WHEREABOUTS, "seed", "start_from", "expert_from", "env.count"}
"""Settings that runs of one driver may differ in: which one it is, and where it happened."""


@dataclass(frozen=True, slots=True)
class Driver:
    """One way of training, by one or more seeds of it."""

    name: str  # unlike every other driver's
    runs: tuple[Material, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """The episodes of all its runs."""
        return tuple(record for run in self.runs for record in run.records)

    @property
    def summary(self) -> Summary:
        """What the episodes of all its runs say together."""
        return summary(self.records)

    @property
    def rates(self) -> list[Rate]:
        """The rate that methods are compared by, of each run."""
        return [run.summary.main_hits for run in self.runs]

    @property
    def filmed(self) -> Material:
        """The run whose videos stand for it: the first that has any, or the first."""
        return next((run for run in self.runs if run.videos), self.runs[0])


def drivers_of(materials: Sequence[Material]) -> list[Driver]:
    """Group runs, in the order of the first of each group; where all are one group, each is a driver."""
    groups: dict[tuple[tuple[str, str], ...], list[Material]] = {}
    for material in materials:
        kept = {key: value for key, value in material.settings.items() if key not in _OF_ONE_RUN}
        groups.setdefault(tuple(sorted((key, str(value)) for key, value in kept.items())), []).append(
            material
        )
    if len(groups) == 1 or len(groups) == len(materials):
        return [Driver(material.name, (material,)) for material in materials]
    return [Driver(_name(group, list(groups.values())), tuple(group)) for group in groups.values()]


def paired(first: Driver, second: Driver) -> list[PairedDifference]:
    """Compare hits on the same episodes, training seed by training seed.

    The episodes of one are those of the next, so their differences add up to no larger sample.
    """
    found = [paired_hits(one.records, other.records) for one, other in _pairs(first, second)]
    return [difference for difference in found if difference.total]


def both_arrived(first: Driver, second: Driver) -> list[tuple[float, float]]:
    """How long each took (s), of the episodes in which both arrived."""
    found = []
    for one, other in _pairs(first, second):
        own, theirs = _durations(one), _durations(other)
        found += [(own[seed], theirs[seed]) for seed in own if seed in theirs]
    return found


def _pairs(first: Driver, second: Driver) -> list[tuple[Material, Material]]:
    """Runs of the same training seed, or in their order if none is."""
    others = {run.settings["seed"]: run for run in second.runs}
    pairs = [(run, others[run.settings["seed"]]) for run in first.runs if run.settings["seed"] in others]
    return pairs or list(zip(first.runs, second.runs, strict=False))


def _durations(run: Material) -> dict[int, float]:
    """How long the arrivals took (s), by seed."""
    lasted = (record for record in run.records if has_arrived(record) and record.get("duration") is not None)
    return {record["seed"]: record["duration"] for record in lasted}


def _name(group: Sequence[Material], groups: Sequence[Sequence[Material]]) -> str:
    method = group[0].method
    plain = METHOD_NAMES.get(method, method)
    alike = sum(other[0].method == method for other in groups)
    return plain if alike == 1 else f"{plain}, {group[0].folder.name}"
