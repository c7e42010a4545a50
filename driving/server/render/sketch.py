"""Lines, points and text drawn over a picture, hidden by what stands before them.

A stroke is two ends (x, y, z in m each), thickness (m), colour (red, green, blue, 0-255) and 1 if nothing
hides it. A point is a stroke from itself to itself, whose thickness is a share of the picture's width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import View, borrow_view
from driving.server.render.compiled import borrowed, inlined, kernel
from driving.server.render.placing import NEAR

COLUMNS = 11
THICKNESS, COLOUR, ABOVE_ALL = 6, 7, 10
SLACK = 0.04  # m that a line may lie under a surface and still show
FARTHEST_ASIDE = 20.0  # times its depth that a text's place may lie off the axis
LEAST = 1.0  # px of thickness

Text = tuple[str, tuple[float, float, float], tuple[int, int, int], bool]  # words, place, colour, shadow


@kernel
def sketch(
    strokes: NDArray[np.float64], depth: NDArray[np.float32], view: View, bgra: NDArray[np.uint8]
) -> None:
    """Draw strokes (n, COLUMNS) into a picture (H, W, 4) whose depths (H, W) are known, in their order."""
    strokes, depth, bgra = borrowed(strokes), borrowed(depth), borrowed(bgra)
    view = borrow_view(view)
    for number in range(strokes.shape[0]):
        stroke = strokes[number]
        a, b = _seen(view, stroke[0], stroke[1], stroke[2]), _seen(view, stroke[3], stroke[4], stroke[5])
        if a[2] < NEAR and b[2] < NEAR:
            continue
        if stroke[0] == stroke[3] and stroke[1] == stroke[4] and stroke[2] == stroke[5]:
            _dot(stroke, a, depth, view, bgra)
            continue
        if a[2] < NEAR:
            a = _between(a, b)
        elif b[2] < NEAR:
            b = _between(b, a)
        _line(stroke, a, b, depth, view, bgra)


def write(
    texts: Sequence[Text],
    view: View,
    bgra: NDArray[np.uint8],
) -> None:
    """Put texts over a picture where their places (m) lie; as in Unreal, nothing hides them."""
    import cv2  # its import takes a moment that most servers never need

    scale = max(0.35, view.height / 1000.0)
    canvas = np.ascontiguousarray(bgra[..., :3])
    for text, place, (red, green, blue), shadow in texts:
        across, down, depth = (np.array(view.axes) @ np.subtract(place, view.position)).tolist()
        if depth < NEAR or max(abs(across), abs(down)) > FARTHEST_ASIDE * depth:
            continue
        x = int(view.width / 2 + view.focal * across / depth)
        y = int(view.height / 2 + view.focal * down / depth)
        if shadow:
            cv2.putText(
                canvas, text, (x + 1, y + 1), cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), 1, cv2.LINE_AA
            )
        cv2.putText(canvas, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, (blue, green, red), 1, cv2.LINE_AA)
    bgra[..., :3] = canvas


@inlined
def _seen(view: View, x: float, y: float, z: float) -> tuple[float, float, float]:
    """A point of the world in the camera's frame: right, down, ahead."""
    right, down, ahead = view.axes
    x, y, z = x - view.position[0], y - view.position[1], z - view.position[2]
    return (
        right[0] * x + right[1] * y + right[2] * z,
        down[0] * x + down[1] * y + down[2] * z,
        ahead[0] * x + ahead[1] * y + ahead[2] * z,
    )


@inlined
def _between(
    hidden: tuple[float, float, float], seen: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Where the way from a point behind the near plane to one before it crosses that plane."""
    part = (NEAR - hidden[2]) / (seen[2] - hidden[2])
    return hidden[0] + part * (seen[0] - hidden[0]), hidden[1] + part * (seen[1] - hidden[1]), NEAR


@inlined
def _line(
    stroke: NDArray[np.float64],
    a: tuple[float, float, float],
    b: tuple[float, float, float],
    depth: NDArray[np.float32],
    view: View,
    bgra: NDArray[np.uint8],
) -> None:
    """Go along the longer axis of the picture, and across by the line's thickness."""
    near_a, near_b = 1.0 / a[2], 1.0 / b[2]
    ax, ay = view.width * 0.5 + view.focal * a[0] * near_a, view.height * 0.5 + view.focal * a[1] * near_a
    bx, by = view.width * 0.5 + view.focal * b[0] * near_b, view.height * 0.5 + view.focal * b[1] * near_b
    flat = abs(bx - ax) >= abs(by - ay)
    u, v, du, dv = (ax, ay, bx - ax, by - ay) if flat else (ay, ax, by - ay, bx - ax)
    length = math.sqrt(du * du + dv * dv)
    if length < 1e-6:
        return
    lean = length / abs(du)  # across one step, the line is so much thicker than at a right angle
    limit = bgra.shape[1] if flat else bgra.shape[0]
    other = bgra.shape[0] if flat else bgra.shape[1]
    for step in range(max(int(min(u, u + du)), 0), min(int(max(u, u + du)) + 1, limit)):
        part = min(max((step + 0.5 - u) / du, 0.0), 1.0)
        near = near_a + (near_b - near_a) * part
        middle = v + dv * part
        half = 0.5 * max(stroke[THICKNESS] * view.focal * near, LEAST) * lean
        for place in range(max(int(middle - half - 1.0), 0), min(int(middle + half + 1.0) + 1, other)):
            cover = min(half + 0.5 - abs(place + 0.5 - middle), 1.0)
            row, column = (place, step) if flat else (step, place)
            if cover > 0.0 and (stroke[ABOVE_ALL] > 0.0 or depth[row, column] > 1.0 / near - SLACK):
                _blend(stroke, bgra, row, column, cover)


@inlined
def _dot(
    stroke: NDArray[np.float64],
    place: tuple[float, float, float],
    depth: NDArray[np.float32],
    view: View,
    bgra: NDArray[np.uint8],
) -> None:
    """A square that is equally large near and far."""
    x = view.width * 0.5 + view.focal * place[0] / place[2]
    y = view.height * 0.5 + view.focal * place[1] / place[2]
    half = 0.5 * max(stroke[THICKNESS] * view.width, LEAST)
    for row in range(max(int(y - half), 0), min(int(y + half) + 1, bgra.shape[0])):
        tall = min(min(row + 1.0, y + half) - max(float(row), y - half), 1.0)
        for column in range(max(int(x - half), 0), min(int(x + half) + 1, bgra.shape[1])):
            wide = min(min(column + 1.0, x + half) - max(float(column), x - half), 1.0)
            if (
                tall > 0.0
                and wide > 0.0
                and (stroke[ABOVE_ALL] > 0.0 or depth[row, column] > place[2] - SLACK)
            ):
                _blend(stroke, bgra, row, column, tall * wide)


@inlined
def _blend(stroke: NDArray[np.float64], bgra: NDArray[np.uint8], row: int, column: int, cover: float) -> None:
    for channel in range(3):
        old = float(bgra[row, column, channel])
        bgra[row, column, channel] = np.uint8(old + (stroke[COLOUR + 2 - channel] - old) * cover + 0.5)
