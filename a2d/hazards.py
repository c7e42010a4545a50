"""Whom an episode may be about: a child who runs out, or somebody who comes; and the words for it."""

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
    """Which of `HAZARDS` a world's episodes have; None where they tell of none."""
    told = [record for record in records if "hazard" in record]
    if not told:
        return None
    return "oncoming" if any(record["hazard"] and not record["child"] for record in told) else "child"


def hits_hazard(record: Record) -> bool:
    """The episode ended by hitting its hazard, not something else."""
    kind = hazard_of([record])
    return kind is not None and bool(record["hazard"]) and record["outcome"] == HAZARDS[kind].outcome
