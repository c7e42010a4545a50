"""The strip below a dashcam's frame that shows what moves the driver: gaze, commands, value, first sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sensors.canvas import AMBER, BLUE, DARK, GREEN, GREY, RED, REFERENCE_HEIGHT, WHITE, Canvas

HEIGHT = 330.0  # of the strip, where the frame is 450 high
FULL_HEAT = 0.25  # change of a command that is drawn brightest
FLASH = 0.6  # s for which the first sight is framed
_SLATE, _TRACK = (26, 31, 38), (58, 66, 76)
_TRAINEE, _EXPERT = BLUE, AMBER
_SPAN = 8.0  # s that the chart shows at least
_MARGIN, _GAP, _EDGE = 12.0, 16.0, 6.0


@dataclass(frozen=True, slots=True)
class Commands:
    """What was commanded at one time; each in [-1, 1]."""

    time: float  # s since the episode began
    driver: tuple[float, float]  # steer, to the right positive; pedal, throttle positive
    expert: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """What the strip shows at one instant."""

    picture: NDArray[np.uint8]  # RGB, (h, w, 3): what the driver sees
    heat: NDArray[np.float32]  # (h, w): how far a command moves if that spot is blurred
    commands: Sequence[Commands]  # since the episode began, the present one last
    expert_name: str  # such as `learned expert`
    value: float | None  # the return that the critic expects; None without a critic
    value_name: str = "expected return"
    hazard: str = "child"  # who may come into sight
    seen_since: float | None  # s since the episode began, when the hazard came into sight; None before


def draw_insight(frame: NDArray[np.uint8], insight: Insight) -> NDArray[np.uint8]:
    """Put the strip below a frame.

    Args:
        frame: RGB, uint8, shape (H, W, 3); the layout is made for 800x450 and scales with the height.
        insight: What to show.

    Returns:
        A new frame, as wide and HEIGHT / 450 higher.
    """
    scale = frame.shape[0] / REFERENCE_HEIGHT
    strip = np.empty((2 * round(HEIGHT * scale / 2), frame.shape[1], 3), np.uint8)
    strip[:] = _SLATE
    canvas = Canvas(strip, scale=scale)
    half = canvas.width / 2
    _draw_gaze(canvas, insight, left=_MARGIN, right=half - _GAP / 2)
    _draw_numbers(canvas, insight, left=half + _GAP / 2, right=canvas.width - _MARGIN)
    _draw_chart(canvas, insight, top=232.0)
    whole = np.concatenate((frame, strip))
    now = insight.commands[-1].time
    if insight.seen_since is not None and now - insight.seen_since < FLASH:
        corner = (frame.shape[1] - 1, frame.shape[0] - 1)
        cv2.rectangle(whole[: frame.shape[0]], (0, 0), corner, RED, round(2 * _EDGE * scale))
    return whole


def heat_map(picture: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A picture in grey with its heat over it, from clear (0) to yellow (FULL_HEAT); RGB (h, w, 3)."""
    share = np.clip(heat / FULL_HEAT, 0.0, 1.0)
    colours = cv2.applyColorMap((255 * share).astype(np.uint8), cv2.COLORMAP_INFERNO)[:, :, ::-1]
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32) * 0.9
    weight = np.clip(2.0 * share, 0.0, 0.8)[..., None]
    return (grey * (1.0 - weight) + colours * weight + 0.5).astype(np.uint8)


