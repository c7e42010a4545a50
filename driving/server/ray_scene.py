"""What rays meet: the renderer's meshes as targets, in step with the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driving.server import rays
from driving.server.cameras import Studio
from driving.server.rays import Targets, Tree
from driving.server.render import Scene
from driving.server.render.surfaces import GROUND, ROAD_LINES, ROADS, SIDEWALKS, TAG, TERRAIN
from driving.server.seen import outward
from driving.server.wire import Vector
from driving.server.world import World

NOBODY = -1
GROUNDS = (ROADS, SIDEWALKS, ROAD_LINES, TERRAIN, GROUND)
LAYER = 0.3  # m below ground in which more ground is the same: paint on a road, the plain under it


@dataclass(frozen=True, slots=True)
class Hits:
    """What rays hit; only those that hit something."""

    ray: NDArray[np.int64]  # (h,) which ray
    distance: NDArray[np.float64]  # (h,) m
    normal: NDArray[np.float64]  # (h, 3) unit, out of the surface, in the world frame
    actor: NDArray[np.int64]  # (h,) ids, 0 for the street
    tag: NDArray[np.int64]  # (h,) CityObjectLabel


class RayScene:
    """Casts rays at the finest meshes of the renderer's scene; meshes get their tree when first needed."""

    def __init__(self, world: World, studio: Studio) -> None:
        self._world, self._studio = world, studio
        self._scene: Scene | None = None
        self._moment: tuple[int, int, frozenset[int]] = (-1, -1, frozenset())
        self._targets: Targets | None = None
        self._forget()

    def cast(
        self,
        origin: NDArray[np.float64],
        directions: NDArray[np.float64],
        reach: float,
        ignored: int = NOBODY,
    ) -> Hits:
        """Cast rays from a point.

        Args:
            origin: (3,), m.
            directions: Unit vectors, (R, 3).
            reach: m.
            ignored: Id of an actor that rays pass through.
        """
        scene, targets = self._follow()
        distance, found = np.empty(len(directions)), np.empty((len(directions), 2), np.int64)
        rays.cast(targets, origin, np.ascontiguousarray(directions), reach, ignored, distance, found)
        ray = np.flatnonzero(found[:, 0] >= 0)
        rows, triangles = self._rows[found[ray, 0]], found[ray, 1]
        objects = scene.stage.objects
        tags = self._tags(scene, rows, triangles)
        normal = outward(scene, rows, triangles)
        return Hits(ray, distance[ray], normal, objects.actor[rows].astype(np.int64), tags)

    def pierce(self, start: Vector, end: Vector) -> list[tuple[Vector, int]]:
        """Where a straight line enters each actor that collides, standing thing and ground, nearest first.

        A thing around `start` is not met.

        Returns:
            Pairs of point in m and CityObjectLabel.
        """
        scene, targets = self._follow()
        origin = np.asarray(start)
        way = np.asarray(end) - origin
        reach = float(np.linalg.norm(way))
        if reach == 0.0:
            return []
        distance, found = np.empty(len(self._rows)), np.empty((len(self._rows), 2), np.int64)
        count = rays.pierce(targets, origin, way / reach, reach, distance, found)
        order = np.argsort(distance[:count])
        rows = self._rows[found[order, 0]]
        tags = self._tags(scene, rows, found[order, 1]).tolist()
        points = (origin + distance[order, None] / reach * way).tolist()
        actors = self._world.actors
        solid = [
            not (actor := actors.get(owner))
            or not actor.blueprint.is_body
            or bool(self._world.table.rows[actor.row]["collides"])
            for owner in scene.stage.objects.actor[rows].tolist()
        ]
        return _ground_once(
            [((x, y, z), tag) for (x, y, z), tag, on in zip(points, tags, solid, strict=True) if on]
        )

    def _forget(self) -> None:
        self._trees: dict[int, int] = {}  # mesh -> its tree's root
        self._bounds, self._links = np.zeros((0, 6)), np.zeros((0, 2), np.int64)
        self._order = np.zeros(0, np.int64)
        self._corners = np.zeros((0, 3), np.int64)
        self._rows = np.zeros(0, np.int64)  # rows of the stage's objects that can be hit

    def _follow(self) -> tuple[Scene, Targets]:
        """The scene and its targets as they stand in the world's present."""
        moment = (self._world.frame, self._world.revision, frozenset(self._world.place.hidden))
        if self._scene is not None and self._targets is not None and moment == self._moment:
            return self._scene, self._targets
        scene = self._studio.scene()
        if scene is not self._scene:
            self._scene = scene
            self._forget()
        self._moment = moment
        self._targets = self._gather(scene)
        return scene, self._targets

    def _gather(self, scene: Scene) -> Targets:
        objects, geometry = scene.stage.objects, scene.stage.geometry
        self._rows = rows = np.flatnonzero(objects.levels > 0)  # what is hidden has none
        if len(self._corners) != len(geometry.triangles):
            spans = geometry.spans
            firsts = np.repeat(spans[:, 0], spans[:, 3] - spans[:, 2]).astype(np.int64)
            self._corners = geometry.triangles[:, :3] + firsts[:, None]
        for mesh in np.unique(objects.mesh[rows]):
            if int(mesh) not in self._trees:
                self._plant(scene, int(mesh))
        roots = np.array([self._trees[int(mesh)] for mesh in objects.mesh[rows]], np.int64)
        pose, shrink = objects.pose[rows], objects.shrink[rows]
        inverse = np.empty_like(pose)
        inverse[:, :, :3] = pose[:, :, :3].transpose(0, 2, 1) * shrink[:, None, None] ** 2
        inverse[:, :, 3] = -np.einsum("nij,nj->ni", inverse[:, :, :3], pose[:, :, 3])
        meshes = Tree(self._bounds, self._links, self._order)
        top = Tree(*rays.plant(_placed(self._bounds[roots], pose)))
        actors = objects.actor[rows].astype(np.int64)
        return Targets(geometry.vertices, self._corners, meshes, roots, inverse, actors, top)

    def _tags(self, scene: Scene, rows: NDArray[np.int64], triangles: NDArray[np.int64]) -> NDArray[np.int64]:
        """CityObjectLabels of triangles of the stage's objects; (k,)."""
        surface = scene.stage.objects.surface[rows] + scene.stage.geometry.triangles[triangles, 3]
        return np.asarray(scene.stage.surfaces[surface, TAG].astype(np.int64))

    def _plant(self, scene: Scene, mesh: int) -> None:
        """Add the tree of one mesh."""
        geometry = scene.stage.geometry
        first, end = int(geometry.spans[mesh, 2]), int(geometry.spans[mesh, 3])
        points = geometry.vertices[self._corners[first:end]].astype(np.float64)
        bounds, links, order = rays.plant(np.hstack([points.min(axis=1), points.max(axis=1)]))
        inner = links[:, 1] == 0
        links[inner, 0] += len(self._bounds)
        links[~inner, 0] += len(self._order)
        self._trees[mesh] = len(self._bounds)
        self._bounds, self._links = np.vstack([self._bounds, bounds]), np.vstack([self._links, links])
        self._order = np.concatenate([self._order, order + first])


