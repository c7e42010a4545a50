"""Geometry pass: which triangle is nearest at every sample of the image.

Camera frame: x right, y down, z forward. The world is left-handed and this frame is right-handed, so
the cross product of a triangle's edges, outward in local coordinates, points inward here.
Depth is kept as 1 / z, which is linear in the image plane: one addition per sample.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import (
    Canvas,
    Geometry,
    Objects,
    View,
    borrow_canvas,
    borrow_geometry,
    borrow_objects,
    borrow_view,
)
from driving.server.render.compiled import inlined, kernel

NEAR = 0.1  # m, nothing nearer than this is drawn
SAMPLES = 2  # per pixel along each axis
DETAIL = 56.0  # px of bounding radius: below it the second level of detail is drawn
COARSE = 19.0  # px, below it the third
HALF_PIXEL = 0.5  # px: a painted line is drawn at least twice this wide, and fainter instead
TINY = (1.2, 0.2)  # px, below it nothing: parts of the street, actors


@kernel
def draw(geometry: Geometry, objects: Objects, view: View, canvas: Canvas) -> int:
    """Draw every object into `canvas` (which is cleared first); return how many triangles were drawn."""
    canvas, geometry = borrow_canvas(canvas), borrow_geometry(geometry)
    objects, view = borrow_objects(objects), borrow_view(view)
    canvas.nearness[:] = 0.0
    canvas.owner[:] = -1
    placement = np.empty((3, 4))
    polygon = np.empty((4, 2))
    drawn = 0
    for index in range(objects.mesh.shape[0]):
        if objects.levels[index] == 0:
            continue
        level = _level(geometry, objects, view, index, placement)
        if level < 0:
            continue
        mesh = objects.mesh[index] + level
        _place(geometry, mesh, placement, canvas.corners)
        if objects.ribbon[index] > 0.0:
            _widen(geometry, mesh, placement, canvas.corners, objects.ribbon[index], HALF_PIXEL / view.focal)
        drawn = _draw_mesh(geometry, mesh, index, view, canvas, polygon, drawn)
    return drawn


@inlined
def _level(
    geometry: Geometry, objects: Objects, view: View, index: int, placement: NDArray[np.float64]
) -> int:
    """Write local-to-camera into `placement`; return the level of detail, or -1 if out of view."""
    pose = objects.pose[index]
    axes = view.axes
    x = pose[0, 3] - view.position[0]
    y = pose[1, 3] - view.position[1]
    z = pose[2, 3] - view.position[2]
    sphere = geometry.spheres[objects.mesh[index]]
    radius = sphere[3] / objects.shrink[index]
    dx, dy, dz = _transform(pose, sphere[0], sphere[1], sphere[2])
    dx, dy, dz = dx - view.position[0], dy - view.position[1], dz - view.position[2]
    ahead = axes[2][0] * dx + axes[2][1] * dy + axes[2][2] * dz
    if ahead < NEAR - radius or ahead - radius > view.reach:
        return -1
    right = axes[0][0] * dx + axes[0][1] * dy + axes[0][2] * dz
    down = axes[1][0] * dx + axes[1][1] * dy + axes[1][2] * dz
    focal, half_width, half_height = view.focal, view.width * 0.5, view.height * 0.5
    if abs(right) * focal - ahead * half_width > radius * math.sqrt(focal**2 + half_width**2):
        return -1
    if abs(down) * focal - ahead * half_height > radius * math.sqrt(focal**2 + half_height**2):
        return -1
    distance = math.sqrt(right * right + down * down + ahead * ahead)
    size = focal * radius / max(distance, NEAR)
    if size < TINY[0 if objects.actor[index] == 0 else 1]:
        return -1
    for row in range(3):
        a, b, c = axes[row][0], axes[row][1], axes[row][2]
        for column in range(3):
            placement[row, column] = a * pose[0, column] + b * pose[1, column] + c * pose[2, column]
        placement[row, 3] = a * x + b * y + c * z
    level = 0 if size > DETAIL else (1 if size > COARSE else 2)
    return min(level, objects.levels[index] - 1)


@inlined
def _transform(placement: NDArray[np.float64], x: float, y: float, z: float) -> tuple[float, float, float]:
    return (
        placement[0, 0] * x + placement[0, 1] * y + placement[0, 2] * z + placement[0, 3],
        placement[1, 0] * x + placement[1, 1] * y + placement[1, 2] * z + placement[1, 3],
        placement[2, 0] * x + placement[2, 1] * y + placement[2, 2] * z + placement[2, 3],
    )


@inlined
def _place(
    geometry: Geometry, mesh: int, placement: NDArray[np.float64], corners: NDArray[np.float64]
) -> None:
    """Transform the vertices of `mesh` into the camera frame."""
    first = geometry.spans[mesh, 0]
    for vertex in range(geometry.spans[mesh, 1] - first):
        local = geometry.vertices[first + vertex]
        x, y, z = _transform(placement, local[0], local[1], local[2])
        corners[vertex, 0] = x
        corners[vertex, 1] = y
        corners[vertex, 2] = z


@inlined
def _widen(
    geometry: Geometry,
    mesh: int,
    placement: NDArray[np.float64],
    corners: NDArray[np.float64],
    half_width: float,
    least: float,
) -> None:
    """Move the edges of a line along its normals until `least` times their depth from its middle."""
    first = geometry.spans[mesh, 0]
    for vertex in range(geometry.spans[mesh, 1] - first):
        missing = least * corners[vertex, 2] - half_width
        if missing > 0.0:
            out = geometry.normals[first + vertex]
            for row in range(3):
                turned = placement[row, 0] * out[0] + placement[row, 1] * out[1] + placement[row, 2] * out[2]
                corners[vertex, row] += missing * turned


@inlined
def _draw_mesh(
    geometry: Geometry,
    mesh: int,
    index: int,
    view: View,
    canvas: Canvas,
    polygon: NDArray[np.float64],
    drawn: int,
) -> int:
    focal = view.focal * SAMPLES
    centre_x, centre_y = view.width * 0.5 * SAMPLES, view.height * 0.5 * SAMPLES
    columns, rows = view.width * SAMPLES, view.height * SAMPLES
    corners = canvas.corners
    for triangle in range(geometry.spans[mesh, 2], geometry.spans[mesh, 3]):
        i, j, k = (
            geometry.triangles[triangle, 0],
            geometry.triangles[triangle, 1],
            geometry.triangles[triangle, 2],
        )
        zi, zj, zk = corners[i, 2], corners[j, 2], corners[k, 2]
        if zi < NEAR and zj < NEAR and zk < NEAR:
            continue
        xi, yi = corners[i, 0], corners[i, 1]
        ax, ay, az = corners[j, 0] - xi, corners[j, 1] - yi, zj - zi
        bx, by, bz = corners[k, 0] - xi, corners[k, 1] - yi, zk - zi
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        plane = nx * xi + ny * yi + nz * zi
        if plane <= 1e-12:  # seen from behind, or edge on
            continue
        sides = 0
        if zi >= NEAR and zj >= NEAR and zk >= NEAR:
            scale = focal / zi
            polygon[0, 0], polygon[0, 1] = centre_x + scale * xi, centre_y + scale * yi
            scale = focal / zj
            polygon[1, 0], polygon[1, 1] = centre_x + scale * corners[j, 0], centre_y + scale * corners[j, 1]
            scale = focal / zk
            polygon[2, 0], polygon[2, 1] = centre_x + scale * corners[k, 0], centre_y + scale * corners[k, 1]
            sides = 3
        else:
            sides = _clip(corners, i, j, polygon, sides, focal, centre_x, centre_y)
            sides = _clip(corners, j, k, polygon, sides, focal, centre_x, centre_y)
            sides = _clip(corners, k, i, polygon, sides, focal, centre_x, centre_y)
        step_x = nx / (focal * plane)
        step_y = ny / (focal * plane)
        start = nz / plane - step_x * centre_x - step_y * centre_y
        if fill(polygon, sides, step_x, step_y, start, drawn, canvas.nearness, canvas.owner, columns, rows):
            canvas.visible[drawn, 0] = triangle
            canvas.visible[drawn, 1] = index
            drawn += 1
    return drawn


@inlined
def _clip(
    corners: NDArray[np.float64],
    start: int,
    end: int,
    polygon: NDArray[np.float64],
    sides: int,
    focal: float,
    centre_x: float,
    centre_y: float,
) -> int:
    """Append what lies beyond the near plane of the edge `start` to `end`; return the polygon's new size."""
    za, zb = corners[start, 2], corners[end, 2]
    if za >= NEAR:
        polygon[sides, 0] = centre_x + focal * corners[start, 0] / za
        polygon[sides, 1] = centre_y + focal * corners[start, 1] / za
        sides += 1
    if (za >= NEAR) != (zb >= NEAR):
        part = (NEAR - za) / (zb - za)
        x = corners[start, 0] + part * (corners[end, 0] - corners[start, 0])
        y = corners[start, 1] + part * (corners[end, 1] - corners[start, 1])
        polygon[sides, 0] = centre_x + focal * x / NEAR
        polygon[sides, 1] = centre_y + focal * y / NEAR
        sides += 1
    return sides


