"""What the points of one material look like: their pattern, lit by sun and sky."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render import fields as f
from driving.server.render import surfaces as s
from driving.server.render.arrays import Light, View
from driving.server.render.compiled import inlined, narrow, single
from driving.server.render.facade import light_rooms, walls
from driving.server.render.fields import field
from driving.server.render.lighting import light_up, reflect
from driving.server.render.raster import HALF_PIXEL
from driving.server.render.sky import PUDDLES, wet_share
from driving.server.render.texture import noise_of, slabs, stripes

ASPHALT_REFLECTANCE = 0.072
PAINT_GLOSS, GLASS_GLOSS = 0.05, 0.10
LAMPLIT = (0.62, 0.42, 0.19)  # colour of rooms by night, linear


@inlined
def colour(
    work: NDArray[np.float32], marks: NDArray[np.int32], count: int, kind: int, view: View, light: Light
) -> None:
    """Turn the points' colours into linear light before haze."""
    if kind == s.GLOW:
        return
    is_wall = kind == s.BRICK or kind == s.PLASTER
    if is_wall:
        _measure_walls(work, count, view)
        walls(work, marks, count, kind, light.noise)
        if light.darkness > 0.0:
            light_rooms(work, count, narrow(light.darkness))
    elif kind == s.FOLIAGE:
        _foliage(work, marks, count, light)
        _dim(work, count)
    elif kind != s.MATTE and kind != s.SMOOTH and kind != s.PAINT and kind != s.GLASS:
        _measure_ground(work, count)
        _ground(work, marks, count, kind, light)
        _dim(work, count)
    light_up(work, marks, count, kind, light)
    if is_wall:
        if light.darkness > 0.0:
            _shine(work, count)
        reflect(work, count, 0.0, light)
    elif kind == s.PAINT or kind == s.GLASS:
        mirrors = field(work, f.MIRROR)
        mirrors[:count] = 0.0
        reflect(work, count, PAINT_GLOSS if kind == s.PAINT else GLASS_GLOSS, light)


@inlined
def _measure_ground(work: NDArray[np.float32], count: int) -> None:
    """A pixel's extent along the line of sight on level ground, m, at most 40 times that across it."""
    dx, dy, dz = field(work, f.DX), field(work, f.DY), field(work, f.DZ)
    nx, ny, nz = field(work, f.NX), field(work, f.NY), field(work, f.NZ)
    sizes, wide = field(work, f.SIZE), field(work, f.WIDE)
    for point in range(count):
        facing = nx[point] * dx[point] + ny[point] * dy[point] + nz[point] * dz[point]
        wide[point] = min(sizes[point] / -min(facing, -0.02), 40.0 * sizes[point])


@inlined
def _measure_walls(work: NDArray[np.float32], count: int, view: View) -> None:
    """A pixel's extents along a wall and up it, m.

    A step e across the image moves the ray's hit point by e - d (e.n) / (d.n).
    """
    dx, dy, dz = field(work, f.DX), field(work, f.DY), field(work, f.DZ)
    nx, ny, nz = field(work, f.NX), field(work, f.NY), field(work, f.NZ)
    sizes, wide, tall = field(work, f.SIZE), field(work, f.WIDE), field(work, f.TALL)
    right, down = single(view.axes[0]), single(view.axes[1])
    for point in range(count):
        x, y, z = nx[point], ny[point], nz[point]
        facing = 1.0 / min(x * dx[point] + y * dy[point] + z * dz[point], -0.02)
        across = (right[0] * x + right[1] * y + right[2] * z) * facing
        below = (down[0] * x + down[1] * y + down[2] * z) * facing
        along = dy[point] * x - dx[point] * y
        wide[point] = sizes[point] * (
            abs(right[1] * x - right[0] * y - along * across) + abs(down[1] * x - down[0] * y - along * below)
        )
        tall[point] = sizes[point] * (abs(right[2] - dz[point] * across) + abs(down[2] - dz[point] * below))


@inlined
def _ground(work: NDArray[np.float32], marks: NDArray[np.int32], count: int, kind: int, light: Light) -> None:
    """Multiply the colours of a horizontal material by its pattern; `WIDE` is a pixel's extent on it, m."""
    wetness = narrow(light.wetness)
    if kind == s.ASPHALT or kind == s.LINE:
        _asphalt(work, marks, count, kind, light)
        return
    xs, ys, zs, wide = field(work, f.X), field(work, f.Y), field(work, f.Z), field(work, f.WIDE)
    ones, twos, sums, factors = (
        field(work, f.ONE),
        field(work, f.TWO),
        field(work, f.U),
        field(work, f.FACTOR),
    )
    if kind == s.PAVING:
        noise_of(work, marks, count, light.noise, (f.X, f.Y, f.WIDE, f.ONE), (22.0, 22.0, 22.0), (0.0, 0.0))
        for point in range(count):
            factors[point] = slabs(ones[point], xs[point], ys[point], wide[point], 0.5) * (
                1.0 - 0.35 * wetness
            )
    elif kind == s.GRASS:
        noise_of(work, marks, count, light.noise, (f.X, f.Y, f.WIDE, f.ONE), (9.0, 9.0, 9.0), (0.0, 0.0))
        noise_of(work, marks, count, light.noise, (f.X, f.Y, f.WIDE, f.TWO), (0.4, 0.4, 0.4), (0.0, 0.0))
        for point in range(count):
            factors[point] = 0.35 + 0.7 * ones[point] + 0.6 * twos[point]
    else:
        for point in range(count):
            sums[point] = xs[point] + ys[point]
        noise_of(work, marks, count, light.noise, (f.U, f.Z, f.WIDE, f.ONE), (3.0, 3.0, 3.0), (0.0, 0.0))
        sizes = field(work, f.SIZE)
        for point in range(count):
            course = stripes(zs[point] / 0.19, 0.0, 0.18, sizes[point] * 2.0 / 0.19)
            factors[point] = (0.75 + 0.5 * ones[point]) * (1.0 - 0.4 * course)


