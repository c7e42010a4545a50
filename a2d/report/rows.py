"""The result table: which measures, and how each is worded."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from a2d.evaluation import Summary
from a2d.hazards import HAZARDS
from a2d.intervals import Mean, Rate

Row = tuple[str, list[str]]
"""A measure's label and its wording for each driver."""

_NOTHING = "–"
_OTHER_ENDS = {
    "hit_oncoming": "Hit who came",
    "hit_other": "Hit something else",
    "left_lane": "Left the lane",
    "stuck": "Stuck",
    "timeout": "Out of time",
}


def result_rows(summaries: Sequence[Summary]) -> list[Row]:
    """Word every measure that at least one driver has."""
    rows: list[Row] = []

    def add(label: str, wording: Callable[[Summary], str]) -> None:
        values = [wording(summary) for summary in summaries]
        if any(value != _NOTHING for value in values):
            rows.append((label, values))

    add("Episodes", lambda summary: str(summary.episodes))
    for kind, hazard in HAZARDS.items():
        add(hazard.rate, partial(_hits_given, kind))
    add("Hits, all episodes", lambda summary: rate_text(summary.hits))
    add("Arrived", lambda summary: rate_text(summary.arrivals))
    for outcome, label in _OTHER_ENDS.items():
        if any(outcome in summary.outcomes and outcome != _told(summary) for summary in summaries):
            add(label, lambda summary, outcome=outcome: str(summary.outcomes.get(outcome, 0)))  # type: ignore[misc]
    add("Impact speed of hits, mean", lambda summary: _speed(summary.impact_speed_mean))
    add("Impact speed of hits, median", lambda summary: _speed(summary.impact_speed_median))
    add("Speed where the view opens, mean", lambda summary: _speed_mean(summary.occluder_speed))
    add("Speed away from what hides, mean", lambda summary: _speed_mean(summary.open_speed))
    add("Duration of arrivals, mean", lambda summary: _duration(summary.arrival_duration))
    add("Driving score (CARLA leaderboard 2.0), mean", lambda summary: _score(summary.driving_score))
    add("Within the limits of comfort", lambda summary: _rate(summary.comfortable))
    add("From seeing the child to braking, mean", _brake_delay)
    add("Return, mean", lambda summary: mean_text(summary.episode_return))
    if any(summary.invalid > summary.broken for summary in summaries):
        add("Invalid runs", lambda summary: str(summary.invalid - summary.broken))
    if any(summary.broken for summary in summaries):
        add("Broken by the simulator, in no rate", lambda summary: str(summary.broken))
    return rows


def rate_text(rate: Rate) -> str:
    """Such as `64.0 % (54.6–72.4), 77 of 120`."""
    if not rate.total:
        return _NOTHING
    return f"{percent(rate.value)} % ({percent(rate.low)}–{percent(rate.high)}), {rate.count} of {rate.total}"


def mean_text(mean: Mean) -> str:
    """Such as `-3.21 (-3.50 to -2.92)`."""
    if not mean.total:
        return _NOTHING
    interval = f" ({mean.low:.2f} to {mean.high:.2f})" if math.isfinite(mean.low) else ""
    return f"{mean.value:.2f}{interval}".replace("-", "−")


def percent(share: float) -> str:
    """A share in per cent with one decimal; never a 0.0 or 100.0 that is not exact."""
    text = f"{100 * share:.1f}"
    if text == "0.0":
        return "0" if share == 0 else "<0.1"
    if text == "100.0":
        return "100" if share == 1 else ">99.9"
    return text


def _told(summary: Summary) -> str:
    """The outcome whose rate is told already."""
    return "" if summary.hazard is None else HAZARDS[summary.hazard].outcome


def _hits_given(kind: str, summary: Summary) -> str:
    return _rate(summary.hits_given_hazard if summary.hazard == kind else None)


def _rate(rate: Rate | None) -> str:
    return _NOTHING if rate is None else rate_text(rate)


def _score(mean: Mean | None) -> str:
    return _NOTHING if mean is None else f"{100 * mean.value:.1f} of 100"


def _speed(metres_per_second: float | None) -> str:
    if metres_per_second is None:
        return _NOTHING
    return f"{metres_per_second * 3.6:.1f} km/h"


def _speed_mean(mean: Mean | None) -> str:
    return _speed(None if mean is None else mean.value)


def _brake_delay(summary: Summary) -> str:
    """The mean where there was any braking, and how often there was."""
    found = summary.brake_delay
    return _NOTHING if found is None else f"{found.value:.1f} s, in {found.total} of {summary.sighted}"


def _duration(mean: Mean | None) -> str:
    return _NOTHING if mean is None else f"{mean.value:.1f} s"
