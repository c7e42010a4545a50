"""Shading pass: each pixel's colour, depth, class and instance from the geometry pass.

Samples of one pixel that show the same surface of the same object are shaded once, at their centroid:
the edges of things are smooth at little more than the cost of one sample per pixel.
Depth, class and instance come from one sample and its surface, never from a mixture.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import (
    Canvas,
    Geometry,
    Image,
    Light,
    Objects,
    View,
    borrow_canvas,
    borrow_geometry,
    borrow_image,
    borrow_light,
    borrow_objects,
    borrow_view,
)
from driving.server.render.compiled import borrowed, inlined, kernel
from driving.server.render.material import colour_of
from driving.server.render.sky import HAZE, clearness, sky
from driving.server.render.surfaces import SKY, TAG

SKY_DEPTH = 1000.0  # m, what a pixel of sky reports


@kernel
def shade(
    canvas: Canvas,
    geometry: Geometry,
    objects: Objects,
    surfaces: NDArray[np.float64],
    view: View,
    light: Light,
    image: Image,
) -> None:
    """Fill `image` from `canvas`."""
    canvas, geometry, objects = borrow_canvas(canvas), borrow_geometry(geometry), borrow_objects(objects)
    view, light, image = borrow_view(view), borrow_light(light), borrow_image(image)
    surfaces = borrowed(surfaces)
    owners = canvas.owner
    keys = np.empty(4, np.int64)
    found = np.empty(4, np.int64)
    for row in range(view.height):
        for column in range(view.width):
            found[0] = owners[2 * row, 2 * column]
            found[1] = owners[2 * row, 2 * column + 1]
            found[2] = owners[2 * row + 1, 2 * column]
            found[3] = owners[2 * row + 1, 2 * column + 1]
            uniform = found[0] == found[1] and found[0] == found[2] and found[0] == found[3]
            if not uniform:
                for sample in range(4):
                    keys[sample] = _key(canvas, geometry, objects, found[sample])
            _shade_pixel(
                canvas, geometry, objects, surfaces, view, light, image, row, column, found, keys, uniform
            )


@inlined
def _key(canvas: Canvas, geometry: Geometry, objects: Objects, owner: int) -> int:
    """One number per (object, surface); -1 for the sky."""
    if owner < 0:
        return -1
    triangle, index = canvas.visible[owner, 0], canvas.visible[owner, 1]
    return index * 1024 + geometry.triangles[triangle, 3]


@inlined
def _shade_pixel(
    canvas: Canvas,
    geometry: Geometry,
    objects: Objects,
    surfaces: NDArray[np.float64],
    view: View,
    light: Light,
    image: Image,
    row: int,
    column: int,
    found: NDArray[np.int64],
    keys: NDArray[np.int64],
    uniform: bool,
) -> None:
    red, green, blue = 0.0, 0.0, 0.0
    narrow = 1.0 / view.focal
    done = 0
    for sample in range(4):
        if done >> sample & 1:
            continue
        share, nearness, offset_x, offset_y = 0, 0.0, 0.0, 0.0
        if uniform:
            done, share, offset_x, offset_y = 15, 4, 2.0, 2.0
            above, below = canvas.nearness[2 * row], canvas.nearness[2 * row + 1]
            nearness = above[2 * column] + above[2 * column + 1] + below[2 * column] + below[2 * column + 1]
        for other in range(sample, 0 if uniform else 4):
            if keys[other] == keys[sample]:
                done |= 1 << other
                share += 1
                nearness += canvas.nearness[2 * row + (other >> 1), 2 * column + (other & 1)]
                offset_x += 0.25 + 0.5 * (other & 1)
                offset_y += 0.25 + 0.5 * (other >> 1)
        ray_x = (column + offset_x / share - view.width * 0.5) * narrow
        ray_y = (row + offset_y / share - view.height * 0.5) * narrow
        owner = found[sample]
        if owner < 0:
            r, g, b = _background(view, light, ray_x, ray_y)
            depth, tag, actor = SKY_DEPTH, SKY, np.uint32(0)
        else:
            depth = share / nearness
            r, g, b = _foreground(
                canvas, geometry, objects, surfaces, view, light, ray_x, ray_y, depth, owner
            )
            triangle, index = canvas.visible[owner, 0], canvas.visible[owner, 1]
            tag = int(surfaces[objects.surface[index] + geometry.triangles[triangle, 3], TAG])
            actor = objects.actor[index]
        top = light.tone.shape[0] - 1
        red += share * light.tone[np.uint64(min(r, 1.0) * top)]
        green += share * light.tone[np.uint64(min(g, 1.0) * top)]
        blue += share * light.tone[np.uint64(min(b, 1.0) * top)]
        if sample == 0:
            image.depth[row, column] = depth
            image.tag[row, column] = tag
            image.instance[row, column] = actor
    image.bgra[row, column, 0] = np.uint8(blue * 0.25 + 0.5)
    image.bgra[row, column, 1] = np.uint8(green * 0.25 + 0.5)
    image.bgra[row, column, 2] = np.uint8(red * 0.25 + 0.5)
    image.bgra[row, column, 3] = 255


@inlined
def _background(view: View, light: Light, ray_x: float, ray_y: float) -> tuple[float, float, float]:
    axes = view.axes
    x = axes[0][0] * ray_x + axes[1][0] * ray_y + axes[2][0]
    y = axes[0][1] * ray_x + axes[1][1] * ray_y + axes[2][1]
    z = axes[0][2] * ray_x + axes[1][2] * ray_y + axes[2][2]
    length = 1.0 / math.sqrt(x * x + y * y + z * z)
    z *= length
    r, g, b = sky(light, x * length, y * length, z, True)
    thin = clearness(light.haze, 900.0 * max(0.0, 1.0 - 3.0 * max(z, 0.0)))
    palette = light.palette
    return (
        palette[HAZE][0] + (r - palette[HAZE][0]) * thin,
        palette[HAZE][1] + (g - palette[HAZE][1]) * thin,
        palette[HAZE][2] + (b - palette[HAZE][2]) * thin,
    )


@inlined
def _foreground(
    canvas: Canvas,
    geometry: Geometry,
    objects: Objects,
    surfaces: NDArray[np.float64],
    view: View,
    light: Light,
    ray_x: float,
    ray_y: float,
    depth: float,
    owner: int,
) -> tuple[float, float, float]:
    r, g, b = colour_of(canvas, geometry, objects, surfaces, view, light, ray_x, ray_y, depth, owner)
    distance = depth * math.sqrt(1.0 + ray_x * ray_x + ray_y * ray_y)
    thin = clearness(light.haze, distance)
    palette = light.palette
    return (
        palette[HAZE][0] + (r - palette[HAZE][0]) * thin,
        palette[HAZE][1] + (g - palette[HAZE][1]) * thin,
        palette[HAZE][2] + (b - palette[HAZE][2]) * thin,
    )
