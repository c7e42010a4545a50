"""What a comparison comes to: the headline table, the sentence, and what the difference is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from a2d.evaluation import Summary
from a2d.hazards import HAZARDS
from a2d.intervals import PairedDifference, Rate
from a2d.report.drivers import Driver, both_arrived, paired
from a2d.report.rows import percent

Figure = tuple[str, str]
"""A value, and what it hangs on below."""
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Standing:
    """A driver's row of the headline table."""

    name: str
    colour: str
    about: str  # such as `5 seeds, 1000 episodes`
    figures: dict[str, Figure]  # under their column's title


def standings(drivers: Sequence[Driver], colours: Sequence[str]) -> list[Standing]:
    """One row per driver, in their order; columns that none has are left out."""
    rows = [_figures(driver, drivers) for driver in drivers]
    empty = {title for title in rows[0] if all(row[title][0] == _NOTHING for row in rows)}
    return [
        Standing(
            driver.name,
            colour,
            _about(driver),
            {title: figure for title, figure in row.items() if title not in empty},
        )
        for driver, colour, row in zip(drivers, colours, rows, strict=True)
    ]


def headline(drivers: Sequence[Driver], *, suite: str) -> str:
    """State the hit rates as measured; of more than two drivers the first one's, and the others' range."""
    hazard = HAZARDS.get(drivers[0].summary.hazard or "")
    what = f"{'held-out' if suite == 'heldout' else suite} episodes{f' {hazard.among}' if hazard else ''}"
    did = hazard.hit if hazard else "had a hit"
    first, *others = drivers
    # A car that never moves hits nobody: the rate of arrivals belongs beside the rate of hits.
    if len(others) > 1:
        hits = _range([driver.summary.main_hits for driver in others])
        arrivals = _range([driver.summary.arrivals for driver in others])
        parts = [
            f"{first.name} {did} in {_of(first.summary.main_hits)}",
            f"the {len(others)} others in {hits}",
        ]
        arrived = f" {first.name} arrived in {_arrived(first)} of all episodes, the others in {arrivals}."
    else:
        parts = [f"{driver.name} {did} in {_of(driver.summary.main_hits)}" for driver in drivers]
        both = _join([_arrived(driver) for driver in drivers])
        arrived = f" They arrived in {both} of all episodes." if others else ""
    return f"Over the same {what}, {_join(parts)}.{arrived}"


def _arrived(driver: Driver) -> str:
    return f"{percent(driver.summary.arrivals.value)} %"


def _range(rates: Sequence[Rate]) -> str:
    values = [rate.value for rate in rates if rate.total]
    if not values:
        return "none of 0 episodes"
    low, high = percent(min(values)), percent(max(values))
    return f"{low} %" if low == high else f"{low} to {high} %"


def comparison(drivers: Sequence[Driver]) -> str:
    """Say what the first two drivers' difference is worth; empty for one driver."""
    if len(drivers) < 2:
        return ""
    first, second = drivers[0], drivers[1]
    rates = first.summary.main_hits, second.summary.main_hits
    differences = paired(first, second)
    if not differences:
        return "No episode is valid for both, so the drivers cannot be compared."
    if len(differences) > 1:
        points = [100 * difference.value for difference in differences]
        return (
            f"Training seed by training seed, {first.name} minus {second.name} is {_signed(min(points))} to "
            f"{_signed(max(points))} percentage points. All training seeds drove the same episodes, so the "
            "intervals of their rates together are too narrow."
        )
    (difference,) = differences
    apart = rates[0].high < rates[1].low or rates[1].high < rates[0].low
    overlap = "The 95 % intervals do not overlap." if apart else "The 95 % intervals overlap."
    return f"{overlap} {_paired_text(first.name, second.name, difference)}"


