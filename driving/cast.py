"""The actors of all episodes: spawned once, put where an episode wants them, stored where no camera looks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from driving.errors import DrivingError
from driving.snapshot import Body
from scenarios.drive import EGO, Drive, Placed
from scenarios.roads import Street

ROLE = "a2d_driving"
"""Role name of every actor of ours: what a later session may clean up on a shared server."""
SPAWN_HEIGHT = 0.5  # m: a real server refuses to spawn into the road
REST_HEIGHT = 0.02  # m above the road after placing
STORE_SPACING = 12.0  # m between stored actors
FIRST_STORED = 8.0  # m along the street
EGO_SPAWN = 30.0  # m along the street

Key = tuple[str, str]
"""Blueprint and colour: an episode uses each at most once."""


@dataclass(slots=True)
class Actor:
    """A spawned actor with its box, asked for once."""

    actor: Any
    length: float  # m
    width: float  # m
    height: float  # m
    centre: tuple[float, float, float]  # m, of the box from the actor's origin: ahead, to the right, up

    @property
    def walks(self) -> bool:
        """Whether it is a pedestrian, whose origin is its centre."""
        return bool(self.actor.type_id.startswith("walker."))

    def body(self, snapshot: Any) -> Body:
        """The actor's box in one `carla.WorldSnapshot`."""
        state = snapshot.find(self.actor.id)
        if state is None:
            raise DrivingError(
                f"actor {self.actor.id} ({self.actor.type_id}) is gone: did another client destroy it?"
            )
        transform, velocity = state.get_transform(), state.get_velocity()
        yaw = math.radians(transform.rotation.yaw)
        ahead, right, up = self.centre
        return Body(
            x=transform.location.x + math.cos(yaw) * ahead - math.sin(yaw) * right,
            y=transform.location.y + math.sin(yaw) * ahead + math.cos(yaw) * right,
            z=transform.location.z + up,
            yaw=yaw,
            velocity_x=velocity.x,
            velocity_y=velocity.y,
            length=self.length,
            width=self.width,
            height=self.height,
        )


class Cast:
    """Everybody who may appear: the ego and a pool, on one client's world."""

    ego: Actor
    """There once `spawn` has been called."""

    def __init__(self, carla: Any, world: Any, *, street: Street) -> None:
        self._carla, self._world, self._street = carla, world, street
        self.spawned: list[Any] = []
        self.pool: dict[Key, Actor] = {}

    def spawn(self, pool: Iterable[Key]) -> None:
        """Spawn the ego and, each at a place of its own behind every start, the pool.

        Raises:
            DrivingError: The server has no such blueprint, or refuses to spawn an actor.
        """
        x, y, yaw = self._street.pose(EGO_SPAWN, self._street.lane_centre)
        self.ego = self._spawn((EGO, ""), self.transform(x, y, yaw, SPAWN_HEIGHT))
        for index, key in enumerate(pool):
            self.pool[key] = self._spawn(key, self._storage(index, SPAWN_HEIGHT))
            if key[0].startswith("vehicle."):
                self.pool[key].actor.set_simulate_physics(False)

    def of(self, placed: Placed) -> Actor:
        """Who plays this part."""
        return self.pool[placed.blueprint, placed.colour]

    def attach(self, blueprint: str, attributes: dict[str, Any], place: Any = None) -> Any:
        """Spawn a sensor on the ego."""
        place = self._carla.Transform() if place is None else place
        described = self._blueprint(blueprint, attributes)
        actor = self._world.spawn_actor(described, place, attach_to=self.ego.actor)
        self.spawned.append(actor)
        return actor

    def placing(self, drive: Drive) -> list[Any]:
        """Commands that put everybody at rest where the episode wants them; the unused go to storage."""
        apply, still = self._carla.command.ApplyTransform, self._carla.command.ApplyTargetVelocity
        used = {(placed.blueprint, placed.colour): placed for placed in drive.standing}
        used |= {(w.placed.blueprint, w.placed.colour): w.placed for w in drive.walkers}
        ego = self.ego.actor.id
        x, y, yaw = drive.street.pose(drive.start, drive.lane_centre)
        batch = [
            apply(ego, self.transform(x, y, yaw, REST_HEIGHT)),
            self.velocity(0.0, yaw),
            self._carla.command.ApplyTargetAngularVelocity(ego, self._carla.Vector3D()),
        ]
        for index, (key, pooled) in enumerate(self.pool.items()):
            where = used.get(key)
            rest = REST_HEIGHT + (pooled.height / 2 if pooled.walks else 0.0)
            target = (
                self._storage(index, 0.0)
                if where is None
                else self.transform(where.x, where.y, where.yaw, rest)
            )
            batch.append(apply(pooled.actor.id, target))
            if pooled.walks:  # a transform leaves the velocity that a blow may have given it
                batch.append(still(pooled.actor.id, self._carla.Vector3D()))
                pooled.actor.apply_control(self._carla.WalkerControl())
        return batch

    def velocity(self, speed: float, yaw: float) -> Any:
        """A command that gives the ego a speed (m/s) along a heading (rad)."""
        vector = self._carla.Vector3D(x=float(speed * math.cos(yaw)), y=float(speed * math.sin(yaw)))
        return self._carla.command.ApplyTargetVelocity(self.ego.actor.id, vector)

    def transform(self, x: float, y: float, yaw: float, z: float) -> Any:
        """A `carla.Transform` from m and rad."""
        return self._carla.Transform(
            self._carla.Location(x=x, y=y, z=z), self._carla.Rotation(yaw=math.degrees(yaw))
        )

    def _storage(self, index: int, height: float) -> Any:
        """A place of its own for each pooled actor, behind every start."""
        side = 1 if index % 2 == 0 else -1
        station = FIRST_STORED + STORE_SPACING * (index // 2)
        x, y, yaw = self._street.pose(
            station, side * (self._street.lane_width + self._street.parking_width / 2)
        )
        return self.transform(x, y, yaw, height + 0.6)

    def _spawn(self, key: Key, transform: Any) -> Actor:
        blueprint, colour = key
        attributes = {"color": colour} if colour else {}
        actor = self._world.try_spawn_actor(self._blueprint(blueprint, attributes), transform)
        if actor is None:
            raise DrivingError(
                f"the server refused to spawn {blueprint}; is another client's actor in the way? "
                "Use a server of your own or reload its world"
            )
        self.spawned.append(actor)
        box = actor.bounding_box
        centre = box.location.x, box.location.y, box.location.z
        return Actor(actor, 2 * box.extent.x, 2 * box.extent.y, 2 * box.extent.z, centre)

    def _blueprint(self, name: str, attributes: dict[str, Any]) -> Any:
        try:
            blueprint = self._world.get_blueprint_library().find(name)
        except IndexError as error:
            raise DrivingError(f"the server has no blueprint {name}; is it CARLA 0.9.16?") from error
        defaults = {"role_name": ROLE, "is_invincible": "false"}
        for key, value in {**defaults, **attributes}.items():
            if blueprint.has_attribute(key):
                blueprint.set_attribute(key, str(value))
        return blueprint
