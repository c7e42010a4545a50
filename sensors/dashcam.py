"""The dashcam's overlay: the drive's numbers, drawn on its frames."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_CRITICAL_TIME_TO_COLLISION = 1.5  # s; below it surrogate-safety studies call a conflict critical
_REFERENCE_HEIGHT = 450  # px; the layout's numbers are for this height and scale with the frame
_WHITE, _GREY, _DARK = (245, 247, 250), (192, 199, 208), (16, 20, 26)
_GREEN, _RED, _AMBER, _BLUE = (62, 180, 108), (226, 62, 56), (224, 138, 20), (98, 168, 240)
_REGULAR, _BOLD = cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX
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
    canvas = _Canvas(np.ascontiguousarray(frame).copy())
    _draw_header(canvas, overlay)
    _draw_instruments(canvas, overlay)
    if overlay.outcome is not None:
        _draw_banner(canvas, overlay)
    return canvas.image


class _Canvas:
    """An image addressed in the layout's units: 450 high, as wide as the frame's shape makes it."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self.image = image
        self.scale = image.shape[0] / _REFERENCE_HEIGHT
        self.width = image.shape[1] / self.scale
        self.height = float(_REFERENCE_HEIGHT)

    def panel(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        *,
        colour: tuple[int, int, int],
        opacity: float,
    ) -> None:
        """Blend a rounded rectangle into the image."""
        box = [round(value * self.scale) for value in (left, top, right, bottom)]
        x0, y0 = max(box[0], 0), max(box[1], 0)
        x1, y1 = min(box[2], self.image.shape[1]), min(box[3], self.image.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        radius = min(round(5 * self.scale), (x1 - x0) // 2, (y1 - y0) // 2)
        cv2.rectangle(mask, (radius, 0), (x1 - x0 - 1 - radius, y1 - y0 - 1), 255, -1)
        cv2.rectangle(mask, (0, radius), (x1 - x0 - 1, y1 - y0 - 1 - radius), 255, -1)
        for x in (radius, x1 - x0 - 1 - radius):
            for y in (radius, y1 - y0 - 1 - radius):
                cv2.circle(mask, (x, y), radius, 255, -1, cv2.LINE_AA)
        weight = mask[..., None].astype(np.float32) * (opacity / 255)
        area = self.image[y0:y1, x0:x1]
        area[:] = (area * (1 - weight) + np.asarray(colour, np.float32) * weight + 0.5).astype(np.uint8)

    def text(
        self,
        words: str,
        x: float,
        baseline: float,
        *,
        size: float,
        colour: tuple[int, int, int] = _WHITE,
        bold: bool = False,
        anchor: float = 0.0,
    ) -> float:
        """Write one line; `anchor` 0 puts its left end at x, 1 its right end. Returns where it ends."""
        font, factor = (_BOLD if bold else _REGULAR), size * self.scale / 22
        weight = max(1, round(0.8 * self.scale))
        width = cv2.getTextSize(words, font, factor, weight)[0][0]
        left = x * self.scale - anchor * width
        at = (round(left), round(baseline * self.scale))
        cv2.putText(self.image, words, at, font, factor, colour, weight, cv2.LINE_AA)
        return (left + width) / self.scale

    def text_width(self, words: str, *, size: float, bold: bool = False) -> float:
        """How wide a line would be."""
        font, weight = (_BOLD if bold else _REGULAR), max(1, round(0.8 * self.scale))
        return float(cv2.getTextSize(words, font, size * self.scale / 22, weight)[0][0]) / self.scale


def _draw_header(canvas: _Canvas, overlay: Overlay) -> None:
    clock = f"{overlay.time:.1f} s"
    if overlay.caption:
        end = 24 + canvas.text_width(overlay.caption, size=13)
        canvas.panel(12, 12, end + 12, 38, colour=_DARK, opacity=0.62)
        canvas.text(overlay.caption, 24, 30, size=13)
    canvas.panel(
        canvas.width - 36 - canvas.text_width(clock, size=13),
        12,
        canvas.width - 12,
        38,
        colour=_DARK,
        opacity=0.62,
    )
    canvas.text(clock, canvas.width - 24, 30, size=13, anchor=1.0)


def _draw_instruments(canvas: _Canvas, overlay: Overlay) -> None:
    top, bottom = canvas.height - 60, canvas.height - 10
    right = canvas.width - 12
    canvas.panel(12, top, right, bottom, colour=_DARK, opacity=0.6)
    column = (right - 12) / 4
    _draw_speed(canvas, overlay, left=28, top=top)
    pedals, steer, collision = (12 + column * share for share in (1.05, 2.2, 3.35))
    for row, (name, value, colour) in enumerate(
        (("THROTTLE", overlay.throttle, _GREEN), ("BRAKE", overlay.brake, _RED))
    ):
        baseline = top + 21 + 19 * row
        canvas.text(name, pedals, baseline, size=11, colour=_GREY)
        _draw_bar(
            canvas, pedals + 76, pedals + column - 4, baseline - 10, start=0.0, end=value, colour=colour
        )
    canvas.text("STEER", steer, top + 21, size=11, colour=_GREY)
    value = max(-1.0, min(1.0, overlay.steer))
    _draw_bar(
        canvas,
        steer,
        steer + column - 10,
        top + 31,
        start=0.5,
        end=0.5 + value / 2,
        colour=_BLUE,
        centre=True,
    )
    _draw_time_to_collision(canvas, overlay, left=collision, top=top)


def _draw_speed(canvas: _Canvas, overlay: Overlay, *, left: float, top: float) -> None:
    speeding = overlay.speed > overlay.speed_limit * 1.05 + 0.3  # the limit's usual tolerance, not noise
    colour = _AMBER if speeding else _WHITE
    number = f"{max(overlay.speed, 0) * 3.6:.0f}"
    end = left + max(54.0, canvas.text_width(number, size=32, bold=True))
    canvas.text(number, end, top + 37, size=32, colour=colour, bold=True, anchor=1.0)
    canvas.text("km/h", end + 10, top + 21, size=13)
    canvas.text(f"limit {overlay.speed_limit * 3.6:.0f}", end + 10, top + 40, size=12, colour=_GREY)


def _draw_time_to_collision(canvas: _Canvas, overlay: Overlay, *, left: float, top: float) -> None:
    seconds = overlay.time_to_collision
    canvas.text("COLLISION IN", left, top + 21, size=11, colour=_GREY)
    if seconds is None or not np.isfinite(seconds):
        canvas.text("--", left, top + 42, size=17, colour=_GREY, bold=True)
        return
    colour = _RED if seconds < _CRITICAL_TIME_TO_COLLISION else _AMBER if seconds < 3 else _WHITE
    canvas.text(f"{min(seconds, 99.9):.1f} s", left, top + 42, size=17, colour=colour, bold=True)


def _draw_bar(
    canvas: _Canvas,
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
        canvas.panel(middle - 1, top - 3, middle + 1, top + 13, colour=_WHITE, opacity=0.9)


def _draw_banner(canvas: _Canvas, overlay: Overlay) -> None:
    outcome = overlay.outcome or ""
    title = _BANNER_TITLES.get(outcome, outcome.replace("_", " ").upper())
    hit = outcome.startswith("hit")
    if hit:
        title += f" AT {overlay.impact_speed * 3.6:.0f} km/h"
    colour = _GREEN if outcome == "arrived" else _RED if hit else _AMBER
    half = canvas.text_width(title, size=26, bold=True) / 2 + 26
    middle = canvas.width / 2
    canvas.panel(middle - half, 62, middle + half, 112, colour=colour, opacity=0.93)
    canvas.text(title, middle, 97, size=26, bold=True, anchor=0.5)