def _paired_text(first: str, second: str, found: PairedDifference) -> str:
    points = f"{100 * abs(found.value):.1f}"
    low, high = sorted((100 * abs(found.low), 100 * abs(found.high)))
    counts = (
        f"{found.only_second} episodes were hit by {second} alone, {found.only_first} by {first} alone, "
        f"{found.both} by both (McNemar's exact test: {_p_text(found)})."
    )
    if found.low <= 0 <= found.high:
        signed = f"{_signed(100 * found.low)} to {_signed(100 * found.high)}"
        return f"Seed by seed no difference is shown: {first} minus {second} is {signed} points; {counts}"
    direction = "less" if found.value < 0 else "more"
    return (
        f"Seed by seed {first} hits {points} percentage points {direction} than {second} "
        f"(95 % interval {low:.1f} to {high:.1f}); {counts}"
    )


def _about(driver: Driver) -> str:
    found = driver.summary
    seeds = "" if len(driver.runs) == 1 else f"{len(driver.runs)} seeds, "
    invalid, broken = found.invalid - found.broken, found.broken
    apart = (f", {invalid} invalid" if invalid else "") + (f", {broken} broken" if broken else "")
    return f"{seeds}{found.episodes} episodes{apart}"


def _figures(driver: Driver, drivers: Sequence[Driver]) -> dict[str, Figure]:
    found, first = driver.summary, drivers[0]
    hits = "Hits" if found.hazard is None else HAZARDS[found.hazard].rate
    figures = {
        hits: _rate(found.main_hits, driver.rates),
        "Arrived": _rate(found.arrivals, [run.summary.arrivals for run in driver.runs]),
        "Impact speed, mean": _impact(found),
        "Time to arrive": _time(driver, first),
    }
    if len(drivers) > 1:
        difference = ("reference", "") if driver is first else _difference(paired(driver, first))
        figures[f"Hits against {first.name}, same episodes"] = difference
    return figures


def _rate(rate: Rate, by_run: Sequence[Rate]) -> Figure:
    """A rate; its interval, its count, and how far runs of other seeds lie apart."""
    if not rate.total:
        return _NOTHING, "of 0 episodes"
    below = f"{percent(rate.low)}–{percent(rate.high)} %, {rate.count} of {rate.total}"
    if len(by_run) > 1:
        values = [one.value for one in by_run]
        below += f"; training seeds {percent(min(values))}–{percent(max(values))} %"
    return f"{percent(rate.value)} %", below


def _impact(found: Summary) -> Figure:
    if found.impact_speed_mean is None:
        return _NOTHING, ""
    return f"{3.6 * found.impact_speed_mean:.0f} km/h", f"at most {3.6 * max(found.impact_speeds):.0f}"


def _time(driver: Driver, first: Driver) -> Figure:
    """The mean duration of arrivals; and beside the first driver's, of the episodes in which both arrived."""
    duration = driver.summary.arrival_duration
    if duration is None:
        return _NOTHING, ""
    text, lasted = f"{duration.value:.1f} s", both_arrived(driver, first)
    if driver is first or not lasted:
        return text, ""
    own, reference = (sum(each) for each in zip(*lasted, strict=True))
    share = own / reference - 1.0
    where = f"where both arrived ({len(lasted)})"
    if abs(share) < 0.005:
        return text, f"as {first.name} {where}"
    return text, f"{100 * abs(share):.0f} % {'less' if share < 0.0 else 'more'} than {first.name} {where}"


def _difference(differences: Sequence[PairedDifference]) -> Figure:
    """Percentage points; their interval and McNemar's p, or how far training seeds lie apart."""
    if not differences:
        return _NOTHING, "no episode is valid for both"
    points = [100 * found.value for found in differences]
    mean = f"{_signed(fmean(points))} points"
    if len(differences) > 1:
        return mean, f"training seeds {_signed(min(points))} to {_signed(max(points))}"
    (found,) = differences
    return mean, f"{_signed(100 * found.low)} to {_signed(100 * found.high)}, {_p_text(found)}"


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "−")


def _p_text(found: PairedDifference) -> str:
    return "p < 0.001" if found.p_value < 0.001 else f"p = {found.p_value:.3f}"


def _of(rate: Rate) -> str:
    if not rate.total:
        return "none of 0 episodes"
    return (
        f"{rate.count} of {rate.total} ({percent(rate.value)} %, "
        f"95 % interval {percent(rate.low)} to {percent(rate.high)} %)"
    )


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
