"""Sensors without a lens: what each says after a tick, and what it remembers until the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from driving.server.bodies import Body
from driving.server.instruments import inertial, satellite, shaken
from driving.server.streams import Stamp, values
from driving.server.structs import actor_struct
from driving.server.world import Actor, Collision, World

Pose = list[float]  # x, y, z in m, pitch, yaw, roll in degrees


class Instrument(Protocol):
    """One sensor."""

    def messages(self, stamp: Stamp, pose: Pose) -> Iterator[bytes]:
        """What it has to say about the last tick."""


class Instruments:
    """The instruments of a world, made when first asked."""

    def __init__(self, world: World, stream_port: int) -> None:
        self._world, self._stream_port = world, stream_port
        self._made: dict[int, Instrument] = {}  # by actor

    def messages(self, sensor: Actor, stamp: Stamp) -> Iterator[bytes]:
        """What a sensor has to say about the last tick."""
        if sensor.blueprint.id not in _INSTRUMENTS:
            return
        if sensor.id not in self._made:
            self._made[sensor.id] = _INSTRUMENTS[sensor.blueprint.id](self._world, sensor, self._stream_port)
        pose = self._world.table.motion[sensor.row, :6].tolist()
        yield from self._made[sensor.id].messages(stamp, pose)

    def forget(self) -> None:
        """Let go of the sensors that are gone."""
        self._made = {key: made for key, made in self._made.items() if key in self._world.actors}


def number(sensor: Actor, name: str) -> float:
    """A numeric attribute, as spawned or by default."""
    if name in sensor.values:
        return float(sensor.values[name])
    return next(float(item.value) for item in sensor.blueprint.attributes if item.id == name)


def noise_of(sensor: Actor) -> np.random.Generator:
    """A generator that the sensor's `noise_seed` determines."""
    return np.random.default_rng(int(number(sensor, "noise_seed")) & 0xFFFFFFFF)


class InertialUnit:
    """An IMU."""

    def __init__(self, world: World, sensor: Actor, _stream_port: int) -> None:
        self._world, self._sensor, self._rng = world, sensor, noise_of(sensor)
        self._accel, self._gyro, self._drift = (
            [number(sensor, f"noise_{name}_{axis}") for axis in "xyz"]
            for name in ("accel_stddev", "gyro_stddev", "gyro_bias")
        )

    def messages(self, stamp: Stamp, pose: Pose) -> Iterator[bytes]:
        """Accelerations, turn rates and heading."""
        felt, turn, compass = inertial(_body(self._world, self._sensor))
        felt = shaken(felt, self._accel, [0.0] * 3, self._rng)
        turn = shaken(turn, self._gyro, self._drift, self._rng)
        yield values(self._sensor.blueprint.id, stamp, pose, [felt, turn, compass])


class SatelliteReceiver:
    """A GNSS receiver."""

    def __init__(self, world: World, sensor: Actor, _stream_port: int) -> None:
        self._world, self._sensor, self._rng = world, sensor, noise_of(sensor)
        self._spread, self._bias = (
            [number(sensor, f"noise_{axis}_{name}") for axis in ("lat", "lon", "alt")]
            for name in ("stddev", "bias")
        )

    def messages(self, stamp: Stamp, pose: Pose) -> Iterator[bytes]:
        """Latitude, longitude and altitude."""
        place = satellite(_body(self._world, self._sensor), self._world.map.origin)
        yield values(
            self._sensor.blueprint.id, stamp, pose, shaken(place, self._spread, self._bias, self._rng)
        )


class CollisionDetector:
    """What its parent ran into, or was struck by."""

    def __init__(self, world: World, sensor: Actor, stream_port: int) -> None:
        self._world, self._sensor, self._stream_port = world, sensor, stream_port

    def messages(self, stamp: Stamp, pose: Pose) -> Iterator[bytes]:
        """One message per contact."""
        for collision in self._world.collisions:
            if self._sensor.parent in (collision.actor, collision.other):
                yield values(self._sensor.blueprint.id, stamp, pose, self._struck(collision))

    def _struck(self, collision: Collision) -> list[object]:
        """CollisionEvent from the parent's side: itself, the other, the impulse on itself."""
        victim = self._sensor.parent
        itself = victim == collision.other
        other = collision.actor if itself else collision.other
        impulse = [part if itself else -part for part in collision.impulse]
        both = (self._world.actors[victim], self._world.actors[other])
        return [*(actor_struct(actor, self._stream_port) for actor in both), impulse]


def _body(world: World, sensor: Actor) -> Body:
    return world.table.rows[sensor.row]


_INSTRUMENTS: dict[str, Callable[[World, Actor, int], Instrument]] = {
    "sensor.other.imu": InertialUnit,
    "sensor.other.gnss": SatelliteReceiver,
    "sensor.other.collision": CollisionDetector,
}
