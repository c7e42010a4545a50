"""The figures of a sweep: one PNG each, with a plot per world and a legend beside the data."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Callable, Sequence

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from a2d.report import seed_plots
from a2d.report.drawings import STYLE
from a2d.report.seed_plots import LOOKS, Look
from a2d.sweep import Panel
from a2d.tally import Group

_DPI = 130
_ACROSS = 3  # plots side by side
_PLOTS: dict[str, Callable[[Axes, Sequence[Group], Sequence[Look]], None]] = {
    "curves": seed_plots.plot_returns,
    "rounds": seed_plots.plot_rounds,
    "hits": seed_plots.plot_hits,
    "divergence": seed_plots.plot_divergences,
    "final": seed_plots.plot_final,
}


def draw(panel: Panel, groups: Sequence[Group]) -> bytes:
    """Draw a panel as a PNG.

    Args:
        panel: What to draw.
        groups: What is known; what the panel does not name, and worlds of which nothing is, are left out.
    """
    looks = {label: LOOKS[number % len(LOOKS)] for number, label in enumerate(panel.rows)}
    known = {group.preset for group in groups if group.label in panel.rows}
    presets = [preset for preset in panel.presets if preset in known] or panel.presets
    across = min(_ACROSS, len(presets))
    down = math.ceil(len(presets) / across)
    height = 0.25 * len(panel.rows) + 1.0 if panel.kind == "final" else 3.0
    with matplotlib.rc_context(STYLE):
        width = 1.2 + 4.2 * across
        figure = Figure(figsize=(width, 1.3 + height * down), layout="constrained", dpi=_DPI)
        title = textwrap.fill(panel.title, int(10 * width))
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
        grid = list(figure.subplots(down, across, squeeze=False).reshape(-1))
        for axes, preset in zip(grid, presets, strict=False):
            there = {group.label: group for group in groups if group.preset == preset}
            shown = [there[label] for label in panel.rows if label in there]
            axes.set_title(world_name(preset), loc="left", fontsize=10)
            if panel.kind == "first_reached":
                seed_plots.plot_first_reached(axes, shown, setting=panel.setting)
            else:
                _PLOTS[panel.kind](axes, shown, [looks[group.label] for group in shown])
        for axes in grid[len(presets) :]:
            axes.set_visible(False)
        _add_legend(figure, grid)
        return _png(figure)


def world_name(preset: str) -> str:
    """Word a preset for people: `tiger_door_1` as Tiger Door 1."""
    return preset.replace("_", " ").title()


def _add_legend(figure: Figure, grid: Sequence[Axes]) -> None:
    """One legend for all plots, below them, where it covers nothing."""
    entries: dict[str, Artist] = {}
    for axes in grid:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(str(label), handle)
    if entries:
        columns = max(1, int(figure.get_figwidth() / 2.2))
        figure.legend(
            list(entries.values()), list(entries), loc="outside lower left", ncols=columns, frameon=False
        )


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
