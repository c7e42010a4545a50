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
from driving.server.render.texture import noise_levels

__all__ = ["Mark", "Placed", "Street", "Strip", "lay_out"]

MARGIN = 40.0  # m of mapped ground around the strips


@dataclass(frozen=True)
class Placed:
    """A standing shape."""

    shape: Shape
    pose: NDArray[np.float64]  # (3, 4) local to world
    thing: int = 0  # number of a house, tree or lamp, from 1; 0: lies flat, throws no shadow


@dataclass(frozen=True)
class Street:
    """Everything that stands or lies still."""

    placed: tuple[Placed, ...]
    noise: NDArray[np.uint32]  # its texture, see `noise_levels`


def lay_out(strips: Sequence[Strip], marks: Sequence[Mark], *, seed: int) -> Street:
    """The street along the lanes; `seed` chooses houses, trees and lamps, equal seeds give equal streets."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 0x57EE7]))
    placed = tuple(_build(strips, marks, rng))
    return Street(placed, noise_levels(rng))


def _build(strips: Sequence[Strip], marks: Sequence[Mark], rng: np.random.Generator) -> list[Placed]:
    """Lay out everything that stands, from the lanes outwards.

    Nothing but trees and lamps (on pavements) stands on a strip.
    """
    flat = [Placed(shape, np.eye(3, 4)) for shape in roadway.lanes(strips)]
    flat += [Placed(shape, np.eye(3, 4)) for shape in roadway.lines(marks)]
    if not strips:
        return [*flat, Placed(roadway.plain(np.zeros((1, 3))), np.eye(3, 4))]
    ground = ground_of(strips, margin=MARGIN)
    edges = outer_edges(strips, ground)
    flat += [Placed(shape, np.eye(3, 4)) for shape in roadway.verges(edges, ground)]
    flat.append(Placed(roadway.plain(np.concatenate([strip.left for strip in strips])), np.eye(3, 4)))
    return flat + _standing(edges, ground, rng)


def _standing(edges: Sequence[OuterEdge], ground: TakenGround, rng: np.random.Generator) -> list[Placed]:
    placed: list[Placed] = []
    for edge in edges:
        for shape in houses_along(edge, ground, rng):
            placed.append(Placed(shape, np.eye(3, 4), len(placed) + 1))
        for shape, pose in furniture_along(edge, ground, rng):
            placed.append(Placed(shape, pose, len(placed) + 1))
    return placed
