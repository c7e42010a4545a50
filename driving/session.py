"""One client's life on a server: connect, spawn once and reuse, tick, clean up; CARLA's units end here."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driving.control import Command
from driving.endpoint import Endpoint, connect
from driving.errors import DrivingError, ServerFailed
from driving.snapshot import Body, Snapshot
from driving.visibility import Mount, seen
from scenarios.child_crossing import CHILDREN, EGO, STREET, ChildCrossing, Placed, blueprint_pool
from sensors.camera import Camera, CameraSpec
from sensors.collision import CollisionSensor

ROLE = "a2d_driving"
"""Role name of every actor of ours: what a later session may clean up on a shared server."""
SPAWN_HEIGHT = 0.5  # m: a real server refuses to spawn into the road
REST_HEIGHT = 0.02  # m above the road after placing
BATCH_LIMIT = 3.0  # s: the client holds Python still while it waits for a batch, so not for long
STANDING = 2.0  # m/s below which a car counts as standing: creeping on for seconds is no driving either


@dataclass(slots=True)
class _Actor:
    """A spawned actor with its box, asked for once."""

    actor: Any
    length: float  # m
    width: float  # m
    height: float  # m
    centre_height: float  # m, of the box's centre above the actor's origin

    def body(self, snapshot: Any) -> Body:
        """The actor's box in one `carla.WorldSnapshot`."""
        state = snapshot.find(self.actor.id)
        if state is None:
            raise DrivingError(
                f"actor {self.actor.id} ({self.actor.type_id}) is gone: did another client destroy it?"
            )
        transform, velocity = state.get_transform(), state.get_velocity()
        return Body(
            x=transform.location.x,
            y=transform.location.y,
            z=transform.location.z + self.centre_height,
            yaw=math.radians(transform.rotation.yaw),
            velocity_x=velocity.x,
            velocity_y=velocity.y,
            length=self.length,
            width=self.width,
            height=self.height,
        )


