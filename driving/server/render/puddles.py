"""What wet ground mirrors: the picture itself, read along the mirrored ray; else the sky.

Rays off the screen show what stands at its edge. Source: the screen-space reflections of deferred renderers,
e.g. McGuire and Mara, Efficient GPU Screen-Space Ray Tracing, JCGT 3(4), 2014; here with steps in the world.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render import surfaces as s
from driving.server.render.arrays import (
    Canvas,
    Geometry,
    Light,
    Objects,
    View,
    borrow_canvas,
    borrow_geometry,
    borrow_light,
    borrow_objects,
    borrow_view,
    surface_of,
)
from driving.server.render.compiled import borrowed, inlined, kernel
from driving.server.render.sky import PUDDLES, clearness, fog_depth, sky, wet_share
from driving.server.render.texture import noise

FIRST, GROWTH, STEPS = 0.25, 1.22, 26  # m of the first step, factor from step to step: 200 m in all
WATER = 0.02  # of light that falls on water from above is mirrored
RIPPLE = 0.020  # slope of the wet road's grain

Colour = tuple[float, float, float]


@kernel
def mirror(
    canvas: Canvas,
    geometry: Geometry,
    objects: Objects,
    surfaces: NDArray[np.float64],
    view: View,
    light: Light,
    shown: NDArray[np.uint8],
    bgra: NDArray[np.uint8],
) -> None:
    """Lay reflections of the picture `shown` (H, W, 4) over the wet ground of its copy `bgra`."""
    canvas, geometry, objects = borrow_canvas(canvas), borrow_geometry(geometry), borrow_objects(objects)
    view, light = borrow_view(view), borrow_light(light)
    surfaces, shown, bgra = borrowed(surfaces), borrowed(shown), borrowed(bgra)
    for row in range(view.height):
        for column in range(view.width):
            wet = 0.25 * _ground_samples(canvas, geometry, objects, surfaces, row, column)
            if wet > 0.0:
                _mirror_pixel(canvas, view, light, shown, bgra, row, column, wet)


@inlined
def _ground_samples(
    canvas: Canvas, geometry: Geometry, objects: Objects, surfaces: NDArray[np.float64], row: int, column: int
) -> float:
    """How many of a pixel's samples show ground that can be wet."""
    count = 0.0
    for sample in range(4):
        owner = canvas.owner[2 * row + (sample >> 1), 2 * column + (sample & 1)]
        if owner >= 0:
            triangle, index = canvas.visible[owner, 0], canvas.visible[owner, 1]
            kind = int(surfaces[surface_of(geometry, objects, triangle, index), s.KIND])
            facing = geometry.facings[triangle, 2]
            if (kind == s.ASPHALT or kind == s.LINE or kind == s.PAVING) and facing > 0.9:
                count += 1.0 if kind != s.PAVING else 0.6
    return count


@inlined
def _mirror_pixel(
    canvas: Canvas,
    view: View,
    light: Light,
    shown: NDArray[np.uint8],
    bgra: NDArray[np.uint8],
    row: int,
    column: int,
    wet: float,
) -> None:
    narrow = 1.0 / view.focal
    ray_x, ray_y = (column + 0.5 - view.width * 0.5) * narrow, (row + 0.5 - view.height * 0.5) * narrow
    nearest = max(
        max(canvas.nearness[2 * row, 2 * column], canvas.nearness[2 * row, 2 * column + 1]),
        max(canvas.nearness[2 * row + 1, 2 * column], canvas.nearness[2 * row + 1, 2 * column + 1]),
    )
    if nearest <= 0.0:
        return
    depth = 1.0 / nearest
    right, down, ahead = view.axes
    dx = right[0] * ray_x + down[0] * ray_y + ahead[0]
    dy = right[1] * ray_x + down[1] * ray_y + ahead[1]
    dz = right[2] * ray_x + down[2] * ray_y + ahead[2]
    x, y, z = view.position[0] + dx * depth, view.position[1] + dy * depth, view.position[2] + dz * depth
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    dx, dy, dz = dx / length, dy / length, dz / length
    if dz >= -1e-4:
        return
    pixel = depth * narrow
    low = noise(light.noise, x * PUDDLES, y * PUDDLES, pixel * PUDDLES)
    wetness = wet_share(light.wetness, light.deposits, low)
    smooth = max(wetness - 0.55 * light.wetness, 0.0) / (0.45 * light.wetness + 1e-6)  # 1 in a puddle
    slope = RIPPLE * (1.0 - 0.9 * smooth)
    ripple = (noise(light.noise, x * 11.0, y * 11.0, pixel * 4.0) - 0.5) * 2.0 * slope
    grazing = 1.0 + dz
    share = WATER + (1.0 - WATER) * grazing * grazing * grazing * grazing * grazing
    share *= wet * wetness * (0.42 + 0.58 * smooth)
    share *= clearness(light.haze, depth * length)
    if light.fog.density > 0.0:
        share *= clearness(1.0, fog_depth(light, depth * length, view.position[2], z))
    if share < 0.01:
        return
    blue, green, red = _seen(canvas, view, light, shown, x, y, z, dx, dy, -dz + ripple)
    bgra[row, column, 0] = np.uint8(bgra[row, column, 0] + (blue - bgra[row, column, 0]) * share + 0.5)
    bgra[row, column, 1] = np.uint8(bgra[row, column, 1] + (green - bgra[row, column, 1]) * share + 0.5)
    bgra[row, column, 2] = np.uint8(bgra[row, column, 2] + (red - bgra[row, column, 2]) * share + 0.5)


@inlined
def _seen(
    canvas: Canvas,
    view: View,
    light: Light,
    shown: NDArray[np.uint8],
    x: float,
    y: float,
    z: float,
    dx: float,
    dy: float,
    dz: float,
) -> Colour:
    """Display colours (blue, green, red) in the direction d from a point."""
    right, down, ahead = view.axes
    x, y, z = x - view.position[0], y - view.position[1], z - view.position[2]
    way, step = 0.0, FIRST
    row, column = -1, -1
    for _ in range(STEPS):
        way += step
        px, py, pz = x + dx * way, y + dy * way, z + dz * way
        depth = ahead[0] * px + ahead[1] * py + ahead[2] * pz
        if depth < 0.2:
            break
        i = int(view.height * 0.5 + view.focal * (down[0] * px + down[1] * py + down[2] * pz) / depth)
        j = int(view.width * 0.5 + view.focal * (right[0] * px + right[1] * py + right[2] * pz) / depth)
        if i < 0 or j < 0 or i >= view.height or j >= view.width:
            break
        row, column = i, j
        there = 1.0 / max(canvas.nearness[2 * i, 2 * j], 1e-6)
        if there < depth and depth - there < 1.5 * step + 0.4:
            return float(shown[i, j, 0]), float(shown[i, j, 1]), float(shown[i, j, 2])
        step *= GROWTH
    if row >= 0 and canvas.nearness[2 * row, 2 * column] > 0.0 and row < view.height // 4:
        return float(shown[row, column, 0]), float(shown[row, column, 1]), float(shown[row, column, 2])
    red, green, blue = sky(light, dx, dy, max(dz, 0.0))
    tone, top = light.tone, light.tone.shape[0] - 1
    return (
        float(tone[int(min(blue, 1.0) * top)]),
        float(tone[int(min(green, 1.0) * top)]),
        float(tone[int(min(red, 1.0) * top)]),
    )
