"""A standard's grids for the report: what `a2d evaluate --suite` kept of each run, as rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a2d.files import read_json
from a2d.report.material import Material

NAMES = {
    "cpnco": "Euro NCAP CPNCO: child from behind parked cars",
    "cpna": "Euro NCAP CPNA: adult from the near side",
    "cpfa": "Euro NCAP CPFA: adult from the far side",
    "fmvss127": "FMVSS 127: no contact, no false braking",
}


@dataclass(frozen=True, slots=True)
class Square:
    """One cell as it is shown."""

    text: str
    colour: str  # green, yellow, orange, brown, red; none without a run
    note: str  # for the pointer, and the seed that replays it


@dataclass(frozen=True, slots=True)
class Grid:
    """One run's cells of one procedure."""

    title: str
    driver: str
    source: str  # the file that it comes from
    replay: str  # the command that makes it again
    points: str  # such as 12.5 of 18
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Square | None, ...]], ...]


def read_grids(materials: Sequence[Material]) -> list[Grid]:
    """Every grid of every run, those of one procedure together; grids of an older checkpoint are left out.

    Raises:
        RunError: A file with one cannot be read.
    """
    found = [
        (path.stem, _grid(material, path, content["grid"]))
        for material in materials
        for path in sorted((material.folder / "evaluation").glob("*.json"))
        if path.stem in NAMES
        and (content := read_json(path)).get("grid")
        and content.get("checkpoint") == material.records[0].get("checkpoint")
    ]
    return [grid for _, grid in sorted(found, key=lambda item: item[0])]


def _grid(material: Material, path: Path, cells: Sequence[dict[str, Any]]) -> Grid:
    columns = tuple(dict.fromkeys(cell["column"] for cell in cells))
    rows = sorted({cell["row"] for cell in cells}, key=lambda text: float(text.split()[0]))
    at = {(cell["row"], cell["column"]): _square(cell) for cell in cells}
    counted = [cell for cell in cells if cell["runs"]]
    return Grid(
        title=NAMES.get(path.stem, path.stem),
        driver=material.name,
        source=str(path),
        replay=f"a2d evaluate {material.quoted} --suite {path.stem}",
        points=f"{sum(cell['points'] for cell in counted):g} of {len(counted)}",
        columns=columns,
        rows=tuple((row, tuple(at.get((row, column)) for column in columns)) for row in rows),
    )


def _square(cell: dict[str, Any]) -> Square:
    if not cell["runs"]:
        return Square("invalid", "none", f"{cell['invalid']} runs outside the tolerances")
    text = f"{cell['impact_speed']:.0f} km/h" if cell["hit"] else "avoided"
    if not cell["hit"] and cell["colour"] != "green":
        text = "left its lane" if cell.get("left_lane") else "braked"
    return Square(text, cell["colour"], f"{cell['colour']}, {cell['points']:g} points, seed {cell['seed']}")
