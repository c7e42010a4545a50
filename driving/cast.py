"""The actors of all episodes: spawned once, put where an episode wants them, stored where no camera looks."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from driving.errors import DrivingError, ServerFailed
from driving.snapshot import Body
from scenarios.drive import EGO, Drive, Placed
from scenarios.roads import Street

ROLE = "a2d_driving"
"""Role name of every actor of ours: what a later session may clean up on a shared server."""
SPAWN_HEIGHT = 0.5  # m: a real server refuses to spawn into the road
REST_HEIGHT = 0.02  # m above the road after placing
KERB = 0.16  # m that walkers on a pavement are put higher: CARLA's is 0.1524 m high (LibCarla, Lane.cpp)
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
            raise ServerFailed(
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
    carried = False
    """Walkers are put along their way, because this server lets them start late; see `driving.movement`."""

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

    def replace(self, struck: Collection[int]) -> None:
        """Spawn walkers anew whose ids are given: on a real server who was hit stays down, and then vanishes.

        Raises:
            ServerFailed: The server refuses.
        """
        for index, (key, pooled) in enumerate(self.pool.items()):
            if pooled.walks and pooled.actor.id in struck:
                with contextlib.suppress(RuntimeError):  # it may have vanished
                    pooled.actor.destroy()
                try:
                    self.pool[key] = self._spawn(key, self._storage(index, SPAWN_HEIGHT))
                except DrivingError as error:
                    raise ServerFailed(str(error)) from error  # another session spawns all anew
                self.spawned.remove(pooled.actor)

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
        still = self._carla.command.ApplyTargetVelocity
        used = {(placed.blueprint, placed.colour): placed for placed in drive.standing}
        used |= {(w.placed.blueprint, w.placed.colour): w.placed for w in drive.walkers}
        ego = self.ego.actor.id
        batch = [
            self.drives(self._carla.VehicleControl()),
            self.at_start(drive),
            self.velocity(0.0, 0.0),
            self._carla.command.ApplyTargetAngularVelocity(ego, self._carla.Vector3D()),
        ]
        for index, (key, pooled) in enumerate(self.pool.items()):
            where = used.get(key)
            if where is None:
                stored = self._storage(index, 0.0)
                batch.append(self._carla.command.ApplyTransform(pooled.actor.id, stored))
            else:
                batch.append(self.put(pooled, where.x, where.y, where.yaw))
            if pooled.walks:  # a transform leaves the velocity that a blow may have given it
                batch.append(still(pooled.actor.id, self._carla.Vector3D()))
                batch.append(
                    self._carla.command.ApplyWalkerControl(pooled.actor.id, self._carla.WalkerControl())
                )
        return batch

    def put(self, who: Actor, x: float, y: float, yaw: float) -> Any:
        """A command that puts somebody on the road, its box's middle at m and rad.

        On a real server a vehicle's origin is not always there: a bus's is half a metre further back.
        """
        ahead, right, _ = who.centre
        x -= math.cos(yaw) * ahead - math.sin(yaw) * right
        y -= math.sin(yaw) * ahead + math.cos(yaw) * right
        rest = REST_HEIGHT
        if who.walks:
            on_pavement = abs(self._street.locate(x, y)[1]) > self._street.kerb
            rest += who.height / 2 + (KERB if on_pavement else 0.0)
        return self._carla.command.ApplyTransform(who.actor.id, self.transform(x, y, yaw, rest))

    def shift(self, who: Actor, x: float, y: float, body: Body) -> Any:
        """A command that puts somebody elsewhere on the ground, as high and turned as its body is now."""
        return self._carla.command.ApplyTransform(
            who.actor.id, self.transform(x, y, body.yaw, body.z - who.centre[2])
        )

    def drives(self, control: Any) -> Any:
        """A command that gives the ego its pedals and wheel, a `carla.VehicleControl`."""
        return self._carla.command.ApplyVehicleControl(self.ego.actor.id, control)

    def at_start(self, drive: Drive) -> Any:
        """A command that puts the ego where a drive begins."""
        return self.put(self.ego, *drive.street.pose(drive.start, drive.lane_centre))

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

    @cached_property
    def _library(self) -> Any:
        """The server's blueprints: a large answer, so asked for once."""
        return self._world.get_blueprint_library()

    def _blueprint(self, name: str, attributes: dict[str, Any]) -> Any:
        try:
            blueprint = self._library.find(name)
        except IndexError as error:
            raise DrivingError(f"the server has no blueprint {name}; is it CARLA 0.9.16?") from error
        defaults = {"role_name": ROLE, "is_invincible": "false"}
        for key, value in {**defaults, **attributes}.items():
            if blueprint.has_attribute(key):
                blueprint.set_attribute(key, str(value))
        return blueprint
