"""The points of one run of pixels that are to be shaded, kept field by field.

Each step of the shading pass goes over all points before the next begins: steps without branches are
then compiled to vector instructions, and the others overlap from point to point. The fields lie at fixed
distances in one array, which tells the compiler that they do not overlap.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Canvas, Geometry, Light, Objects, View
from driving.server.render.compiled import inlined
from driving.server.render.sky import clearness, fog_depth

RUN = 64  # pixels
LANES = 4 * RUN + 8  # points; no power of two, which would crowd all fields into a few cache lines

# Fields. (DX, DY, DZ) is the ray in the world, per metre of depth; CLEAR is what the haze lets through.
COLUMN, OWNER, SHARE, ACROSS, DOWN, NEARNESS, DX, DY, DZ, DEPTH, CLEAR, RED, GREEN, BLUE = range(14)
FIELDS = 14


@inlined
def field(points: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    """One field of all points."""
    return points[number * LANES : (number + 1) * LANES]


@inlined
def gather(
    points: NDArray[np.float64],
    canvas: Canvas,
    geometry: Geometry,
    objects: Objects,
    row: int,
    first: int,
    end: int,
    keys: NDArray[np.int64],
) -> int:
    """Note what the pixels from `first` to `end` of a row show; return the number of points.

    Samples of one pixel that show the same surface of the same object are one point, at their centroid.
    A pixel's points follow each other; its first sample belongs to the first of them.
    """
    columns, owners, shares = field(points, COLUMN), field(points, OWNER), field(points, SHARE)
    across, down, nearness = field(points, ACROSS), field(points, DOWN), field(points, NEARNESS)
    owners_above, owners_below = canvas.owner[2 * row], canvas.owner[2 * row + 1]
    above, below = canvas.nearness[2 * row], canvas.nearness[2 * row + 1]
    count = 0
    for column in range(first, end):
        left, right = np.uint64(2 * column), np.uint64(2 * column + 1)
        found = (owners_above[left], owners_above[right], owners_below[left], owners_below[right])
        near = (above[left], above[right], below[left], below[right])
        if found[0] == found[1] and found[0] == found[2] and found[0] == found[3]:
            place = np.uint64(count)
            columns[place], owners[place], shares[place] = column, found[0], 4.0
            across[place], down[place] = column + 0.5, row + 0.5
            nearness[place] = near[0] + near[1] + near[2] + near[3]
            count += 1
            continue
        for sample in range(4):
            keys[sample] = _key(canvas, geometry, objects, found[sample])
        done = 0
        for sample in range(4):
            if done >> sample & 1:
                continue
            share, sum_near, sum_x, sum_y = 0.0, 0.0, 0.0, 0.0
            for other in range(sample, 4):
                if keys[other] == keys[sample]:
                    done |= 1 << other
                    share += 1.0
                    sum_near += near[other]
                    sum_x += 0.25 + 0.5 * (other & 1)
                    sum_y += 0.25 + 0.5 * (other >> 1)
            place = np.uint64(count)
            columns[place], owners[place], shares[place] = column, found[sample], share
            across[place], down[place] = column + sum_x / share, row + sum_y / share
            nearness[place] = sum_near
            count += 1
    return count


@inlined
def _key(canvas: Canvas, geometry: Geometry, objects: Objects, owner: int) -> int:
    """One number per (object, surface); -1 for the sky."""
    if owner < 0:
        return -1
    triangle, index = canvas.visible[owner, 0], canvas.visible[owner, 1]
    return index * 1024 + geometry.triangles[triangle, 3]


@inlined
def locate(points: NDArray[np.float64], count: int, view: View, light: Light) -> None:
    """Rays, depths and haze of the first `count` points; meaningless depths for the sky's."""
    shares, across, down, nearness = (
        field(points, SHARE),
        field(points, ACROSS),
        field(points, DOWN),
        field(points, NEARNESS),
    )
    dx, dy, dz = field(points, DX), field(points, DY), field(points, DZ)
    depths, clear = field(points, DEPTH), field(points, CLEAR)
    narrow, middle, centre = 1.0 / view.focal, view.width * 0.5, view.height * 0.5
    right, under, ahead = view.axes
    for point in range(count):
        ray_x, ray_y = (across[point] - middle) * narrow, (down[point] - centre) * narrow
        depth = shares[point] / nearness[point]
        depths[point] = depth
        dx[point] = right[0] * ray_x + under[0] * ray_y + ahead[0]
        dy[point] = right[1] * ray_x + under[1] * ray_y + ahead[1]
        dz[point] = right[2] * ray_x + under[2] * ray_y + ahead[2]
        clear[point] = clearness(light.haze, depth * math.sqrt(1.0 + ray_x * ray_x + ray_y * ray_y))
    if light.fog.density > 0.0:
        eye = view.position[2]
        for point in range(count):
            depth = depths[point]
            way = depth * math.sqrt(dx[point] ** 2 + dy[point] ** 2 + dz[point] ** 2)
            clear[point] *= clearness(1.0, fog_depth(light, way, eye, eye + depth * dz[point]))
