"""The standing street: ground, road, markings, kerbs, houses, trees, lamps and signage, as placed shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from driving.server.render import roadway
from driving.server.render.houses import houses_along
from driving.server.render.plan import Mark, OuterEdge, Strip, TakenGround, from_lines, ground_of, outer_edges
from driving.server.render.planting import furniture_along
from driving.server.render.shape import Shape
from driving.server.render.signage import NO_SIGNAGE, Signage, pose_of, post_shape, shape_of
from driving.server.render.texture import noise_levels

__all__ = ["Mark", "Placed", "Street", "Strip", "lay_out"]

MARGIN = 40.0  # m of mapped ground around the strips
YARD = 0.8  # m around a post where no house stands
ELBOW_ROOM, CROWN = 1.2, 2.5  # m between a post and a lamp, and between a tree and what it would hide


@dataclass(frozen=True)
class Placed:
    """A standing shape."""

    shape: Shape
    pose: NDArray[np.float64]  # (3, 4) local to world
    thing: int = 0  # number of a house, tree, lamp, post, head or plate, from 1; 0: lies flat, no shadow
    signal: str = ""  # a head's or plate's id in the map


@dataclass(frozen=True)
class Street:
    """Everything that stands or lies still."""

    placed: tuple[Placed, ...]
    noise: NDArray[np.uint32]  # its texture, see `noise_levels`


def lay_out(
    strips: Sequence[Strip], marks: Sequence[Mark], *, seed: int, signage: Signage = NO_SIGNAGE
) -> Street:
    """The street along the lanes; `seed` chooses houses, trees and lamps, equal seeds give equal streets.

    They leave room for the signage, and trees do not hide it.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 0x57EE7]))
    placed = tuple(_build(strips, marks, signage, rng))
    return Street(placed, noise_levels(rng))


def _build(
    strips: Sequence[Strip], marks: Sequence[Mark], signage: Signage, rng: np.random.Generator
) -> list[Placed]:
    """Lay out everything that stands, from the lanes outwards.

    Nothing but trees, lamps and posts (beside the lanes for vehicles) stands on a strip.
    """
    flat = [Placed(shape, np.eye(3, 4)) for shape in roadway.lanes(strips)]
    flat += [Placed(shape, np.eye(3, 4)) for shape in roadway.lines(marks)]
    if not strips:
        return [*flat, Placed(roadway.plain(np.zeros((1, 3))), np.eye(3, 4))]
    ground = ground_of(strips, margin=MARGIN)
    edges = outer_edges(strips, ground)
    flat += [Placed(shape, np.eye(3, 4)) for shape in roadway.verges(edges, ground)]
    flat.append(Placed(roadway.plain(np.concatenate([strip.left for strip in strips])), np.eye(3, 4)))
    _keep_free(ground, signage)
    standing = _standing(edges, ground, rng)
    if not signage.posts:
        return flat + standing
    last = max((placed.thing for placed in standing), default=0)
    return flat + _thinned(standing, signage) + _signposts(signage, last)


def _standing(edges: Sequence[OuterEdge], ground: TakenGround, rng: np.random.Generator) -> list[Placed]:
    placed: list[Placed] = []
    for edge in edges:
        for shape in houses_along(edge, ground, rng):
            placed.append(Placed(shape, np.eye(3, 4), len(placed) + 1))
        for shape, pose in furniture_along(edge, ground, rng):
            placed.append(Placed(shape, pose, len(placed) + 1))
    return placed


def _keep_free(ground: TakenGround, signage: Signage) -> None:
    for post in signage.posts:
        ground.take(np.array(post.foot[:2]) + YARD * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]))


def _thinned(standing: Sequence[Placed], signage: Signage) -> list[Placed]:
    """All but the lamps in the posts' places and the trees that would hide heads and plates."""
    posts = np.array([post.foot[:2] for post in signage.posts])
    views = [[*sign.place[:2], *spot] for sign in signage.signs for spot in (sign.place[:2], *sign.seen_from)]
    in_view = np.concatenate([np.array(views).reshape(-1, 4), np.tile(posts, 2)])

    def stays(placed: Placed) -> bool:
        sort, place = cast("tuple[object, ...]", placed.shape.key)[0], placed.pose[:2, 3]
        if sort == "tree":
            return bool(from_lines(place, in_view[:, :2], in_view[:, 2:]).min() > CROWN)
        return sort != "lamp" or bool(np.linalg.norm(posts - place, axis=1).min() > ELBOW_ROOM)

    return [placed for placed in standing if stays(placed)]


def _signposts(signage: Signage, last: int) -> list[Placed]:
    """Posts, heads and plates, numbered after the `last` thing."""
    stand = [(post_shape(post), pose_of(post.foot, post.yaw), "") for post in signage.posts]
    stand += [(shape_of(sign), pose_of(sign.place, sign.yaw), sign.signal) for sign in signage.signs]
    return [
        Placed(shape, pose, number, signal) for number, (shape, pose, signal) in enumerate(stand, last + 1)
    ]
