"""A sweep's table in Markdown, for a README: one per world, a line per method."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from a2d.report.panels import world_name
from a2d.sweep import Final
from a2d.tally import CLOSE, NEAR, NEVER, Group, Quartiles

_NOTHING = "–"


def table(groups: Sequence[Group], *, title: str, final: Final) -> str:
    """Write the table; a column that no row of a world fills is left out."""
    drives = any(group.quartiles("hits") for group in groups)
    acting = "actions sampled from the policy" if final.sampled else "the most probable actions"
    hits = " Hits: of the episodes in which a child runs out, or somebody comes." if drives else ""
    parts = [
        f"## {title}",
        f"Median [quartiles] over n training seeds. Return: mean of {final.episodes} {final.suite} episodes "
        f"per seed, {acting}.{hits}",
    ]
    for preset in dict.fromkeys(group.preset for group in groups):
        parts += [_world(preset, [group for group in groups if group.preset == preset])]
    return "\n\n".join(parts) + "\n"


def _world(preset: str, groups: Sequence[Group]) -> str:
    exact = groups[0].exact
    lines = [f"### {world_name(preset)}", ""]
    if exact is not None:
        lines += [
            f"Exact: {_decimals(exact.seeing, 2)} for the best driver that sees everything, "
            f"{_decimals(exact.unseeing, 2)} for the best that sees what the trainee does, "
            f"{_decimals(exact.imitation, 2)} (divergence {_decimals(exact.imitation_divergence, 2)}) "
            "where plain imitation ends.",
            "",
        ]
    columns = {name: [wording(group) for group in groups] for name, wording in _COLUMNS.items()}
    filled = {name: cells for name, cells in columns.items() if set(cells) != {_NOTHING}}
    lines.append(f"| Method | {' | '.join(filled)} |")
    lines.append(f"|---|{'---:|' * len(filled)}")
    for number, group in enumerate(groups):
        lines.append(f"| {group.label} | {' | '.join(cells[number] for cells in filled.values())} |")
    return "\n".join(lines)


def _measured(name: str, wording: Callable[[float], str], *, spread: bool = True) -> Callable[[Group], str]:
    return lambda group: _quartiles(group.quartiles(name), wording, spread=spread)


def _quartiles(found: Quartiles | None, wording: Callable[[float], str], *, spread: bool) -> str:
    if found is None:
        return _NOTHING
    low, median, high = wording(found.low), wording(found.median), wording(found.high)
    # Where all three read the same there is nothing to add.
    return f"{median} [{low}, {high}]" if spread and {low, high} != {median} else median


def _thousands(interactions: float) -> str:
    return "never" if interactions == NEVER else f"{interactions / 1000:.0f}k"


def _decimals(value: float, places: int) -> str:
    return f"{value:.{places}f}".replace("-", "−")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _reached(group: Group) -> str:
    return _NOTHING if group.quartiles("first_reached") is None else f"{group.reached} of {len(group.runs)}"


def _settled(group: Group) -> str:
    return _NOTHING if group.settled is None else f"{group.settled} of {len(group.runs)}"


_COLUMNS: dict[str, Callable[[Group], str]] = {
    "n": lambda group: str(len(group.runs)),
    "Return": _measured("return", lambda value: _decimals(value, 2)),
    "Hits": _measured("hits", _percent),
    "Arrived": _measured("arrivals", _percent),
    "Time of arrivals, s": _measured("arrival_duration", lambda value: _decimals(value, 1)),
    "Speed where the view opens, m/s": _measured("occluder_speed", lambda value: _decimals(value, 1)),
    f"Ends within {CLOSE} of the best": _settled,
    f"Within {NEAR} of the best from": _measured("first_reached", _thousands),
    "Seeds that reached it": _reached,
    "Divergence, nats": _measured("divergence", lambda value: f"{value:.2g}", spread=False),
    "CPU seconds": _measured("cpu_seconds", lambda value: _decimals(value, 0), spread=False),
    "Interactions per CPU second": _measured(
        "interactions_per_cpu_second", lambda value: _decimals(value, 0), spread=False
    ),
    "Memory, MB": _measured("peak_megabytes", lambda value: _decimals(value, 0), spread=False),
}
