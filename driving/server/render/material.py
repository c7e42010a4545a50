"""The colour of one surface point: its material's pattern, lit by sun and sky."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render import face as f
from driving.server.render import surfaces as s
from driving.server.render.arrays import Geometry, Light, Objects, View
from driving.server.render.compiled import inlined
from driving.server.render.facade import wall
from driving.server.render.lamps import lamplight
from driving.server.render.raster import HALF_PIXEL
from driving.server.render.sky import BOUNCE, SKYLIGHT, SUNLIGHT, blocked, sky, sunlit, wet_share
from driving.server.render.texture import asphalt, noise, slabs, stripes

MATTE, SMOOTH, PAINT, GLASS, ASPHALT, PAVING = s.MATTE, s.SMOOTH, s.PAINT, s.GLASS, s.ASPHALT, s.PAVING
GRASS, FACADE, FOLIAGE, GLOW, TILES, LINE = s.GRASS, s.FACADE, s.FOLIAGE, s.GLOW, s.TILES, s.LINE
BAY = s.BAY
ASPHALT_REFLECTANCE = 0.072

Colour = tuple[float, float, float]


@inlined
def colour_of(
    face: NDArray[np.float64],
    geometry: Geometry,
    objects: Objects,
    surfaces: NDArray[np.float64],
    view: View,
    light: Light,
    dx: float,
    dy: float,
    dz: float,
    depth: float,
) -> Colour:
    """Linear colour of the point at `depth` along the ray (dx, dy, dz), before haze."""
    axes = view.axes
    x = view.position[0] + dx * depth
    y = view.position[1] + dy * depth
    z = view.position[2] + dz * depth
    kind, index = int(face[f.KIND]), int(face[f.INDEX])
    nx, ny, nz = face[f.NX], face[f.NY], face[f.NZ]
    facing = min(nx * dx + ny * dy + nz * dz, -0.02)
    pixel = depth * (1.0 / view.focal)
    r, g, b = face[f.RED], face[f.GREEN], face[f.BLUE]
    gloss, mirror, shine = 0.0, 0.0, 0.0
    if kind in (ASPHALT, GRASS, LINE, TILES, PAVING):
        width = min(pixel / -facing, 40.0 * pixel)
        factor, gloss = _ground(light, kind, x, y, z, width, pixel)
        if kind == LINE:
            thin = min(surfaces[int(face[f.SURFACE]), BAY] / (HALF_PIXEL * pixel), 1.0)
            r, g, b = _thinned(r, thin), _thinned(g, thin), _thinned(b, thin)
        r, g, b = r * factor, g * factor, b * factor
    elif kind == FACADE:
        wide = _extent(axes, dx, dy, dz, nx, ny, nz, facing, -ny, nx, 0.0) * pixel
        tall = _extent(axes, dx, dy, dz, nx, ny, nz, facing, 0.0, 0.0, 1.0) * pixel
        material = surfaces[int(face[f.SURFACE])]
        dark = light.darkness
        r, g, b, mirror, shine = wall(light.noise, material, x, y, z, nx, ny, wide, tall, dark)
    elif kind in (SMOOTH, PAINT, FOLIAGE):
        nx, ny, nz = _smooth_normal(geometry, objects, int(face[f.TRIANGLE]), index, x, y, z)
        if kind == FOLIAGE:
            factor = 0.45 + 1.1 * noise(light.noise, (x + 0.7 * z) * 5.0, (y + 0.6 * z) * 5.0, pixel * 5.0)
            r, g, b = r * factor, g * factor, b * factor
    if kind == PAINT:
        gloss = 0.05
    elif kind == GLASS:
        gloss = 0.10
    elif kind == GLOW:
        return r, g, b
    r, g, b, sunny = _lit(light, kind, index, r, g, b, x, y, z, nx, ny, nz)
    if shine > 0.0:
        r, g, b = r + shine * 0.62, g + shine * 0.42, b + shine * 0.19
    if gloss > 0.0 or mirror > 0.0:
        return _mirrored(light, kind, r, g, b, dx, dy, dz, nx, ny, nz, gloss, mirror, sunny)
    return r, g, b


@inlined
def _thinned(paint: float, share: float) -> float:
    """Paint that covers only a share of the road under it."""
    return ASPHALT_REFLECTANCE + (paint - ASPHALT_REFLECTANCE) * share


@inlined
def _extent(
    axes: tuple[Colour, Colour, Colour],
    dx: float,
    dy: float,
    dz: float,
    nx: float,
    ny: float,
    nz: float,
    facing: float,
    tx: float,
    ty: float,
    tz: float,
) -> float:
    """How far a pixel reaches along the direction t of a plane with normal n, for unit pixel size.

    A step e across the image moves the ray's hit point by e - d (e.n) / (d.n).
    """
    along = (dx * tx + dy * ty + dz * tz) / facing
    rx, ry, rz = axes[0]
    ex, ey, ez = axes[1]
    across = rx * tx + ry * ty + rz * tz - along * (rx * nx + ry * ny + rz * nz)
    below = ex * tx + ey * ty + ez * tz - along * (ex * nx + ey * ny + ez * nz)
    return abs(across) + abs(below)


@inlined
def _ground(
    light: Light,
    kind: int,
    x: float,
    y: float,
    z: float,
    width: float,
    pixel: float,
) -> tuple[float, float]:
    """Brightness factor and gloss of a horizontal material."""
    if kind in (ASPHALT, LINE):
        across = math.sqrt(width * pixel)
        factor = asphalt(light.noise, x, y, across)
        if kind == LINE:
            factor = 0.75 + 0.25 * factor
        if light.wetness > 0.0:
            factor *= 1.0 - 0.5 * wet_share(light, x, y, width)
        return factor, 0.0
    if kind == PAVING:
        return slabs(light.noise, x, y, width, width, 0.5) * (1.0 - 0.35 * light.wetness), 0.0
    if kind == GRASS:
        fine = noise(light.noise, x * 9.0, y * 9.0, width * 9.0)
        broad = noise(light.noise, x * 0.4, y * 0.4, width * 0.4)
        return 0.35 + 0.7 * fine + 0.6 * broad, 0.0
    course = stripes(z / 0.19, 0.0, 0.18, pixel * 2.0 / 0.19)
    return (0.75 + 0.5 * noise(light.noise, (x + y) * 3.0, z * 3.0, width * 3.0)) * (1.0 - 0.4 * course), 0.0


@inlined
def _smooth_normal(
    geometry: Geometry, objects: Objects, triangle: int, index: int, x: float, y: float, z: float
) -> Colour:
    """The vertices' normals, interpolated at a world point; unit length, world frame."""
    pose = objects.pose[index]
    x, y, z = x - pose[0, 3], y - pose[1, 3], z - pose[2, 3]
    shrink = objects.shrink[index] ** 2
    mesh = objects.mesh[index]
    while triangle >= geometry.spans[mesh, 3]:
        mesh += 1
    first = geometry.spans[mesh, 0]
    i = first + geometry.triangles[triangle, 0]
    j = first + geometry.triangles[triangle, 1]
    k = first + geometry.triangles[triangle, 2]
    a, b, c = geometry.vertices[i], geometry.vertices[j], geometry.vertices[k]
    px = (pose[0, 0] * x + pose[1, 0] * y + pose[2, 0] * z) * shrink - a[0]
    py = (pose[0, 1] * x + pose[1, 1] * y + pose[2, 1] * z) * shrink - a[1]
    pz = (pose[0, 2] * x + pose[1, 2] * y + pose[2, 2] * z) * shrink - a[2]
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    uu, uv, vv = ux * ux + uy * uy + uz * uz, ux * vx + uy * vy + uz * vz, vx * vx + vy * vy + vz * vz
    pu, pv = px * ux + py * uy + pz * uz, px * vx + py * vy + pz * vz
    scale = 1.0 / (uu * vv - uv * uv + 1e-20)
    second = min(max((vv * pu - uv * pv) * scale, 0.0), 1.0)
    third = min(max((uu * pv - uv * pu) * scale, 0.0), 1.0 - second)
    one = 1.0 - second - third
    m, n, o = geometry.normals[i], geometry.normals[j], geometry.normals[k]
    nx, ny, nz = f.turn(
        pose,
        one * m[0] + second * n[0] + third * o[0],
        one * m[1] + second * n[1] + third * o[1],
        one * m[2] + second * n[2] + third * o[2],
    )
    unit = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-20)
    return nx * unit, ny * unit, nz * unit


