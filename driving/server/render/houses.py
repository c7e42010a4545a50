"""Houses side by side along the road's outer edges."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from driving.server.render import surfaces as s
from driving.server.render.mesh import Solid
from driving.server.render.plan import OuterEdge, TakenGround
from driving.server.render.shape import Shape
from driving.server.render.surfaces import facade, surface

SETBACK = 0.7  # m between pavement and wall; houses on other roads stand `FAR_SETBACK` back
FAR_SETBACK = 9.0
WIDTHS = (9.0, 22.0)  # m
DEPTHS = (12.0, 9.0, 6.0)  # m, the first that fits
STOREYS = (3, 6)
EAVES = 0.35  # m that the roof stands out at the corners
FOOT = 1.0  # m of wall below the pavement

UP = np.array([0.0, 0.0, 1.0])

Points = NDArray[np.float64]

_BRICK = ((150, 84, 66), (164, 98, 76), (128, 74, 62), (176, 120, 92))
_PLASTER = (
    (206, 196, 176),
    (222, 214, 200),
    (196, 178, 150),
    (186, 188, 190),
    (214, 190, 158),
    (168, 182, 188),
)
_ROOFS = ((122, 66, 52), (84, 80, 82), (98, 72, 62))


def houses_along(edge: OuterEdge, ground: TakenGround, rng: np.random.Generator) -> Iterator[Shape]:
    """Fill an outer edge with houses, where there is room; takes their ground."""
    close = edge.kind == "sidewalk"
    setback = SETBACK if close else FAR_SETBACK
    start = int(rng.integers(0, 4))
    while start < len(edge.points) - int(WIDTHS[0]):
        width = int(rng.uniform(*WIDTHS))
        end = min(start + width, len(edge.points) - 1)
        footprint = _footprint(edge, start, end, setback, ground)
        if footprint is None:
            start += 3
            continue
        ground.take(footprint)
        yield _house(footprint, float(edge.points[start : end + 1, 2].min()), rng)
        gap = rng.random() < 0.12 if close else rng.random() < 0.8
        start = end + (int(rng.uniform(3, 8) if close else rng.uniform(8, 30)) if gap else 0)


def _footprint(edge: OuterEdge, start: int, end: int, setback: float, ground: TakenGround) -> Points | None:
    """Corners (4, 2) of a rectangle behind the edge: its front, then its back; None if there is no room."""
    points = edge.points[start : end + 1, :2]
    way = points[-1] - points[0]
    length = float(np.linalg.norm(way))
    if length < WIDTHS[0] * 0.6:
        return None
    way = way / length
    outward = np.array([way[1], -way[0]])
    if outward @ edge.outward[(start + end) // 2] < 0:
        outward = -outward
    reach = float(((points - points[0]) @ outward).max()) + setback
    a, b = points[0] + outward * reach, points[-1] + outward * reach
    for depth in DEPTHS:
        inset = way * 0.3
        probe = np.array([a + inset, b - inset, b - inset + outward * depth, a + inset + outward * depth])
        if ground.rectangle_is_free(probe):
            return np.array([a, b, b + outward * depth, a + outward * depth])
    return None


def _house(corners: Points, base: float, rng: np.random.Generator) -> Shape:
    storey = float(rng.uniform(2.9, 3.4))
    top = base + storey * int(rng.integers(STOREYS[0], STOREYS[1] + 1)) + 0.5
    brick = rng.random() < 0.45
    palette = _BRICK if brick else _PLASTER
    colour = tuple(np.array(palette[rng.integers(len(palette))]) * rng.uniform(0.92, 1.05))
    style = 2 * int(rng.integers(1, 500)) + (0 if brick else 1)
    way, inward = corners[1] - corners[0], corners[3] - corners[0]
    if way[0] * inward[1] - way[1] * inward[0] < 0:
        corners = corners[[1, 0, 3, 2]]
    solid, paints = Solid(), []
    for side in range(4):
        a, b = corners[side], corners[(side + 1) % 4]
        length = float(np.linalg.norm(b - a))
        bay = length / max(1, round(length / 2.9))
        solid.quad([*a, base - FOOT], [*b, base - FOOT], [*b, top], [*a, top], slot=side)
        paints.append(
            facade(colour, origin=(a[0], a[1]), base=base, bay=bay, storey=storey, top=top, style=style)
        )
    paints.append(surface(s.TILES, _ROOFS[rng.integers(len(_ROOFS))], s.BUILDINGS))
    paints.append(surface(s.MATTE, (196, 190, 178), s.BUILDINGS))
    _roof(solid, corners, top, gabled=bool(rng.random() < 0.6))
    return Shape(("house", *corners.ravel().tolist(), top), (solid.mesh(),), 1, np.array(paints))


def _roof(solid: Solid, corners: Points, top: float, *, gabled: bool) -> None:
    """Eaves all round, under a ridge along the front or under a flat roof."""
    centre = corners.mean(axis=0)
    wide = corners + EAVES * _unit(corners - centre)
    low = [np.array([*p, top - 0.05]) for p in wide]
    high = [np.array([*p, top + 0.22]) for p in wide]
    for side in range(4):
        after = (side + 1) % 4
        solid.quad(low[side], low[after], high[after], high[side], slot=5)
    solid.quad(low[3], low[2], low[1], low[0], slot=5)
    if not gabled:
        solid.quad(*high, slot=4)
        return
    height = 0.36 * float(np.linalg.norm(corners[3] - corners[0]))
    left, right = (high[0] + high[3]) / 2, (high[1] + high[2]) / 2
    left, right = left + height * UP, right + height * UP
    solid.quad(high[0], high[1], right, left, slot=4)
    solid.quad(high[2], high[3], left, right, slot=4)
    solid.add([high[3], high[0], left], [[0, 1, 2]], slot=5)
    solid.add([high[1], high[2], right], [[0, 1, 2]], slot=5)


def _unit(rows: Points) -> Points:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
