"""Shading pass: each pixel's colour, depth, class and instance from the geometry pass.

Samples of one pixel that show the same surface of the same object are shaded once, at their centroid:
the edges of things are smooth at little more than the cost of one sample per pixel.
Depth, class and instance come from one sample and its surface, never from a mixture.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render import face as f
from driving.server.render import points as p
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
from driving.server.render.sky import HAZE, clearness, fog_depth, sky, stars
from driving.server.render.surfaces import SKY

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
    face, keys = np.empty(f.NUMBERS), np.empty(4, np.int64)
    points, sums = np.empty(p.FIELDS * p.LANES), np.empty((p.RUN, 3))
    face[f.OWNER] = -1.0
    for row in range(view.height):
        for first in range(0, view.width, p.RUN):
            end = min(first + p.RUN, view.width)
            count = p.gather(points, canvas, geometry, objects, row, first, end, keys)
            p.locate(points, count, view, light)
            _colour(points, count, face, canvas, geometry, objects, surfaces, view, light, image, row)
            _develop(points, count, light, sums, image.bgra[row, first:end], first)


@inlined
def _colour(
    points: NDArray[np.float64],
    count: int,
    face: NDArray[np.float64],
    canvas: Canvas,
    geometry: Geometry,
    objects: Objects,
    surfaces: NDArray[np.float64],
    view: View,
    light: Light,
    image: Image,
    row: int,
) -> None:
    """The points' linear colours before haze; depth, class and instance of their pixels."""
    columns, owners = p.field(points, p.COLUMN), p.field(points, p.OWNER)
    red, green, blue = p.field(points, p.RED), p.field(points, p.GREEN), p.field(points, p.BLUE)
    xs, ys, zs = p.field(points, p.DX), p.field(points, p.DY), p.field(points, p.DZ)
    depths, clear = p.field(points, p.DEPTH), p.field(points, p.CLEAR)
    last = -1.0
    for point in range(count):
        owner, dx, dy, dz, depth = int(owners[point]), xs[point], ys[point], zs[point], depths[point]
        if owner < 0:
            r, g, b, clear[point] = _background(light, view.position[2], dx, dy, dz)
            depth, tag, actor = SKY_DEPTH, SKY, np.uint32(0)
        else:
            f.look_up(face, owner, canvas, geometry, objects, surfaces)
            r, g, b = colour_of(face, geometry, objects, surfaces, view, light, dx, dy, dz, depth)
            tag, actor = int(face[f.TAG]), np.uint32(face[f.ACTOR])
        red[point], green[point], blue[point] = r, g, b
        if columns[point] != last:
            last = columns[point]
            place = np.uint64(last)
            image.depth[row, place], image.tag[row, place], image.instance[row, place] = depth, tag, actor


@inlined
def _develop(
    points: NDArray[np.float64],
    count: int,
    light: Light,
    sums: NDArray[np.float64],
    bgra: NDArray[np.uint8],
    first: int,
) -> None:
    """Put the haze before the points and mix each pixel's display values."""
    columns, shares, clear = p.field(points, p.COLUMN), p.field(points, p.SHARE), p.field(points, p.CLEAR)
    red, green, blue = p.field(points, p.RED), p.field(points, p.GREEN), p.field(points, p.BLUE)
    haze, tone, top = light.palette[HAZE], light.tone, light.tone.shape[0] - 1
    sums[:] = 0.5
    for point in range(count):
        thin, share, place = clear[point], 0.25 * shares[point], np.uint64(columns[point] - first)
        r = haze[0] + (red[point] - haze[0]) * thin
        g = haze[1] + (green[point] - haze[1]) * thin
        b = haze[2] + (blue[point] - haze[2]) * thin
        sums[place, 0] += share * tone[np.uint64(min(b, 1.0) * top)]
        sums[place, 1] += share * tone[np.uint64(min(g, 1.0) * top)]
        sums[place, 2] += share * tone[np.uint64(min(r, 1.0) * top)]
    for pixel in range(bgra.shape[0]):
        for channel in range(3):
            bgra[pixel, channel] = np.uint8(sums[pixel, channel])
        bgra[pixel, 3] = 255


@inlined
def _background(light: Light, eye: float, x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """The sky's colour from the height `eye` towards (x, y, z), and its share that haze lets through."""
    length = 1.0 / math.sqrt(x * x + y * y + z * z)
    z *= length
    r, g, b = sky(light, x * length, y * length, z, True)
    clear = clearness(light.haze, 900.0 * max(0.0, 1.0 - 3.0 * max(z, 0.0)))
    if light.darkness > 0.75:
        star = (4.0 * light.darkness - 3.0) * stars(light, x * length, y * length, z)
        r, g, b = r + star, g + star, b + star
    if light.fog.density > 0.0:
        clear *= clearness(1.0, fog_depth(light, SKY_DEPTH, eye, eye + SKY_DEPTH * max(z, 0.0)))
    return r, g, b, clear
