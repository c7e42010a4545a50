"""What a ray sees in the air: sky, clouds, the sun's halo, stars, haze and fog."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render import fields as f
from driving.server.render.arrays import Light, View
from driving.server.render.compiled import inlined, narrow, single
from driving.server.render.fields import field
from driving.server.render.texture import noise, noise_of, scramble

SKY_DEPTH = 1000.0  # m, what a pixel of sky reports
LARGE, SMALL = 0.35, 1.3  # texels of noise per unit of the clouds' places
PUDDLES = 0.5  # texels of noise per m of ground
SUNLIGHT, SKYLIGHT, BOUNCE, HORIZON, ZENITH, CLOUD, HAZE = range(7)  # rows of `Light.palette`

Colour = tuple[float, float, float]


@inlined
def sky(light: Light, x: float, y: float, z: float) -> Colour:
    """Linear colour of the sky in the unit direction (x, y, z); below the horizon, of the haze."""
    colour = clear_sky(light.palette, light.sun, light.cover, x, y, z)
    u, v, blur = _cloud_place(x, y, z)
    large = noise(light.noise, u * LARGE, v * LARGE, blur * LARGE)
    small = noise(light.noise, u * SMALL + 31.0, v * SMALL + 17.0, blur * SMALL)
    return _clouded(light.palette[CLOUD], light.cover, colour, large, small, z)


@inlined
def skies(work: NDArray[np.float32], marks: NDArray[np.int32], count: int, view: View, light: Light) -> None:
    """Colours of the sky along points' rays, and the shares of it that haze and fog let through."""
    dx, dy, dz, clear = field(work, f.DX), field(work, f.DY), field(work, f.DZ), field(work, f.CLEAR)
    us, vs, blurs = field(work, f.U), field(work, f.V), field(work, f.WIDE)
    for point in range(count):
        x, y, z = dx[point], dy[point], dz[point]
        unit = 1.0 / math.sqrt(x * x + y * y + z * z)
        dx[point], dy[point], dz[point] = x * unit, y * unit, z * unit
        us[point], vs[point], blurs[point] = _cloud_place(x * unit, y * unit, z * unit)
    noise_of(work, marks, count, light.noise, (f.U, f.V, f.WIDE, f.ONE), (LARGE, LARGE, LARGE), (0.0, 0.0))
    noise_of(work, marks, count, light.noise, (f.U, f.V, f.WIDE, f.TWO), (SMALL, SMALL, SMALL), (31.0, 17.0))
    red, green, blue = field(work, f.RED), field(work, f.GREEN), field(work, f.BLUE)
    large, small = field(work, f.ONE), field(work, f.TWO)
    sun, cover, haze = single(light.sun), narrow(light.cover), narrow(light.haze)
    palette, cloud = single_palette(light.palette), single(light.palette[CLOUD])
    for point in range(count):
        z = dz[point]
        colour = clear_sky(palette, sun, cover, dx[point], dy[point], z)
        colour = _clouded(cloud, cover, colour, large[point], small[point], z)
        red[point], green[point], blue[point] = colour
        clear[point] = clearness(haze, 900.0 * max(0.0, 1.0 - 3.0 * max(z, 0.0)))
    if light.darkness > 0.75:
        for point in range(count):
            star = (4.0 * light.darkness - 3.0) * stars(light, dx[point], dy[point], dz[point])
            red[point] += star
            green[point] += star
            blue[point] += star
    if light.fog.density > 0.0:
        eye = view.position[2]
        for point in range(count):
            top = eye + SKY_DEPTH * max(dz[point], 0.0)
            clear[point] *= clearness(1.0, fog_depth(light, SKY_DEPTH, eye, top))


@inlined
def clear_sky(palette: tuple[Colour, ...], sun: Colour, cover: float, x: float, y: float, z: float) -> Colour:
    """Linear colour of the sky behind its clouds in the unit direction (x, y, z)."""
    height = math.sqrt(max(z, 0.0))
    red = palette[HORIZON][0] + (palette[ZENITH][0] - palette[HORIZON][0]) * height
    green = palette[HORIZON][1] + (palette[ZENITH][1] - palette[HORIZON][1]) * height
    blue = palette[HORIZON][2] + (palette[ZENITH][2] - palette[HORIZON][2]) * height
    halo = max(x * sun[0] + y * sun[1] + z * sun[2], 0.0)
    halo *= halo
    halo *= halo
    halo *= halo
    core = halo * halo
    core *= core
    core *= core
    glow = (0.22 * halo + 0.5 * core) * (1.0 - 0.8 * cover)
    red += glow * palette[SUNLIGHT][0] * 0.35
    green += glow * palette[SUNLIGHT][1] * 0.33
    blue += glow * palette[SUNLIGHT][2] * 0.30
    return red, green, blue


@inlined
def _cloud_place(x: float, y: float, z: float) -> Colour:
    """Where a ray meets the clouds, and how wide it is there."""
    scale = 14.0 / (max(z, 0.0) + 0.12)
    return x * scale, y * scale, 0.02 * scale


@inlined
def _clouded(cloud: Colour, cover: float, colour: Colour, large: float, small: float, z: float) -> Colour:
    """Clouds before the sky; `large` and `small` are noise."""
    red, green, blue = colour
    thickness = (0.66 * large + 0.34 * small - 0.66 + 0.5 * cover) * 4.5
    thickness = min(max(thickness, 0.0), 1.0) * min(max((z - 0.02) * 8.0, 0.0), 1.0) * 0.85
    red += (cloud[0] - red) * thickness
    green += (cloud[1] - green) * thickness
    blue += (cloud[2] - blue) * thickness
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
def wet_share(wetness: float, deposits: float, low: float) -> float:
    """How wet the ground is where the noise of `PUDDLES` texels per metre is `low`: a film, and puddles."""
    puddle = min(max((low - 0.75 + 0.5 * deposits) * 6.0, 0.0), 1.0) if deposits > 0.0 else 0.0
    return wetness * (0.55 + 0.45 * puddle)


@inlined
def clearness(haze: float, distance: float) -> float:
    """Share of light that crosses `distance` metres of haze: exp(-haze distance), within 0.4 %.

    The fourth-order series of exp in the denominator; libm's exp costs more than the rest of a pixel's haze.
    """
    x = haze * distance
    return 1.0 / (1.0 + x * (1.0 + x * (0.5 + x * (0.166667 + x * 0.041667))))


@inlined
def single_palette(palette: tuple[Colour, ...]) -> tuple[Colour, ...]:
    """`Light.palette` in single precision."""
    return (
        single(palette[0]),
        single(palette[1]),
        single(palette[2]),
        single(palette[3]),
        single(palette[4]),
        single(palette[5]),
        single(palette[6]),
    )