def _ground_once(hits: list[tuple[Vector, int]]) -> list[tuple[Vector, int]]:
    """Leave out ground that lies just below ground."""
    kept: list[tuple[Vector, int]] = []
    level = np.inf
    for point, tag in hits:
        if tag in GROUNDS:
            if level - LAYER < point[2] <= level:
                continue
            level = point[2]
        kept.append((point, tag))
    return kept


def _placed(bounds: NDArray[np.float64], pose: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes (N, 6) in mesh frames as boxes in the world."""
    middle, half = (bounds[:, :3] + bounds[:, 3:]) / 2, (bounds[:, 3:] - bounds[:, :3]) / 2
    centre = np.einsum("nij,nj->ni", pose[:, :, :3], middle) + pose[:, :, 3]
    reach = np.einsum("nij,nj->ni", np.abs(pose[:, :, :3]), half)
    return np.hstack([centre - reach, centre + reach])


def warm_up() -> None:
    """Load or compile the kernels."""
    plain = Tree(*rays.plant(np.array([[0.0, 0.0, 0.0, 1.0, 1.0, 0.0]])))
    targets = Targets(
        np.eye(3, dtype=np.float32),
        np.array([[0, 1, 2]]),
        plain,
        np.zeros(1, np.int64),
        np.eye(3, 4)[None],
        np.zeros(1, np.int64),
        plain,
    )
    distance, found = np.empty(3), np.empty((3, 2), np.int64)
    rays.cast(targets, np.zeros(3), np.eye(3), 1.0, NOBODY, distance, found)
    rays.pierce(targets, np.zeros(3), np.eye(3)[0], 1.0, distance, found)
