"""All that a sweep found out, as plain data for a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from a2d.tally import MEASURES, NEVER, Group, Quartiles, Trained


def as_content(groups: Sequence[Group], *, out: Path) -> list[dict[str, Any]]:
    """List everything that is known, as plain data; a return that was never reached reads `never`."""
    return [
        {
            "label": group.label,
            "preset": group.preset,
            "method": group.runs[0].run.config.method,
            "seeds": len(group.runs),
            "reached": group.reached,
            "settled": group.settled,
            **{name: _plain(group.quartiles(name)) for name in MEASURES},
            "runs": [_run_content(run, out) for run in group.runs],
        }
        for group in groups
    ]


def _run_content(trained: Trained, out: Path) -> dict[str, Any]:
    measures = {name: _worded(measure(trained)) for name, measure in MEASURES.items()}
    return {
        "seed": trained.run.config.seed,
        "folder": trained.run.folder.relative_to(out).as_posix(),
        **measures,
        "return": asdict(trained.episode_return),
        "target": trained.target,
        "interactions": trained.cost["interactions"],
        "evaluations": trained.evaluations,
        "divergences": trained.divergences,
    }


def _plain(quartiles: Quartiles | None) -> dict[str, Any] | None:
    return None if quartiles is None else {key: _worded(value) for key, value in asdict(quartiles).items()}


def _worded(value: float | None) -> float | str | None:
    return "never" if value == NEVER else value
