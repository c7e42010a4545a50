"""What keeps light from the street: a map of the standing things, and boxes for the moving ones."""

from __future__ import annotations

import math
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Geometry, Objects
from driving.server.render.compiled import inlined, kernel
from driving.server.render.fill import Point, fill, sheet
from driving.server.render.lighting import CELLS, HEIGHT_STEPS, LONGEST_SHADOW, MAP_SIDE
from driving.server.render.placing import rows_of, transform

MAP_SPAN = 192.0  # m covered by the map
MAP_STEP = 32.0  # m: the map follows the camera in steps of this size
MAPS_KEPT = 16  # 1.2 MB each; as many as the places of a street 500 m long, to which episodes come back
CELL = 2.5  # m
MOST_BLOCKERS = 62  # bits of one cell
SHADOW_RIM = 0.5  # m that the soft rim of a shadow may reach out of its core
LIMIT = 32767.0  # steps, the highest that two bytes hold

Axes = tuple[tuple[float, ...], ...]  # 3 x 4


class ShadeMaps:
    """Shadow maps of the standing things around the camera, made when first needed."""

    def __init__(self, casters: NDArray[np.int64]) -> None:
        """`casters`: rows of `Objects` that throw shadows and never move; without levels, none."""
        self._casters = casters
        self._kept: OrderedDict[tuple[int, int], tuple[Axes, NDArray[np.int16]]] = OrderedDict()

    def clear(self) -> None:
        """Forget every map: the sun or the street has changed."""
        self._kept.clear()

    def around(
        self, x: float, y: float, *, sun: NDArray[np.float64], geometry: Geometry, objects: Objects
    ) -> tuple[Axes, NDArray[np.int16]]:
        """Axes (3 x 4) and heights (side side,) of the map for a camera at (x, y)."""
        cell = (round(x / MAP_STEP), round(y / MAP_STEP))
        if cell not in self._kept:
            while len(self._kept) >= MAPS_KEPT:
                self._kept.popitem(last=False)
            axes = _map_axes(cell[0] * MAP_STEP, cell[1] * MAP_STEP, sun)
            heights, owners = sheet(MAP_SIDE, MAP_SIDE, np.float32), sheet(MAP_SIDE, MAP_SIDE, np.int32)
            heights[:] = -1e9
            bake(geometry, objects, self._casters, axes, heights, owners)
            steps = np.empty(MAP_SIDE * MAP_SIDE, np.int16)
            _in_steps(heights.ravel(), steps)
            self._kept[cell] = (tuple(tuple(row) for row in axes.tolist()), steps)
        self._kept.move_to_end(cell)
        return self._kept[cell]


@kernel
def _in_steps(heights: NDArray[np.float32], steps: NDArray[np.int16]) -> None:
    """Heights (n,) in whole steps: half the bytes, since each pixel reads four of them."""
    for texel in range(heights.shape[0]):
        steps[texel] = np.int16(min(max(np.rint(heights[texel] * HEIGHT_STEPS), -LIMIT - 1.0), LIMIT))


def _map_axes(x: float, y: float, sun: NDArray[np.float64]) -> NDArray[np.float64]:
    across = np.cross([0.0, 0.0, 1.0], sun)
    across /= np.linalg.norm(across)
    along = np.cross(sun, across)
    density = MAP_SIDE / MAP_SPAN
    centre = np.array([x, y, 0.0])
    axes = np.zeros((3, 4))
    for row, axis, scale in ((0, across, density), (1, along, density), (2, sun, 1.0)):
        axes[row, :3] = axis * scale
    axes[:, 3] = [MAP_SIDE / 2, MAP_SIDE / 2, 0.0] - axes[:, :3] @ centre
    return axes