@inlined
def _lit(
    light: Light,
    kind: int,
    index: int,
    r: float,
    g: float,
    b: float,
    x: float,
    y: float,
    z: float,
    nx: float,
    ny: float,
    nz: float,
) -> tuple[float, float, float, float]:
    """Diffuse light off a point, and the share of the sun that reaches it."""
    slope = nx * light.sun[0] + ny * light.sun[1] + nz * light.sun[2]
    if kind == FOLIAGE:
        slope = 0.35 + 0.65 * slope
    sun_left, sky_left = blocked(light, x, y, z, nz, float(index))
    if slope > 0.0 and sun_left > 0.0:
        lift = 0.35 if kind != FOLIAGE else 1.6
        sun_left *= sunlit(light, x, y, z, nx, ny, nz, lift)
    slope = max(slope, 0.0)
    up = (0.5 + 0.5 * nz) * sky_left
    down = (0.5 - 0.5 * nz) * sky_left
    palette = light.palette
    direct = slope * sun_left
    if light.darkness > 0.0:
        red, green, blue = lamplight(light, x, y, z, nx, ny, nz, float(index))
        return (
            r * (palette[SUNLIGHT][0] * direct + palette[SKYLIGHT][0] * up + palette[BOUNCE][0] * down + red),
            g
            * (palette[SUNLIGHT][1] * direct + palette[SKYLIGHT][1] * up + palette[BOUNCE][1] * down + green),
            b
            * (palette[SUNLIGHT][2] * direct + palette[SKYLIGHT][2] * up + palette[BOUNCE][2] * down + blue),
            sun_left,
        )
    return (
        r * (palette[SUNLIGHT][0] * direct + palette[SKYLIGHT][0] * up + palette[BOUNCE][0] * down),
        g * (palette[SUNLIGHT][1] * direct + palette[SKYLIGHT][1] * up + palette[BOUNCE][1] * down),
        b * (palette[SUNLIGHT][2] * direct + palette[SKYLIGHT][2] * up + palette[BOUNCE][2] * down),
        sun_left,
    )


