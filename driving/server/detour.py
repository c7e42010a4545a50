"""Navigation meshes as the client's walker AI reads them: one tile of convex polygons, in Detour's format.

Set header, tile header and tile, version 7, little-endian; x, y and z there are our x, z and y.
https://github.com/recastnavigation/recastnavigation, Detour/Include/DetourNavMesh.h
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDEWALK, CROSSWALK = 1, 2  # CARLA's areas; a polygon's flag is 1 << area
MOST_CORNERS, MOST_VERTICES = 6, 0xFFFE
_SET, _TILE = int.from_bytes(b"MSET", "big"), int.from_bytes(b"DNAV", "big")
_SET_VERSION, _TILE_VERSION = 1, 7
_POLYGON_BITS = 16  # of a reference, below the tile's salt
_AGENT = (1.8, 0.3, 0.4)  # height, radius and climb of the client's walkers, m
_ROOM = 1.0  # m around and above the polygons
_POLYGON = np.dtype(
    [
        ("link", "<u4"),
        ("corners", "<u2", MOST_CORNERS),
        ("neighbours", "<u2", MOST_CORNERS),
        ("flags", "<u2"),
        ("count", "u1"),
        ("area", "u1"),
    ]
)
_DETAIL = np.dtype(
    {"names": ["triangle", "count"], "formats": ["<u4", "u1"], "offsets": [4, 9], "itemsize": 12}
)
_LINK_BYTES = 12

Corners = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mesh:
    """Convex polygons that meet at common edges."""

    vertices: NDArray[np.float64]  # (n, 3) m, in CARLA's frame
    polygons: Sequence[Corners]  # rows of `vertices`, clockwise as CARLA's frame is drawn, x right and y up
    areas: Sequence[int]  # of each polygon: SIDEWALK or CROSSWALK


def encoded(mesh: Mesh) -> bytes:
    """A mesh's file; empty without polygons, or with more than one tile has room for."""
    if not mesh.polygons or max(len(mesh.vertices), len(mesh.polygons)) > MOST_VERTICES:
        return b""
    points = mesh.vertices[:, [0, 2, 1]].astype("<f4")
    low, high = points.min(axis=0) - _ROOM, points.max(axis=0) + _ROOM
    polygons, links = _polygons(mesh)
    details, triangles = _details(mesh.polygons)
    head = struct.pack(
        "<5iI9i3f3f3ff", _TILE, _TILE_VERSION, 0, 0, 0, 0,
        len(polygons), len(points), links, len(details), 0, len(triangles), 0, 0, len(polygons),
        *_AGENT, *low, *high, 0.0,
    )  # fmt: skip
    tile = b"".join(
        [head, points.tobytes(), polygons.tobytes(), bytes(links * _LINK_BYTES), details.tobytes(),
         triangles.tobytes()]
    )  # fmt: skip
    width, _, depth = high - low
    reference = 1 << _POLYGON_BITS
    begin = struct.pack("<3i5f2i", _SET, _SET_VERSION, 1, *low, width, depth, 1, 1 << _POLYGON_BITS)
    return begin + struct.pack("<Ii", reference, len(tile)) + tile


def _polygons(mesh: Mesh) -> tuple[NDArray[np.void], int]:
    """Records of the polygons, each edge with what is beyond it; how many links that makes, at least 1."""
    owner = {
        (corners[k], corners[(k + 1) % len(corners)]): number
        for number, corners in enumerate(mesh.polygons)
        for k in range(len(corners))
    }
    records, links = np.zeros(len(mesh.polygons), _POLYGON), 0
    for record, corners, area in zip(records, mesh.polygons, mesh.areas, strict=True):
        record["link"], record["count"], record["area"], record["flags"] = (
            0xFFFFFFFF,
            len(corners),
            area,
            1 << area,
        )
        record["corners"][: len(corners)] = corners
        for k in range(len(corners)):
            beyond = owner.get((corners[(k + 1) % len(corners)], corners[k]), -1)
            record["neighbours"][k] = beyond + 1
            links += beyond >= 0
    return records, max(links, 1)


def _details(polygons: Sequence[Corners]) -> tuple[NDArray[np.void], NDArray[np.uint8]]:
    """For heights: each polygon as a fan of triangles, three of its corners and which sides are its own."""
    records = np.zeros(len(polygons), _DETAIL)
    triangles: list[tuple[int, int, int, int]] = []
    for record, corners in zip(records, polygons, strict=True):
        last = len(corners) - 1
        record["triangle"], record["count"] = len(triangles), last - 1
        for k in range(1, last):
            triangles.append((0, k, k + 1, (k == 1) | 1 << 2 | (k + 1 == last) << 4))
    return records, np.array(triangles, np.uint8)