@kernel
def fill(
    polygon: NDArray[np.float64],
    sides: int,
    step_x: float,
    step_y: float,
    start: float,
    owner: int,
    values: NDArray[np.float32],
    owners: NDArray[np.int32],
    columns: int,
    rows: int,
) -> bool:
    """Write a convex polygon wherever its value, step_x x + step_y y + start, exceeds what stands there.

    Sample centres lie at half coordinates. Tells whether any sample lay inside the polygon.
    """
    top, bottom = 1e18, -1e18
    for side in range(sides):
        top = min(top, polygon[side, 1])
        bottom = max(bottom, polygon[side, 1])
    if bottom < 0.5 or top > rows - 0.5:
        return False
    first_row = math.ceil(max(top, 0.0) - 0.5)
    last_row = math.ceil(min(bottom, rows + 0.5) - 0.5) - 1
    last_row = min(last_row, rows - 1)
    touched = False
    for row in range(max(first_row, 0), last_row + 1):
        y = row + 0.5
        left, right = 1e18, -1e18
        for side in range(sides):
            other = side + 1 if side + 1 < sides else 0
            xa, ya, xb, yb = polygon[side, 0], polygon[side, 1], polygon[other, 0], polygon[other, 1]
            if ya > yb:
                xa, ya, xb, yb = xb, yb, xa, ya
            if ya <= y < yb:
                x = xa + (xb - xa) * ((y - ya) / (yb - ya))
                left = min(left, x)
                right = max(right, x)
        if left >= right or right < 0.5 or left > columns - 0.5:
            continue
        first = math.ceil(max(left, 0.0) - 0.5)
        last = math.ceil(min(right, columns + 0.5) - 0.5) - 1
        first = max(first, 0)
        last = min(last, columns - 1)
        if first > last:
            continue
        touched = True
        value = np.float32(step_x * (first + 0.5) + step_y * y + start)
        step = np.float32(step_x)
        line = values[row, first : last + 1]
        line_owners = owners[row, first : last + 1]
        for column in range(last + 1 - first):
            here = value + step * np.float32(column)
            if here > line[column]:
                line[column] = here
                line_owners[column] = owner
    return touched
