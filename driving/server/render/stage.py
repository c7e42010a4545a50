"""The growing arrays behind a scene: meshes welded into one heap, rows of placed objects, surfaces."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Canvas, Geometry, Objects
from driving.server.render.fill import sheet
from driving.server.render.mesh import BENDS, Mesh
from driving.server.render.placing import SAMPLES
from driving.server.render.shape import Shape
from driving.server.render.surfaces import COLUMNS

CANVASES_KEPT = 4
FEWEST_SURFACES = 8000  # rows that surfaces may fill before the unused ones are looked for
MARGIN = 1000  # triangles: the poses of one walker differ a little


class Stage:
    """Objects and their meshes. Equal shapes share meshes, equal paints share surfaces."""

    def __init__(self) -> None:
        self._meshes: list[Mesh] = []
        self._first_mesh: dict[Hashable, int] = {}
        self._first_surface: dict[bytes, int] = {}
        self._surfaces = np.zeros((0, COLUMNS))
        self._painted: dict[int, NDArray[np.float64]] = {}  # row of `objects` -> its surfaces
        self._most_surfaces = FEWEST_SURFACES
        self._free: list[int] = []
        self._own: dict[int, int] = {}  # row of `objects` -> the first of the meshes that are its alone
        self._spare: dict[tuple[int, ...], list[int]] = {}  # sizes -> such meshes that nobody needs
        self._geometry: Geometry | None = None
        self._most_triangles: int | None = None
        self._most_vertices: int | None = None
        self._canvases: dict[tuple[int, int], list[Canvas]] = {}
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
        if self._most_triangles is None:
            spans = self.geometry.spans
            counts = spans[:, 3] - spans[:, 2]
            used = self.objects.levels > 0
            self._most_triangles = int(counts[self.objects.mesh[used]].sum()) + MARGIN
        return self._most_triangles

    @property
    def most_vertices(self) -> int:
        """Vertices of the largest mesh."""
        if self._most_vertices is None:
            self._most_vertices = max((len(mesh.vertices) for mesh in self._meshes), default=1)
        return self._most_vertices

    def canvases(self, columns: int, rows: int, count: int = 1) -> list[Canvas]:
        """Scratch for images of columns x rows samples in bands; kept between images of one size.

        There is one for each band. They are the same but for `corners`; the triangles of band b are
        listed from row b * len(visible) / count of `visible` on.
        """
        kept = self._canvases.get((columns, rows), [])
        if (
            len(kept) == count
            and len(kept[0].visible) >= count * self.most_triangles
            and kept[0].corners.shape[1] >= self.most_vertices
        ):
            return kept
        if len(self._canvases) >= CANVASES_KEPT:
            self._canvases.clear()
        corners = np.empty((count, 3, 2 * self.most_vertices))
        canvas = Canvas(
            nearness=sheet(rows, columns, np.float32),
            owner=sheet(rows, columns, np.int32),
            visible=np.empty((2 * count * self.most_triangles, 2), np.int32),
            corners=corners[0],
            mixed=np.empty(columns * rows // SAMPLES**2, np.int32),
            sums=np.empty((columns * rows // SAMPLES**2, 3), np.int32),
        )
        kept = [canvas._replace(corners=own) for own in corners]
        self._canvases[columns, rows] = kept
        return kept

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
        self.repaint(row, shape.surfaces)
        self.objects.actor[row] = actor
        self.objects.ribbon[row] = shape.ribbon
        self._most_triangles = None
        return row

    def pose_mesh(self, row: int, shape: Shape, stride: float) -> None:
        """Show the pose that a walker has after `stride` metres."""
        if shape.cycle > 0.0 and row not in self._own:
            self.objects.mesh[row] = self._mesh_row(shape) + shape.mesh_at(stride)

    def reshape(self, row: int, shape: Shape) -> None:
        """Give an object the meshes of another shape, and take back those that were its alone."""
        self._take_back(row)
        self.objects.mesh[row] = self._mesh_row(shape)
        self._most_triangles = None

    def show_alone(self, row: int, meshes: Sequence[Mesh]) -> None:
        """Show an object in meshes, one per level, that are its alone and may change with every picture."""
        if row not in self._own:
            spare = self._spare.setdefault(_sizes(meshes), [])
            self._own[row] = spare.pop() if spare else len(self._meshes)
            self._most_triangles = self._most_vertices = None
        first = self.objects.mesh[row] = self._own[row]
        if first == len(self._meshes):
            self._geometry = None
        self._meshes[first : first + len(meshes)] = meshes
        if self._geometry is not None:
            _overwrite(self._geometry, first, meshes)

    def repaint(self, row: int, surfaces: NDArray[np.float64]) -> None:
        """Give an object other surfaces (slots, COLUMNS)."""
        self._painted[row] = surfaces
        self.objects.surface[row] = self._surface_row(surfaces)
        if len(self._surfaces) > self._most_surfaces:
            self._forget_surfaces()

    def show(self, row: int, levels: int) -> None:
        """Draw an object at this many levels of detail; 0 hides it, and its row stays its own."""
        self.objects.levels[row] = levels
        self._most_triangles = None

    def free(self, row: int) -> None:
        """Give a row back."""
        self._take_back(row)
        self.objects.levels[row] = 0
        self._painted.pop(row, None)
        self._free.append(row)

    def _take_back(self, row: int) -> None:
        first = self._own.pop(row, None)
        if first is not None:
            meshes = self._meshes[first : first + int(self.objects.levels[row])]
            self._spare[_sizes(meshes)].append(first)

    def _mesh_row(self, shape: Shape) -> int:
        key = cast(Hashable, shape.key)
        if key not in self._first_mesh:
            self._first_mesh[key] = len(self._meshes)
            self._meshes.extend(shape.meshes)
            self._geometry = None
            self._most_vertices = None
        return self._first_mesh[key]

    def _forget_surfaces(self) -> None:
        """Keep those surfaces only that an object still has: colours and lamps come and go."""
        self._first_surface.clear()
        self._surfaces = np.zeros((0, COLUMNS))
        for row, surfaces in self._painted.items():
            self.objects.surface[row] = self._surface_row(surfaces)
        self._most_surfaces = max(FEWEST_SURFACES, 2 * len(self._surfaces))

    def _surface_row(self, surfaces: NDArray[np.float64]) -> int:
        key = surfaces.tobytes()
        if key not in self._first_surface:
            self._first_surface[key] = len(self._surfaces)
            self._surfaces = np.concatenate([self._surfaces, surfaces])
        return self._first_surface[key]


def _grown(old: Objects | None, size: int) -> Objects:
    new = Objects(
        pose=np.zeros((size, 3, 4)),
        mesh=np.zeros(size, np.int32),
        levels=np.zeros(size, np.int32),
        surface=np.zeros(size, np.int32),
        actor=np.zeros(size, np.uint32),
        shrink=np.ones(size),
        ribbon=np.zeros(size),
    )
    if old is not None:
        for name in Objects._fields:
            target: NDArray[Any] = getattr(new, name)
            source: NDArray[Any] = getattr(old, name)
            target[: len(source)] = source
    return new


def _sizes(meshes: Sequence[Mesh]) -> tuple[int, ...]:
    return tuple(size for mesh in meshes for size in (len(mesh.vertices), len(mesh.triangles)))


def _overwrite(geometry: Geometry, first: int, meshes: Sequence[Mesh]) -> None:
    """Put meshes in the place of others of the same sizes."""
    for row, mesh in enumerate(meshes, first):
        vertex, vertices_end, triangle, triangles_end = geometry.spans[row]
        geometry.vertices[vertex:vertices_end] = mesh.vertices
        geometry.normals[vertex:vertices_end] = mesh.normals
        geometry.facings[triangle:triangles_end] = mesh.facings
        geometry.bends[triangle:triangles_end] = mesh.bends
        geometry.spheres[row] = mesh.sphere


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
            np.zeros((0, BENDS), np.float32),
            spans,
            np.zeros((0, 4)),
        )
    return Geometry(
        vertices=np.concatenate([mesh.vertices for mesh in meshes]),
        normals=np.concatenate([mesh.normals for mesh in meshes]),
        triangles=np.concatenate([mesh.triangles for mesh in meshes]),
        facings=np.concatenate([mesh.facings for mesh in meshes]),
        bends=np.concatenate([mesh.bends for mesh in meshes]),
        spans=spans,
        spheres=np.array([mesh.sphere for mesh in meshes]),
    )
