"""The obstacle detector: a ball rolled ahead, and the first thing that it touches.

The ball meets actors' boxes; of the street only what lies on the line of its centre counts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from driving.server.actor import Actor
from driving.server.bodies import Bodies
from driving.server.physics import rotation
from driving.server.sensing import Pose, Surroundings
from driving.server.sensor_attributes import flag, number
from driving.server.streams import Stamp, values
from driving.server.structs import actor_struct, scenery_struct

TOUCHING = 1e-3  # m
MOST_STEPS = 200
DYNAMIC = ("vehicle", "walker")


class ObstacleDetector:
    """sensor.other.obstacle; its parent is no obstacle."""

    def __init__(self, around: Surroundings, sensor: Actor) -> None:
        self._around, self._sensor = around, sensor
        self._reach, self._radius = number(sensor, "distance"), number(sensor, "hit_radius")
        self._dynamic = flag(sensor, "only_dynamics")

    def messages(self, stamp: Stamp, pose: Pose, delta: float) -> Iterator[bytes]:
        """One message if something is in the way: the detector, the obstacle and the way to it in m."""
        origin, ahead = np.array(pose[:3]), rotation(*pose[3:])[:, 0]
        distance, other = self._nearest_actor(origin, ahead)
        if not self._dynamic:
            hits = self._around.rays.cast(origin, ahead[None], min(distance, self._reach) + self._radius)
            if len(hits.ray) and not self._is_body(int(hits.actor[0])):
                distance = max(float(hits.distance[0]) - self._radius, 0.0)
                actor = self._around.world.actors.get(int(hits.actor[0]))
                other = (
                    actor_struct(actor, self._around.stream_port)
                    if actor
                    else scenery_struct(int(hits.tag[0]))
                )
        if other is not None:
            itself = actor_struct(self._sensor, self._around.stream_port)
            yield values(self._sensor.blueprint.id, stamp, pose, [itself, other, distance])

    def _is_body(self, actor_id: int) -> bool:
        actor = self._around.world.actors.get(actor_id)
        return actor is not None and actor.blueprint.is_body

    def _nearest_actor(
        self, origin: NDArray[np.float64], ahead: NDArray[np.float64]
    ) -> tuple[float, list[object] | None]:
        actors = [
            actor
            for actor in self._around.world.actors.values()
            if (actor.blueprint.kind in DYNAMIC if self._dynamic else actor.blueprint.is_body)
            and actor.id != self._sensor.parent
        ]
        rows = self._around.world.table.rows[[actor.row for actor in actors]]
        ways = rolled(rows, origin, ahead, self._radius, self._reach)
        if not len(ways) or ways.min() > self._reach:
            return self._reach, None
        return float(ways.min()), actor_struct(actors[int(ways.argmin())], self._around.stream_port)


def rolled(
    bodies: Bodies, origin: NDArray[np.float64], ahead: NDArray[np.float64], radius: float, reach: float
) -> NDArray[np.float64]:
    """How far a ball rolls until it touches each body's box; more than `reach` where it does not; (n,) in m.

    Sphere tracing: the ball may always move by its distance from the box.
    """
    yaw = np.radians(bodies["yaw"])
    cos, sin = np.cos(yaw), np.sin(yaw)
    middle = np.column_stack([bodies["x"], bodies["y"], bodies["z"] + bodies["centre_z"]])
    half = np.column_stack([bodies["half_length"], bodies["half_width"], bodies["half_height"]])
    way = np.zeros(len(bodies))
    for _ in range(MOST_STEPS):
        apart = origin + way[:, None] * ahead - middle
        local = np.column_stack(
            [cos * apart[:, 0] + sin * apart[:, 1], cos * apart[:, 1] - sin * apart[:, 0], apart[:, 2]]
        )
        gap = np.linalg.norm(np.maximum(np.abs(local) - half, 0.0), axis=1) - radius
        moving = (gap > TOUCHING) & (way <= reach)
        if not moving.any():
            break
        way[moving] += gap[moving]
    return np.where(gap > TOUCHING, np.inf, way) if len(bodies) else way
