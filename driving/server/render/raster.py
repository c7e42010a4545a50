"""Geometry pass: which triangle is nearest at every sample of the image.

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
from driving.server.render.fill import fill
from driving.server.render.placing import (
    NEAR,
    SAMPLES,
    clip,
    into_camera,
    place,
    project,
    rows_of,
    transform,
    widen,
)

CLOSE = 0.5  # m: what may come nearer is clipped; coarse levels bulge a little out of the finest one's sphere
DETAIL = 56.0  # px of bounding radius: below it the second level of detail is drawn
COARSE = 19.0  # px, below it the third
HALF_PIXEL = 0.5  # px: a painted line is drawn at least twice this wide, and fainter instead
TINY = (1.2, 0.2)  # px, below it nothing: parts of the street, actors


@kernel
def draw(
    geometry: Geometry, objects: Objects, view: View, canvas: Canvas, band: tuple[int, int], first: int
) -> None:
    """Draw every object into a band of `canvas`, which is cleared first.

    Args:
        geometry: The scene's.
        objects: The scene's.
        view: Of the whole picture.
        canvas: Likewise; nobody else may use its `corners` meanwhile.
        band: The first row of pixels and the first beyond.
        first: Row of `visible` from which on this band's triangles are listed.
    """
    canvas, geometry = borrow_canvas(canvas), borrow_geometry(geometry)
    objects, view = borrow_objects(objects), borrow_view(view)
    rows = SAMPLES * band[0], SAMPLES * band[1]
    canvas.nearness[rows[0] : rows[1]] = 0.0
    canvas.owner[rows[0] : rows[1]] = -1
    polygon = np.empty((4, 3))
    drawn = first
    for index in range(objects.mesh.shape[0]):
        if objects.levels[index] == 0:
            continue
        level, ahead = _level(geometry, objects, view, band, index)
        if level < 0:
            continue
        mesh = objects.mesh[index] + level
        placement = into_camera(objects.pose[index], view)
        place(geometry, mesh, placement, canvas.corners)
        if objects.ribbon[index] > 0.0:
            widen(geometry, mesh, placement, canvas.corners, objects.ribbon[index], HALF_PIXEL / view.focal)
        if ahead < CLOSE:
            drawn = _draw_clipped(geometry, mesh, index, view, canvas, rows, polygon, drawn)
        else:
            project(view, canvas.corners, geometry.spans[mesh, 1] - geometry.spans[mesh, 0])
            drawn = _draw_whole(geometry, mesh, index, canvas, rows, drawn)


@inlined
def _level(
    geometry: Geometry, objects: Objects, view: View, band: tuple[int, int], index: int
) -> tuple[int, float]:
    """The level of detail, or -1 if not in the band; and a depth before which nothing of the object lies."""
    pose = objects.pose[index]
    axes = view.axes
    sphere = geometry.spheres[objects.mesh[index]]
    radius = sphere[3] / objects.shrink[index]
    dx, dy, dz = transform(rows_of(pose), sphere[0], sphere[1], sphere[2])
    dx, dy, dz = dx - view.position[0], dy - view.position[1], dz - view.position[2]
    ahead = axes[2][0] * dx + axes[2][1] * dy + axes[2][2] * dz
    if ahead < NEAR - radius or ahead - radius > view.reach:
        return -1, 0.0
    right = axes[0][0] * dx + axes[0][1] * dy + axes[0][2] * dz
    down = axes[1][0] * dx + axes[1][1] * dy + axes[1][2] * dz
    focal, half_width = view.focal, view.width * 0.5
    # a painted line may be widened beyond its sphere by half a pixel
    top, bottom = band[0] - 1.0 - view.height * 0.5, band[1] + 1.0 - view.height * 0.5
    if abs(right) * focal - ahead * half_width > radius * math.sqrt(focal**2 + half_width**2):
        return -1, 0.0
    if ahead * top - down * focal > radius * math.sqrt(focal**2 + top**2):
        return -1, 0.0
    if down * focal - ahead * bottom > radius * math.sqrt(focal**2 + bottom**2):
        return -1, 0.0
    distance = math.sqrt(right * right + down * down + ahead * ahead)
    size = focal * radius / max(distance, NEAR)
    if size < TINY[0 if objects.actor[index] == 0 else 1]:
        return -1, 0.0
    level = 0 if size > DETAIL else (1 if size > COARSE else 2)
    return min(level, objects.levels[index] - 1), ahead - radius


@inlined
def _draw_whole(
    geometry: Geometry, mesh: int, index: int, canvas: Canvas, rows: tuple[int, int], drawn: int
) -> int:
    """Draw a mesh that lies beyond the near plane; return the number of rows of `visible` in use."""
    end = _select(geometry, mesh, index, canvas, rows, drawn)
    xs, ys, values = canvas.corners[0], canvas.corners[1], canvas.corners[2]
    for owner in range(drawn, end):
        triangle = canvas.visible[owner, 0]
        i = np.uint64(geometry.triangles[triangle, 0])
        j = np.uint64(geometry.triangles[triangle, 1])
        k = np.uint64(geometry.triangles[triangle, 2])
        fill(
            (xs[i], ys[i], values[i]),
            (xs[j], ys[j], values[j]),
            (xs[k], ys[k], values[k]),
            owner,
            canvas.nearness,
            canvas.owner,
            rows,
        )
    return end


@inlined
def _select(
    geometry: Geometry, mesh: int, index: int, canvas: Canvas, rows: tuple[int, int], drawn: int
) -> int:
    """List in `visible` the triangles that face the camera and may hold a sample.

    The world is left-handed and the camera frame right-handed: a face that looks at the camera turns
    clockwise in the image, which is a positive area as y points down.

    Without branches, whose outcomes no processor can guess: every triangle is written down, and the
    next one overwrites those that do not count.
    """
    above, below, columns = rows[0] - 1.0, float(rows[1]), float(canvas.nearness.shape[1])
    xs, ys = canvas.corners[0], canvas.corners[1]
    visible = canvas.visible
    for triangle in range(geometry.spans[mesh, 2], geometry.spans[mesh, 3]):
        i = np.uint64(geometry.triangles[triangle, 0])
        j = np.uint64(geometry.triangles[triangle, 1])
        k = np.uint64(geometry.triangles[triangle, 2])
        ax, ay, bx, by, cx, cy = xs[i], ys[i], xs[j], ys[j], xs[k], ys[k]
        turn = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        left, right = max(min(ax, min(bx, cx)), -1.0), min(max(ax, max(bx, cx)), columns)
        top, bottom = max(min(ay, min(by, cy)), above), min(max(ay, max(by, cy)), below)
        visible[drawn, 0] = triangle
        visible[drawn, 1] = index
        drawn += int((turn > 0.0) & (np.ceil(left) < np.ceil(right)) & (np.ceil(top) < np.ceil(bottom)))
    return drawn


@inlined
def _draw_clipped(
    geometry: Geometry,
    mesh: int,
    index: int,
    view: View,
    canvas: Canvas,
    rows: tuple[int, int],
    polygon: NDArray[np.float64],
    drawn: int,
) -> int:
    """Draw a mesh that may reach through the near plane; return the number of rows of `visible` in use."""
    for triangle in range(geometry.spans[mesh, 2], geometry.spans[mesh, 3]):
        if _outside(geometry, triangle, view, canvas.corners):
            continue
        sides = 0
        for corner in range(3):
            start = geometry.triangles[triangle, corner]
            end = geometry.triangles[triangle, corner + 1 if corner < 2 else 0]
            sides = clip(canvas.corners, start, end, polygon, sides, view)
        for last in range(2, sides):
            ax, ay = polygon[0, 0], polygon[0, 1]
            bx, by = polygon[last - 1, 0], polygon[last - 1, 1]
            cx, cy = polygon[last, 0], polygon[last, 1]
            if (bx - ax) * (cy - ay) - (cx - ax) * (by - ay) > 0.0:
                fill(
                    (ax, ay, polygon[0, 2]),
                    (bx, by, polygon[last - 1, 2]),
                    (cx, cy, polygon[last, 2]),
                    drawn,
                    canvas.nearness,
                    canvas.owner,
                    rows,
                )
        canvas.visible[drawn, 0] = triangle
        canvas.visible[drawn, 1] = index
        drawn += 1
    return drawn


@inlined
def _outside(geometry: Geometry, triangle: int, view: View, corners: NDArray[np.float64]) -> bool:
    """Whether a triangle lies wholly before the near plane or beyond one side of the image."""
    i = np.uint64(geometry.triangles[triangle, 0])
    j = np.uint64(geometry.triangles[triangle, 1])
    k = np.uint64(geometry.triangles[triangle, 2])
    xs, ys, zs = corners[0], corners[1], corners[2]
    wide, tall = 0.5 * view.width / view.focal, 0.5 * view.height / view.focal
    a, b, c = zs[i], zs[j], zs[k]
    behind = (a < NEAR) & (b < NEAR) & (c < NEAR)
    right = (xs[i] > wide * a) & (xs[j] > wide * b) & (xs[k] > wide * c)
    left = (xs[i] < -wide * a) & (xs[j] < -wide * b) & (xs[k] < -wide * c)
    below = (ys[i] > tall * a) & (ys[j] > tall * b) & (ys[k] > tall * c)
    above = (ys[i] < -tall * a) & (ys[j] < -tall * b) & (ys[k] < -tall * c)
    return behind | right | left | below | above
