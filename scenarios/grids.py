"""A standard's grid: test speeds down, impact locations or kinds across, a colour and points in each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

INVALID = ("invalid_run", "server_restarted")
_STYLES = {
    "green": "black on green",
    "yellow": "black on bright_yellow",
    "orange": "black on orange1",
    "brown": "white on orange4",
    "red": "white on red3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """All valid runs of one test together."""

    row: str
    column: str
    colour: str  # of the worst run; "" without a valid run
    points: float  # mean
    impact_speed: float  # km/h, of the hardest hit; 0 without one
    hit: bool
    left_lane: bool  # the worst run did
    runs: int
    invalid: int
    seed: int  # of the worst run, or of the first


def grid_of(episodes: Sequence[Mapping[str, Any]]) -> list[Cell]:
    """The cells of the episodes that belong to a grid, in the order of their first seeds."""
    cells: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for episode in sorted(episodes, key=lambda entry: entry["seed"]):
        if "colour" in episode:
            cells.setdefault((episode["row"], episode["column"]), []).append(episode)
    return [_cell(row, column, runs) for (row, column), runs in cells.items()]


def total(cells: Sequence[Cell]) -> tuple[float, int]:
    """Points over the cells with a valid run, and how many those are."""
    counted = [cell for cell in cells if cell.runs]
    return sum(cell.points for cell in counted), len(counted)


def grid_table(title: str, cells: Sequence[Cell]) -> Table:
    """The grid for a terminal: impact speeds in km/h, 0 where nobody was touched."""
    rows, columns = dict.fromkeys(cell.row for cell in cells), dict.fromkeys(cell.column for cell in cells)
    at = {(cell.row, cell.column): cell for cell in cells}
    points, counted = total(cells)
    table = Table(title=f"{title}: {points:g} of {counted} points", title_justify="left")
    table.add_column("impact, km/h")
    for column in columns:
        table.add_column(column, justify="center")
    for row in sorted(rows, key=lambda text: float(text.split()[0])):
        table.add_row(row, *(_shown(at.get((row, column))) for column in columns))
    return table


def _cell(row: str, column: str, runs: Sequence[Mapping[str, Any]]) -> Cell:
    valid = [run for run in runs if run["outcome"] not in INVALID]
    worst = min(valid or runs, key=lambda run: (run["points"], -run["impact_speed"]))
    hits = [run for run in valid if run["outcome"].startswith("hit")]
    return Cell(
        row=row,
        column=column,
        colour=worst["colour"] if valid else "",
        points=sum(run["points"] for run in valid) / len(valid) if valid else 0.0,
        impact_speed=3.6 * max((run["impact_speed"] for run in hits), default=0.0),
        hit=bool(hits),
        left_lane=worst["outcome"] == "left_lane",
        runs=len(valid),
        invalid=len(runs) - len(valid),
        seed=worst["seed"],
    )


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return ""
    if not cell.runs:
        return "invalid"
    missed = "0" if cell.colour == "green" else "left lane" if cell.left_lane else "braked"
    text = f"{cell.impact_speed:.0f}" if cell.hit else missed
    return f"[{_STYLES[cell.colour]}] {text} [/]"
