"""A sweep's runs with known results, for the tests of its statistics, table and figures."""

from __future__ import annotations

from pathlib import Path

from a2d.config import load
from a2d.intervals import Mean
from a2d.plan import Planned
from a2d.tally import Exact, Trained

LAKE = Exact(seeing=10.0, unseeing=4.0, imitation=-36.0, imitation_divergence=0.33)


def trained(
    label: str = "A2D",
    *,
    seed: int = 0,
    final: float = 4.0,
    evaluations=((1000, -50.0), (2000, 3.6), (3000, 4.1)),
    divergences=((1000, 0.1), (2000, 0.05), (3000, 0.01)),
    exact: Exact | None = LAKE,
    driving: dict[str, float | None] | None = None,
    returns=((1000, -40.0), (2000, 2.0), (3000, 3.5)),
    hits=((1000, 0.5), (2000, 0.2), (3000, 0.0)),
    settings: tuple[str, ...] = (),
    out: Path = Path("out"),
) -> Trained:
    """A run of frozen_lake that took 2 CPU seconds for 3000 interactions."""
    folder = out / "runs" / f"frozen_lake-{label.lower()}-{seed}"
    config = load("frozen_lake", [f"seed={seed}", f"run={folder}", *settings])
    return Trained(
        run=Planned(label, config, ""),
        episode_return=Mean(final, final - 0.1, final + 0.1, 2000),
        driving=driving or {},
        evaluations=tuple(evaluations),
        returns=tuple(returns),
        hits=tuple(hits),
        divergences=tuple(divergences),
        exact=exact,
        cost={"interactions": 3000, "cpu_seconds": 2.0, "peak_megabytes": 400.0},
    )
