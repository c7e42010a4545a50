"""`make bench`: every bench_*.py beside this file, as one table and benchmarks.json.

A benchmark module has `run() -> list[dict]` with the keys name, value, unit and, where the project
promises one, target. Values are rates per CPU second (higher is better) unless the name says otherwise.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
from pathlib import Path

from rich.console import Console
from rich.table import Table


def main() -> None:
    """Run all benchmarks in turn, each with one thread."""
    console = Console()
    table = Table(title=f"benchmarks on {platform.machine()}, {os.cpu_count()} cores")
    for heading in ("benchmark", "value", "unit", "target"):
        table.add_column(heading, justify="left" if heading == "benchmark" else "right")
    rows = []
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        console.print(f"running {path.stem} ...", style="dim")
        rows += [{"module": path.stem, **row} for row in _load(path).run()]
    for row in rows:
        target = row.get("target")
        table.add_row(
            row["name"], f"{row['value']:,.1f}", row["unit"], "" if target is None else f"{target:,.0f}"
        )
    console.print(table)
    Path("benchmarks.json").write_text(json.dumps(rows, indent=1))


def _load(path: Path):  # type: ignore[no-untyped-def]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