def _draw_gaze(canvas: Canvas, insight: Insight, *, left: float, right: float) -> None:
    canvas.text("WHAT MOVES THE DRIVER", left, 20, size=11, colour=GREY)
    size = (round((right - left) * canvas.scale), round((right - left) * canvas.scale / 2))
    shown = cv2.resize(insight.picture, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    heat = cv2.resize(insight.heat, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    canvas.picture(heat_map(shown, heat), left, 28, width=right - left)
    _draw_scale(canvas, left=right - 128, right=right, top=11)


def _draw_scale(canvas: Canvas, *, left: float, right: float, top: float) -> None:
    """What the heat's colours mean, in changes of a command."""
    ramp = np.tile(np.linspace(0.0, FULL_HEAT, 64, dtype=np.float32), (6, 1))
    plain = np.full((6, 64, 3), 60, np.uint8)
    canvas.text("0", left - 4, top + 9, size=10, colour=GREY, anchor=1.0)
    canvas.picture(heat_map(plain, ramp), left, top + 1, width=right - left - 32)
    canvas.text(f"{FULL_HEAT:.2f}", right, top + 9, size=10, colour=GREY, anchor=1.0)


def _draw_numbers(canvas: Canvas, insight: Insight, *, left: float, right: float) -> None:
    now = insight.commands[-1]
    canvas.text("TRAINEE", left, 20, size=11, colour=_TRAINEE, bold=True)
    name = insight.expert_name.upper() if now.expert is not None else ""
    canvas.text(name, left + 90, 20, size=11, colour=_EXPERT, bold=True)
    for row, label in enumerate(("STEER", "PEDAL")):
        _draw_gauge(canvas, label, now, row, left=left, right=right, top=34 + 66 * row)
    _draw_sight(canvas, insight, left=left, top=184)
    if insight.value is not None:
        canvas.text(insight.value_name.upper(), right, 178, size=11, colour=GREY, anchor=1.0)
        canvas.text(f"{insight.value:+.1f}", right, 204, size=22, bold=True, anchor=1.0)


def _draw_gauge(
    canvas: Canvas, label: str, now: Commands, row: int, *, left: float, right: float, top: float
) -> None:
    """A command from -1 to 1: the trainee's bar above the expert's."""
    canvas.text(label, left, top + 13, size=12, colour=WHITE, bold=True)
    ends = ("left", "right") if row == 0 else ("brake", "throttle")
    begin, end = left + 78, right - 50
    canvas.text(ends[0], begin, top + 52, size=10, colour=GREY)
    canvas.text(ends[1], end, top + 52, size=10, colour=GREY, anchor=1.0)
    values = [(now.driver[row], _TRAINEE)]
    values += [] if now.expert is None else [(now.expert[row], _EXPERT)]
    middle = (begin + end) / 2
    for line, (value, colour) in enumerate(values):
        y = top + 2 + 18 * line
        canvas.panel(begin, y, end, y + 13, colour=_TRACK, opacity=1.0)
        tip = middle + (end - begin) / 2 * max(-1.0, min(1.0, value))
        if abs(tip - middle) >= 1:
            canvas.panel(min(tip, middle), y, max(tip, middle), y + 13, colour=colour, opacity=1.0)
        canvas.text(f"{value:+.2f}", right, y + 12, size=12, colour=colour, anchor=1.0)
    canvas.line([(middle, top - 1), (middle, top + 35)], colour=WHITE, width=1.5)


def _draw_sight(canvas: Canvas, insight: Insight, *, left: float, top: float) -> None:
    if insight.seen_since is None:
        canvas.text(f"{insight.hazard}: not in sight", left, top + 12, size=14, colour=GREY)
        return
    words = f"{insight.hazard.upper()} IN SIGHT at {insight.seen_since:.1f} s"
    canvas.panel(
        left - 4,
        top - 8,
        left + canvas.text_width(words, size=14, bold=True) + 10,
        top + 20,
        colour=RED,
        opacity=1.0,
    )
    canvas.text(words, left + 3, top + 12, size=14, bold=True)


def _draw_chart(canvas: Canvas, insight: Insight, *, top: float) -> None:
    """The pedal over time, and when the hazard came into sight."""
    left, right, bottom = 78.0, canvas.width - _MARGIN, canvas.height - 20
    now = insight.commands[-1].time
    span = max(_SPAN, now)
    middle, half = (top + bottom) / 2, (bottom - top) / 2 - 4

    def at(time: float, pedal: float) -> tuple[float, float]:
        return left + (right - left) * time / span, middle - half * max(-1.0, min(1.0, pedal))

    canvas.panel(left, top, right, bottom, colour=DARK, opacity=1.0)
    canvas.line([(left, middle), (right, middle)], colour=_TRACK, width=1.0)
    canvas.text("throttle", left - 8, top + 12, size=10, colour=GREEN, anchor=1.0)
    canvas.text("brake", left - 8, bottom - 4, size=10, colour=RED, anchor=1.0)
    for second in range(0, int(span) + 1, 1 if span < 12 else 2):
        canvas.text(f"{second} s", at(second, 0)[0], canvas.height - 5, size=9, colour=GREY, anchor=0.5)
    if insight.seen_since is not None:
        x = at(insight.seen_since, 0)[0]
        canvas.line([(x, top), (x, bottom)], colour=RED, width=2.5)
    experts = [(entry.time, entry.expert[1]) for entry in insight.commands if entry.expert is not None]
    canvas.line([at(*point) for point in experts], colour=_EXPERT, width=2.0)
    canvas.line([at(entry.time, entry.driver[1]) for entry in insight.commands], colour=_TRAINEE, width=2.5)
