"""`make bench`: every bench_*.py beside this file, as one table and benchmarks.json.

A benchmark module has `run() -> list[dict]` with the keys name, value, unit and, where the project
promises one, target. Values are rates per CPU second (higher is better) unless the name says otherwise.
"""

from __future__ import annotations

import importlib
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
        module = importlib.import_module(f"tests.benchmarks.{path.stem}")
        rows += [{"module": path.stem, **row} for row in module.run()]
    for row in rows:
        target = row.get("target")
        table.add_row(
            row["name"], f"{row['value']:,.5g}", row["unit"], "" if target is None else f"{target:,g}"
        )
    console.print(table)
    Path("benchmarks.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
