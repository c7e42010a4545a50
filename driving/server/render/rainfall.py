"""Falling rain: drops in a box around the camera, as streaks as long as the shutter is open."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Canvas, Light, View, borrow_canvas, borrow_light, borrow_view
from driving.server.render.compiled import borrowed, inlined, kernel
from driving.server.render.sky import HAZE, HORIZON
from driving.server.render.texture import scramble

BOX = 14.0  # m, side of the box; what leaves it comes in on the other side
DROPS = 6000  # in the heaviest rain
FALL, GUST = 9.0, 4.0  # m/s, down and with the strongest wind
SHUTTER = 1.0 / 40.0  # s
THICK = 0.0045  # m, drop and the blur around it
NEAREST = 0.6  # m


@kernel
def rain(
    amount: float,
    wind: float,
    seconds: float,
    canvas: Canvas,
    view: View,
    light: Light,
    bgra: NDArray[np.uint8],
) -> None:
    """Draw the drops of a moment into a picture (H, W, 4); amount and wind from 0 to 1."""
    canvas, bgra = borrow_canvas(canvas), borrowed(bgra)
    view, light = borrow_view(view), borrow_light(light)
    eye = view.position
    shade = (_shade(light, 2), _shade(light, 1), _shade(light, 0))
    drift = GUST * wind
    for drop in range(int(DROPS * amount)):
        x = _within(scramble(drop, 1, 3) * BOX + drift * seconds, eye[0])
        y = _within(scramble(drop, 2, 5) * BOX, eye[1])
        speed = FALL * (0.8 + 0.4 * scramble(drop, 4, 9))
        z = _within(scramble(drop, 3, 7) * BOX - speed * seconds, eye[2])
        start = _project(view, x, y, z)
        end = _project(view, x - drift * SHUTTER, y, z + speed * SHUTTER)
        if start[2] > NEAREST and end[2] > NEAREST:
            width = THICK * view.focal / start[2]
            _streak(canvas, bgra, start, end, min(width, 1.0) * 0.75, shade)


@inlined
def _shade(light: Light, channel: int) -> float:
    """Display value of a drop: the light of the air around it, by night that of lamps."""
    air = 0.575 * (light.palette[HAZE][channel] + light.palette[HORIZON][channel]) + 0.04 * light.darkness
    return float(light.tone[int(min(air, 1.0) * (light.tone.shape[0] - 1))])


@inlined
def _within(number: float, eye: float) -> float:
    """A coordinate relative to the camera's, in the box around it."""
    return (number - eye) - BOX * math.floor((number - eye) / BOX + 0.5)


@inlined
def _project(view: View, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Column, row (px) and depth (m) of a point given relative to the camera's place."""
    right, down, ahead = view.axes
    depth = ahead[0] * x + ahead[1] * y + ahead[2] * z
    scale = view.focal / max(depth, 0.05)
    return (
        view.width * 0.5 + scale * (right[0] * x + right[1] * y + right[2] * z),
        view.height * 0.5 + scale * (down[0] * x + down[1] * y + down[2] * z),
        depth,
    )


@inlined
def _streak(
    canvas: Canvas,
    bgra: NDArray[np.uint8],
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    share: float,
    shade: tuple[float, float, float],
) -> None:
    """Blend a line a pixel wide over what lies behind it."""
    height, width = bgra.shape[0], bgra.shape[1]
    dx, dy = end[0] - start[0], end[1] - start[1]
    steps = int(max(abs(dx), abs(dy))) + 1
    if steps > 2 * height:
        return
    faint = share * min(1.0, max(abs(dx), abs(dy)) + 0.3)
    near = 1.0 / start[2]
    for step in range(steps):
        part = (step + 0.5) / steps
        row, column = int(start[1] + dy * part), int(start[0] + dx * part)
        if row < 0 or column < 0 or row >= height or column >= width:
            continue
        if canvas.nearness[2 * row, 2 * column] > near:
            continue
        alpha = faint * (1.0 - abs(2.0 * part - 1.0)) * 1.3
        alpha = min(alpha, 0.8)
        for channel in range(3):
            old = float(bgra[row, column, channel])
            bgra[row, column, channel] = np.uint8(old + (shade[channel] - old) * alpha + 0.5)
