"""Light on the points of a bin: sun and its shadows, sky, bounce and lamps; and what glossy ones mirror."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render import fields as f
from driving.server.render.arrays import Light
from driving.server.render.compiled import (
    VECTOR,
    inlined,
    narrow,
    single,
    single_row,
    trailing_zeros,
    unsigned,
    whole,
)
from driving.server.render.fields import field
from driving.server.render.lamps import lamplight
from driving.server.render.sky import BOUNCE, SKYLIGHT, SUNLIGHT, clear_sky, single_palette
from driving.server.render.surfaces import FOLIAGE

HEIGHT_STEPS = 50.0  # per m of the map of standing shadows: two bytes then reach 655 m either way
MAP_SIDE = 768  # texels along a side of that map
CELLS = 64  # of the grid of blockers, along a side
NOWHERE = CELLS * CELLS  # the cell of whatever lies outside the grid, where nothing is blocked
LONGEST_SHADOW = 15.0  # m that the shadows of moving things reach
FADING = 0.5  # 1/m: they fade within the last two
OFF_WALL = 0.35  # m that a point is moved off its surface, so that a wall does not darken itself
OFF_LEAF = 1.6  # m


@inlined
def light_up(
    work: NDArray[np.float32], marks: NDArray[np.int32], count: int, kind: int, light: Light
) -> None:
    """Turn reflectances into light; `SUN` becomes the share of the sun that reaches each point."""
    _cast_shadows(work, marks, count, light)
    _look_at_sun(work, marks, count, light, OFF_LEAF if kind == FOLIAGE else OFF_WALL)
    nx, ny, nz = field(work, f.NX), field(work, f.NY), field(work, f.NZ)
    suns, opens = field(work, f.SUN), field(work, f.OPEN)
    red, green, blue = field(work, f.RED), field(work, f.GREEN), field(work, f.BLUE)
    ones, twos, threes = field(work, f.ONE), field(work, f.TWO), field(work, f.THREE)
    sun, least = single(light.sun), narrow(0.35 if kind == FOLIAGE else 0.0)
    direct, above, below = (
        single(light.palette[SUNLIGHT]),
        single(light.palette[SKYLIGHT]),
        single(light.palette[BOUNCE]),
    )
    for point in range(count):
        slope = nx[point] * sun[0] + ny[point] * sun[1] + nz[point] * sun[2]
        slope = max(least + (1.0 - least) * slope, 0.0) * suns[point]
        up, down = (0.5 + 0.5 * nz[point]) * opens[point], (0.5 - 0.5 * nz[point]) * opens[point]
        ones[point] = direct[0] * slope + above[0] * up + below[0] * down
        twos[point] = direct[1] * slope + above[1] * up + below[1] * down
        threes[point] = direct[2] * slope + above[2] * up + below[2] * down
    if light.darkness > 0.0:
        xs, ys, zs, own = field(work, f.X), field(work, f.Y), field(work, f.Z), field(marks, f.OBJECT)
        for point in range(count):
            r, g, b = lamplight(
                light, xs[point], ys[point], zs[point], nx[point], ny[point], nz[point], float(own[point])
            )
            ones[point] += r
            twos[point] += g
            threes[point] += b
    for point in range(count):
        red[point] *= ones[point]
        green[point] *= twos[point]
        blue[point] *= threes[point]


@inlined
def reflect(work: NDArray[np.float32], count: int, gloss: float, light: Light) -> None:
    """Add what glossy points mirror: sky above, street below, and the sun (Schlick's approximation).

    `gloss` is what paint and glass mirror of light that falls on them from above; a wall's windows mirror as
    far as `MIRROR` says.
    """
    dx, dy, dz = field(work, f.DX), field(work, f.DY), field(work, f.DZ)
    nx, ny, nz = field(work, f.NX), field(work, f.NY), field(work, f.NZ)
    red, green, blue = field(work, f.RED), field(work, f.GREEN), field(work, f.BLUE)
    mirrors, suns = field(work, f.MIRROR), field(work, f.SUN)
    sun, cover, palette = single(light.sun), narrow(light.cover), single_palette(light.palette)
    day = narrow(1.0) - narrow(0.9) * narrow(light.darkness)
    spark = narrow(0.5) * (narrow(1.0) - cover) * day
    rim = 0.55 * min(1.0, gloss * 20.0)
    for point in range(count):
        x, y, z = dx[point], dy[point], dz[point]
        unit = 1.0 / math.sqrt(x * x + y * y + z * z)
        x, y, z = x * unit, y * unit, z * unit
        facing = x * nx[point] + y * ny[point] + z * nz[point]
        x, y, z = x - 2.0 * facing * nx[point], y - 2.0 * facing * ny[point], z - 2.0 * facing * nz[point]
        grazing = min(max(1.0 + facing, 0.0), 1.0)
        grazing *= grazing * grazing
        share = max(gloss + rim * grazing, mirrors[point] * (0.12 + 0.6 * grazing))
        r, g, b = clear_sky(palette, sun, cover, x, y, max(z, 0.0))
        street = min(max(0.5 - z * 6.0, 0.0), 1.0)  # roofs and walls opposite hide the lowest part of the sky
        r += (0.16 * day - r) * street
        g += (0.155 * day - g) * street
        b += (0.15 * day - b) * street
        glint = max((x * sun[0] + y * sun[1] + z * sun[2] - 0.9) * 10.0, 0.0)
        glint *= glint * glint
        glint *= glint * suns[point] * spark
        glint = glint if share > 0.0 else 0.0
        red[point] += glint + (r - red[point] - glint) * share
        green[point] += glint + (g - green[point] - glint) * share
        blue[point] += glint + (b - blue[point] - glint) * share


@inlined
def _cast_shadows(work: NDArray[np.float32], marks: NDArray[np.int32], count: int, light: Light) -> None:
    """How much sun and how much sky moving things leave to points; both 0 to 1.

    Each box that may darken one point of a vector is held against the whole vector.
    """
    xs, ys, suns, opens = field(work, f.X), field(work, f.Y), field(work, f.SUN), field(work, f.OPEN)
    spots = field(marks, f.SPOT)
    x, y, scale = (
        narrow(light.blocked_origin[0]),
        narrow(light.blocked_origin[1]),
        narrow(light.blocked_origin[2]),
    )
    side = narrow(CELLS)
    for point in range(count):
        column, row = (xs[point] - x) * scale, (ys[point] - y) * scale
        inside = (column >= 0.0) & (row >= 0.0) & (column < side) & (row < side)
        column, row = min(max(column, 0.0), side - 1.0), min(max(row, 0.0), side - 1.0)
        spots[point] = whole(row) * CELLS + whole(column) if inside else NOWHERE
        suns[point], opens[point] = 1.0, 1.0
    start, mask = 0, _boxes_near(light, spots, 0)
    while start < count:
        end, following = start + VECTOR, mask
        while end < count and following == mask:
            following = _boxes_near(light, spots, end)
            end += VECTOR if following == mask else 0
        while mask != 0:
            _block(work, marks, start, end, light, light.blockers[unsigned(trailing_zeros(mask))])
            mask &= mask - 1
        start, mask = end, following


@inlined
def _boxes_near(light: Light, spots: NDArray[np.int32], start: int) -> int:
    """Which boxes may darken one of a vector of points, as bits."""
    mask, boxes = light.blocked[unsigned(NOWHERE)], light.blocked
    for lane in range(VECTOR):
        mask |= boxes[unsigned(spots[unsigned(start + lane)])]
    return mask


@inlined
def _block(
    work: NDArray[np.float32],
    marks: NDArray[np.int32],
    start: int,
    end: int,
    light: Light,
    box: NDArray[np.float64],
) -> None:
    """Take from `SUN` and `OPEN` of some points what one box hides of sun and sky.

    The longer the sun's ray is in the box, the darker, with a soft rim; beside and under the box is the
    contact shadow on what faces upwards.
    """
    xs, ys, zs, nz = field(work, f.X), field(work, f.Y), field(work, f.Z), field(work, f.NZ)
    suns, opens, own = field(work, f.SUN), field(work, f.OPEN), field(marks, f.OBJECT)
    x, y, z = narrow(box[0]), narrow(box[1]), narrow(box[2])
    cos, sin, reach, thing = narrow(box[3]), narrow(box[4]), narrow(box[8]), whole(box[9])
    long, wide, tall = narrow(box[5]), narrow(box[6]), narrow(box[7])
    per_reach = narrow(1.0 / (box[8] + 0.35))
    by_along, by_across = narrow(box[10]), narrow(box[11])
    by_up = narrow(1.0) / narrow(light.sun[2])
    flat = narrow(math.sqrt(1.0 - light.sun[2] * light.sun[2]))
    for step in range(end - start):
        point = unsigned(start) + unsigned(step)
        dx, dy, dz = xs[point] - x, ys[point] - y, zs[point] - z
        along, across = cos * dx + sin * dy, cos * dy - sin * dx
        a, b = (-long - along) * by_along, (long - along) * by_along
        c, d = (-wide - across) * by_across, (wide - across) * by_across
        e, g = (-tall - dz) * by_up, (tall - dz) * by_up
        enter = max(max(min(a, b), max(min(c, d), min(e, g))), 0.0)
        leave = min(max(a, b), min(max(c, d), max(e, g)))
        cover = min(max((leave - enter) / (0.06 + 0.10 * enter) + 0.25, 0.0), 1.0)
        cover *= min(max((LONGEST_SHADOW - enter * flat) * FADING, 0.0), 1.0)
        hidden = cover if leave > 0.0 else 0.0
        gap_x, gap_y = max(abs(along) - long, -0.35), max(abs(across) - wide, -0.35)
        out_x, out_y = max(gap_x, 0.0), max(gap_y, 0.0)
        gap = math.sqrt(out_x * out_x + out_y * out_y) + min(max(gap_x, gap_y), 0.0)
        depth = max(reach - gap, 0.0) * per_reach
        contact = 0.88 * depth * depth * (3.0 - 2.0 * depth)
        other = own[point] != thing
        suns[point] = min(suns[point], 1.0 - hidden) if other else suns[point]
        beside = other & (nz[point] > 0.5) & (dz <= 0.0)
        opens[point] *= 1.0 - contact if beside else 1.0


@inlined
def _look_at_sun(
    work: NDArray[np.float32], marks: NDArray[np.int32], count: int, light: Light, off: float
) -> None:
    """Take from `SUN` what the street hides of its disc, seen `off` metres above the surface."""
    xs, ys, zs = field(work, f.X), field(work, f.Y), field(work, f.Z)
    nx, ny, nz = field(work, f.NX), field(work, f.NY), field(work, f.NZ)
    suns, spots, heights = field(work, f.SUN), field(marks, f.SPOT), field(work, f.U)
    parts_i, parts_j = field(work, f.PART_U), field(work, f.PART_V)
    first, second = field(work, f.FIRST), field(work, f.SECOND)
    third, fourth = field(work, f.THIRD), field(work, f.FOURTH)
    across, along, sunward = light.shade_axes
    last = narrow(MAP_SIDE - 2)
    p, q, r = single_row(across), single_row(along), single_row(sunward)
    for point in range(count):
        x, y, z = xs[point] + nx[point] * off, ys[point] + ny[point] * off, zs[point] + nz[point] * off
        column, row = p[0] * x + p[1] * y + p[2] * z + p[3], q[0] * x + q[1] * y + q[2] * z + q[3]
        height = (r[0] * x + r[1] * y + r[2] * z + r[3] + 0.02) * HEIGHT_STEPS
        inside = (column >= 1.0) & (row >= 1.0) & (column < last) & (row < last)
        column, row = min(max(column, 0.0), last), min(max(row, 0.0), last)
        low_column, low_row = np.floor(column), np.floor(row)
        heights[point] = height if inside else 1e9
        parts_i[point], parts_j[point] = row - low_row, column - low_column
        spots[point] = whole(low_row) * MAP_SIDE + whole(low_column)
    blockers = light.shade_map
    for point in range(count):
        spot = unsigned(spots[point])
        first[point], second[point] = blockers[spot], blockers[spot + unsigned(1)]
        spot += unsigned(MAP_SIDE)
        third[point], fourth[point] = blockers[spot], blockers[spot + unsigned(1)]
    for point in range(count):
        height, i, j = heights[point], parts_i[point], parts_j[point]
        a, b = 1.0 if first[point] <= height else 0.0, 1.0 if second[point] <= height else 0.0
        c, d = 1.0 if third[point] <= height else 0.0, 1.0 if fourth[point] <= height else 0.0
        upper, lower = a + (b - a) * j, c + (d - c) * j
        suns[point] *= upper + (lower - upper) * i
