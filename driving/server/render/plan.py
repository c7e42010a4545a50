"""Where things may stand: a map of taken ground, and the road's outer edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from driving.server.render.fill import fill_polygon, sheet

CELL = 0.5  # m
PROBE = 0.6  # m beyond an edge where another strip would have to begin
STEP = 1.0  # m between the points of an outer edge

Points = NDArray[np.float64]


class Strip(Protocol):
    """A lane's surface."""

    @property
    def kind(self) -> str: ...  # OpenDRIVE lane type
    @property
    def left(self) -> Points: ...  # (n, 3)
    @property
    def right(self) -> Points: ...  # (n, 3)


class Mark(Protocol):
    """A painted line; dash and gap 0: solid."""

    @property
    def points(self) -> Points: ...  # (n, 3)
    @property
    def width(self) -> float: ...  # m
    @property
    def colour(self) -> str: ...
    @property
    def dash(self) -> float: ...  # m
    @property
    def gap(self) -> float: ...  # m


class TakenGround:
    """Which half-metre cells of the plane something stands on."""

    def __init__(self, low: Points, high: Points) -> None:
        """Cover the rectangle from `low` to `high`, (2,) each, m."""
        self._origin = np.asarray(low, float)
        columns, rows = np.ceil((np.asarray(high, float) - self._origin) / CELL).astype(int) + 1
        self._taken, self._owner = sheet(rows, columns, np.float32), sheet(rows, columns, np.int32)
        self._taken[:] = 0.0

    def take(self, polygon: Points) -> None:
        """Mark a convex polygon (k, 2), k <= 4."""
        cells = np.ascontiguousarray((np.asarray(polygon, float) - self._origin) / CELL)
        fill_polygon(cells, 1.0, self._taken, self._owner)

    def is_free(self, points: Points) -> NDArray[np.bool_]:
        """Whether nothing stands at each of the points (..., 2); beyond the map is not free."""
        cells = np.floor((np.asarray(points, float) - self._origin) / CELL).astype(int)
        rows, columns = self._taken.shape
        inside = (cells >= 0).all(axis=-1) & (cells[..., 0] < columns) & (cells[..., 1] < rows)
        cells = np.where(inside[..., None], cells, 0)
        return inside & (self._taken[cells[..., 1], cells[..., 0]] == 0.0)

    def rectangle_is_free(self, corners: Points) -> bool:
        """Whether nothing stands inside a parallelogram (4, 2)."""
        a, b, d = corners[0], corners[1], corners[3]
        across = np.linspace(0.0, 1.0, max(2, int(np.linalg.norm(b - a) / CELL) + 1))
        along = np.linspace(0.0, 1.0, max(2, int(np.linalg.norm(d - a) / CELL) + 1))
        grid = a + across[:, None, None] * (b - a) + along[None, :, None] * (d - a)
        return bool(self.is_free(grid).all())


@dataclass(frozen=True)
class OuterEdge:
    """A stretch of a strip's edge with no strip beyond it; points about `STEP` apart."""

    kind: str  # of the strip
    points: Points  # (n, 3)
    outward: Points  # (n, 2) unit, away from the road
    width: Points  # (n,) of the strip, m


def ground_of(strips: Sequence[Strip], *, margin: float) -> TakenGround:
    """The ground with every strip marked as taken, `margin` metres wider than the strips on each side."""
    edges = np.concatenate([np.concatenate([strip.left, strip.right])[:, :2] for strip in strips])
    ground = TakenGround(edges.min(axis=0) - margin, edges.max(axis=0) + margin)
    for strip in strips:
        left, right = np.asarray(strip.left)[:, :2], np.asarray(strip.right)[:, :2]
        for k in range(len(left) - 1):
            ground.take(np.array([left[k], left[k + 1], right[k + 1], right[k]]))
    return ground


def outer_edges(strips: Sequence[Strip], ground: TakenGround) -> list[OuterEdge]:
    """Find the edges beyond which there is no strip."""
    found = []
    for strip in strips:
        left, right = _resampled(np.asarray(strip.left, float), np.asarray(strip.right, float))
        for edge, other in ((left, right), (right, left)):
            outward = (edge - other)[:, :2]
            width = np.linalg.norm(outward, axis=1)
            wide = width > 0.3
            outward = outward / np.maximum(width, 1e-6)[:, None]
            exposed = wide & ground.is_free(edge[:, :2] + PROBE * outward)
            changes = np.nonzero(np.diff(np.concatenate([[False], exposed, [False]]).astype(int)))[0]
            for start, end in changes.reshape(-1, 2):
                if end - start >= 4:
                    part = slice(start, end)
                    found.append(OuterEdge(strip.kind, edge[part], outward[part], width[part]))
    return found


def arc_length(points: Points) -> Points:
    """Distance along a polyline (n, ...) from its first point to each; (n,)."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def along(points: Points, distances: Points) -> Points:
    """The points of a polyline (n, 3) at the given distances from its start; (k, 3)."""
    lengths = arc_length(points)
    return np.stack(
        [np.interp(distances, lengths, points[:, axis]) for axis in range(points.shape[1])], axis=1
    )


def _resampled(left: Points, right: Points) -> tuple[Points, Points]:
    """Both edges at common stations about `STEP` apart."""
    lengths = arc_length((left + right) / 2)
    stations = np.linspace(0.0, lengths[-1], max(2, int(lengths[-1] / STEP) + 1))
    both = [
        np.stack([np.interp(stations, lengths, edge[:, axis]) for axis in range(3)], axis=1)
        for edge in (left, right)
    ]
    return both[0], both[1]


def from_lines(
    places: NDArray[np.float64], starts: NDArray[np.float64], ends: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far places are from straight lines between two ends each, m; all (..., 2), broadcast."""
    way = ends - starts
    part = ((places - starts) * way).sum(axis=-1) / np.maximum((way**2).sum(axis=-1), 1e-12)
    return np.asarray(np.linalg.norm(starts + np.clip(part, 0.0, 1.0)[..., None] * way - places, axis=-1))