@inlined
def _mirrored(
    light: Light,
    kind: int,
    r: float,
    g: float,
    b: float,
    dx: float,
    dy: float,
    dz: float,
    nx: float,
    ny: float,
    nz: float,
    gloss: float,
    mirror: float,
    sunny: float,
) -> Colour:
    """Add what a glossy surface mirrors: sky above, street below, and the sun (Schlick's approximation)."""
    length = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
    dx, dy, dz = dx * length, dy * length, dz * length
    facing = dx * nx + dy * ny + dz * nz
    rx, ry, rz = dx - 2.0 * facing * nx, dy - 2.0 * facing * ny, dz - 2.0 * facing * nz
    grazing = min(max(1.0 + facing, 0.0), 1.0)
    grazing *= grazing * grazing
    share = gloss + (0.55 if kind != ASPHALT else 0.25 + gloss) * grazing * min(1.0, gloss * 20.0)
    share = max(share, mirror * (0.12 + 0.6 * grazing))
    sr, sg, sb = sky(light, rx, ry, max(rz, 0.0), False)
    street = min(max(0.5 - rz * 6.0, 0.0), 1.0)  # roofs and walls opposite hide the lowest part of the sky
    day = 1.0 - 0.9 * light.darkness
    sr += (0.16 * day - sr) * street
    sg += (0.155 * day - sg) * street
    sb += (0.15 * day - sb) * street
    towards = rx * light.sun[0] + ry * light.sun[1] + rz * light.sun[2]
    if towards > 0.9 and kind != ASPHALT:
        spark = (towards - 0.9) * 10.0
        spark = spark**6 * sunny * (1.0 - light.cover) * 0.5 * day
        r, g, b = r + spark, g + spark, b + spark
    return r + (sr - r) * share, g + (sg - g) * share, b + (sb - b) * share
