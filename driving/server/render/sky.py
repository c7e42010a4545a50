"""What a ray sees in the air: sky, clouds, the sun's halo, haze; and what blocks the sun's light."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Light
from driving.server.render.compiled import inlined, trailing_zeros
from driving.server.render.texture import noise, scramble

HEIGHT_STEPS = 50.0  # per m of that map: two bytes then reach 655 m either way
MAP_SIDE = 768  # texels along a side of the map of standing shadows
SUNLIGHT, SKYLIGHT, BOUNCE, HORIZON, ZENITH, CLOUD, HAZE = range(7)  # rows of `Light.palette`

Colour = tuple[float, float, float]


@inlined
def sky(light: Light, x: float, y: float, z: float, clouds: bool) -> Colour:
    """Linear colour of the sky in the unit direction (x, y, z); below the horizon, of the haze."""
    palette = light.palette
    height = math.sqrt(max(z, 0.0))
    red = palette[HORIZON][0] + (palette[ZENITH][0] - palette[HORIZON][0]) * height
    green = palette[HORIZON][1] + (palette[ZENITH][1] - palette[HORIZON][1]) * height
    blue = palette[HORIZON][2] + (palette[ZENITH][2] - palette[HORIZON][2]) * height
    towards = x * light.sun[0] + y * light.sun[1] + z * light.sun[2]
    if towards > 0.0:
        halo = towards * towards
        halo *= halo
        halo *= halo
        glow = (0.22 * halo + 0.5 * halo**8) * (1.0 - 0.8 * light.cover)
        red += glow * palette[SUNLIGHT][0] * 0.35
        green += glow * palette[SUNLIGHT][1] * 0.33
        blue += glow * palette[SUNLIGHT][2] * 0.30
    if clouds and z > 0.02:
        scale = 14.0 / (z + 0.12)
        u, v = x * scale, y * scale
        blur = 0.02 * scale
        puff = 0.66 * noise(light.noise, u * 0.35, v * 0.35, blur * 0.35)
        puff += 0.34 * noise(light.noise, u * 1.3 + 31.0, v * 1.3 + 17.0, blur * 1.3)
        thickness = (puff - 0.66 + 0.5 * light.cover) * 4.5
        thickness = min(max(thickness, 0.0), 1.0) * min(1.0, (z - 0.02) * 8.0) * 0.85
        red += (palette[CLOUD][0] - red) * thickness
        green += (palette[CLOUD][1] - green) * thickness
        blue += (palette[CLOUD][2] - blue) * thickness
    return red, green, blue


@inlined
def stars(light: Light, x: float, y: float, z: float) -> float:
    """Brightness of the star in the unit direction (x, y, z), mostly none."""
    if z < 0.05:
        return 0.0
    u, v = 90.0 * x / (0.4 + z), 90.0 * y / (0.4 + z)
    column, row = math.floor(u), math.floor(v)
    chance = scramble(column, row, 31)
    if chance > 0.05:
        return 0.0
    du, dv = u - column - 0.5, v - row - 0.5
    spot = max(0.0, 1.0 - 9.0 * (du * du + dv * dv))
    return spot * spot * (0.15 + 14.0 * chance) * (1.0 - light.cover) * min(1.0, z * 4.0)


@inlined
def fog_depth(light: Light, distance: float, low: float, high: float) -> float:
    """Optical depth of the fog on a way of `distance` metres from height `low` to `high`, m."""
    fog = light.fog
    way = distance - fog.begin
    if way <= 0.0:
        return 0.0
    low, high = fog.falloff * (low - light.ground), fog.falloff * (high - light.ground)
    change = high - low
    thin = math.exp(-max(min(low, 50.0), -3.0))
    if abs(change) > 1e-3:
        thin *= (1.0 - math.exp(-max(min(change, 50.0), -50.0))) / change
    return fog.density * way * min(thin, 20.0)


@inlined
def wet_share(light: Light, x: float, y: float, width: float) -> float:
    """How wet the ground is at a point, `width` metres across: a film, and puddles where it is low."""
    low = noise(light.noise, x * 0.5, y * 0.5, width * 0.5)
    puddle = min(max((low - 0.75 + 0.5 * light.deposits) * 6.0, 0.0), 1.0) if light.deposits > 0.0 else 0.0
    return light.wetness * (0.55 + 0.45 * puddle)


@inlined
def clearness(haze: float, distance: float) -> float:
    """Share of light that crosses `distance` metres of haze: exp(-haze distance), within 0.4 %.

    The fourth-order series of exp in the denominator; libm's exp costs more than the rest of a pixel's haze.
    """
    x = haze * distance
    return 1.0 / (1.0 + x * (1.0 + x * (0.5 + x * (0.166667 + x * 0.041667))))


@inlined
def sunlit(light: Light, x: float, y: float, z: float, nx: float, ny: float, nz: float, lift: float) -> float:
    """Share of the sun's disc that the street leaves visible from a point, 0 to 1.

    The point is moved off its surface by `lift` metres along the normal, so that a wall does not
    darken itself.
    """
    x += nx * lift
    y += ny * lift
    z += nz * lift
    axes = light.shade_axes
    column = axes[0][0] * x + axes[0][1] * y + axes[0][2] * z + axes[0][3]
    row = axes[1][0] * x + axes[1][1] * y + axes[1][2] * z + axes[1][3]
    side = MAP_SIDE
    if column < 1.0 or row < 1.0 or column >= side - 2.0 or row >= side - 2.0:
        return 1.0
    height = (axes[2][0] * x + axes[2][1] * y + axes[2][2] * z + axes[2][3] + 0.02) * HEIGHT_STEPS
    i, j = int(row), int(column)
    part_i, part_j = row - i, column - j
    here, below = i * side + j, (i + 1) * side + j
    blockers = light.shade_map
    a = 1.0 if blockers[np.uint64(here)] <= height else 0.0
    b = 1.0 if blockers[np.uint64(here + 1)] <= height else 0.0
    c = 1.0 if blockers[np.uint64(below)] <= height else 0.0
    d = 1.0 if blockers[np.uint64(below + 1)] <= height else 0.0
    return (a * (1.0 - part_j) + b * part_j) * (1.0 - part_i) + (c * (1.0 - part_j) + d * part_j) * part_i


@inlined
def blocked(light: Light, x: float, y: float, z: float, upward: float, own: float) -> tuple[float, float]:
    """How much sun and how much sky moving things leave to a point; both 0 to 1.

    `upward` is the vertical part of the surface's normal; boxes of the object `own` are skipped.
    """
    scale = light.blocked_origin[2]
    column = int((x - light.blocked_origin[0]) * scale)
    row = int((y - light.blocked_origin[1]) * scale)
    side = light.blocked.shape[0]
    if column < 0 or row < 0 or column >= side or row >= side:
        return 1.0, 1.0
    mask = light.blocked[np.uint64(row), np.uint64(column)]
    sun, sky_open = 1.0, 1.0
    while mask != 0:
        box = light.blockers[np.uint64(trailing_zeros(mask))]
        if box[9] != own:
            sun = min(sun, _past_box(light, box, x, y, z))
            if upward > 0.5:
                sky_open *= _beside_box(box, x, y, z)
        mask &= mask - 1
    return sun, sky_open


@inlined
def _past_box(light: Light, box: NDArray[np.float64], x: float, y: float, z: float) -> float:
    """Sunlight left after one box: the longer the ray's way through it, the darker, with a soft rim."""
    dx, dy = x - box[0], y - box[1]
    along, across = box[3] * dx + box[4] * dy, box[3] * dy - box[4] * dx
    by_along, by_across, by_up = box[10], box[11], 1.0 / light.sun[2]
    a, b = (-box[5] - along) * by_along, (box[5] - along) * by_along
    c, d = (-box[6] - across) * by_across, (box[6] - across) * by_across
    e, f = (box[2] - box[7] - z) * by_up, (box[2] + box[7] - z) * by_up
    enter = max(min(a, b), max(min(c, d), min(e, f)))
    leave = min(max(a, b), min(max(c, d), max(e, f)))
    if leave <= 0.0:
        return 1.0
    enter = max(enter, 0.0)
    soft = 0.06 + 0.10 * enter
    cover = min(max((leave - enter) / soft + 0.25, 0.0), 1.0)
    return 1.0 - cover


@inlined
def _beside_box(box: NDArray[np.float64], x: float, y: float, z: float) -> float:
    """Skylight left to the ground beside or under one box: the contact shadow."""
    dx, dy = x - box[0], y - box[1]
    gap_x = max(abs(box[3] * dx + box[4] * dy) - box[5], -0.35)
    gap_y = max(abs(box[3] * dy - box[4] * dx) - box[6], -0.35)
    outside = math.sqrt(max(gap_x, 0.0) ** 2 + max(gap_y, 0.0) ** 2)
    gap = outside + min(max(gap_x, gap_y), 0.0)
    reach = box[8]
    if gap >= reach or z > box[2]:
        return 1.0
    depth = (reach - gap) / (reach + 0.35)
    return 1.0 - 0.88 * depth * depth * (3.0 - 2.0 * depth)
