"""The growing arrays behind a scene: meshes welded into one heap, rows of placed objects, surfaces."""

from __future__ import annotations

from collections.abc import Hashable
from typing import cast

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Geometry, Objects
from driving.server.render.mesh import Mesh
from driving.server.render.shape import Shape
from driving.server.render.surfaces import COLUMNS


class Stage:
    """Objects and their meshes. Equal shapes share meshes, equal paints share surfaces."""

    def __init__(self) -> None:
        self._meshes: list[Mesh] = []
        self._first_mesh: dict[Hashable, int] = {}
        self._first_surface: dict[bytes, int] = {}
        self._surfaces = np.zeros((0, COLUMNS))
        self._free: list[int] = []
        self._geometry: Geometry | None = None
        self.objects = _grown(None, 64)
        self._free.extend(range(63, -1, -1))

    @property
    def geometry(self) -> Geometry:
        """Every mesh placed so far."""
        if self._geometry is None:
            self._geometry = _packed(self._meshes)
        return self._geometry

    @property
    def surfaces(self) -> NDArray[np.float64]:
        """Every surface placed so far; (S, COLUMNS)."""
        return self._surfaces

    @property
    def most_triangles(self) -> int:
        """Upper bound of the triangles in one image."""
        spans = self.geometry.spans
        counts = spans[:, 3] - spans[:, 2]
        used = self.objects.levels > 0
        return int(counts[self.objects.mesh[used]].sum()) + 1

    @property
    def most_vertices(self) -> int:
        """Vertices of the largest mesh."""
        spans = self.geometry.spans
        return int((spans[:, 1] - spans[:, 0]).max(initial=1))

    def place(self, shape: Shape, *, actor: int) -> int:
        """Give a shape a row of `objects`; return the row."""
        if not self._free:
            size = len(self.objects.mesh)
            self.objects = _grown(self.objects, 2 * size)
            self._free.extend(range(2 * size - 1, size - 1, -1))
        row = self._free.pop()
        self.objects.pose[row] = np.eye(3, 4)
        self.objects.mesh[row] = self._mesh_row(shape)
        self.objects.levels[row] = shape.levels
        self.objects.surface[row] = self._surface_row(shape)
        self.objects.actor[row] = actor
        return row

    def pose_mesh(self, row: int, shape: Shape, stride: float) -> None:
        """Show the pose that a walker has after `stride` metres."""
        if shape.cycle > 0.0:
            self.objects.mesh[row] = self._mesh_row(shape) + shape.mesh_at(stride)

    def free(self, row: int) -> None:
        """Give a row back."""
        self.objects.levels[row] = 0
        self._free.append(row)

    def _mesh_row(self, shape: Shape) -> int:
        key = cast(Hashable, shape.key)
        if key not in self._first_mesh:
            self._first_mesh[key] = len(self._meshes)
            self._meshes.extend(shape.meshes)
            self._geometry = None
        return self._first_mesh[key]

    def _surface_row(self, shape: Shape) -> int:
        key = shape.surfaces.tobytes()
        if key not in self._first_surface:
            self._first_surface[key] = len(self._surfaces)
            self._surfaces = np.concatenate([self._surfaces, shape.surfaces])
        return self._first_surface[key]


def _grown(old: Objects | None, size: int) -> Objects:
    new = Objects(
        pose=np.zeros((size, 3, 4)),
        mesh=np.zeros(size, np.int32),
        levels=np.zeros(size, np.int32),
        surface=np.zeros(size, np.int32),
        actor=np.zeros(size, np.uint32),
    )
    if old is not None:
        for target, source in zip(new, old, strict=True):
            target[: len(source)] = source
    return new


def _packed(meshes: list[Mesh]) -> Geometry:
    spans = np.zeros((len(meshes), 4), np.int32)
    vertex, triangle = 0, 0
    for row, mesh in enumerate(meshes):
        spans[row] = vertex, vertex + len(mesh.vertices), triangle, triangle + len(mesh.triangles)
        vertex, triangle = int(spans[row, 1]), int(spans[row, 3])
    if not meshes:
        return Geometry(
            np.zeros((0, 3), np.float32),
            np.zeros((0, 3), np.float32),
            np.zeros((0, 4), np.int32),
            np.zeros((0, 3), np.float32),
            spans,
            np.zeros((0, 4)),
        )
    return Geometry(
        vertices=np.concatenate([mesh.vertices for mesh in meshes]),
        normals=np.concatenate([mesh.normals for mesh in meshes]),
        triangles=np.concatenate([mesh.triangles for mesh in meshes]),
        facings=np.concatenate([mesh.facings for mesh in meshes]),
        spans=spans,
        spheres=np.array([mesh.sphere for mesh in meshes]),
    )
