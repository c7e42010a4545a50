"""Fixed seeds driven to the end: episode records, and what they say together."""

from __future__ import annotations

import json
import math
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from a2d.errors import A2DError, WorldError
from a2d.faults import FAULTS, INVALID_OUTCOMES
from a2d.files import explained
from a2d.groups import Group, groups_of
from a2d.hazards import hazard_of, hits_hazard
from a2d.intervals import Mean, PairedDifference, Rate
from a2d.vector import DEATHS, DIED

Record = dict[str, Any]
"""One episode: seed, suite, return, steps, outcome and every scalar metric of its last info."""
Act = Callable[[Mapping[str, NDArray[Any]]], NDArray[Any]]
"""Observations of N worlds -> actions of N worlds."""
BEGAN = "began"
"""What is observed besides, bool (N,): whose episode has just begun; what is remembered starts anew there."""

TRIES = 3
"""How often a seed is driven whose episodes are ended by faults of the simulator."""
_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "seed": int,
    "return": (int, float, type(None)),  # no number of JSON's where it is infinite
    "steps": int,
    "outcome": str,
}
_ARRIVALS = frozenset({"arrived", "goal"})


class EvaluationError(A2DError):
    """An evaluation cannot be done or read."""


class WorldsLost(WorldError):
    """A world failed while episodes were driven; its message is the world's."""

    def __init__(self, reason: str, seeds: Sequence[int]) -> None:
        super().__init__(reason)
        self.seeds = list(seeds)
        """Whose episodes were under way."""


def evaluate(
    worlds: gymnasium.vector.VectorEnv[Any, Any, Any],
    make_act: Callable[[], Act],
    seeds: Sequence[int],
    *,
    tries: int = TRIES,
    progress: Callable[[Record], None] | None = None,
) -> list[Record]:
    """Drive one episode per seed and return their records in the seeds' order.

    The next seed goes to the first world that is free; an episode depends on its own seed only, so the
    number of worlds changes nothing but the time it takes, provided the policy is deterministic and treats
    worlds independently. An episode that a fault of the simulator ended is driven again. While one group of
    worlds is stepped, another's actions are chosen.

    Args:
        worlds: Vector environment that leaves resetting to its caller (`AutoresetMode.DISABLED`).
        make_act: Makes the policy for each group of worlds; it sees all of a group's, finished ones included.
        seeds: Which episodes, each once.
        tries: How often a seed may be driven; the last try is kept whatever ended it.
        progress: Called with each record that is kept as its episode ends, in order of ending.

    Raises:
        EvaluationError: The worlds reset themselves, or a seed is given twice.
        WorldsLost: A world failed; what was driven before was told to `progress`.
    """
    if worlds.metadata.get("autoreset_mode") not in (gymnasium.vector.AutoresetMode.DISABLED, None):
        raise EvaluationError("evaluate needs worlds made with autoreset_mode=AutoresetMode.DISABLED")
    if len(set(seeds)) != len(seeds):
        raise EvaluationError("every seed is driven once, some are given twice")
    waiting, found = list(reversed(seeds)), _Found(tries, progress)
    groups = [_Driving(group, make_act()) for group in groups_of(worlds)]
    try:
        under_way = deque(group for group in groups if group.begin(waiting))
        while under_way:
            group = under_way.popleft()
            if group.go_on(waiting, found):
                under_way.append(group)
    except (WorldError, *DEATHS) as error:
        reason = str(error) if isinstance(error, WorldError) else DIED
        raise WorldsLost(reason, [seed for group in groups for seed in group.driven]) from error
    return [found.records[seed] for seed in seeds]


class _Found:
    """The records that are kept; an episode that a fault ended is not, unless it was tried often enough."""

    def __init__(self, tries: int, progress: Callable[[Record], None] | None) -> None:
        self.records: dict[int, Record] = {}
        self._tries, self._progress = tries, progress
        self._tried: Counter[int] = Counter()

    def keeps(self, record: Record) -> bool:
        """Take a record in, or refuse it: its seed is to be driven again."""
        seed = record["seed"]
        self._tried[seed] += 1
        if is_fault(record) and self._tried[seed] < self._tries:
            return False
        self.records[seed] = record
        if self._progress is not None:
            self._progress(record)
        return True


