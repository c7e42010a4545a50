"""What clients draw into the world for debugging: shapes as strokes and texts, each for its time."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driving.server.errors import WireError
from driving.server.physics import rotation
from driving.server.render.sketch import COLUMNS, Text
from driving.server.wire import Vector, numbers, read_vector

POINT, LINE, ARROW, BOX, STRING, HUD_POINT = range(6)
KINDS = 9  # four more for the display: seen through everything
MOST = 20_000  # shapes; the oldest give way
POINT_SHARE = 100.0 / 1280.0  # of the picture's width, for a point of size 1: 100 px of Unreal's usual view
LONGEST_TEXT = 200

Stroke = tuple[Vector, Vector, float]


@dataclass(frozen=True, slots=True)
class DebugShape:
    """One drawn shape."""

    strokes: NDArray[np.float64]  # (n, COLUMNS), see `render.sketch`
    text: Text | None
    last_frame: float  # until which it shows, if it shows for one frame
    end: float  # s of simulated time


class DebugShapes:
    """The shapes that show."""

    def __init__(self) -> None:
        self._shapes: deque[DebugShape] = deque(maxlen=MOST)
        self._strokes: NDArray[np.float64] | None = None

    def draw(self, struct: Any, frame: int, now: float) -> None:
        """Add a DebugShape sent between this frame and the next.

        It shows for `life_time` seconds, for ever if that is 0, in the next frame only if it is negative.

        Raises:
            WireError: The shape is not one.
        """
        (kind, content), colour, life, *_ = struct
        if not isinstance(kind, int) or not 0 <= kind < KINDS:
            raise WireError(f"a debug shape's kind is 0 to {KINDS - 1}, got {repr(kind)[:80]}")
        red, green, blue = (min(max(int(part), 0), 255) for part in colour[:3])
        life = numbers([life], 1)[0]
        text: Text | None = None
        above = kind >= HUD_POINT
        strokes: list[Stroke] = []
        if kind == STRING:
            place, words, shadow = content[:3]
            text = str(words)[:LONGEST_TEXT], read_vector(place), (red, green, blue), bool(shadow)
        else:
            strokes = list(_STROKES[kind - HUD_POINT if above else kind](content))
        rows = [[*a, *b, thick, red, green, blue, float(above)] for a, b, thick in strokes]
        last, end = (frame + 1.0, math.inf) if life < 0.0 else (math.inf, now + life if life else math.inf)
        self._shapes.append(DebugShape(np.array(rows).reshape(-1, COLUMNS), text, last, end))
        self._strokes = None

    def clear(self, *, texts: bool, shapes: bool) -> None:
        """Take away all texts, or all other shapes."""
        kept = [one for one in self._shapes if not (texts if one.text else shapes)]
        self._shapes, self._strokes = deque(kept, maxlen=MOST), None

    def forget(self, frame: int, now: float) -> None:
        """Take away what has had its time."""
        if any(one.last_frame < frame or one.end < now for one in self._shapes):
            kept = [one for one in self._shapes if one.last_frame >= frame and one.end >= now]
            self._shapes, self._strokes = deque(kept, maxlen=MOST), None

    @property
    def strokes(self) -> NDArray[np.float64]:
        """All strokes, the first drawn first; (n, COLUMNS)."""
        if self._strokes is None:
            self._strokes = np.concatenate([np.zeros((0, COLUMNS)), *(one.strokes for one in self._shapes)])
        return self._strokes

    @property
    def texts(self) -> list[Text]:
        """All texts, the first drawn first."""
        return [one.text for one in self._shapes if one.text]

    def __len__(self) -> int:
        return len(self._shapes)


def _point(content: Any) -> Iterator[Stroke]:
    place, (size,) = read_vector(content[0]), numbers([content[1]], 1)
    yield place, place, max(size, 0.0) * POINT_SHARE


def _line(content: Any) -> Iterator[Stroke]:
    yield read_vector(content[0]), read_vector(content[1]), max(numbers([content[2]], 1)[0], 0.0)


def _arrow(content: Any) -> Iterator[Stroke]:
    """A line and four barbs at its end, as long as the arrow's size."""
    for start, end, thick in _line(content[0]):
        yield start, end, thick
        way = np.subtract(end, start)
        length = float(np.linalg.norm(way))
        if length < 1e-6:
            return
        way = way / length
        aside = np.cross(way, [0.0, 0.0, 1.0] if abs(way[2]) < 0.99 else [1.0, 0.0, 0.0])
        aside /= np.linalg.norm(aside)
        size = max(numbers([content[1]], 1)[0], 0.0)
        for side in (aside, -aside, np.cross(way, aside), -np.cross(way, aside)):
            yield end, _vector(np.array(end) - size * (way - 0.5 * side)), thick


def _box(content: Any) -> Iterator[Stroke]:
    """Twelve edges; turned by the shape's rotation, as Unreal does, not by the box's own."""
    (centre, half, *_), turn, thickness = content[:3]
    axes = rotation(*read_vector(turn))
    middle, reach = np.array(read_vector(centre)), np.array(read_vector(half))
    corner = {
        signs: _vector(middle + axes @ (np.array(signs) * reach)) for signs in product((-1, 1), repeat=3)
    }
    thick = max(numbers([thickness], 1)[0], 0.0)
    ring = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    for (x, y), (next_x, next_y) in pairwise(ring):
        yield corner[x, y, -1], corner[next_x, next_y, -1], thick
        yield corner[x, y, 1], corner[next_x, next_y, 1], thick
        yield corner[x, y, -1], corner[x, y, 1], thick


def _vector(row: NDArray[np.float64]) -> Vector:
    x, y, z = row.tolist()
    return x, y, z


_STROKES: Sequence[Any] = (_point, _line, _arrow, _box)
