"""Trees and street lamps along the pavements."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from driving.server.render import surfaces as s
from driving.server.render.mesh import Mesh, Solid
from driving.server.render.plan import OuterEdge, TakenGround
from driving.server.render.shape import Shape
from driving.server.render.surfaces import surface

KERB_DISTANCE = 0.75  # m from the kerb to a trunk or a post
TREE_SPACING, LAMP_SPACING = (11.0, 19.0), 27  # m
TREE_KINDS = 4
LAMP = ("lamp",)  # key of a street lamp's shape
LAMP_HEAD, LAMP_SLOT = (-1.5, 0.0, 6.2), 1  # m in the lamp's frame, where it shines; the surface that does
NARROWEST = 1.8  # m of pavement that still has trees

_BARK, _LEAVES = (92, 72, 54), ((70, 112, 44), (84, 124, 50), (60, 98, 44), (96, 128, 58))
_STEEL, _LAMP = (94, 98, 100), (240, 238, 226)


def furniture_along(
    edge: OuterEdge, ground: TakenGround, rng: np.random.Generator
) -> Iterator[tuple[Shape, NDArray[np.float64]]]:
    """Trees and lamps near the kerb of a pavement whose outer edge is given; with poses (3, 4)."""
    if edge.kind != "sidewalk":
        yield from _wayside(edge, ground, rng)
        return
    count = len(edge.points)
    for station in range(int(rng.integers(2, 12)), count, LAMP_SPACING):
        yield _lamp(), _pose(edge, station, edge.width[station] - 0.5, yaw_out=True)
    k = float(rng.uniform(3, 10))
    while k < count:
        station = int(k)
        if edge.width[station] >= NARROWEST:
            kind = int(rng.integers(TREE_KINDS))
            size = float(rng.uniform(0.85, 1.2))
            pose = _pose(edge, station, edge.width[station] - KERB_DISTANCE, yaw_out=False)
            pose[:, :3] = pose[:, :3] @ _spin(rng.uniform(0, 2 * np.pi)) * size
            yield tree(kind), pose
        k += rng.uniform(*TREE_SPACING)


def tree(kind: int) -> Shape:
    """One of `TREE_KINDS` trees, about 6.5 m high."""
    bark, leaves = surface(s.SMOOTH, _BARK, s.VEGETATION), surface(s.FOLIAGE, _LEAVES[kind], s.VEGETATION)
    return Shape(("tree", kind), _tree_meshes(kind), 3, np.array([bark, leaves]))


@cache
def _tree_meshes(kind: int) -> tuple[Mesh, ...]:
    rng = np.random.default_rng([kind, 77])
    blobs = [(np.array([0.0, 0.0, 4.6]), np.array([1.5, 1.5, 1.5]))]
    for number in range(6):
        angle = number * 2 * np.pi / 6 + rng.uniform(-0.3, 0.3)
        far, high = rng.uniform(0.7, 1.05), rng.uniform(3.7, 5.4)
        blobs.append((np.array([far * np.cos(angle), far * np.sin(angle), high]), rng.uniform(0.75, 1.1, 3)))
    blobs.append((np.array([0.0, 0.0, 5.9]), np.array([0.9, 0.9, 0.8])))
    return (
        _tree(blobs, 5, 9),
        _tree(blobs[::2], 4, 6),
        _tree([(np.array([0, 0, 4.7]), np.array([1.6, 1.6, 1.8]))], 4, 6),
    )


def _tree(blobs: list[tuple[NDArray[np.float64], NDArray[np.float64]]], rows: int, sides: int) -> Mesh:
    solid = Solid()
    solid.tube([0, 0, -0.1], [0, 0, 3.6], (0.17, 0.09), slot=0, sides=max(4, sides - 2))
    if sides > 6:
        for angle in (0.4, 2.5, 4.6):
            tip = [0.8 * np.cos(angle), 0.8 * np.sin(angle), 3.9]
            solid.tube([0, 0, 2.5], tip, (0.07, 0.03), slot=0, sides=4)
    for centre, radii in blobs:
        solid.ball(centre, radii, slot=1, rows=rows, sides=sides)
    return solid.mesh()


def _lamp() -> Shape:
    paints = [surface(s.SMOOTH, _STEEL, s.POLES), surface(s.MATTE, _LAMP, s.POLES)]
    return Shape(LAMP, _lamp_meshes(), 2, np.array(paints))


@cache
def _lamp_meshes() -> tuple[Mesh, ...]:
    meshes = []
    for sides in (8, 4):
        solid = Solid()
        solid.tube([0, 0, 0], [0, 0, 0.9], (0.11, 0.10), slot=0, sides=sides)
        solid.tube([0, 0, 0.9], [0, 0, 6.0], (0.07, 0.05), slot=0, sides=sides)
        solid.tube([0, 0, 5.98], [-1.3, 0, 6.3], (0.045, 0.04), slot=0, sides=max(4, sides - 2))
        solid.box([-1.5, 0, 6.33], [0.62, 0.26, 0.09], slot=0)
        solid.box([-1.5, 0, 6.275], [0.5, 0.2, 0.03], slot=LAMP_SLOT)
        meshes.append(solid.mesh())
    return tuple(meshes)


def _wayside(
    edge: OuterEdge, ground: TakenGround, rng: np.random.Generator
) -> Iterator[tuple[Shape, NDArray[np.float64]]]:
    """Loose trees beyond roads without a pavement."""
    k = float(rng.uniform(3, 20))
    while k < len(edge.points):
        station, far = int(k), float(rng.uniform(4.0, 9.0))
        spot = edge.points[station, :2] + edge.outward[station] * far
        if ground.is_free(spot[None])[0]:
            pose = _pose(edge, station, -far, yaw_out=False)
            pose[:, :3] = pose[:, :3] @ _spin(rng.uniform(0, 2 * np.pi)) * rng.uniform(0.9, 1.5)
            yield tree(int(rng.integers(TREE_KINDS))), pose
        k += rng.uniform(9.0, 30.0)


def _pose(edge: OuterEdge, k: int, inward: float, *, yaw_out: bool) -> NDArray[np.float64]:
    """A place `inward` metres from the outer edge towards the road; x axis outwards if asked."""
    pose = np.eye(3, 4)
    out = edge.outward[k]
    pose[:2, 3] = edge.points[k, :2] - out * inward
    pose[2, 3] = edge.points[k, 2]
    if yaw_out:
        pose[:2, 0] = out
        pose[:2, 1] = [-out[1], out[0]]
    return pose


def _spin(angle: float) -> NDArray[np.float64]:
    c, s_ = np.cos(angle), np.sin(angle)
    return np.array([[c, -s_, 0.0], [s_, c, 0.0], [0.0, 0.0, 1.0]])