class _Driving:
    """A group of worlds, and the seed that is under way in each; None where there is none anymore.

    A world without a seed repeats an episode for as long as the others of its group are driven.
    """

    def __init__(self, group: Group, act: Act) -> None:
        self._group, self._act = group, act
        self._seeds: list[int | None] = [None] * group.num_envs
        self._observation: Any = None
        self._returns = np.zeros(group.num_envs)
        self._steps = np.zeros(group.num_envs, np.int64)

    @property
    def driven(self) -> list[int]:
        """The seeds that are under way."""
        return [seed for seed in self._seeds if seed is not None]

    def begin(self, waiting: list[int]) -> bool:
        """Begin with the seeds that wait, the last first; whether there was one."""
        self._seeds = [waiting.pop() if waiting else None for _ in self._seeds]
        return self._drive(np.ones(len(self._seeds), np.bool_))

    def go_on(self, waiting: list[int], found: _Found) -> bool:
        """Take in a step, and begin the next; whether any episode is under way."""
        self._observation, reward, terminated, truncated, info = self._group.step_wait()
        self._returns += reward
        self._steps += 1
        ended = np.asarray(terminated) | np.asarray(truncated)
        for world in np.flatnonzero(ended).tolist():
            seed = self._seeds[world]
            if seed is None:
                continue
            scalars = _scalars(info, world)
            scalars.setdefault("outcome", "terminated" if terminated[world] else "truncated")
            told = {"seed": seed, "return": float(self._returns[world]), "steps": int(self._steps[world])}
            if not found.keeps(scalars | told):
                waiting.append(seed)
            self._seeds[world] = waiting.pop() if waiting else None
        return self._drive(ended)

    def _drive(self, ended: NDArray[np.bool_]) -> bool:
        """Begin episodes where one has ended, and have all worlds begin a step; unless no seed is left."""
        driven = self.driven
        if not driven:
            return False
        if ended.any():
            self._returns[ended], self._steps[ended] = 0.0, 0
            seeds = [driven[0] if seed is None else seed for seed in self._seeds]
            options = None if ended.all() else {"reset_mask": ended}
            self._observation, _ = self._group.reset(seed=seeds, options=options)
        self._group.step_async(self._act({**self._observation, BEGAN: ended}))
        return True


def is_valid(record: Record) -> bool:
    """The episode says something about the driver: it counts in rates."""
    return record["outcome"] not in INVALID_OUTCOMES


def is_fault(record: Record) -> bool:
    """A fault of the simulator ended the episode: it can be driven again."""
    return record["outcome"] in FAULTS


def has_arrived(record: Record) -> bool:
    """The episode ended as it should."""
    return record["outcome"] in _ARRIVALS


def is_hit(record: Record) -> bool:
    """The episode ended in a collision (or, in a gridworld, on the hazard)."""
    return is_collision(record["outcome"])


def is_collision(outcome: str) -> bool:
    """Outcomes of that name are collisions, or end on a gridworld's hazard."""
    return outcome.startswith("hit") or outcome == "hazard"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a driver's episodes say together; rates are over valid episodes."""

    episodes: int  # valid ones
    invalid: int  # outside their test's tolerances, or broken
    broken: int  # of those, ended by a fault of the simulator or of its world, however often tried
    hits: Rate
    hazard: str | None  # which of `a2d.hazards.HAZARDS` the episodes have; None where none has one
    hits_given_hazard: Rate | None  # of who that is, where they are; None where nobody is
    arrivals: Rate
    outcomes: dict[str, int]
    impact_speeds: tuple[float, ...]  # m/s, one per hit, ascending
    arrival_duration: Mean | None  # s; None where worlds report no duration
    occluder_speed: Mean | None  # m/s, on reaching where the view opens; None where worlds report none
    episode_return: Mean
    open_speed: Mean | None = None  # m/s, where nothing that hides is near; None where worlds report none
    driving_score: Mean | None = None  # CARLA leaderboard's, in [0, 1]; None where worlds report none
    comfortable: Rate | None = None  # episodes within the limits of comfort; None where worlds report none
    brake_delay: Mean | None = None  # s from the first sight of a child to braking, where there was any
    sighted: int = 0  # episodes in which a child came into sight

    @property
    def main_hits(self) -> Rate:
        """The rate that methods are compared by: given a hazard where an episode has one, else over all."""
        return self.hits if self.hits_given_hazard is None else self.hits_given_hazard

    @property
    def impact_speed_mean(self) -> float | None:
        """Mean impact speed of the hits, m/s; None without hits."""
        return sum(self.impact_speeds) / len(self.impact_speeds) if self.impact_speeds else None

    @property
    def impact_speed_median(self) -> float | None:
        """Median impact speed of the hits, m/s; None without hits."""
        return median(self.impact_speeds) if self.impact_speeds else None

    def as_json(self) -> dict[str, Any]:
        """Plain data, intervals included, for a file; no nan, no infinity."""
        plain = asdict(self)
        for name in ("hits", "hits_given_hazard", "arrivals", "comfortable"):
            rate: Rate | None = getattr(self, name)
            if rate is not None:
                plain[name] = asdict(rate) | {"rate": rate.value, "low": rate.low, "high": rate.high}
        plain["impact_speed_mean"] = self.impact_speed_mean
        plain["impact_speed_median"] = self.impact_speed_median
        return dict(as_json(plain))


