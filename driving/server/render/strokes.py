"""Digits and a few capitals as thick strokes, for what is written on signs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

WIDTH, GAP, WEIGHT = 0.56, 0.24, 0.17  # of a letter, between two, of a stroke; as shares of their height

Points = NDArray[np.float64]
Line = tuple[tuple[float, float], ...]

_ROUND: Line = (
    (0.28, 1.0), (0.09, 0.9), (0.0, 0.66), (0.0, 0.34), (0.09, 0.1), (0.28, 0.0),
    (0.47, 0.1), (0.56, 0.34), (0.56, 0.66), (0.47, 0.9), (0.28, 1.0),
)  # fmt: skip
_SIX: Line = (
    (0.48, 0.96), (0.24, 0.88), (0.04, 0.56), (0.0, 0.28), (0.1, 0.06), (0.28, 0.0), (0.46, 0.06),
    (0.56, 0.28), (0.46, 0.5), (0.28, 0.57), (0.04, 0.44),
)  # fmt: skip
_LETTERS: dict[str, tuple[Line, ...]] = {
    "0": (_ROUND,),
    "1": (((0.1, 0.78), (0.32, 1.0), (0.32, 0.0)),),
    "2": (((0.02, 0.76), (0.1, 0.94), (0.28, 1.0), (0.48, 0.92), (0.54, 0.72), (0.44, 0.5), (0.0, 0.0),
           (0.56, 0.0)),),
    "3": (((0.02, 0.9), (0.26, 1.0), (0.48, 0.92), (0.53, 0.74), (0.42, 0.58), (0.22, 0.53), (0.46, 0.46),
           (0.56, 0.28), (0.48, 0.08), (0.26, 0.0), (0.0, 0.1)),),
    "4": (((0.42, 0.0), (0.42, 1.0), (0.0, 0.28), (0.56, 0.28)),),
    "5": (((0.52, 1.0), (0.08, 1.0), (0.04, 0.52), (0.28, 0.6), (0.48, 0.52), (0.56, 0.3), (0.48, 0.08),
           (0.26, 0.0), (0.0, 0.1)),),
    "6": (_SIX,),
    "7": (((0.0, 1.0), (0.56, 1.0), (0.2, 0.0)),),
    "8": (((0.28, 0.54), (0.06, 0.66), (0.06, 0.88), (0.28, 1.0), (0.5, 0.88), (0.5, 0.66), (0.28, 0.54),
           (0.02, 0.4), (0.02, 0.12), (0.28, 0.0), (0.54, 0.12), (0.54, 0.4), (0.28, 0.54)),),
    "9": (tuple((0.56 - x, 1.0 - y) for x, y in _SIX),),
    "O": (_ROUND,),
    "P": (((0.0, 0.0), (0.0, 1.0), (0.36, 1.0), (0.54, 0.88), (0.54, 0.62), (0.36, 0.5), (0.0, 0.5)),),
    "S": (((0.54, 0.86), (0.28, 1.0), (0.04, 0.88), (0.04, 0.64), (0.28, 0.52), (0.54, 0.36), (0.54, 0.12),
           (0.28, 0.0), (0.0, 0.14)),),
    "T": (((0.28, 0.0), (0.28, 1.0)), ((0.0, 1.0), (0.56, 1.0))),
}  # fmt: skip


def strokes_of(words: str, height: float, width: float) -> Iterator[Points]:
    """The strokes of a text around the origin, of a height in m or less, and not wider than `width`.

    Yields:
        Corners (4, 2) of each: to the right and up in m, so that their order turns from up to right.
    """
    count = len(words)
    if not count:
        return
    scale = min(height, width / (count * (WIDTH + GAP) - GAP))
    start = -0.5 * (count * (WIDTH + GAP) - GAP)
    for place, letter in enumerate(words):
        origin = np.array([start + place * (WIDTH + GAP), -0.5])
        for line in _LETTERS.get(letter, ()):
            for a, b in pairwise(np.array(line) + origin):
                yield _stroke(a, b) * scale


def _stroke(a: Points, b: Points) -> Points:
    way = (b - a) / np.linalg.norm(b - a) * 0.5 * WEIGHT
    aside = np.array([way[1], -way[0]])  # to its right
    a, b = a - 0.5 * way, b + 0.5 * way
    return np.array([a - aside, b - aside, b + aside, a + aside])
