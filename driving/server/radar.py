"""Radars: rays scattered in a cone, and how fast what they hit comes nearer.

Scatter and velocity follow CARLA's documentation of sensor.other.radar.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from driving.server.actor import Actor
from driving.server.physics import rotation
from driving.server.sensing import Pose, Surroundings
from driving.server.sensor_attributes import noise_of, number
from driving.server.streams import Stamp, records

DETECTION = np.dtype([("velocity", "<f4"), ("azimuth", "<f4"), ("altitude", "<f4"), ("depth", "<f4")])


class Radar:
    """sensor.other.radar."""

    def __init__(self, around: Surroundings, sensor: Actor) -> None:
        self._around, self._sensor, self._rng = around, sensor, noise_of(sensor)
        self._reach, self._rate = number(sensor, "range"), number(sensor, "points_per_second")
        angles = (number(sensor, f"{side}_fov") for side in ("horizontal", "vertical"))
        self._spread = [math.tan(math.radians(min(angle, 179.0)) / 2) for angle in angles]

    def messages(self, stamp: Stamp, pose: Pose, delta: float) -> Iterator[bytes]:
        """What the rays of one tick met; velocities away from the radar are positive."""
        ends = self._scatter(int(self._rate * delta + 1e-6))
        length = np.linalg.norm(ends, axis=1)
        world = (ends / length[:, None]) @ rotation(*pose[3:]).T
        reach = self._reach * math.hypot(1.0, max(self._spread))
        hits = self._around.rays.cast(np.array(pose[:3]), world, reach)
        near = hits.distance <= self._reach * length[hits.ray]
        ray, actor = hits.ray[near], hits.actor[near]
        found = np.zeros(len(ray), DETECTION)
        found["velocity"] = np.einsum("hi,hi->h", self._closing(actor), world[ray])
        found["azimuth"] = np.arctan2(ends[ray, 1], ends[ray, 0])
        found["altitude"] = np.arcsin(ends[ray, 2] / length[ray])
        found["depth"] = hits.distance[near]
        yield records(self._sensor.blueprint.id, stamp, pose, found)

    def _scatter(self, count: int) -> NDArray[np.float64]:
        """Ray ends one metre ahead, in the sensor's frame, denser in the middle; (count, 3)."""
        radius, angle = self._rng.random(count), self._rng.uniform(0.0, 2 * math.pi, count)
        aside, up = self._spread[0] * radius * np.cos(angle), self._spread[1] * radius * np.sin(angle)
        return np.column_stack([np.ones(count), aside, up])

    def _closing(self, actors: NDArray[np.int64]) -> NDArray[np.float64]:
        """Velocities of what was hit relative to the radar, (h, 3) in m/s."""
        world = self._around.world
        own = world.table.motion[self._sensor.row, 6:9]
        known = {
            actor: world.table.motion[world.actors[actor].row, 6:9] for actor in set(actors.tolist()) - {0}
        }
        return np.array([known.get(actor, 0.0) - own for actor in actors.tolist()]).reshape(-1, 3)
