"""Glare: lamps that shine into the lens spread their light over the picture around them.

A row is place (x, y, z in m), way (unit vector; zero: to all sides), colour (linear) and size (radius in m).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Canvas, Light, View, borrow_canvas, borrow_light, borrow_view
from driving.server.render.compiled import borrowed, kernel
from driving.server.render.sky import clearness, fog_depth

COLUMNS = 10
SMALLEST, LARGEST = 1.6, 0.12  # px, and share of the picture's width
SLACK = 0.45  # m that a lamp may lie behind its own surface
ACROSS = 2  # samples on either side of the lamp that say how much of it is seen


@kernel
def dazzle(
    rows: NDArray[np.float64], canvas: Canvas, view: View, light: Light, bgra: NDArray[np.uint8]
) -> None:
    """Add the glare of lamps (n, COLUMNS) to a picture (H, W, 4), as far as nothing stands before them."""
    rows, canvas, bgra = borrowed(rows), borrow_canvas(canvas), borrowed(bgra)
    view, light = borrow_view(view), borrow_light(light)
    eye, axes = view.position, view.axes
    for number in range(rows.shape[0]):
        row = rows[number]
        dx, dy, dz = row[0] - eye[0], row[1] - eye[1], row[2] - eye[2]
        depth = axes[2][0] * dx + axes[2][1] * dy + axes[2][2] * dz
        if depth < 0.3 or depth > view.reach:
            continue
        distance = math.sqrt(dx * dx + dy * dy + dz * dz)
        share = 0.8
        if row[3] != 0.0 or row[4] != 0.0 or row[5] != 0.0:
            share = -(row[3] * dx + row[4] * dy + row[5] * dz) / distance
            if share <= 0.05:
                continue
            share *= share
        across = axes[0][0] * dx + axes[0][1] * dy + axes[0][2] * dz
        below = axes[1][0] * dx + axes[1][1] * dy + axes[1][2] * dz
        x, y = view.width * 0.5 + view.focal * across / depth, view.height * 0.5 + view.focal * below / depth
        seen = _seen(canvas, x, y, depth)
        murk = clearness(light.haze, distance) * clearness(1.0, fog_depth(light, distance, eye[2], row[2]))
        share *= seen * murk
        if share < 0.01:
            continue
        spread = row[9] * (1.0 + 1.5 * min(light.fog.density * 30.0, 1.0))
        radius = min(max(view.focal * spread / depth, SMALLEST), LARGEST * view.width)
        _spot(bgra, x, y, radius, share * row[6], share * row[7], share * row[8])


@kernel
def _seen(canvas: Canvas, x: float, y: float, depth: float) -> float:
    """Share of a lamp at a point of the picture (px) that nothing hides."""
    rows, columns = canvas.nearness.shape
    limit = 1.0 / max(depth - SLACK, 0.05)
    seen, count = 0.0, 0.0
    for i in range(-ACROSS, ACROSS + 1):
        for j in range(-ACROSS, ACROSS + 1):
            row, column = int(2.0 * y) + i, int(2.0 * x) + j
            count += 1.0
            if 0 <= row < rows and 0 <= column < columns and canvas.nearness[row, column] <= limit:
                seen += 1.0
    return seen / count


@kernel
def _spot(
    bgra: NDArray[np.uint8], x: float, y: float, radius: float, red: float, green: float, blue: float
) -> None:
    """Brighten a soft disc; what is bright already grows less: 1 - (1 - a)(1 - b)."""
    height, width = bgra.shape[0], bgra.shape[1]
    for row in range(max(int(y - radius), 0), min(int(y + radius) + 2, height)):
        for column in range(max(int(x - radius), 0), min(int(x + radius) + 2, width)):
            far = ((column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2) / (radius * radius)
            if far >= 1.0:
                continue
            core = (1.0 - far) * (1.0 - far)
            core = 0.35 * core * core + 0.65 * core**8
            for channel in range(3):
                colour = blue if channel == 0 else (green if channel == 1 else red)
                left = 1.0 - min(core * colour, 1.0)
                bgra[row, column, channel] = np.uint8(255.0 - (255.0 - bgra[row, column, channel]) * left)
