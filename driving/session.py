"""One client on a server: connect, prepare the street, tick, look, clean up; CARLA's units end here."""

from __future__ import annotations

import contextlib
import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driving.cast import ROLE, Cast
from driving.control import Command, cruise
from driving.drivers import lane_steer
from driving.endpoint import Endpoint, connect
from driving.errors import DrivingError, ServerFailed
from driving.movement import Movement
from driving.snapshot import Body, Snapshot
from driving.visibility import Mount, seen
from scenarios.catalogue import Episodes
from scenarios.drive import Drive
from scenarios.roads import Street
from sensors.camera import Camera, CameraSpec
from sensors.collision import CollisionSensor
from sensors.instances import InstanceCamera

START_LOSS = 2.0  # m/s2 at most that the ego loses by itself when an episode begins; wheels at rest cost more
START_TICKS = 30  # that are spent on it at most
BATCH_LIMIT = 3.0  # s: the client holds Python still while it waits for a batch, so not for long
STEP_SHARE = 0.2  # of what a tick's pictures may take: within an episode, where batches are short
SIGHT = 80.0  # m, how far a child, and
FAR_SIGHT = 160.0  # m, how far a vehicle is looked for


class Session:
    """The ego, the actors around it and its sensors on one server, in synchronous mode."""

    def __init__(
        self,
        endpoint: Endpoint,
        episodes: Episodes,
        *,
        delta: float,
        cameras: tuple[CameraSpec, ...],
        instances: bool = False,
        patience: float = 20.0,
    ) -> None:
        """Prepare the street and spawn everything that any of the episodes needs.

        Args:
            endpoint: A server of the client's version.
            episodes: What will be driven.
            delta: Simulated seconds per tick.
            cameras: The first is the trainee's: it decides what counts as seen.
            instances: Whether a second camera beside the first tells whose pixels it sees; that costs time.
            patience: Seconds that a call waits for its answer.

        Raises:
            DrivingError: The server is absent, of another version, or refuses an actor; it is left as found.
        """
        import carla

        self._carla = carla
        self._client = connect(endpoint, timeout=patience)
        self._ordered = endpoint.ordered
        self._delta, self._patience = delta, patience
        self._mount = Mount(cameras[0].forward, cameras[0].up, math.radians(cameras[0].fov))
        self.cameras: dict[str, Camera] = {}
        self._instances: InstanceCamera | None = None
        self._collision: CollisionSensor | None = None
        self._struck: set[int] = set()  # ids of whom the ego has touched in this episode
        self._snapshot: Snapshot | None = None
        self._movement: Movement | None = None
        self._weather = ""
        self.picture_patience = patience
        """Seconds that a tick's picture may take."""
        found = self._client.get_world()
        self._found = found.get_settings(), found.get_weather()
        self._world = self._street(found, episodes.street)
        self._cast = Cast(carla, self._world, street=episodes.street)
        try:
            self._synchronise()
            self._remove_leftovers()
            self._cast.spawn(episodes.pool)
            self._look(cameras, instances=instances)
        except BaseException:
            self.close()
            raise

    @property
    def frame(self) -> int:
        """The frame of the last tick."""
        return self._frame

    def begin(self, drive: Drive) -> Snapshot:
        """Place the actors of an episode, bring the ego to its speed, and give the first instant.

        Takes two ticks, and those of the drive's approach; more on a server whose cars lose the speed that
        they were given until their wheels turn and their gear is in (carla-simulator/carla#3710).
        """
        raw = self._world.get_snapshot()
        walkers = [pooled.actor.id for pooled in self._cast.pool.values() if pooled.walks]
        self._cast.replace(self._struck.union(number for number in walkers if raw.find(number) is None))
        self._struck.clear()
        self._movement = Movement(self._carla, self._cast, drive, delta=self._delta)
        self._place(drive)
        self._tick()
        yaw = drive.street.heading(drive.start)
        start = self._cast.velocity(drive.start_speed, yaw)
        self._batch([start])
        self._tick()
        again = [
            self._drives(Command(cruise(drive.start_speed), 0.0, 0.0)),
            self._cast.at_start(drive),
            start,
        ]
        for _ in range(START_TICKS):
            if drive.start_speed - self._ego_speed() <= START_LOSS * self._delta:
                break
            self._batch(again)
            self._tick()
        self._began = self._frame
        raw = self._world.get_snapshot()
        standing = tuple(self._cast.of(placed).body(raw) for placed in drive.standing)
        hidden = 0 if drive.occluder is None else 1
        self._snapshot = self._observe(
            drive, raw, occluder=standing[0] if hidden else None, others=standing[hidden:], time=0.0
        )
        for _ in range(round(drive.approach / self._delta)):
            self._snapshot = self._approach(self._snapshot)
        return self._snapshot

    def advance(self, command: Command, *, steer: float, pedal: float) -> Snapshot:
        """Apply a command for one tick.

        Args:
            command: What the vehicle is told.
            steer: The action it came from, for the record.
            pedal: The same.
        """
        before = self._current()
        commands = [self._drives(command), *self._moving.lead(before)]
        if self._ordered:  # then they are carried out before the tick, and nobody need wait for the answer
            self._client.apply_batch(commands)
        else:
            self._batch(commands, limit=STEP_SHARE * self.picture_patience)
        self._tick()
        after = self._observe(
            before.drive,
            self._world.get_snapshot(),
            occluder=before.occluder,
            others=before.others,
            time=before.time + self._delta,
        )
        stood = before.standstill + self._delta if after.idles else 0.0
        self._snapshot = replace(after, steer=steer, pedal=pedal, standstill=stood)
        return self._snapshot

    def children_pixels(self) -> int | None:
        """How many pixels of the first camera's picture show a child; None without instances."""
        if self._instances is None:
            return None
        walkers = self._current().drive.walkers
        wanted = [self._cast.of(walker.placed).actor.id for walker in walkers]
        return self._instances.pixels_of(wanted, self._frame, timeout=self.picture_patience)

    def walked(self, index: int) -> float | None:
        """How far a walker ought to have come by now (m); None before it set off."""
        return self._moving.walked(index, self._current().time)

    def image(self, camera: str) -> NDArray[np.uint8]:
        """The named camera's picture of the last tick; RGB, shape (H, W, 3). Raises SensorTimeout."""
        return self.cameras[camera].frame(self._frame, timeout=self.picture_patience)

    def close(self) -> None:
        """Destroy our actors and give the server its settings and weather back; a dead server is no error.

        A street that was loaded for the episodes stays.
        """
        self.abandon()
        settings, weather = self._found
        destroy = self._carla.command.DestroyActor
        with contextlib.suppress(RuntimeError):
            self._batch([destroy(actor) for actor in reversed(self._cast.spawned)])
        with contextlib.suppress(RuntimeError):  # also where that took too long: others wait for the clock
            self._client.set_timeout(BATCH_LIMIT)
            self._world.set_weather(weather)
            self._world.apply_settings(settings)

    def abandon(self) -> None:
        """Stop listening and say nothing to the server: it is dead, or about to be left."""
        with contextlib.suppress(RuntimeError):
            for camera in self.cameras.values():
                camera.stop()
            if self._instances is not None:
                self._instances.stop()
            if self._collision is not None:
                self._collision.stop()

    def _current(self) -> Snapshot:
        if self._snapshot is None:
            raise DrivingError("no episode has begun: call begin() first")
        return self._snapshot

    @property
    def _moving(self) -> Movement:
        if self._movement is None:
            raise DrivingError("no episode has begun: call begin() first")
        return self._movement

    def _tick(self) -> None:
        try:
            self._frame = self._world.tick()
        except RuntimeError as error:
            raise _silent(error) from error

    def _approach(self, now: Snapshot) -> Snapshot:
        """One tick in which a script holds the speed, before the driver takes over; time stands at 0."""
        drive = now.drive
        yaw = drive.street.heading(now.station(now.ego))
        pedal = cruise(drive.start_speed)
        steer = lane_steer(now)
        told = Command(pedal, 0.0, drive.steer_authority * steer)
        self._batch([self._drives(told), self._cast.velocity(drive.start_speed, yaw)])
        self._tick()
        raw = self._world.get_snapshot()
        after = self._observe(drive, raw, occluder=now.occluder, others=now.others, time=0.0)
        return replace(after, steer=steer, pedal=pedal)

    def _drives(self, command: Command) -> Any:
        return self._cast.drives(
            self._carla.VehicleControl(throttle=command.throttle, brake=command.brake, steer=command.steer)
        )

    def _ego_speed(self) -> float:
        return self._cast.ego.body(self._world.get_snapshot()).speed

    def _street(self, world: Any, street: Street) -> Any:
        """The world with a street loaded."""
        if world.get_map().to_opendrive().strip() == street.opendrive.strip():
            return world
        parameters = self._carla.OpendriveGenerationParameters(
            vertex_distance=2.0,
            max_road_length=50.0,
            wall_height=0.0,
            enable_pedestrian_navigation=False,  # whose mesh a real server builds beside the first episodes
        )
        self._client.set_timeout(60.0)
        world = self._client.generate_opendrive_world(street.opendrive, parameters)
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
        self._set_weather("ClearNoon")

    def _set_weather(self, name: str) -> None:
        if name != self._weather:
            self._world.set_weather(getattr(self._carla.WeatherParameters, name))
            self._weather = name

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

    def _batch(self, commands: list[Any], *, limit: float = BATCH_LIMIT) -> list[Any]:
        """Have commands carried out together; their responses."""
        self._client.set_timeout(limit)
        try:
            responses = self._client.apply_batch_sync(commands, False)
        except RuntimeError as error:
            raise _silent(error) from error
        self._client.set_timeout(self._patience)
        return list(responses)

    def _look(self, cameras: tuple[CameraSpec, ...], *, instances: bool) -> None:
        """Put cameras and sensors on the ego."""
        for spec in cameras:
            self.cameras[spec.name] = Camera(self._spawn_camera(spec), spec)
        if instances:
            spotter = self._spawn_camera(cameras[0], kind="instance_segmentation")
            self._instances = InstanceCamera(spotter, cameras[0])
        self._collision = CollisionSensor(self._cast.attach("sensor.other.collision", {}))
        self._tick()
        self._began = self._frame  # frame at which the episode began

    def _spawn_camera(self, spec: CameraSpec, *, kind: str = "rgb") -> Any:
        attributes = {
            "image_size_x": spec.width,
            "image_size_y": spec.height,
            "fov": spec.fov,
            "sensor_tick": 0.0,
            **spec.exposed,
        }
        place = self._carla.Transform(self._carla.Location(x=spec.forward, z=spec.up))
        return self._cast.attach(f"sensor.camera.{kind}", attributes, place)

    def _place(self, drive: Drive) -> None:
        self._set_weather(drive.weather)
        for response in self._batch(self._cast.placing(drive) + self._moving.placing()):
            if response.error:
                raise DrivingError(f"the server refused to place an actor: {response.error}")

    def _observe(
        self, drive: Drive, raw: Any, *, occluder: Body | None, others: tuple[Body, ...], time: float
    ) -> Snapshot:
        ego = self._cast.ego.body(raw)
        children = self._moving.walkers(raw, time)
        traffic = self._moving.traffic(raw, time)
        standing = others if occluder is None else (occluder, *others)
        return Snapshot(
            frame=self._frame,
            time=time,
            drive=drive,
            ego=ego,
            children=children,
            seen=tuple(self._sees(ego, child, (*standing, *traffic), SIGHT) for child in children),
            occluder=occluder,
            others=others,
            traffic=traffic,
            traffic_seen=tuple(self._sees(ego, car, standing, FAR_SIGHT) for car in traffic),
            steer=0.0,
            pedal=0.0,
            standstill=0.0,
            collided_with=self._touched(drive),
        )

    def _sees(self, ego: Body, target: Body, blockers: tuple[Body, ...], sight: float) -> bool:
        near = math.hypot(target.x - ego.x, target.y - ego.y) < sight
        return near and seen(self._mount, ego, target, blockers)

    def _touched(self, drive: Drive) -> str | None:
        if self._collision is None:
            return None
        first = next(iter(self.cameras.values()))
        first.wait(self._frame, timeout=self.picture_patience)  # a tick's blows are told before its pictures
        touched = self._collision.touched_since(self._began)
        self._struck.update(touched)
        if not touched:
            return None
        pool = self._cast.pool
        if any(self._cast.of(walker.placed).actor.id in touched for walker in drive.walkers):
            return "child"
        oncoming = any(pool[car.blueprint, ""].actor.id in touched for car in drive.oncoming)
        return "oncoming" if oncoming else "other"


def _silent(error: RuntimeError) -> ServerFailed:
    return ServerFailed(f"the simulator stopped answering: {error}")
