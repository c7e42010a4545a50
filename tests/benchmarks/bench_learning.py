"""How many interactions a CPU-second buys with training: A2D on Frozen Lake, from vectors and images."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

REPEATS = 3  # the best counts: what disturbs a measurement only ever slows it
KINDS = {  # preset, interactions, and how many of them a CPU-second is to buy
    "compact vectors": ("frozen_lake", 65_536, 10_000.0),
    "42x42 images": ("frozen_lake_image", 16_384, 1_000.0),
}


def run() -> list[dict[str, Any]]:
    """Rows of name, value, unit, target: rates, and the memory a run holds at most, lower being better."""
    rows: list[dict[str, Any]] = []
    for kind, (_, _, target) in KINDS.items():
        measured = [_in_its_own_process(kind) for _ in range(REPEATS)]
        name = f"A2D with training, {kind}"
        rate = max(found["rate"] for found in measured)
        rows.append({"name": name, "value": rate, "unit": "interactions/CPU-s", "target": target})
        memory = min(found["megabytes"] for found in measured)
        rows.append({"name": f"{name}: peak memory", "value": memory, "unit": "MB"})
    return rows


def _in_its_own_process(kind: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_learning", kind]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _measure(kind: str) -> dict[str, float]:
    """Train, and count from the end of the first round: what comes before is torch getting ready."""
    from a2d.config import load
    from a2d.loop import train
    from a2d.run import Run

    preset, interactions, _ = KINDS[kind]
    seen: list[tuple[float, float]] = []  # (interactions, CPU seconds) after each round

    def note(metrics: Mapping[str, float]) -> None:
        seen.append((metrics["interactions"], time.process_time()))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        overrides = [f"run={path}", f"rollout.interactions={interactions}", "evaluation.every=0"]
        config = load(preset, overrides)
        train(Run.create(path, config), report=note)
    (first, started), (last, ended) = seen[0], seen[-1]
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"rate": round((last - first) / (ended - started), 1), "megabytes": round(kilobytes / 1024, 1)}


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(_measure(sys.argv[1])))
    else:
        for row in run():
            print(
                f"{row['name']:<48} {row['value']:>10,.0f} {row['unit']:<19} target {row.get('target', '-')}"
            )
