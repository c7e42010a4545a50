"""What a run's metrics say of its learning: curves over the interactions since it began."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from a2d.errors import RunError
from a2d.evaluation import is_collision
from a2d.run import Run

Curve = tuple[tuple[float, float], ...]
"""Interactions and a value, in the order of interactions."""
Metrics = Sequence[Mapping[str, Any]]
"""A run's rounds, in their order."""

AVERAGED = 8
"""Rounds in a running mean: a round on the road has some thirty episodes."""
ENDED = "train/outcome/"
"""Begins the metrics of how a round's episodes ended: shares by outcome."""


def metrics_of(run: Run) -> list[dict[str, Any]]:
    """Read one mapping per round; a line that is still being written is left out.

    Interactions are counted from where the run began that it started from, if it did: methods that begin by
    imitating have used that much of their budget.

    Raises:
        RunError: The file is there and cannot be read.
    """
    path = run.metrics_path
    try:
        lines = path.read_text("utf-8").splitlines(keepends=True) if path.is_file() else []
        rounds = [json.loads(line) for line in lines if line.endswith("\n") and line.strip()]
        for found in rounds:
            if not isinstance(found, dict):
                raise TypeError(f"a round is {found!r}")
            if "interactions" in found:
                found["interactions"] += found.get("interactions_before", 0)
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{path} cannot be read ({error}); restore a copy, or delete it") from error
    return rounds


def curve(metrics: Metrics, name: str) -> Curve:
    """The values of one metric, where it was measured."""
    return tuple(
        (float(entry["interactions"]), float(entry[name]))
        for entry in metrics
        if isinstance(entry.get(name), (int, float)) and "interactions" in entry
    )


def returns(metrics: Metrics) -> Curve:
    """Mean return of the rounds' episodes, exploration included: a running mean."""
    return _running(curve(metrics, "train/return"))


def hits(metrics: Metrics) -> Curve:
    """Share of the rounds' episodes that ended in a collision, exploration included: a running mean."""
    found = []
    for entry in metrics:
        ended = {key.removeprefix(ENDED): float(entry[key]) for key in entry if key.startswith(ENDED)}
        if ended:
            share = sum(value for outcome, value in ended.items() if is_collision(outcome))
            found.append((float(entry["interactions"]), share))
    return _running(found)


def _running(found: Sequence[tuple[float, float]]) -> Curve:
    """Each value's mean with those before it, `AVERAGED` of them at most."""
    latest: deque[float] = deque(maxlen=AVERAGED)
    means = []
    for at, value in found:
        latest.append(value)
        means.append((at, sum(latest) / len(latest)))
    return tuple(means)
