"""The dashcam's overlay: the drive's numbers, drawn on its frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.canvas import AMBER, BLUE, DARK, GREEN, GREY, RED, REFERENCE_HEIGHT, WHITE, Canvas

_CRITICAL_TIME_TO_COLLISION = 1.5  # s; below it surrogate-safety studies call a conflict critical
_BANNER_TITLES = {
    "arrived": "ARRIVED",
    "hit_child": "HIT THE CHILD",
    "hit_oncoming": "HIT WHO CAME",
    "hit_other": "HIT AN OBSTACLE",
    "left_lane": "LEFT THE LANE",
    "stuck": "STUCK",
    "timeout": "OUT OF TIME",
    "invalid_run": "INVALID RUN",
    "server_restarted": "SERVER RESTARTED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What is written over one dashcam frame."""

    speed: float  # m/s
    speed_limit: float  # m/s
    steer: float  # [-1, 1], right is positive
    throttle: float  # [0, 1]
    brake: float  # [0, 1]
    time_to_collision: float | None  # s; None where nothing is on a collision course
    time: float  # s since the episode began
    outcome: str | None = None  # how the episode ended; None while it runs
    impact_speed: float = 0.0  # m/s, of a hit
    caption: str = ""  # one line of plain ASCII: scenario, seed, driver


def draw_overlay(frame: NDArray[np.uint8], overlay: Overlay) -> NDArray[np.uint8]:
    """Draw the drive's numbers on a copy of a frame.

    Args:
        frame: RGB, uint8, shape (H, W, 3); the layout is made for 800x450 and scales with the height.
        overlay: What to write.

    Returns:
        A new frame of the same shape.
    """
    canvas = Canvas(np.ascontiguousarray(frame).copy(), scale=frame.shape[0] / REFERENCE_HEIGHT)
    _draw_header(canvas, overlay)
    _draw_instruments(canvas, overlay)
    if overlay.outcome is not None:
        _draw_banner(canvas, overlay)
    return canvas.image


def _draw_header(canvas: Canvas, overlay: Overlay) -> None:
    clock = f"{overlay.time:.1f} s"
    if overlay.caption:
        end = 24 + canvas.text_width(overlay.caption, size=13)
        canvas.panel(12, 12, end + 12, 38, colour=DARK, opacity=0.62)
        canvas.text(overlay.caption, 24, 30, size=13)
    canvas.panel(
        canvas.width - 36 - canvas.text_width(clock, size=13),
        12,
        canvas.width - 12,
        38,
        colour=DARK,
        opacity=0.62,
    )
    canvas.text(clock, canvas.width - 24, 30, size=13, anchor=1.0)


def _draw_instruments(canvas: Canvas, overlay: Overlay) -> None:
    top, bottom = canvas.height - 60, canvas.height - 10
    right = canvas.width - 12
    canvas.panel(12, top, right, bottom, colour=DARK, opacity=0.6)
    column = (right - 12) / 4
    _draw_speed(canvas, overlay, left=28, top=top)
    pedals, steer, collision = (12 + column * share for share in (1.05, 2.2, 3.35))
    for row, (name, value, colour) in enumerate(
        (("THROTTLE", overlay.throttle, GREEN), ("BRAKE", overlay.brake, RED))
    ):
        baseline = top + 21 + 19 * row
        canvas.text(name, pedals, baseline, size=11, colour=GREY)
        _draw_bar(
            canvas, pedals + 76, pedals + column - 4, baseline - 10, start=0.0, end=value, colour=colour
        )
    canvas.text("STEER", steer, top + 21, size=11, colour=GREY)
    value = max(-1.0, min(1.0, overlay.steer))
    _draw_bar(
        canvas,
        steer,
        steer + column - 10,
        top + 31,
        start=0.5,
        end=0.5 + value / 2,
        colour=BLUE,
        centre=True,
    )
    _draw_time_to_collision(canvas, overlay, left=collision, top=top)


def _draw_speed(canvas: Canvas, overlay: Overlay, *, left: float, top: float) -> None:
    speeding = overlay.speed > overlay.speed_limit * 1.05 + 0.3  # the limit's usual tolerance, not noise
    colour = AMBER if speeding else WHITE
    number = f"{max(overlay.speed, 0) * 3.6:.0f}"
    end = left + max(54.0, canvas.text_width(number, size=32, bold=True))
    canvas.text(number, end, top + 37, size=32, colour=colour, bold=True, anchor=1.0)
    canvas.text("km/h", end + 10, top + 21, size=13)
    canvas.text(f"limit {overlay.speed_limit * 3.6:.0f}", end + 10, top + 40, size=12, colour=GREY)


def _draw_time_to_collision(canvas: Canvas, overlay: Overlay, *, left: float, top: float) -> None:
    seconds = overlay.time_to_collision
    canvas.text("COLLISION IN", left, top + 21, size=11, colour=GREY)
    if seconds is None or not np.isfinite(seconds):
        canvas.text("--", left, top + 42, size=17, colour=GREY, bold=True)
        return
    colour = RED if seconds < _CRITICAL_TIME_TO_COLLISION else AMBER if seconds < 3 else WHITE
    canvas.text(f"{min(seconds, 99.9):.1f} s", left, top + 42, size=17, colour=colour, bold=True)


def _draw_bar(
    canvas: Canvas,
    left: float,
    right: float,
    top: float,
    *,
    start: float,
    end: float,
    colour: tuple[int, int, int],
    centre: bool = False,
) -> None:
    """A horizontal bar, filled between two shares of its length."""
    canvas.panel(left, top, right, top + 10, colour=(92, 100, 110), opacity=0.75)
    first, last = sorted((max(0.0, min(1.0, start)), max(0.0, min(1.0, end))))
    if (last - first) * (right - left) >= 1:
        canvas.panel(
            left + first * (right - left),
            top,
            left + last * (right - left),
            top + 10,
            colour=colour,
            opacity=1.0,
        )
    if centre:
        middle = (left + right) / 2
        canvas.panel(middle - 1, top - 3, middle + 1, top + 13, colour=WHITE, opacity=0.9)


def _draw_banner(canvas: Canvas, overlay: Overlay) -> None:
    outcome = overlay.outcome or ""
    title = _BANNER_TITLES.get(outcome, outcome.replace("_", " ").upper())
    hit = outcome.startswith("hit")
    if hit:
        title += f" AT {overlay.impact_speed * 3.6:.0f} km/h"
    colour = GREEN if outcome == "arrived" else RED if hit else AMBER
    half = canvas.text_width(title, size=26, bold=True) / 2 + 26
    middle = canvas.width / 2
    canvas.panel(middle - half, 62, middle + half, 112, colour=colour, opacity=0.93)
    canvas.text(title, middle, 97, size=26, bold=True, anchor=0.5)
