"""Flat parts of the street: lanes, kerbs, painted lines, verges and the plain around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from driving.server.render import surfaces as s
from driving.server.render.mesh import Solid
from driving.server.render.plan import Mark, OuterEdge, Strip, TakenGround, along, arc_length
from driving.server.render.shape import Shape
from driving.server.render.surfaces import surface

CHUNK = 24.0  # m of road per shape, so that what is out of view is skipped in one test
BEND = 0.03  # m that a straight piece may deviate from the lane's edge
KERB_WIDTH, KERB_HEIGHT = 0.15, 0.14  # m
RAISED = ("sidewalk", "curb")
GRASSY = ("none", "border", "median", "restricted")
VERGE_WIDTHS = (9.0, 6.0, 4.0, 2.0, 1.0)  # m, the widest that fits is laid
PAINT_LIFT = 0.012  # m that a line lies above the road
PLAIN_DEPTH = 0.06  # m that the plain lies below the lowest lane
PLAIN_REACH = 1200.0  # m beyond the outermost lane

Points = NDArray[np.float64]

_ASPHALT, _PARKING, _CYCLING = (76, 76, 79), (88, 86, 84), (112, 70, 62)
_PAVING, _KERB = (150, 146, 139), (172, 170, 165)
_GRASS, _MEADOW = (84, 112, 52), (92, 112, 60)
_WHITE, _YELLOW = (228, 228, 222), (226, 178, 50)


def lanes(strips: Sequence[Strip]) -> Iterator[Shape]:
    """One shape per chunk of each strip."""
    for number, strip in enumerate(strips):
        left, right = np.asarray(strip.left, float), np.asarray(strip.right, float)
        for piece, stations in enumerate(_chunks((left + right) / 2)):
            solid = Solid()
            a, b = _straightened(left[stations], right[stations])
            _ribbon(solid, a, b, slot=0)
            if strip.kind in RAISED:
                _kerb(solid, a, b)
                _kerb(solid, b, a)
            paints = np.array([_lane_surface(strip.kind), surface(s.PAVING, _KERB, s.SIDEWALKS)])
            yield Shape(("lane", number, piece), (solid.mesh(),), 1, paints)


def lines(marks: Sequence[Mark]) -> Iterator[Shape]:
    """One shape per chunk of each painted line."""
    for number, mark in enumerate(marks):
        points = np.asarray(mark.points, float)
        length = arc_length(points)[-1]
        period = mark.dash + mark.gap
        dashed = mark.dash > 0 and mark.gap > 0
        starts = np.arange(0.0, length, period) if dashed else np.arange(0.0, length, CHUNK)
        ends = np.minimum(starts + (mark.dash if dashed else CHUNK), length)
        paint = np.array([surface(s.LINE, _YELLOW if mark.colour == "yellow" else _WHITE, s.ROAD_LINES)])
        paint[0, s.BAY] = mark.width / 2
        per_chunk = max(1, int(CHUNK / period)) if dashed else 1
        for piece in range(0, len(starts), per_chunk):
            solid = Solid()
            for start, end in zip(
                starts[piece : piece + per_chunk], ends[piece : piece + per_chunk], strict=True
            ):
                if end - start > 0.05:
                    _stroke(solid, points, start, end, mark.width)
            if solid.corners:
                yield Shape(("line", number, piece), (solid.mesh(),), 1, paint, ribbon=mark.width / 2)


def verges(edges: Sequence[OuterEdge], ground: TakenGround) -> Iterator[Shape]:
    """Paved or grassy ground beyond the outer edges, as wide as there is room."""
    for number, edge in enumerate(edges):
        kind, colour = (s.PAVING, _PAVING) if edge.kind == "sidewalk" else (s.GRASS, _GRASS)
        tag = s.SIDEWALKS if edge.kind == "sidewalk" else s.TERRAIN
        widths = np.array([_room(ground, edge, k) for k in range(len(edge.points))])
        between = np.minimum(widths[:-1], widths[1:])
        paint = np.array([surface(kind, colour, tag)])
        for start in range(0, len(between), int(CHUNK)):
            solid = Solid()
            end = min(start + int(CHUNK), len(between))
            for first, last in _equal_runs(between, start, end):
                if between[first] > 0:
                    part = slice(first, last + 1)
                    inner = edge.points[part] - [0.0, 0.0, 0.01]
                    outer = inner.copy()
                    outer[:, :2] += edge.outward[part] * between[first]
                    _facing_up(solid, *_straightened(inner, outer))
            if solid.corners:
                yield Shape(("verge", number, start), (solid.mesh(),), 1, paint)


def plain(points: Points) -> Shape:
    """A meadow below and around everything."""
    low = points.min(axis=0) - PLAIN_REACH
    high = points.max(axis=0) + PLAIN_REACH
    z = float(points[:, 2].min()) - PLAIN_DEPTH
    solid = Solid()
    solid.quad([low[0], low[1], z], [high[0], low[1], z], [high[0], high[1], z], [low[0], high[1], z], slot=0)
    return Shape(("plain",), (solid.mesh(),), 1, np.array([surface(s.GRASS, _MEADOW, s.TERRAIN)]))


def _lane_surface(kind: str) -> s.Surface:
    if kind in RAISED:
        return surface(s.PAVING, _PAVING, s.SIDEWALKS)
    if kind in GRASSY:
        return surface(s.GRASS, _GRASS, s.TERRAIN)
    colour = {"parking": _PARKING, "biking": _CYCLING}.get(kind, _ASPHALT)
    return surface(s.ASPHALT, colour, s.ROADS)


def _chunks(centre: Points) -> Iterator[slice]:
    """Runs of stations about `CHUNK` metres long that share their end points."""
    number = np.minimum(arc_length(centre) // CHUNK, max(0, int(arc_length(centre)[-1] / CHUNK - 0.25)))
    if len(centre) < 3 or number[-1] == 0:
        yield slice(0, len(centre))
        return
    starts = np.concatenate([[0], np.nonzero(np.diff(number))[0] + 1, [len(centre) - 1]])
    for first, last in pairwise(starts):
        if last > first:
            yield slice(int(first), int(last) + 1)


def _straightened(left: Points, right: Points) -> tuple[Points, Points]:
    """Leave out stations that lie on the straight line between their neighbours (within `BEND`)."""
    kept = [0]
    start = 0
    while start < len(left) - 1:
        end = start + 1
        while (
            end + 1 < len(left) and _is_straight(left, start, end + 1) and _is_straight(right, start, end + 1)
        ):
            end += 1
        kept.append(end)
        start = end
    return left[kept], right[kept]


def _is_straight(points: Points, start: int, end: int) -> bool:
    chord = points[end] - points[start]
    inner = points[start + 1 : end] - points[start]
    share = np.clip(inner @ chord / max(float(chord @ chord), 1e-12), 0.0, 1.0)
    return bool((np.linalg.norm(inner - share[:, None] * chord, axis=1) <= BEND).all())


def _ribbon(solid: Solid, left: Points, right: Points, *, slot: int) -> None:
    """A band between two edges, facing up; `right` lies to the right of the way (left-handed world)."""
    count = len(left)
    k = np.arange(count - 1)
    points = np.concatenate([left, right])
    faces = np.concatenate(
        [np.stack([k, k + 1, k + 1 + count], 1), np.stack([k, k + 1 + count, k + count], 1)]
    )
    solid.add(points, faces, slot=slot)


def _facing_up(solid: Solid, a: Points, b: Points) -> None:
    """A band between two edges, whichever of them lies on the right."""
    way, across = a[1] - a[0], b[0] - a[0]
    if way[0] * across[1] - way[1] * across[0] > 0:
        _ribbon(solid, a, b, slot=0)
    else:
        _ribbon(solid, b, a, slot=0)


def _kerb(solid: Solid, edge: Points, other: Points) -> None:
    """A kerb stone along `edge`: its top and its face down to the road."""
    inward = other - edge
    inward = inward / np.maximum(np.linalg.norm(inward, axis=1, keepdims=True), 1e-6)
    top = edge + np.array([0.0, 0.0, 0.004])
    inner = top + inward * KERB_WIDTH
    foot = edge - [0.0, 0.0, KERB_HEIGHT]
    way, across = edge[1] - edge[0], inward[0]
    if way[0] * across[1] - way[1] * across[0] > 0:
        _ribbon(solid, top, inner, slot=1)
        _ribbon(solid, foot, top, slot=1)
    else:
        _ribbon(solid, inner, top, slot=1)
        _ribbon(solid, top, foot, slot=1)


def _stroke(solid: Solid, points: Points, start: float, end: float, width: float) -> None:
    """A painted stroke of `width` metres over a part of a polyline."""
    lengths = arc_length(points)
    inner = lengths[(lengths > start + 0.01) & (lengths < end - 0.01)]
    centre = along(points, np.concatenate([[start], inner, [end]]))
    way = np.gradient(centre, axis=0)
    right = np.stack([-way[:, 1], way[:, 0], np.zeros(len(way))], axis=1)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    centre[:, 2] += PAINT_LIFT
    a, b = _straightened(centre - right * width / 2, centre + right * width / 2)
    _ribbon(solid, a, b, slot=0)
    corners = solid.corners[-1]
    middle = np.repeat((a + b) / 2, 2, axis=0)
    edges = np.stack([a, b], axis=1).reshape(-1, 3)
    nearest = np.linalg.norm(corners[:, :, None] - edges, axis=-1).argmin(axis=-1)
    solid.normals[-1] = (edges - middle)[nearest] / (width / 2)


def _room(ground: TakenGround, edge: OuterEdge, k: int) -> float:
    for width in VERGE_WIDTHS:
        reach = np.linspace(0.6, width, max(2, int(width / 0.5)))
        if ground.is_free(edge.points[k, :2] + reach[:, None] * edge.outward[k]).all():
            return width
    return 0.0


def _equal_runs(values: Points, start: int, end: int) -> Iterator[tuple[int, int]]:
    first = start
    for k in range(start + 1, end + 1):
        if k == end or values[k] != values[first]:
            yield first, k
            first = k
