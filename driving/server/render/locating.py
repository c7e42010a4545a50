"""Where in the world the points of a bin lie, how large a pixel is there, and how much haze is before it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render import fields as f
from driving.server.render.arrays import Light, View
from driving.server.render.compiled import inlined, narrow, single
from driving.server.render.fields import field
from driving.server.render.sky import clearness, fog_depth


@inlined
def locate(work: NDArray[np.float32], count: int, view: View, light: Light) -> None:
    """Rays, depths, places, pixel sizes and haze of the first `count` points; only rays for the sky's."""
    shares, across, down, nearness = (
        field(work, f.SHARE),
        field(work, f.ACROSS),
        field(work, f.DOWN),
        field(work, f.NEARNESS),
    )
    dx, dy, dz = field(work, f.DX), field(work, f.DY), field(work, f.DZ)
    xs, ys, zs = field(work, f.X), field(work, f.Y), field(work, f.Z)
    depths, clear, sizes = field(work, f.DEPTH), field(work, f.CLEAR), field(work, f.SIZE)
    scale = narrow(1.0) / narrow(view.focal)
    middle, centre = narrow(view.width) * 0.5, narrow(view.height) * 0.5
    right, under, ahead = single(view.axes[0]), single(view.axes[1]), single(view.axes[2])
    eye, haze = single(view.position), narrow(light.haze)
    for point in range(count):
        ray_x, ray_y = (across[point] - middle) * scale, (down[point] - centre) * scale
        depth = shares[point] / nearness[point]
        x = right[0] * ray_x + under[0] * ray_y + ahead[0]
        y = right[1] * ray_x + under[1] * ray_y + ahead[1]
        z = right[2] * ray_x + under[2] * ray_y + ahead[2]
        dx[point], dy[point], dz[point], depths[point], sizes[point] = x, y, z, depth, depth * scale
        xs[point], ys[point], zs[point] = eye[0] + x * depth, eye[1] + y * depth, eye[2] + z * depth
        clear[point] = clearness(haze, depth * math.sqrt(1.0 + ray_x * ray_x + ray_y * ray_y))
    if light.fog.density > 0.0:
        for point in range(count):
            depth = depths[point]
            way = depth * math.sqrt(dx[point] ** 2 + dy[point] ** 2 + dz[point] ** 2)
            clear[point] *= clearness(1.0, fog_depth(light, way, eye[2], eye[2] + depth * dz[point]))
