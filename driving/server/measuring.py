"""Sensors without a lens: what each says after a tick, and what it remembers until the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from driving.server.actor import Actor
from driving.server.collisions import Collision
from driving.server.instruments import inertial, satellite, shaken
from driving.server.lidar import Lidar, SemanticLidar
from driving.server.obstacle import ObstacleDetector
from driving.server.radar import Radar
from driving.server.sensing import Instrument, Pose, Surroundings
from driving.server.sensor_attributes import noise_of, number, period
from driving.server.streams import Stamp, values
from driving.server.structs import actor_struct, scenery_struct

LONGEST_LOOK = 2.0  # s of scanning in one message


class Instruments:
    """The instruments of a world, made when first asked."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._made: dict[int, Instrument] = {}  # by actor
        self._asked: dict[int, float] = {}  # actor -> simulated second

    def messages(self, sensor: Actor, stamp: Stamp) -> Iterator[bytes]:
        """What a sensor has to say about the last tick."""
        if sensor.blueprint.id not in _INSTRUMENTS:
            return
        world = self._around.world
        if sensor.id not in self._made:
            self._made[sensor.id] = _INSTRUMENTS[sensor.blueprint.id](self._around, sensor)
        delta = stamp.elapsed - self._asked.get(sensor.id, stamp.elapsed - world.delta)
        longest = world.delta + period(sensor)  # more: nobody listened
        delta, self._asked[sensor.id] = min(delta, longest, LONGEST_LOOK), stamp.elapsed
        pose = world.table.motion[sensor.row, :6].tolist()
        yield from self._made[sensor.id].messages(stamp, pose, delta)

    def forget(self) -> None:
        """Let go of the sensors that are gone."""
        actors = self._around.world.actors
        self._made = {key: made for key, made in self._made.items() if key in actors}
        self._asked = {key: when for key, when in self._asked.items() if key in actors}


class InertialUnit:
    """An IMU."""

    def __init__(self, around: Surroundings, sensor: Actor) -> None:
        self._around, self._sensor, self._rng = around, sensor, noise_of(sensor)
        self._accel, self._gyro, self._drift = (
            [number(sensor, f"noise_{name}_{axis}") for axis in "xyz"]
            for name in ("accel_stddev", "gyro_stddev", "gyro_bias")
        )

    def messages(self, stamp: Stamp, pose: Pose, delta: float) -> Iterator[bytes]:
        """Accelerations, turn rates and heading."""
        felt, turn, compass = inertial(self._around.body(self._sensor), self._around.world.imu_gravity)
        felt = shaken(felt, self._accel, [0.0] * 3, self._rng)
        turn = shaken(turn, self._gyro, self._drift, self._rng)
        yield values(self._sensor.blueprint.id, stamp, pose, [felt, turn, compass])


class SatelliteReceiver:
    """A GNSS receiver."""

    def __init__(self, around: Surroundings, sensor: Actor) -> None:
        self._around, self._sensor, self._rng = around, sensor, noise_of(sensor)
        self._spread, self._bias = (
            [number(sensor, f"noise_{axis}_{name}") for axis in ("lat", "lon", "alt")]
            for name in ("stddev", "bias")
        )

    def messages(self, stamp: Stamp, pose: Pose, delta: float) -> Iterator[bytes]:
        """Latitude, longitude and altitude."""
        place = satellite(self._around.body(self._sensor), self._around.world.map.origin)
        yield values(
            self._sensor.blueprint.id, stamp, pose, shaken(place, self._spread, self._bias, self._rng)
        )


class CollisionDetector:
    """What its parent ran into, or was struck by."""

    def __init__(self, around: Surroundings, sensor: Actor) -> None:
        self._around, self._sensor = around, sensor

    def messages(self, stamp: Stamp, pose: Pose, delta: float) -> Iterator[bytes]:
        """One message per contact."""
        for collision in self._around.world.collisions:
            if self._sensor.parent and self._sensor.parent in (collision.actor, collision.other):
                yield values(self._sensor.blueprint.id, stamp, pose, self._struck(collision))

    def _struck(self, collision: Collision) -> list[object]:
        """CollisionEvent from the parent's side: itself, the other, the impulse on itself."""
        victim = self._sensor.parent
        itself = victim == collision.other
        other = collision.actor if itself else collision.other
        impulse = [part if itself else -part for part in collision.impulse]
        both = [self._around.world.actors[id_] for id_ in (victim, other) if id_]
        structs = [actor_struct(actor, self._around.stream_port) for actor in both]
        return [*structs, *(() if other else (scenery_struct(collision.label),)), impulse]


_INSTRUMENTS: dict[str, Callable[[Surroundings, Actor], Instrument]] = {
    "sensor.other.imu": InertialUnit,
    "sensor.other.gnss": SatelliteReceiver,
    "sensor.other.collision": CollisionDetector,
    "sensor.other.radar": Radar,
    "sensor.other.obstacle": ObstacleDetector,
    "sensor.lidar.ray_cast": Lidar,
    "sensor.lidar.ray_cast_semantic": SemanticLidar,
}
