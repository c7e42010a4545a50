"""Where walkers walk: pavements beside their trees and lamps, and the crosswalks between pavements."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driving.server.detour import CROSSWALK, SIDEWALK, Corners, Mesh, encoded
from driving.server.maps import LaneStrip, RoadMap

KERB_SIDE, HOUSE_SIDE = 1.1, 0.3  # m of a pavement that are left free: trees and lamps; shoulders
NARROW = 1.8  # m; a narrower pavement has no trees
WELD = 0.05  # m within which corners are one
REACH = 5.0  # m from a crosswalk's end to the pavement that it leads to
LANDING = 2.0  # m, least width in which a crosswalk meets a pavement; half of it at a pavement's end
APART = 0.25  # m, least between two stations of a pavement
FORMAT = 1  # grows with changes of this module: clients keep files by name

Points = NDArray[np.float64]


@dataclass(slots=True)
class _Path:
    """The walkable band of a pavement: two edges at common stations."""

    left: Points  # (n, 3)
    right: Points  # (n, 3)

    def reversed(self) -> _Path:
        """The same band, walked the other way."""
        return _Path(self.right[::-1], self.left[::-1])

    def with_(self, other: _Path) -> _Path:
        """Both bands as one, where the other goes on."""
        return _Path(np.vstack([self.left, other.left[1:]]), np.vstack([self.right, other.right[1:]]))

    def goes_on(self, other: _Path) -> bool:
        """Whether another band begins where this one ends."""
        ends = np.concatenate([self.left[-1] - other.left[0], self.right[-1] - other.right[0]])
        return bool(np.abs(ends).max() < WELD)


def navigation_name(road_map: RoadMap) -> str:
    """The name of a map's navigation file, another one for other content; "" without pavements."""
    if all(strip.kind != "sidewalk" for strip in road_map.strips):
        return ""
    return f"Embedded/Nav/{road_map.name}-{FORMAT}-{zlib.crc32(road_map.xodr.encode()):08x}.bin"


def navigation_file(road_map: RoadMap) -> bytes:
    """A map's navigation mesh, as clients read it."""
    return encoded(walkways(road_map))


def walkways(road_map: RoadMap) -> Mesh:
    """The mesh of a map's pavements and of the crosswalks that join two of them."""
    kerbs = _kerbs(road_map.strips)
    paths = _chained([_band(strip, kerbs) for strip in road_map.strips if strip.kind == "sidewalk"])
    crossings = [found for outline in road_map.crosswalks if (found := _joined(outline, paths)) is not None]
    corners = _Corners()
    polygons: list[Corners] = []
    areas: list[int] = []
    for area, outlines in ((SIDEWALK, _quads(paths)), (CROSSWALK, crossings)):
        for outline in outlines:
            for polygon in _convex(corners, outline):
                polygons.append(polygon)
                areas.append(area)
    return Mesh(np.array(corners.points).reshape(-1, 3), polygons, areas)


class _Corners:
    """Points by number; those that are within `WELD` of each other have one."""

    def __init__(self) -> None:
        self.points: list[Points] = []
        self._cells: dict[tuple[int, int], int] = {}

    def number(self, point: Points) -> int:
        """A point's number."""
        cell = (round(point[0] / WELD), round(point[1] / WELD))
        for dx in (0, -1, 1):
            for dy in (0, -1, 1):
                found = self._cells.get((cell[0] + dx, cell[1] + dy))
                if found is not None and abs(self.points[found][2] - point[2]) < 1.0:
                    return found
        self._cells[cell] = len(self.points)
        self.points.append(point)
        return len(self.points) - 1


def _kerbs(strips: Sequence[LaneStrip]) -> set[tuple[int, int]]:
    """Where edges of other lanes run, to the centimetre."""
    edges = [edge for strip in strips if strip.kind != "sidewalk" for edge in (strip.left, strip.right)]
    return {(round(x * 100), round(y * 100)) for edge in edges for x, y, _ in edge.tolist()}


def _band(strip: LaneStrip, kerbs: set[tuple[int, int]]) -> _Path:
    across = strip.right - strip.left
    width = np.linalg.norm(across[:, :2], axis=1)
    sides = []
    for edge in (strip.left, strip.right):
        at_kerb = np.mean([(round(x * 100), round(y * 100)) in kerbs for x, y, _ in edge.tolist()]) > 0.5
        sides.append(np.where(at_kerb & (width >= NARROW), KERB_SIDE, HOUSE_SIDE))
    total = np.maximum(sides[0] + sides[1], 1e-6)
    fit = np.minimum(1.0, 0.8 * width / total)  # something is left of the narrowest
    unit = across / np.maximum(width, 1e-6)[:, None]
    return _Path(
        strip.left + unit * (sides[0] * fit)[:, None], strip.right - unit * (sides[1] * fit)[:, None]
    )