@inlined
def _asphalt(
    work: NDArray[np.float32], marks: NDArray[np.int32], count: int, kind: int, light: Light
) -> None:
    """A worn road surface: grain, patches and long stains; painted lines let a quarter of it through."""
    wide, across, sizes = field(work, f.WIDE), field(work, f.TALL), field(work, f.SIZE)
    for point in range(count):
        across[point] = math.sqrt(wide[point] * sizes[point])
    noise_of(work, marks, count, light.noise, (f.X, f.Y, f.TALL, f.ONE), (30.0, 30.0, 30.0), (0.0, 0.0))
    noise_of(work, marks, count, light.noise, (f.X, f.Y, f.TALL, f.TWO), (0.9, 0.9, 0.9), (7.3, 2.1))
    noise_of(work, marks, count, light.noise, (f.X, f.Y, f.TALL, f.THREE), (0.23, 0.23, 0.23), (40.7, 11.9))
    red, green, blue = field(work, f.RED), field(work, f.GREEN), field(work, f.BLUE)
    ones, twos, threes = field(work, f.ONE), field(work, f.TWO), field(work, f.THREE)
    factors = field(work, f.FACTOR)
    through, paint = narrow(1.0), narrow(0.0)
    if kind == s.LINE:
        through, paint = narrow(0.25), narrow(0.75)
        halves = field(work, f.BAY)
        for point in range(count):
            thin = min(halves[point] / (HALF_PIXEL * sizes[point]), 1.0)
            red[point] = ASPHALT_REFLECTANCE + (red[point] - ASPHALT_REFLECTANCE) * thin
            green[point] = ASPHALT_REFLECTANCE + (green[point] - ASPHALT_REFLECTANCE) * thin
            blue[point] = ASPHALT_REFLECTANCE + (blue[point] - ASPHALT_REFLECTANCE) * thin
    for point in range(count):
        worn = 1.0 + 0.42 * (ones[point] - 0.5) + 0.20 * (twos[point] - 0.5) + 0.22 * (threes[point] - 0.5)
        factors[point] = paint + through * worn
    if light.wetness > 0.0:
        wetness, deposits = narrow(light.wetness), narrow(light.deposits)
        scales = (PUDDLES, PUDDLES, PUDDLES)
        noise_of(work, marks, count, light.noise, (f.X, f.Y, f.WIDE, f.ONE), scales, (0.0, 0.0))
        for point in range(count):
            factors[point] *= 1.0 - 0.5 * wet_share(wetness, deposits, ones[point])


@inlined
def _foliage(work: NDArray[np.float32], marks: NDArray[np.int32], count: int, light: Light) -> None:
    """Leaves, lighter and darker."""
    xs, ys, zs = field(work, f.X), field(work, f.Y), field(work, f.Z)
    us, vs, ones, factors = (
        field(work, f.U),
        field(work, f.V),
        field(work, f.ONE),
        field(work, f.FACTOR),
    )
    for point in range(count):
        us[point], vs[point] = xs[point] + 0.7 * zs[point], ys[point] + 0.6 * zs[point]
    noise_of(work, marks, count, light.noise, (f.U, f.V, f.SIZE, f.ONE), (5.0, 5.0, 5.0), (0.0, 0.0))
    for point in range(count):
        factors[point] = 0.45 + 1.1 * ones[point]


@inlined
def _shine(work: NDArray[np.float32], count: int) -> None:
    """Add the light of lit rooms."""
    shines = field(work, f.SHINE)
    red, green, blue = field(work, f.RED), field(work, f.GREEN), field(work, f.BLUE)
    for point in range(count):
        red[point] += shines[point] * LAMPLIT[0]
        green[point] += shines[point] * LAMPLIT[1]
        blue[point] += shines[point] * LAMPLIT[2]


@inlined
def _dim(work: NDArray[np.float32], count: int) -> None:
    """Multiply the colours by `FACTOR`."""
    factors = field(work, f.FACTOR)
    red, green, blue = field(work, f.RED), field(work, f.GREEN), field(work, f.BLUE)
    for point in range(count):
        red[point] *= factors[point]
        green[point] *= factors[point]
        blue[point] *= factors[point]