def summary(records: Sequence[Record]) -> Summary:
    """Count and average episode records."""
    valid = [record for record in records if is_valid(record)]
    hits = [record for record in valid if is_hit(record)]
    hazard = hazard_of(valid)
    threatened = [record for record in valid if record.get("hazard")]
    arrived = [record for record in valid if has_arrived(record)]
    return Summary(
        episodes=len(valid),
        invalid=len(records) - len(valid),
        broken=sum(is_fault(record) for record in records),
        hits=Rate(len(hits), len(valid)),
        hazard=hazard,
        hits_given_hazard=None
        if hazard is None
        else Rate(sum(map(hits_hazard, threatened)), len(threatened)),
        arrivals=Rate(len(arrived), len(valid)),
        outcomes=dict(Counter(record["outcome"] for record in records).most_common()),
        impact_speeds=tuple(
            sorted(record["impact_speed"] for record in hits if record.get("impact_speed") is not None)
        ),
        arrival_duration=_mean_of(arrived, "duration"),
        occluder_speed=_mean_of(valid, "speed_at_occluder"),
        episode_return=Mean.of([record["return"] for record in valid]),
        open_speed=_mean_of(valid, "open_speed"),
        driving_score=_mean_of(valid, "driving_score"),
        comfortable=_rate_of(valid, "comfortable"),
        brake_delay=_mean_of(valid, "brake_delay"),
        sighted=0 if (seen := _mean_of(valid, "seen_at")) is None else seen.total,
    )


def paired_hits(first: Sequence[Record], second: Sequence[Record]) -> PairedDifference:
    """Compare hits on the seeds that are valid for both drivers; given a hazard where one has any."""
    others = {record["seed"]: record for record in second if is_valid(record)}
    pairs = [
        (record, others[record["seed"]]) for record in first if is_valid(record) and record["seed"] in others
    ]
    if hazard_of(record for record, _ in pairs) is not None:
        return PairedDifference.of(*_columns([pair for pair in pairs if pair[0]["hazard"]], hits_hazard))
    return PairedDifference.of(*_columns(pairs, is_hit))


def append_record(path: Path, record: Record) -> Record:
    """Add one episode to a JSON-lines file; a last line that a crash cut short is dropped first.

    Returns:
        The record as it will be read back.

    Raises:
        DiskFull: No space left; the earlier episodes are intact.
        RunError: The file cannot be written.
    """
    plain: Record = as_json(record)
    line = json.dumps(plain, allow_nan=False) + "\n"
    try:
        with path.open("ab+") as file:
            file.seek(0)
            content = file.read()
            if content and not content.endswith(b"\n"):
                file.truncate(content.rfind(b"\n") + 1)
            file.write(line.encode())
    except OSError as error:
        raise explained(error, path) from error
    return plain


def read_records(path: Path) -> list[Record]:
    """Read a JSON-lines file of episodes, the last record of each seed, in the order of seeds.

    A last line without its end is an episode that was being written when the run was stopped: left out.

    Raises:
        EvaluationError: A whole line is no episode record.
    """
    records: dict[int, Record] = {}
    try:
        lines = path.read_text("utf-8").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise EvaluationError(
            f"{path} holds no episode records ({error}); delete it to evaluate anew"
        ) from error
    for number, line in enumerate(lines, start=1):
        if not line.endswith("\n"):
            break
        try:
            record = json.loads(line)
            _check_keys(record)
            records[record["seed"]] = record
        except (ValueError, KeyError, TypeError) as error:
            raise EvaluationError(
                f"{path}, line {number}: no episode record ({error}); delete the file to evaluate anew"
            ) from error
    return [records[seed] for seed in sorted(records)]


def as_json(value: Any) -> Any:
    """Make a value fit for JSON, which has no nan and no infinity: both become null, at any depth."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: as_json(entry) for key, entry in value.items()}
    return [as_json(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _scalars(info: Mapping[str, Any], world: int) -> Record:
    """One world's numbers, truths and names out of a vector world's info."""
    found: Record = {}
    for key, values in info.items():
        present = info.get(f"_{key}")
        if key.startswith("_") or isinstance(values, dict) or (present is not None and not present[world]):
            continue
        value = np.asarray(values)[world] if np.ndim(values) == 1 else None
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, (bool, int, float, str)):
            found[key] = value
    return found


def _check_keys(record: Record) -> None:
    for key, kind in _KEYS.items():
        if not isinstance(record[key], kind):
            raise TypeError(f"its {key} is {record[key]!r}")


def _mean_of(records: Sequence[Record], key: str) -> Mean | None:
    """The mean of a metric over the records that have it; None if none has."""
    values = [float(record[key]) for record in records if record.get(key) is not None]
    values = [value for value in values if math.isfinite(value)]
    return Mean.of(values) if values else None


def _rate_of(records: Sequence[Record], key: str) -> Rate | None:
    """How many of the records that have a truth say yes; None if none has it."""
    truths = [bool(record[key]) for record in records if record.get(key) is not None]
    return Rate(sum(truths), len(truths)) if truths else None


def _columns(
    pairs: Sequence[tuple[Record, Record]], judge: Callable[[Record], bool]
) -> tuple[list[bool], list[bool]]:
    return [judge(first) for first, _ in pairs], [judge(second) for _, second in pairs]
