"""The report's plots, as SVG that stands inside the page."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from a2d.intervals import Rate
from a2d.learning_curves import Curve, Metrics, curve, hits, returns

_Drawn = tuple[NDArray[np.float64], str]
"""Quartiles of a curve, as `quartiles` gives them, and its colour."""

COLOURS = (
    *("#0b5cad", "#c2410c", "#15803d", "#7e22ce", "#0e7490"),
    *("#a16207", "#be185d", "#4d7c0f", "#475569", "#92400e"),
)
"""One per run, in the runs' order; told apart by people who confuse red and green, too."""

CURVES: tuple[tuple[str, Callable[[Metrics], Curve], str], ...] = (
    ("Return on training episodes", returns, "eval/return"),
    ("Share of training episodes with a hit", hits, "eval/hit_rate"),
    ("Divergence of expert and trainee (KL, nats)", partial(curve, name="divergence"), ""),
    ("Explained variance of the value", partial(curve, name="explained_variance"), ""),
)
"""Each panel's title, its curve, and the metric of looks at the driver, dots on it; empty for none."""

INK, _FAINT = "#1f2933", "#d9dee4"
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "a2d",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#8a94a0",
    "xtick.color": "#52606d",
    "ytick.color": "#52606d",
}


def interval_plot(rates: Mapping[str, Rate], *, colours: Sequence[str]) -> str:
    """A bar per driver, with its 95 % interval."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.8, 0.55 + 0.42 * len(rates)), layout="constrained")
        axes = figure.add_subplot()
        for row, ((_, rate), colour) in enumerate(zip(rates.items(), colours, strict=True)):
            value = 100 * rate.value if rate.total else 0.0
            axes.barh(row, value, height=0.5, color=colour, alpha=0.25)
            axes.plot([100 * rate.low, 100 * rate.high], [row, row], color=colour, linewidth=2)
            axes.plot([value], [row], "o", color=colour, markersize=6, clip_on=False)
        axes.set_yticks(range(len(rates)), labels=[_short(name) for name in rates], color=INK)
        axes.set_ylim(len(rates) - 0.5, -0.5)
        axes.set_xlim(0, 100)
        axes.set_xticks(range(0, 101, 20), labels=[f"{tick} %" for tick in range(0, 101, 20)])
        axes.tick_params(axis="y", pad=9)  # a point at 0 stands on the axis
        clear(axes, grid="x")
        return _svg(figure)


def curve_plots(
    drivers: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]], *, colours: Sequence[str]
) -> dict[str, str]:
    """A plot against interactions for each measure that any driver has, one line each, named at its end.

    Dots are looks at the driver, in which nobody explores.

    Args:
        drivers: Of each, the metrics of its runs; of more than one the median is drawn, and their quartiles.
        colours: One per driver.
    """
    plots = {}
    for title, measured, looks in CURVES:
        lines, dots = {}, []
        for (driver, runs), colour in zip(drivers.items(), colours, strict=True):
            if points := [found for metrics in runs if len(found := measured(metrics)) > 1]:
                lines[driver] = (quartiles(points), colour)
            if points := [found for metrics in runs if looks and (found := curve(metrics, looks))]:
                dots.append((quartiles(points), colour))
        if lines:
            plots[title] = _curve_plot(lines, dots)
    return plots


def quartiles(curves: Sequence[Sequence[tuple[float, float]]]) -> NDArray[np.float64]:
    """The quartiles of curves at each place of the first that all of them reach.

    Args:
        curves: Of each, places and values, the places ascending; between them it is a straight line.

    Returns:
        Shape (4, K): places, lower quartiles, medians, upper quartiles.
    """
    arrays = [np.asarray(curve, np.float64).T for curve in curves]
    first, last = max(places[0] for places, _ in arrays), min(places[-1] for places, _ in arrays)
    places = arrays[0][0]
    places = places[(places >= first) & (places <= last)]
    values = [np.interp(places, *array) for array in arrays]
    return np.vstack((places, np.quantile(values, (0.25, 0.5, 0.75), axis=0)))


def spread(heights: Mapping[str, float], *, gap: float) -> dict[str, float]:
    """Move labels apart until they are `gap` from each other, each group staying where it was."""
    placed: dict[str, float] = {}
    previous = None
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        placed[name] = height if previous is None else max(height, previous + gap)
        previous = placed[name]
    shift = sum(placed[name] - heights[name] for name in heights) / len(heights)
    return {name: height - shift for name, height in placed.items()}


def clear(axes: Axes, *, grid: str) -> None:
    """Leave of an axis what is read: lines along one direction, behind the data."""
    for side in ("top", "right", "left" if grid == "y" else "bottom"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y" if grid == "y" else "x", color=_FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)


def _curve_plot(lines: Mapping[str, _Drawn], dots: Sequence[_Drawn]) -> str:
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.7), layout="constrained")
        axes = figure.add_subplot()
        for (places, low, median, high), colour in lines.values():
            axes.fill_between(places, low, high, color=colour, alpha=0.18, linewidth=0)
            axes.plot(places, median, color=colour, linewidth=1.8)
        for (places, _, median, _), colour in dots:
            axes.plot(places, median, "o", color=colour, markersize=4.5, markeredgecolor="white", zorder=3)
        axes.set_xlabel("interactions with the world")
        axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4))
        axes.xaxis.set_major_formatter(matplotlib.ticker.EngFormatter(sep=""))
        axes.margins(y=0.08)
        clear(axes, grid="y")
        bottom, top = axes.get_ylim()
        ends = {name: float(curve[2, -1]) for name, (curve, _) in lines.items()}
        for name, height in spread(ends, gap=(top - bottom) * 0.1).items():
            axes.annotate(
                _short(name),
                (1.0, height),
                xycoords=axes.get_yaxis_transform(),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                color=lines[name][1],
                fontweight="bold",
            )
        axes.set_ylim(bottom, top)
        return _svg(figure)


def _short(name: str) -> str:
    """A name that leaves room for the plot."""
    return name if len(name) <= 20 else f"{name[:7]}…{name[-12:]}"


def _svg(figure: Figure) -> str:
    """The drawing without its XML head, sized by the page; only its width-to-height ratio is its own."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    head, body = text.split(">", 1)
    kept = [part for part in head.split(" ") if not part.startswith(("width=", "height="))]
    return " ".join(kept) + ">" + body
