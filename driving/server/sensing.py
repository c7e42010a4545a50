"""What every sensor without a lens is made from: its surroundings and its attributes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from driving.server.bodies import Body
from driving.server.ray_scene import RayScene
from driving.server.streams import Stamp
from driving.server.world import Actor, World

Pose = list[float]  # x, y, z in m, pitch, yaw, roll in degrees


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What sensors measure."""

    world: World
    rays: RayScene
    stream_port: int  # of the actors that messages name

    def body(self, sensor: Actor) -> Body:
        """The sensor's row."""
        return self.world.table.rows[sensor.row]


class Instrument(Protocol):
    """One sensor and what it remembers."""

    def messages(self, stamp: Stamp, pose: Pose, delta: float) -> Iterator[bytes]:
        """What it has to say about the `delta` seconds since it was last asked."""


def number(sensor: Actor, name: str) -> float:
    """A numeric attribute, as spawned or by default."""
    return float(text(sensor, name))


def text(sensor: Actor, name: str) -> str:
    """An attribute, as spawned or by default."""
    if name in sensor.values:
        return sensor.values[name]
    return next(item.value for item in sensor.blueprint.attributes if item.id == name)


def noise_of(sensor: Actor) -> np.random.Generator:
    """A generator that the sensor's `noise_seed` determines."""
    return np.random.default_rng(int(number(sensor, "noise_seed")) & 0xFFFFFFFF)
