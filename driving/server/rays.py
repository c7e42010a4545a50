"""Rays against triangles: trees of boxes over meshes and over placed objects, and what a ray meets there.

A tree is rows of `bounds` (least x, y, z, greatest x, y, z) and `links`: (first, count) names what a leaf
holds in `order`, (child, 0) an inner node whose children are rows `child` and `child + 1`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

LEAF = 4  # boxes that are not worth a further split
DEEPEST = 64  # nodes waiting on the way down
NEAREST = 1e-4  # m, a ray does not hit what it starts on
SEAM = 1e-5  # of a triangle's size by which it reaches over its edges: no ray slips between two
FLAT = 1e-12  # instead of a direction's zero


class Tree(NamedTuple):
    """A tree of boxes."""

    bounds: NDArray[np.float64]  # (K, 6)
    links: NDArray[np.int64]  # (K, 2)
    order: NDArray[np.int64]  # (N,)


class Targets(NamedTuple):
    """What rays can hit."""

    vertices: NDArray[np.float32]  # (V, 3) of every mesh, in its own frame
    corners: NDArray[np.int64]  # (T, 3) rows of `vertices`
    meshes: Tree  # the trees of all meshes back to back; they order triangles
    roots: NDArray[np.int64]  # (N,) each object's row of `meshes`
    inverse: NDArray[np.float64]  # (N, 3, 4) world to mesh frame
    actors: NDArray[np.int64]  # (N,) ids, 0 for the street
    top: Tree  # over the objects' boxes in the world


@njit(cache=True)
def plant(boxes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """The tree over boxes (N, 6), N >= 1: halved at the median of the longest side."""
    count = len(boxes)
    bounds, links = np.empty((2 * count, 6)), np.zeros((2 * count, 2), np.int64)
    order = np.arange(count)
    spans = np.zeros((2 * count, 2), np.int64)
    spans[0, 1] = count
    used, node = 1, 0
    while node < used:
        first, end = spans[node, 0], spans[node, 1]
        for side in range(3):
            low, high = np.inf, -np.inf
            for place in range(first, end):
                low = min(low, boxes[order[place], side])
                high = max(high, boxes[order[place], side + 3])
            bounds[node, side], bounds[node, side + 3] = low, high
        links[node, 0], links[node, 1] = first, end - first
        if end - first > LEAF:
            side = int(np.argmax(bounds[node, 3:] - bounds[node, :3]))
            part = order[first:end].copy()
            order[first:end] = part[np.argsort(boxes[part, side] + boxes[part, side + 3])]
            middle = (first + end) // 2
            links[node, 0], links[node, 1] = used, 0
            spans[used, 0], spans[used, 1] = first, middle
            spans[used + 1, 0], spans[used + 1, 1] = middle, end
            used += 2
        node += 1
    return bounds[:used].copy(), links[:used].copy(), order


@njit(cache=True, error_model="numpy", nogil=True)
def cast(
    targets: Targets,
    origin: NDArray[np.float64],
    directions: NDArray[np.float64],
    reach: float,
    ignored: int,
    distance: NDArray[np.float64],
    found: NDArray[np.int64],
) -> None:
    """Find what rays hit first.

    Args:
        targets: Everything.
        origin: Where all rays start, (3,) in m.
        directions: Unit vectors, (R, 3).
        reach: m.
        ignored: An actor that rays pass through; -1 for none.
        distance: Filled with the way to the hit, (R,) in m.
        found: Filled with its object and triangle, -1 where there is none, (R, 2).
    """
    stack, inner = np.empty(DEEPEST, np.int64), np.empty(DEEPEST, np.int64)
    ray, local = np.empty(9), np.empty(9)
    for number in range(len(directions)):
        for side in range(3):
            ray[side], ray[side + 3] = origin[side], directions[number, side]
            ray[side + 6] = _reciprocal(directions[number, side])
        best, found[number, 0], found[number, 1] = reach, -1, -1
        stack[0], waiting = 0, 1
        while waiting:
            waiting -= 1
            node = stack[waiting]
            first, count = targets.top.links[node, 0], targets.top.links[node, 1]
            if count == 0:
                waiting = _push(targets.top.bounds, first, ray, best, stack, waiting)
                continue
            for place in range(first, first + count):
                index = targets.top.order[place]
                if targets.actors[index] == ignored:
                    continue
                _localise(targets.inverse, index, ray, local)
                best, triangle = _nearest(targets, targets.roots[index], local, best, inner)
                if triangle >= 0:
                    found[number, 0], found[number, 1] = index, triangle
        distance[number] = best


@njit(cache=True, error_model="numpy", nogil=True)
def pierce(
    targets: Targets,
    origin: NDArray[np.float64],
    direction: NDArray[np.float64],
    reach: float,
    distance: NDArray[np.float64],
    found: NDArray[np.int64],
) -> int:
    """Find every object that one ray meets, and where it meets it first.

    Args:
        targets: Everything.
        origin: Where the ray starts, (3,) in m.
        direction: Unit vector, (3,).
        reach: m.
        distance: Filled with the ways to the hits, unordered, room for (N,) in m.
        found: Filled with their objects and triangles, room for (N, 2).

    Returns:
        How many there are.
    """
    stack, inner = np.empty(DEEPEST, np.int64), np.empty(DEEPEST, np.int64)
    ray, local = np.empty(9), np.empty(9)
    for side in range(3):
        ray[side], ray[side + 3], ray[side + 6] = origin[side], direction[side], _reciprocal(direction[side])
    stack[0], waiting, hits = 0, 1, 0
    while waiting:
        waiting -= 1
        first, count = targets.top.links[stack[waiting], 0], targets.top.links[stack[waiting], 1]
        if count == 0:
            waiting = _push(targets.top.bounds, first, ray, reach, stack, waiting)
            continue
        for place in range(first, first + count):
            index = targets.top.order[place]
            _localise(targets.inverse, index, ray, local)
            along, triangle = _nearest(targets, targets.roots[index], local, reach, inner)
            if triangle >= 0:
                distance[hits], found[hits, 0], found[hits, 1] = along, index, triangle
                hits += 1
    return hits


@njit(cache=True, error_model="numpy", forceinline=True)
def _localise(
    inverse: NDArray[np.float64], index: int, ray: NDArray[np.float64], local: NDArray[np.float64]
) -> None:
    """A ray in a mesh's frame: distances along it stay what they are."""
    for row in range(3):
        local[row], local[row + 3] = inverse[index, row, 3], 0.0
        for column in range(3):
            local[row] += inverse[index, row, column] * ray[column]
            local[row + 3] += inverse[index, row, column] * ray[column + 3]
        local[row + 6] = _reciprocal(local[row + 3])


