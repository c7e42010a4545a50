"""Whom an episode may be about, in words: a child who runs out, a test's pedestrian, somebody who comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hazard:
    """One kind of somebody who is hit where a driver does not expect it."""

    outcome: str  # of an episode that ends by hitting it
    rate: str
    """Names the rate of such ends."""
    hit: str
    """Says that a driver did, before a count."""
    among: str
    """Says of episodes that it is there."""
    there: str
    """Titles an episode with it."""
    absent: str
    """Titles one without."""


HAZARDS: Mapping[str, Hazard] = {
    "pedestrian": Hazard(
        outcome="hit_child",
        rate="Hit the pedestrian, given one",
        hit="hit the pedestrian",
        among="with a pedestrian",
        there="A pedestrian",
        absent="No pedestrian",
    ),
    "child": Hazard(
        outcome="hit_child",
        rate="Hit the child, given a child",
        hit="hit the child",
        among="with a child",
        there="A child runs out",
        absent="No child",
    ),
    "oncoming": Hazard(
        outcome="hit_oncoming",
        rate="Hit who came, if somebody did",
        hit="hit who came",
        among="in which somebody comes",
        there="Somebody comes",
        absent="Nobody comes",
    ),
}


def hazard_of(records: Iterable[Record]) -> str | None:
    """Which of `HAZARDS` the episodes have; in a standard's grid they are pedestrians; None without any."""
    threatened = [record for record in records if record.get("hazard")]
    if not threatened:
        return None
    if any(not record["child"] for record in threatened):
        return "oncoming"
    return "pedestrian" if any("row" in record for record in threatened) else "child"


def hits_hazard(record: Record) -> bool:
    """The episode ended by hitting its hazard, not something else."""
    kind = hazard_of([record])
    return kind is not None and record["outcome"] == HAZARDS[kind].outcome
