"""Where a mesh's vertices stand before the camera and where they fall in the image.

Camera frame: x right, y down, z forward.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Geometry, Triple, View
from driving.server.render.compiled import inlined

NEAR = 0.1  # m, nothing nearer than this is drawn
SAMPLES = 2  # per pixel along each axis

Placement = tuple[tuple[float, float, float, float], ...]  # 3 x 4, one frame to another


@inlined
def rows_of(pose: NDArray[np.float64]) -> Placement:
    """A pose (3, 4) as a tuple."""
    return (
        (pose[0, 0], pose[0, 1], pose[0, 2], pose[0, 3]),
        (pose[1, 0], pose[1, 1], pose[1, 2], pose[1, 3]),
        (pose[2, 0], pose[2, 1], pose[2, 2], pose[2, 3]),
    )


@inlined
def into_camera(pose: NDArray[np.float64], view: View) -> Placement:
    """Local to camera frame."""
    world = rows_of(pose)
    return (
        _row(world, view.axes[0], view.position),
        _row(world, view.axes[1], view.position),
        _row(world, view.axes[2], view.position),
    )


@inlined
def transform(placement: Placement, x: float, y: float, z: float) -> Triple:
    p, q, r = placement
    return (
        p[0] * x + p[1] * y + p[2] * z + p[3],
        q[0] * x + q[1] * y + q[2] * z + q[3],
        r[0] * x + r[1] * y + r[2] * z + r[3],
    )


@inlined
def place(geometry: Geometry, mesh: int, placement: Placement, corners: NDArray[np.float64]) -> None:
    """Transform the vertices of `mesh` into the camera frame."""
    xs, ys, zs = corners[0], corners[1], corners[2]
    vertices = geometry.vertices[geometry.spans[mesh, 0] : geometry.spans[mesh, 1]]
    for vertex in range(vertices.shape[0]):
        x, y, z = transform(placement, vertices[vertex, 0], vertices[vertex, 1], vertices[vertex, 2])
        xs[vertex], ys[vertex], zs[vertex] = x, y, z


@inlined
def widen(
    geometry: Geometry,
    mesh: int,
    placement: Placement,
    corners: NDArray[np.float64],
    half_width: float,
    least: float,
) -> None:
    """Move the edges of a line along its normals until `least` times their depth from its middle."""
    first = geometry.spans[mesh, 0]
    for vertex in range(geometry.spans[mesh, 1] - first):
        missing = least * corners[2, vertex] - half_width
        if missing > 0.0:
            out = geometry.normals[first + vertex]
            for row in range(3):
                turned = placement[row][0] * out[0] + placement[row][1] * out[1] + placement[row][2] * out[2]
                corners[row, vertex] += missing * turned


@inlined
def project(view: View, corners: NDArray[np.float64], count: int) -> None:
    """Replace the first `count` corners by image points (column and row in samples, 1 / depth).

    They all lie beyond the near plane. In place: with six arrays the compiler makes no vector instructions.
    """
    focal, shift_x, shift_y = view.focal * SAMPLES, _shift(view.width), _shift(view.height)
    xs, ys, zs = corners[0], corners[1], corners[2]
    for corner in range(count):
        near = 1.0 / zs[corner]
        xs[corner] = shift_x + focal * near * xs[corner]
        ys[corner] = shift_y + focal * near * ys[corner]
        zs[corner] = near


@inlined
def clip(
    corners: NDArray[np.float64],
    start: int,
    end: int,
    polygon: NDArray[np.float64],
    sides: int,
    view: View,
) -> int:
    """Append what lies beyond the near plane of the edge `start` to `end`; return the polygon's new size."""
    za, zb = corners[2, start], corners[2, end]
    if za >= NEAR:
        _append(polygon, sides, corners[0, start], corners[1, start], za, view)
        sides += 1
    if (za >= NEAR) != (zb >= NEAR):
        part = (NEAR - za) / (zb - za)
        x = corners[0, start] + part * (corners[0, end] - corners[0, start])
        y = corners[1, start] + part * (corners[1, end] - corners[1, start])
        _append(polygon, sides, x, y, NEAR, view)
        sides += 1
    return sides


@inlined
def _row(world: Placement, axis: Triple, eye: Triple) -> tuple[float, float, float, float]:
    a, b, c = axis
    return (
        a * world[0][0] + b * world[1][0] + c * world[2][0],
        a * world[0][1] + b * world[1][1] + c * world[2][1],
        a * world[0][2] + b * world[1][2] + c * world[2][2],
        a * (world[0][3] - eye[0]) + b * (world[1][3] - eye[1]) + c * (world[2][3] - eye[2]),
    )


@inlined
def _append(polygon: NDArray[np.float64], place: int, x: float, y: float, z: float, view: View) -> None:
    scale = view.focal * SAMPLES / z
    polygon[place, 0] = _shift(view.width) + scale * x
    polygon[place, 1] = _shift(view.height) + scale * y
    polygon[place, 2] = 1.0 / z


@inlined
def _shift(pixels: int) -> float:
    """The sample coordinate of the optical axis: sample centres lie at whole numbers."""
    return pixels * 0.5 * SAMPLES - 0.5