@njit(cache=True, error_model="numpy")
def _nearest(
    targets: Targets, root: int, ray: NDArray[np.float64], best: float, stack: NDArray[np.int64]
) -> tuple[float, int]:
    """The nearest triangle of one mesh that is nearer than `best`; -1 if there is none."""
    triangle = -1
    if _entry(targets.meshes.bounds, root, ray, best) == np.inf:
        return best, triangle
    stack[0], waiting = root, 1
    while waiting:
        waiting -= 1
        node = stack[waiting]
        first, count = targets.meshes.links[node, 0], targets.meshes.links[node, 1]
        if count == 0:
            waiting = _push(targets.meshes.bounds, first, ray, best, stack, waiting)
            continue
        for place in range(first, first + count):
            candidate = targets.meshes.order[place]
            along = _meet(targets.vertices, targets.corners, candidate, ray)
            if along < best:
                best, triangle = along, candidate
    return best, triangle


@njit(cache=True, error_model="numpy", forceinline=True)
def _push(
    bounds: NDArray[np.float64],
    child: int,
    ray: NDArray[np.float64],
    best: float,
    stack: NDArray[np.int64],
    waiting: int,
) -> int:
    """Put the children that a ray meets on the stack, the nearer one on top."""
    a, b = _entry(bounds, child, ray, best), _entry(bounds, child + 1, ray, best)
    near, far = (child, child + 1) if a <= b else (child + 1, child)
    if max(a, b) < np.inf:
        stack[waiting] = far
        waiting += 1
    if min(a, b) < np.inf:
        stack[waiting] = near
        waiting += 1
    return waiting


@njit(cache=True, error_model="numpy", forceinline=True)
def _entry(bounds: NDArray[np.float64], row: int, ray: NDArray[np.float64], best: float) -> float:
    """Where a ray enters a box, inf if it does not before `best`."""
    enter, leave = 0.0, best
    for side in range(3):
        a, b = (
            (bounds[row, side] - ray[side]) * ray[side + 6],
            (bounds[row, side + 3] - ray[side]) * ray[side + 6],
        )
        enter, leave = max(enter, min(a, b)), min(leave, max(a, b))
    return enter if enter <= leave else np.inf


@njit(cache=True, error_model="numpy", forceinline=True)
def _meet(
    vertices: NDArray[np.float32], corners: NDArray[np.int64], row: int, ray: NDArray[np.float64]
) -> float:
    """Where a ray meets the front of a triangle, inf if nowhere.

    Source: Moeller and Trumbore, Journal of Graphics Tools 2 (1), 1997.
    """
    p, q, r = corners[row, 0], corners[row, 1], corners[row, 2]
    px, py, pz = float(vertices[p, 0]), float(vertices[p, 1]), float(vertices[p, 2])
    ax, ay, az = vertices[q, 0] - px, vertices[q, 1] - py, vertices[q, 2] - pz
    bx, by, bz = vertices[r, 0] - px, vertices[r, 1] - py, vertices[r, 2] - pz
    dx, dy, dz = ray[3], ray[4], ray[5]
    nx, ny, nz = dy * bz - dz * by, dz * bx - dx * bz, dx * by - dy * bx
    area = ax * nx + ay * ny + az * nz
    if area <= 0.0:  # edge-on, or its back
        return np.inf
    ox, oy, oz = ray[0] - px, ray[1] - py, ray[2] - pz
    u = ox * nx + oy * ny + oz * nz
    mx, my, mz = oy * az - oz * ay, oz * ax - ox * az, ox * ay - oy * ax
    v = dx * mx + dy * my + dz * mz
    slack = SEAM * area
    if u < -slack or v < -slack or u + v > area + slack:
        return np.inf
    along = (bx * mx + by * my + bz * mz) / area
    return along if along > NEAREST else np.inf


@njit(cache=True, error_model="numpy", forceinline=True)
def _reciprocal(part: float) -> float:
    return 1.0 / part if abs(part) > FLAT else 1.0 / FLAT
