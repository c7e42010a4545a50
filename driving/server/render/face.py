"""What the points of one triangle share: colour, normal, and what their material asks of surface and mesh.

Points of a bin are in the order of the image, so that those of a triangle mostly follow each other.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render import fields as f
from driving.server.render import surfaces as s
from driving.server.render.arrays import Canvas, Geometry, Objects, surface_of
from driving.server.render.compiled import inlined, narrow, single_row, unsigned, vectors
from driving.server.render.fields import field


@inlined
def look_up(
    work: NDArray[np.float32],
    marks: NDArray[np.int32],
    count: int,
    kind: int,
    canvas: Canvas,
    geometry: Geometry,
    objects: Objects,
    surfaces: NDArray[np.float64],
) -> None:
    """Fill colour, normal and object of the first `count` points, and what their material asks for.

    In whole vectors: what is written beyond the end of a triangle's points the next one overwrites.
    """
    owners = field(marks, f.OWNER)
    start = 0
    while start < count:
        owner, end = owners[start], start + 1
        while end < count and owners[end] == owner:
            end += 1
        row = unsigned(owner)
        triangle, index = unsigned(canvas.visible[row, 0]), unsigned(canvas.visible[row, 1])
        material = surfaces[surface_of(geometry, objects, triangle, index)]
        facing, shrink = geometry.facings[triangle], objects.shrink[index]
        normal = turn(objects.pose[index], facing[0] * shrink, facing[1] * shrink, facing[2] * shrink)
        _spread(work, marks, start, end, index, material, normal)
        if kind == s.BRICK or kind == s.PLASTER:
            _measure(work, start, end, material, normal)
        elif kind == s.SMOOTH or kind == s.PAINT or kind == s.FOLIAGE:
            _smooth(work, start, end, geometry, objects, triangle, index)
        elif kind == s.LINE:
            bays = field(work, f.BAY)
            half_width = narrow(material[s.BAY])
            for step in range(vectors(end - start)):
                point = unsigned(start) + unsigned(step)
                bays[point] = half_width
        start = end


@inlined
def turn(pose: NDArray[np.float64], x: float, y: float, z: float) -> tuple[float, float, float]:
    """A local direction in world coordinates, as long as the pose's scale makes it."""
    return (
        pose[0, 0] * x + pose[0, 1] * y + pose[0, 2] * z,
        pose[1, 0] * x + pose[1, 1] * y + pose[1, 2] * z,
        pose[2, 0] * x + pose[2, 1] * y + pose[2, 2] * z,
    )


@inlined
def _spread(
    work: NDArray[np.float32],
    marks: NDArray[np.int32],
    start: int,
    end: int,
    index: int,
    material: NDArray[np.float64],
    normal: tuple[float, float, float],
) -> None:
    red, green, blue = field(work, f.RED), field(work, f.GREEN), field(work, f.BLUE)
    nx, ny, nz, object_rows = (
        field(work, f.NX),
        field(work, f.NY),
        field(work, f.NZ),
        field(marks, f.OBJECT),
    )
    r, g, b = narrow(material[s.RED]), narrow(material[s.GREEN]), narrow(material[s.BLUE])
    x, y, z = narrow(normal[0]), narrow(normal[1]), narrow(normal[2])
    for step in range(vectors(end - start)):
        point = unsigned(start) + unsigned(step)
        red[point], green[point], blue[point] = r, g, b
        nx[point], ny[point], nz[point] = x, y, z
        object_rows[point] = index


@inlined
def _measure(
    work: NDArray[np.float32],
    start: int,
    end: int,
    material: NDArray[np.float64],
    normal: tuple[float, float, float],
) -> None:
    """A wall's columns, bays and storeys per metre; and the points' places on it, m."""
    xs, ys, zs = field(work, f.X), field(work, f.Y), field(work, f.Z)
    along, up, bays, storeys = field(work, f.U), field(work, f.V), field(work, f.BAY), field(work, f.STOREY)
    heights, styles = field(work, f.HEIGHT), field(work, f.STYLE)
    nx, ny = narrow(normal[0]), narrow(normal[1])
    x, y = narrow(material[s.ORIGIN_X]), narrow(material[s.ORIGIN_Y])
    base, bay, storey = (
        narrow(material[s.BASE]),
        narrow(1.0 / material[s.BAY]),
        narrow(1.0 / material[s.STOREY]),
    )
    height, style = narrow(material[s.TOP] - material[s.BASE]), narrow(material[s.STYLE])
    for step in range(vectors(end - start)):
        point = unsigned(start) + unsigned(step)
        along[point] = (ys[point] - y) * nx - (xs[point] - x) * ny
        up[point] = zs[point] - base
        bays[point], storeys[point], heights[point], styles[point] = bay, storey, height, style


@inlined
def _smooth(
    work: NDArray[np.float32],
    start: int,
    end: int,
    geometry: Geometry,
    objects: Objects,
    triangle: int,
    index: int,
) -> None:
    """The vertices' normals, interpolated at the points; unit length, world frame."""
    bend, pose = geometry.bends[triangle], objects.pose[index]
    (a, b, c, x), (d, e, g, y), (h, i, j, z) = single_row(pose[0]), single_row(pose[1]), single_row(pose[2])
    shrink = narrow(objects.shrink[index])
    shrink *= shrink
    s0, s1, s2, s3, t0, t1, t2, t3 = bend[0], bend[1], bend[2], bend[3], bend[4], bend[5], bend[6], bend[7]
    n0, n1, n2, m0, m1, m2, o0, o1, o2 = (
        bend[8], bend[9], bend[10], bend[11], bend[12], bend[13], bend[14], bend[15], bend[16]
    )  # fmt: skip
    xs, ys, zs = field(work, f.X), field(work, f.Y), field(work, f.Z)
    nx, ny, nz = field(work, f.NX), field(work, f.NY), field(work, f.NZ)
    for step in range(vectors(end - start)):
        point = unsigned(start) + unsigned(step)
        px, py, pz = xs[point] - x, ys[point] - y, zs[point] - z
        u = (a * px + d * py + h * pz) * shrink
        v = (b * px + e * py + i * pz) * shrink
        w = (c * px + g * py + j * pz) * shrink
        second = min(max(s0 * u + s1 * v + s2 * w + s3, 0.0), 1.0)
        third = min(max(t0 * u + t1 * v + t2 * w + t3, 0.0), 1.0 - second)
        u, v, w = (
            n0 + second * m0 + third * o0,
            n1 + second * m1 + third * o1,
            n2 + second * m2 + third * o2,
        )
        px, py, pz = a * u + b * v + c * w, d * u + e * v + g * w, h * u + i * v + j * w
        unit = 1.0 / math.sqrt(px * px + py * py + pz * pz + 1e-20)
        nx[point], ny[point], nz[point] = px * unit, py * unit, pz * unit
