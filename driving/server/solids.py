"""What of the scenery stops bodies: walls, trunks and posts as upright boxes, found through a grid."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from driving.server.render.street import Placed
from driving.server.scenery import LABELS, yaw_of

CELL = 2.0  # m
NEAR = 4.5  # m; a body that reaches no further from its centre need look into its own cell only
HEADER = 4  # of an index: where the grid begins, x and y in m, and its columns and rows
X, Y, COS, SIN, HALF_LENGTH, HALF_WIDTH, FOOT, TOP, OPEN, THING, LABEL = range(11)  # columns of Solids
NOTHING = np.zeros((0, LABEL + 1))
NOWHERE = np.zeros(HEADER, np.int32)
_TRUNK, _POST = (0.15, 3.6), (0.1, 6.0)  # half width and height of a tree's trunk and a lamp's post, m
_ABOVE = ("light", "sign")  # heads and plates hang over everybody

# (k, 11): middle in m, cosine and sine of the yaw, half sizes in m, heights of foot and top in m, whether
# bodies go through it, its number among the standing things, its CityObjectLabel
Solids = NDArray[np.float64]
Index = NDArray[np.int32]  # HEADER numbers, where each cell's list starts, and the lists: rows of Solids


def solids_of(placed: Sequence[Placed]) -> Solids:
    """Boxes of the houses' walls, trees' trunks, lamps' posts and those of lights and signs."""
    bodies = (each for each in placed if each.thing and _sort(each) not in _ABOVE)
    return np.array([_solid(each) for each in bodies]).reshape(-1, LABEL + 1)


def index_of(solids: Solids) -> Index:
    """For each cell of a grid the solids that come within `NEAR` m of it."""
    if not len(solids):
        return NOWHERE
    cos, sin = np.abs(solids[:, COS]), np.abs(solids[:, SIN])
    length, width = solids[:, HALF_LENGTH], solids[:, HALF_WIDTH]
    reach = NEAR + np.column_stack([cos * length + sin * width, sin * length + cos * width])
    low, high = solids[:, [X, Y]] - reach, solids[:, [X, Y]] + reach
    origin = np.floor(low.min(axis=0))
    first, last = ((low - origin) / CELL).astype(int), ((high - origin) / CELL).astype(int)
    columns, rows = last.max(axis=0) + 1
    lists: list[list[int]] = [[] for _ in range(columns * rows)]
    for solid, ((left, lowest), (right, highest)) in enumerate(
        zip(first.tolist(), last.tolist(), strict=True)
    ):
        for column in range(left, right + 1):
            for row in range(lowest, highest + 1):
                lists[column * rows + row].append(solid)
    starts = HEADER + len(lists) + 1 + np.cumsum([0, *map(len, lists)])
    members = [solid for cell in lists for solid in cell]
    return np.array([*origin, columns, rows, *starts, *members], np.int32)


def hide(solids: Solids, things: Collection[int]) -> None:
    """Let bodies through those things, and through no others."""
    solids[:, OPEN] = np.isin(solids[:, THING], list(things))


def _solid(placed: Placed) -> list[float]:
    sort = _sort(placed)
    yaw = yaw_of(sort, placed)
    if sort == "house":
        x, y, half_length, half_width, foot, top = _walls(placed)
    else:
        half_width, height = _TRUNK if sort == "tree" else _POST
        if sort == "post":
            height = float(cast("tuple[str, float, object]", placed.shape.key)[1])
        size = float(np.linalg.norm(placed.pose[:, 2]))
        x, y, foot = placed.pose[:, 3].tolist()
        half_length = half_width = half_width * size
        top = foot + height * size
    box = [x, y, math.cos(yaw), math.sin(yaw), half_length, half_width, foot, top]
    return [*box, 0.0, placed.thing, LABELS[sort]]


def _sort(placed: Placed) -> str:
    return str(cast("tuple[object, ...]", placed.shape.key)[0])


def _walls(house: Placed) -> tuple[float, ...]:
    """Middle, half sizes, foot and top of a house within its eaves, m."""
    *numbers, top = cast("tuple[float, ...]", house.shape.key)[1:]
    corners = np.array(numbers).reshape(4, 2)
    x, y = corners.mean(axis=0).tolist()
    front, side = np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[3] - corners[0])
    foot = float(house.shape.meshes[0].vertices[:, 2].min())
    return x, y, float(front) / 2, float(side) / 2, foot, top
