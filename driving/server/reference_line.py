"""OpenDRIVE's curves: piecewise cubics, and reference lines of lines, arcs, spirals and polynomials."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STRAIGHT_STEP = 25.0  # m between stations where nothing bends
CURVED_STEP = 2.0  # m elsewhere
_FINE_STEP = 0.25  # m, for curves that are integrated numerically


class Cubics:
    """a + b u + c u^2 + d u^3 by pieces, u = s - start of the piece; 0 where there is none."""

    def __init__(self, pieces: Sequence[tuple[float, ...]]) -> None:
        table = np.array(sorted(pieces) or [(0.0,) * 5], float)
        self.starts: Array = table[:, 0]
        self._terms = table[:, 1:]

    @property
    def constant(self) -> bool:
        """Whether no piece bends or leans."""
        return not self._terms[:, 1:].any()

    def __call__(self, s: Array) -> Array:
        piece = np.clip(np.searchsorted(self.starts, s, side="right") - 1, 0, None)
        u = s - self.starts[piece]
        a, b, c, d = self._terms[piece].T
        return np.asarray(a + u * (b + u * (c + u * d)))


class ReferenceLine:
    """A road's line in the plane: position and heading at any distance along it."""

    def __init__(self, geometries: Sequence[Element]) -> None:
        if not geometries:
            raise ValueError("a road has no planView geometry")
        self._pieces = sorted((_Piece(item) for item in geometries), key=lambda piece: piece.start)
        self._starts = np.array([piece.start for piece in self._pieces])

    def sample(self, s: Array) -> tuple[Array, Array, Array]:
        """x, y and heading at distances s; m and radians, OpenDRIVE's frame."""
        result = np.empty((3, len(s)))
        owner = np.clip(np.searchsorted(self._starts, s, side="right") - 1, 0, None)
        for index in np.unique(owner):
            mine = owner == index
            result[:, mine] = self._pieces[index].sample(s[mine])
        return result[0], result[1], result[2]

    def stations(self, start: float, end: float, breaks: Array, *, plain: bool) -> Array:
        """Distances from start to end so dense that straight pieces between them are true.

        Args:
            start: First station, m.
            end: Last station, m.
            breaks: Further distances that must be among them where they lie between.
            plain: Nothing but the line itself changes along the road.
        """
        inside = np.concatenate([self._starts, breaks])
        edges = np.unique(np.concatenate([[start, end], inside[(inside > start) & (inside < end)]]))
        parts = []
        for first, last in itertools.pairwise(edges.tolist()):
            piece = self._pieces[max(int(np.searchsorted(self._starts, first, side="right")) - 1, 0)]
            step = STRAIGHT_STEP if plain and piece.straight else CURVED_STEP
            parts.append(np.linspace(first, last, max(math.ceil((last - first) / step), 1) + 1)[:-1])
        return np.concatenate([*parts, [end]])


class _Piece:
    """One geometry element."""

    def __init__(self, element: Element) -> None:
        names = ("s", "x", "y", "hdg", "length")
        self.start, self._x, self._y, self._heading, self._length = (float(element.attrib[n]) for n in names)
        shape = next(iter(element), None)
        self._kind = "line" if shape is None else shape.tag
        self._shape = {} if shape is None else dict(shape.attrib)
        self._table = None if self._kind in ("line", "arc") else self._integrate()

    @property
    def straight(self) -> bool:
        return self._kind == "line"

    def sample(self, s: Array) -> Array:
        """x, y, heading as rows."""
        u = np.clip(s - self.start, 0.0, self._length)
        along, aside, turn = self._local(u)
        c, sn = math.cos(self._heading), math.sin(self._heading)
        return np.stack(
            [self._x + c * along - sn * aside, self._y + sn * along + c * aside, self._heading + turn]
        )

    def _local(self, u: Array) -> tuple[Array, Array, Array]:
        if self._table is not None:
            distance, along, aside, turn = self._table
            return np.interp(u, distance, along), np.interp(u, distance, aside), np.interp(u, distance, turn)
        curvature = float(self._shape.get("curvature", 0.0)) if self._kind == "arc" else 0.0
        if abs(curvature) < 1e-12:
            return u, np.zeros_like(u), np.zeros_like(u)
        turn = u * curvature
        return np.sin(turn) / curvature, (1.0 - np.cos(turn)) / curvature, turn

    def _integrate(self) -> tuple[Array, Array, Array, Array]:
        """Distance, along, aside and heading of a curve without a closed form."""
        count = max(math.ceil(self._length / _FINE_STEP), 8) + 1
        if self._kind == "spiral":
            u = np.linspace(0.0, self._length, count)
            first, last = float(self._shape["curvStart"]), float(self._shape["curvEnd"])
            turn = u * (first + (last - first) * u / (2 * self._length))
            middle = (turn[1:] + turn[:-1]) / 2
            step = np.diff(u)
            along = np.concatenate([[0.0], np.cumsum(step * np.cos(middle))])
            aside = np.concatenate([[0.0], np.cumsum(step * np.sin(middle))])
            return u, along, aside, turn
        along, aside, turn = self._polynomials(count)
        distance = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(along), np.diff(aside)))])
        if self._kind == "poly3":  # its parameter runs on to where the curve is as long as it says
            return distance, along, aside, turn
        return distance * (self._length / max(distance[-1], 1e-9)), along, aside, turn

    def _polynomials(self, count: int) -> tuple[Array, Array, Array]:
        """Along, aside and heading at equal steps of the curve's parameter."""
        if self._kind == "poly3":
            u = np.linspace(0.0, self._length, count)
            return u, self._cubic("", u), np.arctan(self._slope("", u))
        if self._kind != "paramPoly3":
            known = "line, arc, spiral, poly3, paramPoly3"
            raise ValueError(f"planView geometry '{self._kind}' is not one of {known}")
        whole = 1.0 if self._shape.get("pRange", "normalized") == "normalized" else self._length
        p = np.linspace(0.0, whole, count)
        turn = np.unwrap(np.arctan2(self._slope("V", p), self._slope("U", p)))
        return self._cubic("U", p), self._cubic("V", p), turn

    def _cubic(self, suffix: str, p: Array) -> Array:
        a, b, c, d = (float(self._shape.get(name + suffix, 0.0)) for name in "abcd")
        return np.asarray(a + p * (b + p * (c + p * d)))

    def _slope(self, suffix: str, p: Array) -> Array:
        b, c, d = (float(self._shape.get(name + suffix, 0.0)) for name in "bcd")
        return np.asarray(b + p * (2 * c + p * 3 * d))