def _chained(paths: Sequence[_Path]) -> list[_Path]:
    """Bands as long as they go on, so that a crosswalk may lead to the joint of two."""
    left, chains = list(paths), []
    while left:
        chain = left.pop()
        for _ in range(2):  # at its end, then at its begin
            while (following := _following(chain, left)) is not None:
                number, path = following
                del left[number]
                chain = chain.with_(path)
            chain = chain.reversed()
        chains.append(chain)
    return chains


def _following(chain: _Path, paths: Sequence[_Path]) -> tuple[int, _Path] | None:
    for number, path in enumerate(paths):
        for way in (path, path.reversed()):
            if chain.goes_on(way):
                return number, way
    return None


def _quads(paths: Sequence[_Path]) -> Iterator[list[Points]]:
    for path in paths:
        for k in range(len(path.left) - 1):
            yield [path.left[k], path.left[k + 1], path.right[k + 1], path.right[k]]


def _convex(corners: _Corners, outline: Sequence[Points]) -> Iterator[Corners]:
    """An outline as clockwise convex polygons between common corners: itself, or two triangles."""
    numbers = list(dict.fromkeys(corners.number(point) for point in outline))
    if len(numbers) < 3:
        return
    plane = np.array([corners.points[number][:2] for number in numbers])
    if _area(plane) > 0.0:
        numbers, plane = numbers[::-1], plane[::-1]
    after, before = np.roll(plane, -1, axis=0) - plane, plane - np.roll(plane, 1, axis=0)
    turns = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    if (turns < 1e-6).all():
        yield tuple(numbers)
        return
    hollow = int(turns.argmax())
    numbers = numbers[hollow:] + numbers[:hollow]
    for k in range(1, len(numbers) - 1):
        triangle = (numbers[0], numbers[k], numbers[k + 1])
        if _area(np.array([corners.points[number][:2] for number in triangle])) < -1e-4:
            yield triangle


def _area(plane: Points) -> float:
    x, y = plane.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def _joined(outline: Points, paths: Sequence[_Path]) -> list[Points] | None:
    """A crosswalk between the bands that its ends lead to; those get stations at its corners."""
    middle = outline[:, :2].mean(axis=0)
    axis = np.linalg.svd(outline[:, :2] - middle)[2][0]
    order = np.argsort((outline[:, :2] - middle) @ axis)
    ends = []
    for end in (order[:2], order[-2:]):
        found = _landing(outline[end, :2], middle, paths)
        if found is None:
            return None
        ends.append(found)
    (path_a, right_a, s_a), (path_b, right_b, s_b) = ends
    if path_a is path_b:
        return None
    a, b = _open(path_a, right_a, s_a), _open(path_b, right_b, s_b)
    if np.linalg.norm(a[1] - b[0]) > np.linalg.norm(a[1] - b[1]):
        b = b[::-1]
    return [*a, *b]


def _landing(
    end: Points, middle: Points, paths: Sequence[_Path]
) -> tuple[_Path, bool, tuple[float, float]] | None:
    """The band near a crosswalk's end, whether its right edge is the near one, and where the corners fall."""
    best, found = REACH, None
    for path in paths:
        for right, edge in ((False, path.left), (True, path.right)):
            s, away = zip(*(_projected(corner, edge) for corner in end), strict=True)
            other = path.left if right else path.right
            if _projected(middle, edge)[1] > _projected(middle, other)[1]:
                continue
            half, length = max(abs(s[1] - s[0]) / 2, LANDING / 2), _length(edge)
            span = max((s[0] + s[1]) / 2 - half, 0.0), min((s[0] + s[1]) / 2 + half, length)
            if max(away) < best and span[1] - span[0] > LANDING / 2:
                best, found = max(away), (path, right, span)
    return found


def _projected(point: Points, edge: Points) -> tuple[float, float]:
    """How far along a polyline a point falls on it, and how far away it is; m."""
    steps = np.diff(edge[:, :2], axis=0)
    lengths = np.maximum(np.linalg.norm(steps, axis=1), 1e-9)
    part = np.clip(((point - edge[:-1, :2]) * steps).sum(axis=1) / lengths**2, 0.0, 1.0)
    away = np.linalg.norm(edge[:-1, :2] + part[:, None] * steps - point, axis=1)
    k = int(away.argmin())
    return float(lengths[:k].sum() + part[k] * lengths[k]), float(away[k])


def _length(edge: Points) -> float:
    return float(np.linalg.norm(np.diff(edge[:, :2], axis=0), axis=1).sum())


def _open(path: _Path, right: bool, span: tuple[float, float]) -> list[Points]:
    """Give a band stations at two places of one edge and none between them; that edge's two points."""
    edge = path.right if right else path.left
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(edge[:, :2], axis=0), axis=1))])
    kept = (along <= span[0] - APART) | (along >= span[1] + APART)
    kept[[0, -1]] = True
    stations = np.unique(np.concatenate([along[kept], span]))
    for name in ("left", "right"):
        points = getattr(path, name)
        setattr(path, name, np.stack([np.interp(stations, along, points[:, k]) for k in range(3)], axis=1))
    edge = path.right if right else path.left
    return [edge[int(np.searchsorted(stations, s - 1e-9))] for s in span]
