"""Doors and bones that clients moved, shown by the renderer's scene."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from driving.server.actor import Actor
from driving.server.bones import bone_poses
from driving.server.frames import matrix
from driving.server.render import Scene
from driving.server.world import World


class Postures:
    """What a scene shows of them."""

    def __init__(self) -> None:
        self._doors: dict[int, frozenset[int]] = {}  # by vehicle, the open ones
        self._posed: dict[int, bytes] = {}  # by walker, where its bones are

    def show(self, world: World, scene: Scene, shown: Collection[int]) -> list[int]:
        """Bring the actors that the scene has up to the present; return the walkers that go on walking."""
        released = []
        for actor_id in world.touched & set(shown):
            actor = world.actors[actor_id]
            if actor.blueprint.kind == "vehicle":
                self._turn_doors(scene, actor)
            elif actor.posed and actor.blend > 0.0:
                self._pose(world, scene, actor)
            elif self._posed.pop(actor_id, None) is not None:
                scene.pose(actor_id, {})
                released.append(actor_id)
        return released

    def forget(self, shown: Collection[int]) -> None:
        """Let go of all actors but these."""
        self._doors = {key: item for key, item in self._doors.items() if key in shown}
        self._posed = {key: item for key, item in self._posed.items() if key in shown}

    def _turn_doors(self, scene: Scene, actor: Actor) -> None:
        if self._doors.get(actor.id, frozenset()) != actor.doors:
            self._doors[actor.id] = actor.doors
            scene.open_doors(actor.id, actor.doors)

    def _pose(self, world: World, scene: Scene, actor: Actor) -> None:
        poses = bone_poses(actor, world.table.rows[actor.row])
        frames = {bone.name: matrix(bone.component) for bone in poses}
        key = np.stack(list(frames.values())).tobytes()
        if self._posed.get(actor.id) != key:
            self._posed[actor.id] = key
            scene.pose(actor.id, frames)
