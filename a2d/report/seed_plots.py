"""The plots of a sweep's figures: what methods gave over their seeds, in one world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from a2d.config import flat
from a2d.learning_curves import Curve
from a2d.report.drawings import INK, clear, spread
from a2d.tally import NEVER, Exact, Group, Quartiles, Trained

Look = tuple[str, str]
"""Colour and marker."""

LOOKS: tuple[Look, ...] = (
    ("#0072b2", "o"),
    ("#d55e00", "s"),
    ("#009e73", "^"),
    ("#cc79a7", "D"),
    ("#e69f00", "v"),
    ("#56b4e9", "P"),
    ("#222222", "X"),
    ("#7f7f7f", "*"),
    ("#7b3294", "<"),
    ("#8c6d31", ">"),
)
"""Okabe and Ito's colours, which common kinds of colour blindness leave apart, and two; markers tell all."""

_LEVEL: Any = {"color": "#8a94a0", "linewidth": 1.0, "linestyle": (0, (4, 3)), "zorder": 1}


def plot_returns(axes: Axes, groups: Sequence[Group], looks: Sequence[Look]) -> None:
    """Return of the looks while learning, with the exact values as lines across."""
    _plot_returns(axes, groups, looks, curve=lambda run: run.evaluations)


def plot_rounds(axes: Axes, groups: Sequence[Group], looks: Sequence[Look]) -> None:
    """Return of the rounds' episodes while learning, with the exact values as lines across."""
    _plot_returns(axes, groups, looks, curve=lambda run: run.returns)


def _plot_returns(
    axes: Axes, groups: Sequence[Group], looks: Sequence[Look], *, curve: Callable[[Trained], Curve]
) -> None:
    ends = [0.0]
    for group, look in zip(groups, looks, strict=True):
        points = over_seeds([curve(run) for run in group.runs])
        _plot_band(axes, group.label, points, look)
        ends += [bound for _, last in points[-1:] for bound in (last.low, last.high)]
    exact = _exact(groups)
    if exact is not None:
        ends += [exact.imitation, exact.seeing]
    # From where the drivers end: how deep they begin says nothing and would press the rest together.
    room = 0.08 * (max(ends) - min(ends)) or 1.0
    axes.set_ylim(min(ends) - room, max(ends) + room)
    axes.set_ylabel("return")
    _over_interactions(axes)
    if exact is not None:
        levels = {
            "best on state": exact.seeing,
            "best on observation": exact.unseeing,
            "imitation": exact.imitation,
        }
        _mark_levels(axes, {f"{name} {_number(value)}": value for name, value in levels.items()})


def plot_hits(axes: Axes, groups: Sequence[Group], looks: Sequence[Look]) -> None:
    """Share of the rounds' episodes that end in a collision, while learning."""
    for group, look in zip(groups, looks, strict=True):
        _plot_band(axes, group.label, over_seeds([run.hits for run in group.runs]), look)
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel("episodes that end in a collision")
    axes.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1.0))
    _over_interactions(axes)


def plot_divergences(axes: Axes, groups: Sequence[Group], looks: Sequence[Look]) -> None:
    """KL(expert || trainee) while learning, and where plain imitation must end."""
    axes.set_yscale("log")
    for group, look in zip(groups, looks, strict=True):
        points = over_seeds([run.divergences for run in group.runs])
        _plot_band(axes, group.label, [point for point in points if point[1].low > 0.0], look)
    axes.set_ylabel("KL(expert ‖ trainee), nats")
    _over_interactions(axes)
    axes.minorticks_off()
    if exact := _exact(groups):
        value = exact.imitation_divergence
        axes.set_ylim(top=max(axes.get_ylim()[1], 2.0 * value))
        _mark_levels(axes, {f"imitation {_number(value)}": value})


def plot_final(axes: Axes, groups: Sequence[Group], looks: Sequence[Look]) -> None:
    """What the finished drivers earn: each seed, and their quartiles."""
    for row, (group, (colour, marker)) in enumerate(zip(groups, looks, strict=True)):
        values = [run.episode_return.value for run in group.runs]
        axes.plot(values, [row] * len(values), marker, color=colour, alpha=0.5, markersize=6)
        if middle := group.quartiles("return"):
            axes.plot([middle.low, middle.high], [row, row], color=colour, linewidth=2)
            axes.plot([middle.median], [row], "|", color=INK, markersize=14, markeredgewidth=2.0)
            _write_beside(axes, f"{middle.median:.2f}".replace("-", "−"), row)
    if exact := _exact(groups):
        for value, name, style in (
            (exact.seeing, "best on state", "-"),
            (exact.unseeing, "best on observation", "--"),
            (exact.imitation, "where imitation ends", ":"),
        ):
            axes.axvline(value, **{**_LEVEL, "linestyle": style}, label=name)
    axes.set_yticks(range(len(groups)), labels=[group.label for group in groups], color=INK)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_xlabel("return: every seed,\nmedian (written beside) and quartiles")
    axes.margins(x=0.06)
    clear(axes, grid="x")
    axes.spines["left"].set_visible(False)


