"""A sweep's numbers: what each finished run gave, and what the seeds say together."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from a2d.diagnosis import ROUNDS
from a2d.evaluation import EvaluationError
from a2d.intervals import Mean
from a2d.learning_curves import Curve, curve, hits, metrics_of, returns
from a2d.methods import method_of
from a2d.plan import Planned
from a2d.run import Run
from a2d.sweep import Final

RESULT = "result.json"  # in a run's folder: how its driver was judged and what it cost
NEAR = 0.5  # of return: how close to the optimum counts as there
CLOSE = 0.1  # of return: how close a finished driver is that is as good as the best
NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Exact:
    """What can be known of a world without learning."""

    seeing: float  # return of the best driver that sees everything
    unseeing: float  # of the best that sees what the trainee sees
    imitation: float  # of the trainee that plain imitation of the first ends with
    imitation_divergence: float  # KL(expert || that trainee), nats


@dataclass(frozen=True, slots=True)
class Quartiles:
    """A sample's quartiles, linear between its values; NEVER counts as later than everything."""

    low: float
    median: float
    high: float
    total: int

    @staticmethod
    def of(sample: Sequence[float]) -> Quartiles | None:
        """The quartiles of a sample; None of nothing."""
        if not sample:
            return None
        ordered = sorted(sample)
        low, median, high = (_quantile(ordered, share) for share in (0.25, 0.5, 0.75))
        return Quartiles(low, median, high, len(ordered))


@dataclass(frozen=True, slots=True)
class Trained:
    """What one run gave."""

    run: Planned
    episode_return: Mean  # of the finished driver
    driving: dict[str, float | None]  # of the finished driver, DRIVING's; empty where nobody drives
    evaluations: Curve  # return of the looks at its driver while it learned
    returns: Curve  # return of the rounds' episodes
    hits: Curve  # share of the rounds' episodes with a collision
    divergences: Curve  # KL(expert || trainee) after each round, nats; empty where none is measured
    exact: Exact | None  # None where nobody knows
    cost: dict[str, Any]  # interactions, cpu_seconds, peak_megabytes

    @property
    def target(self) -> float | None:
        """The best return that a driver can have who sees what this one does."""
        if self.exact is None:
            return None
        method = method_of(self.run.config)
        sees_state = method.sees_state or method.driver == "expert"
        return self.exact.seeing if sees_state else self.exact.unseeing

    @property
    def first_reached(self) -> float | None:
        """Interactions from which on the return stayed near the target; None without a target."""
        return None if self.target is None else first_reached(self.evaluations, target=self.target)

    @property
    def divergence(self) -> float | None:
        """Mean of the last rounds, nats."""
        last = [value for _, value in self.divergences[-ROUNDS:]]
        return sum(last) / len(last) if last else None

    @property
    def pace(self) -> float | None:
        """Interactions per CPU second of training, looks at the driver included."""
        seconds = self.cost["cpu_seconds"]
        return self.cost["interactions"] / seconds if seconds else None


def _driven(name: str) -> Callable[[Trained], float | None]:
    return lambda run: run.driving.get(name)


DRIVING = ("hits", "arrivals", "arrival_duration", "occluder_speed")
"""What is known of finished drivers besides: shares (hits given a hazard where worlds have one), s, m/s."""
MEASURES: dict[str, Callable[[Trained], float | None]] = {
    "return": lambda run: run.episode_return.value,
    **{name: _driven(name) for name in DRIVING},
    "first_reached": lambda run: run.first_reached,
    "divergence": lambda run: run.divergence,
    "cpu_seconds": lambda run: run.cost["cpu_seconds"],
    "interactions_per_cpu_second": lambda run: run.pace,
    "peak_megabytes": lambda run: run.cost["peak_megabytes"],
}
"""What is known of each run, and over its seeds as quartiles."""


@dataclass(frozen=True, slots=True)
class Group:
    """The runs of one row in one world: they differ in the seed alone."""

    label: str
    preset: str
    runs: tuple[Trained, ...]

    @property
    def exact(self) -> Exact | None:
        """What can be known of their world."""
        return self.runs[0].exact

    def quartiles(self, measure: str) -> Quartiles | None:
        """Over the seeds; None where no run has the measure."""
        values = [MEASURES[measure](run) for run in self.runs]
        return Quartiles.of([value for value in values if value is not None])

    @property
    def reached(self) -> int:
        """How many of the runs came to stay near the target."""
        return sum(run.first_reached not in (None, NEVER) for run in self.runs)

    @property
    def settled(self) -> int | None:
        """How many of the finished drivers are as good as the best; None where nobody knows it."""
        gaps = [run.target - run.episode_return.value for run in self.runs if run.target is not None]
        return sum(abs(gap) <= CLOSE for gap in gaps) if gaps else None


def first_reached(evaluations: Curve, *, target: float) -> float:
    """Return the interactions of the first evaluation from which on the return stays near the target.

    Near is at most `NEAR` below it; NEVER if the last evaluation is not.
    """
    found = NEVER
    for interactions, value in reversed(evaluations):
        if value < target - NEAR:
            break
        found = interactions
    return found


def read_trained(run: Planned, *, exact: Exact | None) -> Trained:
    """Read what a finished run left in its folder.

    Raises:
        EvaluationError: A file is missing or damaged.
    """
    try:
        result = json.loads((run.folder / RESULT).read_text("utf-8"))
        metrics = metrics_of(Run(run.folder, run.config))
        return Trained(
            run=run,
            episode_return=Mean(**result["return"]),
            driving=result.get("driving") or {},
            evaluations=curve(metrics, "eval/return"),
            returns=returns(metrics),
            hits=hits(metrics),
            divergences=curve(metrics, "divergence"),
            exact=exact,
            cost={key: result[key] for key in ("interactions", "cpu_seconds", "peak_megabytes")},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvaluationError(
            f"{run.folder} cannot be read ({error}); delete it to train it again"
        ) from error


def grouped(runs: Sequence[Trained], *, labels: Sequence[str]) -> list[Group]:
    """Put runs that differ in the seed alone together, in the order of the labels."""
    together: dict[tuple[str, str], list[Trained]] = {}
    for run in runs:
        together.setdefault((run.run.label, run.run.config.preset), []).append(run)
    groups = [Group(label, preset, tuple(members)) for (label, preset), members in together.items()]
    return sorted(groups, key=lambda group: labels.index(group.label))


def is_done(run: Planned, final: Final) -> bool:
    """The run is trained and its driver was judged so."""
    path = run.folder / RESULT
    if not path.is_file():
        return False
    try:
        result = json.loads(path.read_text("utf-8"))
        return bool({key: result[key] for key in asdict(final)} == asdict(final))
    except (ValueError, KeyError, TypeError):
        return False  # damaged: the driver is judged again


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Hyndman and Fan's seventh definition, which numpy uses, for samples that may hold infinity."""
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    part = position - below
    return ordered[below] if part == 0.0 else ordered[below] * (1.0 - part) + ordered[below + 1] * part
