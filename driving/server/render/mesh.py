"""Triangle meshes and the solids they are put together from.

Local frame: x forward, y right, z up, metres. The cross product of a triangle's first two edges, taken
in these coordinates, points out of the solid. `slot` numbers the surfaces of one mesh from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]
BENDS = 17  # columns of `Mesh.bends`

_BOX_FACES = np.array(
    [[4, 5, 7], [4, 7, 6], [0, 4, 6], [0, 6, 2], [1, 3, 7], [1, 7, 5], [0, 1, 5], [0, 5, 4], [2, 6, 7],
     [2, 7, 3], [0, 2, 3], [0, 3, 1]]
)  # fmt: skip


@dataclass(frozen=True)
class Mesh:
    """Triangles ready to draw."""

    vertices: NDArray[np.float32]  # (V, 3)
    normals: NDArray[np.float32]  # (V, 3) unit
    triangles: NDArray[np.int32]  # (T, 4) three vertices and the slot
    facings: NDArray[np.float32]  # (T, 3) unit

    @property
    def sphere(self) -> NDArray[np.float64]:
        """Centre and radius of a sphere around every vertex; (4,)."""
        centre = (self.vertices.min(axis=0) + self.vertices.max(axis=0)) / 2
        radius = np.linalg.norm(self.vertices - centre, axis=1).max()
        return np.array([*centre, radius], float)

    @cached_property
    def bends(self) -> NDArray[np.float32]:
        """How the smooth normal changes over each triangle; (T, 17).

        The second vertex's share of it at a place p is p . (columns 0 to 2) + column 3, the third's of
        columns 4 to 7 likewise; the first's is what is left. Columns 8 to 10 are the first vertex's normal,
        11 to 13 and 14 to 16 what the second's and third's differ from it.
        """
        corners = self.vertices.astype(float)[self.triangles[:, :3]]
        normals = self.normals[self.triangles[:, :3]]
        start, second, third = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        uu, uv, vv = ((a * b).sum(1)[:, None] for a, b in ((second, second), (second, third), (third, third)))
        area = uu * vv - uv * uv + 1e-20
        found = np.empty((len(corners), BENDS), np.float32)
        for first, row in ((0, (vv * second - uv * third) / area), (4, (uu * third - uv * second) / area)):
            found[:, first : first + 3], found[:, first + 3] = row, -(row * start).sum(1)
        found[:, 8:11] = normals[:, 0]
        found[:, 11:14], found[:, 14:17] = normals[:, 1] - normals[:, 0], normals[:, 2] - normals[:, 0]
        return found


@dataclass
class Solid:
    """A growing heap of triangles."""

    corners: list[Points] = field(default_factory=list)  # each (T, 3, 3)
    normals: list[Points] = field(default_factory=list)  # each (T, 3, 3)
    slots: list[NDArray[np.int32]] = field(default_factory=list)  # each (T,)

    def add(
        self, vertices: ArrayLike, faces: ArrayLike, *, slot: int | NDArray[np.int32], crease: float = 0.0
    ) -> None:
        """Add faces (T, 3) over vertices (V, 3).

        Edges bent by less than `crease` degrees are shaded smooth.
        """
        corners = np.asarray(vertices, float)[np.asarray(faces, int)]
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        length = np.linalg.norm(cross, axis=1)
        keep = length > 1e-9
        corners, cross, length = corners[keep], cross[keep], length[keep]
        facing = cross / length[:, None]
        slots = np.broadcast_to(np.asarray(slot, np.int32), (len(keep),))[keep]
        flat = np.repeat(facing[:, None], 3, axis=1)
        self.corners.append(corners)
        self.normals.append(_softened(corners, cross, facing, crease) if crease > 0 else flat)
        self.slots.append(slots)

    def quad(self, a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike, *, slot: int) -> None:
        """Add a four-cornered face."""
        self.add(np.array([a, b, c, d], float), [[0, 1, 2], [0, 2, 3]], slot=slot)

    def box(self, centre: ArrayLike, size: ArrayLike, *, slot: int) -> None:
        """Add a box along the axes."""
        half = np.asarray(size, float) / 2
        signs = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)])
        self.add(signs * half + np.asarray(centre, float), _BOX_FACES, slot=slot)

    def tube(
        self,
        start: ArrayLike,
        end: ArrayLike,
        radii: tuple[float, float],
        *,
        slot: int,
        sides: int,
        round_ends: bool = False,
        cap_slot: int | None = None,
        squash: float = 1.0,
    ) -> None:
        """Add a tapered cylinder or, with `round_ends`, a limb; `squash` narrows its second cross axis."""
        a, b = np.asarray(start, float), np.asarray(end, float)
        axis = b - a
        length = float(np.linalg.norm(axis))
        axis = axis / length
        helper = np.array([0.0, 0.0, 1.0]) if abs(axis[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
        across = np.cross(helper, axis)
        across /= np.linalg.norm(across)
        other = np.cross(axis, across) * squash
        angles = np.arange(sides) * 2 * np.pi / sides
        circle = np.cos(angles)[:, None] * across + np.sin(angles)[:, None] * other
        ends = [(0.0, 1.0, radii[0]), (length, 1.0, radii[1])]
        if round_ends:
            ends = [(-0.7 * radii[0], 0.6, radii[0]), *ends, (length + 0.7 * radii[1], 0.6, radii[1])]
        rings = [a + axis * along + circle * (share * radius) for along, share, radius in ends]
        self.rings(rings, slot=slot, crease=80.0, cap_slot=cap_slot)

    def rings(
        self,
        rings: Sequence[ArrayLike],
        *,
        slot: int | NDArray[np.int32],
        crease: float = 0.0,
        caps: bool = True,
        cap_slot: int | None = None,
    ) -> None:
        """Add a skin through closed rings of equally many points, counter-clockwise about their way.

        `slot` is one number, or one per face between two rings, (rings - 1, sides); the caps take
        `cap_slot`, or the first face's.
        """
        stack = np.array([np.asarray(ring, float) for ring in rings])
        count, sides = stack.shape[:2]
        k = np.arange(sides)
        following = (k + 1) % sides
        faces = []
        for ring in range(count - 1):
            a, b = ring * sides + k, ring * sides + following
            c, d = b + sides, a + sides
            faces += [np.stack([a, b, c], 1), np.stack([a, c, d], 1)]
        skin = np.concatenate(faces)
        points = stack.reshape(-1, 3)
        per_face = np.broadcast_to(np.asarray(slot, np.int32), (count - 1, sides))
        skin_slots = np.repeat(per_face[:, None, :], 2, axis=1).reshape(-1)
        if not caps:
            self.add(points, skin, slot=skin_slots, crease=crease)
            return
        points = np.concatenate([points, stack[[0, -1]].mean(axis=1)])
        low, high, last = count * sides, count * sides + 1, (count - 1) * sides
        ends = np.concatenate(
            [
                np.stack([np.full(sides, low), following, k], 1),
                np.stack([np.full(sides, high), last + k, last + following], 1),
            ]
        )
        if cap_slot is None:
            end_slots = np.full(len(ends), skin_slots[0], np.int32)
            every = np.concatenate([skin_slots, end_slots])
            self.add(points, np.concatenate([skin, ends]), slot=every, crease=crease)
        else:
            self.add(points, skin, slot=skin_slots, crease=crease)
            self.add(points, ends, slot=cap_slot)

    def take(self, other: Solid, turn: Points, shift: ArrayLike) -> None:
        """Add another solid, turned by a rotation (3, 3) and moved."""
        self.corners += [corners @ turn.T + np.asarray(shift, float) for corners in other.corners]
        self.normals += [normals @ turn.T for normals in other.normals]
        self.slots += other.slots

    def ball(self, centre: ArrayLike, radii: ArrayLike, *, slot: int, rows: int, sides: int) -> None:
        """Add an ellipsoid of `rows` rows of `sides` faces."""
        polar = np.linspace(-np.pi / 2, np.pi / 2, rows + 1)[1:-1]
        angles = np.arange(sides) * 2 * np.pi / sides
        rings = [
            np.stack([np.cos(p) * np.cos(angles), np.cos(p) * np.sin(angles), np.full(sides, np.sin(p))], 1)
            for p in polar
        ]
        unit = np.concatenate([*rings, [[0, 0, -1], [0, 0, 1]]])
        k, following = np.arange(sides), (np.arange(sides) + 1) % sides
        low, high, last = len(unit) - 2, len(unit) - 1, (len(rings) - 1) * sides
        faces = [np.stack([np.full(sides, low), following, k], 1)]
        for ring in range(len(rings) - 1):
            a, b = ring * sides + k, ring * sides + following
            faces += [np.stack([a, b, b + sides], 1), np.stack([a, b + sides, a + sides], 1)]
        faces.append(np.stack([np.full(sides, high), last + k, last + following], 1))
        size = np.asarray(radii, float)
        self.add(unit * size + np.asarray(centre, float), np.concatenate(faces), slot=slot, crease=100.0)

    def mesh(self) -> Mesh:
        """Weld equal vertices and freeze."""
        corners = np.concatenate(self.corners).reshape(-1, 3)
        normals = np.concatenate(self.normals).reshape(-1, 3)
        slots = np.concatenate(self.slots)
        rows, index = np.unique(np.round(np.hstack([corners, normals]), 4), axis=0, return_inverse=True)
        triangles = np.column_stack([index.reshape(-1, 3), slots]).astype(np.int32)
        faces = corners.reshape(-1, 3, 3)
        cross = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
        facings = cross / np.linalg.norm(cross, axis=1, keepdims=True)
        return Mesh(
            np.ascontiguousarray(rows[:, :3], np.float32),
            np.ascontiguousarray(rows[:, 3:], np.float32),
            triangles,
            facings.astype(np.float32),
        )


def _softened(corners: Points, cross: Points, facing: Points, crease: float) -> Points:
    """Normals of every corner, averaged over the faces that meet there within `crease` degrees; (T, 3, 3)."""
    points = np.round(corners.reshape(-1, 3), 5)
    _, place = np.unique(points, axis=0, return_inverse=True)
    place = place.reshape(-1)
    order = np.argsort(place, kind="stable")
    normals = np.empty((len(points), 3))
    limit = np.cos(np.radians(crease))
    for group in np.split(order, np.nonzero(np.diff(place[order]))[0] + 1):
        faces = group // 3
        close = (facing[faces] @ facing[faces].T) >= limit
        normals[group] = close.astype(float) @ cross[faces]
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    return normals.reshape(-1, 3, 3)