def plot_first_reached(axes: Axes, groups: Sequence[Group], *, setting: str) -> None:
    """When the return came to stay at the optimum, against a setting; a band on top for never."""
    at = [float(flat(group.runs[0].run.config)[setting]) for group in groups]
    found = [[run.first_reached or NEVER for run in group.runs] for group in groups]
    budgets = [at for group in groups for run in group.runs for at, _ in run.evaluations]
    top = max(budgets, default=1.0)
    never = 1.25 * top
    apart = 0.015 * ((max(at) - min(at)) if len(set(at)) > 1 else 1.0)
    for x, values in zip(at, found, strict=True):
        heights = [min(value, never) for value in sorted(values)]
        places = x + apart * (np.arange(len(heights)) - (len(heights) - 1) / 2)
        axes.plot(places, heights, "o", color=LOOKS[0][0], alpha=0.6, markersize=6, label="one seed")
        middle = Quartiles.of(values)
        height = never if middle is None else min(middle.median, never)
        axes.plot([x], [height], "_", color=INK, markersize=24, markeredgewidth=2.0, label="median")
    axes.axhspan(1.13 * top, 1.37 * top, color="#f3e6dc", zorder=0, linewidth=0)
    _write_beside(axes, "never", never)
    axes.set_ylim(0, 1.37 * top)
    axes.margins(x=0.08)
    axes.set_xticks(at)
    axes.set_xlabel(setting)
    axes.set_ylabel("interactions until the return\nstays within 0.5 of the optimum")
    ticks = matplotlib.ticker.MaxNLocator(5).tick_values(0, top)
    axes.set_yticks([tick for tick in ticks if tick <= 1.1 * top])
    axes.yaxis.set_major_formatter(matplotlib.ticker.EngFormatter(sep=""))
    clear(axes, grid="y")


def over_seeds(curves: Sequence[Curve]) -> list[tuple[float, Quartiles]]:
    """Quartiles over runs, wherever all of them have a value."""
    values: dict[float, list[float]] = {}
    for curve in curves:
        for interactions, value in curve:
            values.setdefault(interactions, []).append(value)
    found = [
        (at, Quartiles.of(sample)) for at, sample in sorted(values.items()) if len(sample) == len(curves)
    ]
    return [(at, quartiles) for at, quartiles in found if quartiles is not None]


def _plot_band(axes: Axes, label: str, points: Sequence[tuple[float, Quartiles]], look: Look) -> None:
    colour, marker = look
    at = [interactions for interactions, _ in points]
    axes.plot(
        at,
        [quartiles.median for _, quartiles in points],
        color=colour,
        marker=marker,
        markersize=5,
        markevery=max(1, len(points) // 6),
        linewidth=1.7,
        label=label,
    )
    low, high = [quartiles.low for _, quartiles in points], [quartiles.high for _, quartiles in points]
    axes.fill_between(at, low, high, color=colour, alpha=0.18, linewidth=0)


def _mark_levels(axes: Axes, levels: Mapping[str, float]) -> None:
    """Lines across, named in the margin; call it when the limits are set."""
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = {name: float(to_axes.transform((1.0, value))[1]) for name, value in levels.items()}
    for value in levels.values():
        axes.axhline(value, **_LEVEL)
    for name, height in spread(heights, gap=0.075).items():
        axes.annotate(
            name,
            (1.0, height),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color="#52606d",
        )


def _write_beside(axes: Axes, text: str, height: float) -> None:
    axes.annotate(
        text,
        (1.0, height),
        xycoords=axes.get_yaxis_transform(),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
    )


def _over_interactions(axes: Axes) -> None:
    axes.set_xlabel("interactions with the world")
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4))
    axes.xaxis.set_major_formatter(matplotlib.ticker.EngFormatter(sep=""))
    clear(axes, grid="y")


def _exact(groups: Sequence[Group]) -> Exact | None:
    return groups[0].exact if groups else None


def _number(value: float) -> str:
    return f"{round(value, 2):g}".replace("-", "−")