@kernel
def bake(
    geometry: Geometry,
    objects: Objects,
    casters: NDArray[np.int64],
    axes: NDArray[np.float64],
    heights: NDArray[np.float32],
    owners: NDArray[np.int32],
) -> None:
    """Draw the faces turned away from the sun as heights along its direction.

    The far side of a solid, not the near one, is kept: a lit wall then never lies on the map's own surface.
    """
    points = np.empty((3, 3))
    for number in range(casters.shape[0]):
        index = casters[number]
        if objects.levels[index] == 0:
            continue
        pose = objects.pose[index]
        mesh = objects.mesh[index]
        if _beside(geometry.spheres[mesh], pose, objects.shrink[index], axes):
            continue
        first = geometry.spans[mesh, 0]
        for triangle in range(geometry.spans[mesh, 2], geometry.spans[mesh, 3]):
            for corner in range(3):
                local = geometry.vertices[first + geometry.triangles[triangle, corner]]
                for row in range(3):
                    points[corner, row] = axes[row, 3]
                    for column in range(3):
                        world = pose[column, 3]
                        for inner in range(3):
                            world += pose[column, inner] * local[inner]
                        points[corner, row] += axes[row, column] * world
            a, b, c = _sample(points[0]), _sample(points[1]), _sample(points[2])
            if (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) < -1e-9:
                fill(a, b, c, 0, heights, owners, (0, heights.shape[0]))


@inlined
def _beside(
    sphere: NDArray[np.float64], pose: NDArray[np.float64], shrink: float, axes: NDArray[np.float64]
) -> bool:
    """Whether nothing inside a placed sphere falls on the map."""
    x, y, z = transform(rows_of(pose), sphere[0], sphere[1], sphere[2])
    across, along, _ = transform(rows_of(axes), x, y, z)
    radius = sphere[3] / shrink * (MAP_SIDE / MAP_SPAN)
    return min(across, along) < -radius or max(across, along) > MAP_SIDE + radius


@inlined
def _sample(point: NDArray[np.float64]) -> Point:
    """A point of the map among its samples, whose centres lie at half coordinates."""
    return point[0] - 0.5, point[1] - 0.5, point[2]


@kernel
def select_blockers(
    boxes: NDArray[np.float64],
    x: float,
    y: float,
    sun: NDArray[np.float64],
    blockers: NDArray[np.float64],
    cells: NDArray[np.int64],
    origin: NDArray[np.float64],
) -> None:
    """Note in a grid around (x, y) which boxes (B, 10) may darken each cell; see `Light.blocked`."""
    span = CELLS * CELL
    blockers[:, 5] = 0.0
    origin[0], origin[1], origin[2] = x - 0.5 * span, y - 0.5 * span, 1.0 / CELL
    cells[:] = 0
    used = 0
    for number in range(boxes.shape[0]):
        box = boxes[number]
        if box[5] <= 0.0 or used >= MOST_BLOCKERS:
            continue
        rim = max(box[8], SHADOW_RIM)
        wide = abs(box[3]) * box[5] + abs(box[4]) * box[6] + rim
        deep = abs(box[4]) * box[5] + abs(box[3]) * box[6] + rim
        flat = math.sqrt(sun[0] ** 2 + sun[1] ** 2) + 1e-9
        throw = min((box[2] + box[7]) * flat / sun[2], LONGEST_SHADOW)
        end_x, end_y = box[0] - sun[0] / flat * throw, box[1] - sun[1] / flat * throw
        left = int((min(box[0], end_x) - wide - origin[0]) / CELL)
        right = int((max(box[0], end_x) + wide - origin[0]) / CELL)
        low = int((min(box[1], end_y) - deep - origin[1]) / CELL)
        high = int((max(box[1], end_y) + deep - origin[1]) / CELL)
        left, low = max(left, 0), max(low, 0)
        right, high = min(right, CELLS - 1), min(high, CELLS - 1)
        if left > right or low > high:
            continue
        blockers[used, :10] = box
        blockers[used, 10] = _reciprocal(box[3] * sun[0] + box[4] * sun[1])
        blockers[used, 11] = _reciprocal(box[3] * sun[1] - box[4] * sun[0])
        bit = np.int64(1) << np.int64(used)
        for row in range(low, high + 1):
            for column in range(left, right + 1):
                cells[row * CELLS + column] |= bit
        used += 1


@inlined
def _reciprocal(share: float) -> float:
    return 1.0 / share if abs(share) >= 1e-6 else 1e6
