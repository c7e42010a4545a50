"""The standing street: ground, road, markings, kerbs, houses, trees and lamps, as placed shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driving.server.render import roadway
from driving.server.render.houses import houses_along
from driving.server.render.plan import Mark, OuterEdge, Strip, TakenGround, ground_of, outer_edges
from driving.server.render.planting import furniture_along
from driving.server.render.shape import Shape

__all__ = ["Mark", "Placed", "Strip", "build_street", "street_rng"]

MARGIN = 40.0  # m of mapped ground around the strips


@dataclass(frozen=True)
class Placed:
    """A standing shape."""

    shape: Shape
    pose: NDArray[np.float64]  # (3, 4) local to world
    casts: bool  # whether it throws a shadow


def street_rng(seed: int) -> np.random.Generator:
    """What chooses houses, trees and lamps; equal seeds give equal streets."""
    return np.random.default_rng(np.random.SeedSequence([seed, 0x57EE7]))


def build_street(strips: Sequence[Strip], marks: Sequence[Mark], rng: np.random.Generator) -> list[Placed]:
    """Lay out everything that stands, from the lanes outwards.

    Nothing but trees and lamps (on pavements) stands on a strip.
    """
    flat = [Placed(shape, np.eye(3, 4), False) for shape in roadway.lanes(strips)]
    flat += [Placed(shape, np.eye(3, 4), False) for shape in roadway.lines(marks)]
    if not strips:
        return [*flat, Placed(roadway.plain(np.zeros((1, 3))), np.eye(3, 4), False)]
    ground = ground_of(strips, margin=MARGIN)
    edges = outer_edges(strips, ground)
    flat += [Placed(shape, np.eye(3, 4), False) for shape in roadway.verges(edges, ground)]
    flat.append(Placed(roadway.plain(np.concatenate([strip.left for strip in strips])), np.eye(3, 4), False))
    return flat + _standing(edges, ground, rng)


def _standing(edges: Sequence[OuterEdge], ground: TakenGround, rng: np.random.Generator) -> list[Placed]:
    placed = []
    for edge in edges:
        for shape in houses_along(edge, ground, rng):
            placed.append(Placed(shape, np.eye(3, 4), True))
        for shape, pose in furniture_along(edge, ground, rng):
            placed.append(Placed(shape, pose, True))
    return placed
