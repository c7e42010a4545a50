"""What every sensor without a lens has in common: its surroundings, and that it is asked after a tick."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from driving.server.actor import Actor
from driving.server.bodies import Body
from driving.server.ray_scene import RayScene
from driving.server.streams import Stamp
from driving.server.world import World

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