class Session:
    """The ego, the actors around it and its sensors on one server, in synchronous mode."""

    def __init__(
        self, endpoint: Endpoint, *, delta: float, cameras: tuple[CameraSpec, ...], patience: float = 20.0
    ) -> None:
        """Prepare the street and spawn everything that any episode needs.

        Args:
            endpoint: A server of the client's version.
            delta: Simulated seconds per tick.
            cameras: The first is the trainee's: it decides what counts as seen.
            patience: Seconds that a call waits for its answer.

        Raises:
            DrivingError: The server is absent, of another version, or refuses an actor; it is left as found.
        """
        import carla

        self._carla = carla
        self._client = connect(endpoint, timeout=patience)
        self._delta, self._patience = delta, patience
        self._mount = Mount(cameras[0].forward, cameras[0].up, math.radians(cameras[0].fov))
        self._spawned: list[Any] = []
        self.cameras: dict[str, Camera] = {}
        self._collision: CollisionSensor | None = None
        self._snapshot: Snapshot | None = None
        self._walking = False
        self._world = self._street()
        self._found = self._world.get_settings(), self._world.get_weather()
        try:
            self._synchronise()
            self._remove_leftovers()
            self._populate(cameras)
        except BaseException:
            self.close()
            raise

    @property
    def frame(self) -> int:
        """The frame of the last tick."""
        return self._frame

    def begin(self, scenario: ChildCrossing) -> Snapshot:
        """Place the actors of an episode and give its first instant; takes two ticks."""
        self._place(scenario)
        self._tick()
        self._batch([self._velocity(scenario.start_speed)])
        self._tick()
        raw = self._world.get_snapshot()
        bodies = [self._pool[placed.blueprint].body(raw) for placed in scenario.parked]
        self._walking = False
        self._began = self._frame
        first = self._observe(
            scenario,
            raw,
            occluder=self._pool[scenario.occluder.blueprint].body(raw),
            others=tuple(bodies),
            time=0.0,
        )
        self._snapshot = first
        return first

    def advance(self, command: Command, *, steer: float, pedal: float) -> Snapshot:
        """Apply a command for one tick.

        Args:
            command: What the vehicle is told.
            steer: The action it came from, for the record.
            pedal: The same.
        """
        before = self._current()
        self._ego.actor.apply_control(
            self._carla.VehicleControl(throttle=command.throttle, brake=command.brake, steer=command.steer)
        )
        self._move_child(before)
        self._tick()
        after = self._observe(
            before.scenario,
            self._world.get_snapshot(),
            occluder=before.occluder,
            others=before.others,
            time=before.time + self._delta,
        )
        idle = after.ego.speed < STANDING and not after.waits_for_child
        stood = before.standstill + self._delta if idle else 0.0
        self._snapshot = replace(after, steer=steer, pedal=pedal, standstill=stood)
        return self._snapshot

    def image(self, camera: str) -> NDArray[np.uint8]:
        """The named camera's picture of the last tick; RGB, shape (H, W, 3). Raises SensorTimeout."""
        return self.cameras[camera].frame(self._frame)

    def close(self) -> None:
        """Destroy our actors and give the server back as it was found; a dead server is no error."""
        self.abandon()
        settings, weather = self._found
        destroy = self._carla.command.DestroyActor
        with contextlib.suppress(RuntimeError):
            self._batch([destroy(actor) for actor in reversed(self._spawned)])
            self._client.set_timeout(BATCH_LIMIT)
            self._world.set_weather(weather)
            self._world.apply_settings(settings)

    def abandon(self) -> None:
        """Stop listening and say nothing to the server: it is dead, or about to be left."""
        with contextlib.suppress(RuntimeError):
            for camera in self.cameras.values():
                camera.stop()
            if self._collision is not None:
                self._collision.stop()

    def _current(self) -> Snapshot:
        if self._snapshot is None:
            raise DrivingError("no episode has begun: call begin() first")
        return self._snapshot

    def _tick(self) -> None:
        try:
            self._frame = self._world.tick()
        except RuntimeError as error:
            raise ServerFailed(f"the simulator stopped answering: {error}") from error

    def _street(self) -> Any:
        """The world with our street loaded."""
        world = self._client.get_world()
        if world.get_map().to_opendrive().strip() == STREET.opendrive.strip():
            return world
        parameters = self._carla.OpendriveGenerationParameters(
            vertex_distance=2.0, max_road_length=50.0, wall_height=0.0, additional_width=0.6
        )
        self._client.set_timeout(60.0)
        world = self._client.generate_opendrive_world(STREET.opendrive, parameters)
        self._client.set_timeout(self._patience)
        return world

    def _synchronise(self) -> None:
        settings = self._world.get_settings()
        settings.synchronous_mode = True
        settings.fixed_delta_seconds = self._delta
        settings.substepping = True
        settings.max_substep_delta_time = 0.0125
        settings.max_substeps = 16
        self._world.apply_settings(settings)
        self._world.set_weather(self._carla.WeatherParameters.ClearNoon)

    def _remove_leftovers(self) -> None:
        """Actors that an earlier session of ours left on this server; nobody else's."""
        ours = [a for a in self._world.get_actors() if a.attributes.get("role_name") == ROLE]
        if ours:
            # it died with its settings in force: what it found is not known, what servers start with is
            self._found = self._carla.WorldSettings(), self._found[1]
            destroy = self._carla.command.DestroyActor
            # ticking inside the batch would wait for the world with the GIL held, and listeners need it
            self._batch([destroy(actor) for actor in ours])
            self._tick()

    def _batch(self, commands: list[Any]) -> list[Any]:
        """Have commands carried out together; their responses."""
        self._client.set_timeout(BATCH_LIMIT)
        responses = self._client.apply_batch_sync(commands, False)
        self._client.set_timeout(self._patience)
        return list(responses)

    def _populate(self, cameras: tuple[CameraSpec, ...]) -> None:
        """Spawn the ego with its sensors, and every actor that an episode may want."""
        self._ego = self._spawn(EGO, self._transform(30.0, STREET.lane_centre, 0.0, SPAWN_HEIGHT))
        self._pool = self._spawn_pool()
        for spec in cameras:
            self.cameras[spec.name] = Camera(self._spawn_camera(spec), spec)
        self._collision = CollisionSensor(self._attach("sensor.other.collision", {}))
        self._tick()
        self._began = self._frame  # frame at which the episode began

    def _spawn_pool(self) -> dict[str, _Actor]:
        """Every actor of `blueprint_pool`, parked where no camera of ours looks."""
        pool = {}
        for index, blueprint in enumerate(blueprint_pool()):
            pool[blueprint] = self._spawn(blueprint, self._storage(index, SPAWN_HEIGHT))
            if blueprint.startswith("vehicle."):
                pool[blueprint].actor.set_simulate_physics(False)
        return pool

    def _storage(self, index: int, height: float) -> Any:
        """A place of its own for each pooled actor, behind every ego."""
        side = 1 if index % 2 == 0 else -1
        kerb = STREET.lane_width + STREET.parking_width / 2
        return self._transform(8.0 + 8.0 * (index // 2), side * kerb, 0.0, height + 0.6)

    def _spawn(self, blueprint: str, transform: Any) -> _Actor:
        actor = self._world.try_spawn_actor(self._blueprint(blueprint, {}), transform)
        if actor is None:
            raise DrivingError(
                f"the server refused to spawn {blueprint}; is another client's actor in the way? "
                "Use a server of your own or reload its world"
            )
        self._spawned.append(actor)
        box = actor.bounding_box
        return _Actor(actor, 2 * box.extent.x, 2 * box.extent.y, 2 * box.extent.z, box.location.z)

    def _spawn_camera(self, spec: CameraSpec) -> Any:
        attributes = {
            "image_size_x": spec.width,
            "image_size_y": spec.height,
            "fov": spec.fov,
            "sensor_tick": 0.0,
            "exposure_mode": "manual",
            "motion_blur_intensity": 0.0,
        }
        place = self._carla.Transform(self._carla.Location(x=spec.forward, z=spec.up))
        return self._attach("sensor.camera.rgb", attributes, place)

    def _attach(self, blueprint: str, attributes: dict[str, Any], place: Any = None) -> Any:
        place = self._carla.Transform() if place is None else place
        actor = self._world.spawn_actor(
            self._blueprint(blueprint, attributes), place, attach_to=self._ego.actor
        )
        self._spawned.append(actor)
        return actor

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

    def _transform(self, x: float, y: float, yaw: float, z: float) -> Any:
        return self._carla.Transform(
            self._carla.Location(x=x, y=y, z=z), self._carla.Rotation(yaw=math.degrees(yaw))
        )

    def _place(self, scenario: ChildCrossing) -> None:
        """Everything at rest where the episode wants it; actors it does not use go to storage."""
        apply = self._carla.command.ApplyTransform
        # not in the batch: apply_control() sends nothing if the control equals the last one that it sent
        self._ego.actor.apply_control(self._carla.VehicleControl())
        used = {placed.blueprint: placed for placed in (scenario.occluder, *scenario.parked)}
        if scenario.child is not None:
            used[scenario.child.blueprint] = scenario.child
        ego = self._ego.actor.id
        start = self._transform(scenario.start_x, scenario.lane_centre, 0.0, REST_HEIGHT)
        batch = [
            apply(ego, start),
            self._velocity(0.0),
            self._carla.command.ApplyTargetAngularVelocity(ego, self._carla.Vector3D()),
        ]
        for index, (blueprint, pooled) in enumerate(self._pool.items()):
            where = used.get(blueprint)
            rest = REST_HEIGHT + (pooled.height / 2 if blueprint in CHILDREN else 0.0)
            target = self._storage(index, 0.0) if where is None else self._standing(where, rest)
            batch.append(apply(pooled.actor.id, target))
            if blueprint in CHILDREN:
                pooled.actor.apply_control(self._carla.WalkerControl())
        for response in self._batch(batch):
            if response.error:
                raise DrivingError(f"the server refused to place an actor: {response.error}")

    def _standing(self, placed: Placed, z: float) -> Any:
        return self._transform(placed.x, placed.y, placed.yaw, z)

    def _velocity(self, speed: float) -> Any:
        return self._carla.command.ApplyTargetVelocity(
            self._ego.actor.id, self._carla.Vector3D(x=float(speed))
        )

    def _move_child(self, now: Snapshot) -> None:
        """Start or stop the child as the scenario says."""
        scenario, child = now.scenario, now.child
        if scenario.child is None or child is None:
            return
        walking = scenario.child_walks(now.ego.x, child.y)
        if walking == self._walking:
            return
        self._walking = walking
        control = self._carla.WalkerControl(
            direction=self._carla.Vector3D(y=-1.0), speed=scenario.child_speed if walking else 0.0
        )
        self._pool[scenario.child.blueprint].actor.apply_control(control)

    def _observe(
        self, scenario: ChildCrossing, raw: Any, *, occluder: Body, others: tuple[Body, ...], time: float
    ) -> Snapshot:
        ego = self._ego.body(raw)
        child = None
        if scenario.child is not None:
            child = self._pool[scenario.child.blueprint].body(raw)
        near = child is not None and abs(child.x - ego.x) < 40.0
        return Snapshot(
            frame=self._frame,
            time=time,
            scenario=scenario,
            ego=ego,
            child=child,
            occluder=occluder,
            others=others,
            child_seen=near and child is not None and seen(self._mount, ego, child, (occluder, *others)),
            steer=0.0,
            pedal=0.0,
            standstill=0.0,
            collided_with=self._touched(scenario),
        )

    def _touched(self, scenario: ChildCrossing) -> str | None:
        touched = [] if self._collision is None else self._collision.touched_since(self._began)
        if not touched:
            return None
        child = scenario.child and self._pool[scenario.child.blueprint].actor.id
        return "child" if child in touched else "other"
