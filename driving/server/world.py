"""The simulated world: a map, actors, weather and settings, moved by ticks; no bytes and no sockets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from driving.server import forces, physics
from driving.server.ackermann import AckermannDriver, Goal
from driving.server.actor import Actor
from driving.server.blueprints import Blueprint, library, valid
from driving.server.bodies import ATTACHED, INERT, PROP, RIGID, VEHICLE, WALKER, Body, BodyTable
from driving.server.contact import overlapping
from driving.server.debug_shapes import DebugShapes
from driving.server.errors import WorldError
from driving.server.gait import stand_up
from driving.server.ground import height_at
from driving.server.impact import MOST_CONTACTS
from driving.server.maps import RoadMap, read_map
from driving.server.motion_tables import MotionTables, packed, standard_tables
from driving.server.physics_control import LEAST_LOCK, PhysicsControl
from driving.server.place import Place
from driving.server.recorder import Recorder
from driving.server.replayer import Replay, ReplaySettings
from driving.server.signals import LIGHT, StopBox, trigger_box
from driving.server.street_lights import StreetLights
from driving.server.traffic_lights import Light, TrafficLights
from driving.server.vehicle_control import physics_of, press, set_physics
from driving.server.vehicle_model import MODEL_LENGTH

GENERATED_MAP = "OpenDriveMap"  # what a client loads after it has sent an OpenDRIVE document
DEFAULT_DELTA = 0.05  # s, without fixed_delta_seconds
LONGEST_DELTA = 1.0  # s
CLEAR_NOON = (5.0, 0.0, 0.0, 10.0, -1.0, 45.0, 2.0, 0.75, 0.1, 0.0, 1.0, 0.03, 0.0331, 0.0)
NO_NAVIGATION = "this server has no navigation mesh for walker AI; steer walkers with WalkerControl"
SUN_ALTITUDE = 5  # index among the weather's numbers
QUIET_IMPULSE = 1.0  # N s; a lasting contact that presses less is not reported again
_KINDS = {"vehicle": VEHICLE, "walker": WALKER, "prop": PROP, "sensor": INERT}
_SPECTATOR = Blueprint(0, "spectator", (), "spectator")

Vector = tuple[float, float, float]
Pose = tuple[Vector, Vector]


@dataclass(frozen=True, slots=True)
class Settings:
    """CARLA's episode settings, in the order of its struct."""

    synchronous: bool = False
    no_rendering: bool = False
    fixed_delta: float | None = None  # s
    substepping: bool = True
    substep_delta: float = 0.01
    most_substeps: int = 10
    culling_distance: float = 0.0
    deterministic_ragdolls: bool = True
    tile_stream_distance: float = 3000.0
    active_distance: float = 2000.0
    spectator_as_ego: bool = True


@dataclass(frozen=True, slots=True)
class Collision:
    """Two actors that touched during the last tick."""

    actor: int
    other: int
    impulse: Vector  # N s on `other`


class World:
    """One episode after another on one of several maps."""

    def __init__(self, maps: Mapping[str, str], default_map: str, motion: MotionTables | None = None) -> None:
        """Load a map.

        Args:
            maps: OpenDRIVE documents by name.
            default_map: The first one's name.
            motion: How vehicles answer their controls; default: as measured on CARLA's car.

        Raises:
            MapError: It cannot be read.
        """
        self.documents = dict(maps)
        self.motion = motion or standard_tables()
        self._tables = packed(self.motion)
        self.settings = Settings()
        self.weather: tuple[float, ...] = CLEAR_NOON
        self.frame, self.elapsed, self.delta, self.episode = 1, 0.0, DEFAULT_DELTA, 0
        self.revision = 0  # grows with every actor that comes or goes
        self.controlled: set[int] = set()  # actors whose control changed since the last state was written
        self.recorder: Recorder | None = None
        self.replay: Replay | None = None
        self.replay_settings = ReplaySettings()
        self.imu_gravity = physics.GRAVITY  # m/s2 that IMUs feel
        self._next_id = 1
        self._maps: dict[str, RoadMap] = {}
        self.map: RoadMap
        self.load(default_map)

    # Episodes

    def load(self, name: str) -> None:
        """Start a new episode, without actors, on the named map; "" keeps the map.

        Raises:
            WorldError: There is no such map.
            MapError: It cannot be read.
        """
        name = name.rsplit("/", 1)[-1] or self.map.name
        if name not in self.documents:
            raise WorldError(f"Map '{name}' not found; this server has {', '.join(sorted(self.documents))}")
        if name not in self._maps:
            self._maps[name] = read_map(name, self.documents[name])
        if self.episode == 0 or self.map is not self._maps[name]:
            self.map = self._maps[name]
            self.place = Place(self.map)
        self.place.hidden.clear()
        self.end_recording()
        self.replay = None
        self.episode += 1
        self.frame += 1
        self.elapsed = 0.0
        self.map_changed = True
        self.table = BodyTable()
        self.actors: dict[int, Actor] = {}
        self.controlled = set()
        self.ackermann: dict[int, AckermannDriver] = {}  # by the vehicle that it drives
        self.collisions: tuple[Collision, ...] = ()
        self.lit: dict[int, int] = {}  # vehicles with any light on -> their flags
        self._street_lights: StreetLights | None = None
        self.debug_shapes = DebugShapes()
        self._touching: set[tuple[int, int]] = set()
        self._contacts = np.zeros((MOST_CONTACTS, 4))
        self.spectator = self._add(_SPECTATOR, {}, ((0.0, 0.0, 10.0), (0.0, 0.0, 0.0)))
        self._add_signals()

    def reset(self, name: str) -> None:
        """Start a new episode on the named map with the settings and the weather of a new server."""
        self.load(name)
        self.change_settings(Settings())
        self.change_weather(CLEAR_NOON)

    def _add_signals(self) -> None:
        actors: dict[str, int] = {}
        stops: dict[int, Sequence[StopBox]] = {}
        for signal in self.map.signals:
            kind, tag = ("light", 7) if signal.kind == LIGHT else ("sign", 8)
            actor = self._add(Blueprint(0, signal.kind, (), kind, tag=tag), {}, signal.pose)
            actor.signal, actor.box = signal.id, trigger_box(signal)
            if kind == "light":
                actors[signal.id], stops[actor.id] = actor.id, signal.stops
        self.lights = TrafficLights(self.map.phases, actors, stops)

    def add_map(self, name: str, xodr: str) -> None:
        """Make a document loadable under a name.

        Raises:
            MapError: It cannot be read.
        """
        self._maps[name] = read_map(name, xodr)
        self.documents[name] = xodr

    @property
    def next_delta(self) -> float:
        """Seconds that the next tick will last."""
        return self.settings.fixed_delta or DEFAULT_DELTA

    def tick(self, delta: float | None = None) -> None:
        """Advance by one frame of `delta` seconds (default: the settings')."""
        self.delta = delta or self.next_delta
        self._drive_ackermann()
        steps = physics.substeps(self.delta)
        touched = physics.advance(
            self.table.rows,
            self.delta,
            steps,
            self.place.ground.heights,
            self.place.ground.frame,
            self._contacts,
            self._tables,
        )
        self.frame += 1
        self.elapsed += self.delta
        self._note_collisions(touched)
        self.debug_shapes.forget(self.frame, self.elapsed)
        if self.lights.by_actor:
            self._run_lights()
        if self.replay is not None:
            self.replay.advance(self)
        if self.recorder is not None:
            self.recorder.note(self)

    def end_recording(self) -> None:
        """Close the recording that is made, if there is one."""
        if self.recorder is not None:
            self.recorder.stop()
            self.recorder = None

    def _run_lights(self) -> None:
        self.lights.advance(self.delta)
        facing = self.lights.facing(self.table.rows)
        for actor in self.actors.values():
            if actor.blueprint.kind == "vehicle":
                light = facing.get(actor.row, 0)
                if light or actor.facing:
                    self.controlled.add(actor.id)
                actor.facing = light
        self.controlled.update(self.lights.by_actor)

    @property
    def street_lights(self) -> StreetLights:
        """The street's lamps; a town's are counted when somebody first asks."""
        if self._street_lights is None:
            self._street_lights = StreetLights(self.place.street.placed, self.weather[SUN_ALTITUDE])
        return self._street_lights

    def change_weather(self, weather: Sequence[float]) -> None:
        """Adopt the 14 numbers of a weather; dusk and dawn switch the street's lamps."""
        self.weather = tuple(weather)
        if self._street_lights is not None:
            self._street_lights.follow(weather[SUN_ALTITUDE])

    def light(self, actor_id: int) -> Light:
        """Look a traffic light up.

        Raises:
            WorldError: There is no such light.
        """
        return self.lights.by_actor[self._expect(actor_id, "light").id]

    def _note_collisions(self, touched: int) -> None:
        if not touched and not self._touching:
            self.collisions = ()
            return
        ids = list(self.actors)
        found, touching = [], set()
        for first, second, x, y in self._contacts[:touched]:
            pair = (ids[int(first)], ids[int(second)])
            touching.add(pair)
            if pair not in self._touching or math.hypot(x, y) > QUIET_IMPULSE:
                found.append(Collision(*pair, (float(x), float(y), 0.0)))
        self.collisions, self._touching = tuple(found), touching

    # Actors

    def height(self, x: float, y: float) -> float:
        """Height of the ground below a point, m."""
        return height_at(self.place.ground.heights, self.place.ground.frame, x, y)

    def actor(self, actor_id: int) -> Actor:
        """Look one up.

        Raises:
            WorldError: It is not there.
        """
        try:
            return self.actors[actor_id]
        except (KeyError, TypeError):
            raise WorldError(f"unable to find actor {actor_id}: actor not found") from None

    def body(self, actor_id: int) -> Body:
        """An actor's row, writable in place."""
        return self.table.rows[self.actor(actor_id).row]

    def spawn(
        self,
        blueprint_id: str,
        values: Mapping[str, str],
        pose: Pose,
        *,
        parent: int | None = None,
        arm: int = RIGID,
    ) -> Actor:
        """Make an actor.

        Args:
            blueprint_id: What it is.
            values: Its attributes.
            pose: Where; relative to the parent if there is one.
            parent: Whom it is attached to.
            arm: How: RIGID, SPRING_ARM or GHOST_ARM.

        Raises:
            WorldError: In the words of the real server.
        """
        blueprint = library().get(blueprint_id)
        if blueprint is None or not valid(blueprint, values):
            raise WorldError("Spawn failed because of invalid actor description")
        if blueprint.kind == "controller":
            raise WorldError(f"Spawn failed: {NO_NAVIGATION}")
        if parent is not None and parent not in self.actors:
            raise WorldError("unable to attach actor: parent actor not found")
        actor = self._add(blueprint, values, pose, parent, arm=arm)
        if self.table.rows[actor.row]["collides"] and overlapping(self.table.rows, actor.row) >= 0:
            self._remove(actor)
            raise WorldError("Spawn failed because of collision at spawn position")
        return actor

    def restore(
        self, blueprint_id: str, values: Mapping[str, str], pose: Pose, *, parent: int | None, wanted_id: int
    ) -> Actor:
        """Make an actor as it was recorded: by its id if that is free, and wherever it was.

        Raises:
            WorldError: There is no such blueprint.
        """
        blueprint = library().get(blueprint_id)
        if blueprint is None or not valid(blueprint, values):
            raise WorldError(
                f"the recording has an actor that this server does not know: {blueprint_id[:80]}"
            )
        return self._add(blueprint, values, pose, parent, wanted_id=wanted_id)

    def destroy(self, actor_id: int) -> list[Actor]:
        """Take an actor and all that is attached to it out of the world.

        Returns:
            Who is gone.

        Raises:
            WorldError: It is not there, or is the spectator.
        """
        actor = self.actor(actor_id)
        if actor is self.spectator:
            raise WorldError("unable to destroy actor: the spectator stays")
        if actor.signal:
            raise WorldError("unable to destroy actor: lights and signs belong to the map")
        gone: list[Actor] = []
        for child in [other.id for other in self.actors.values() if other.parent == actor_id]:
            gone += self.destroy(child)
        self._remove(actor)
        return [*gone, actor]

    def _add(
        self,
        blueprint: Blueprint,
        values: Mapping[str, str],
        pose: Pose,
        parent: int | None = None,
        *,
        wanted_id: int = 0,
        arm: int = RIGID,
    ) -> Actor:
        free = wanted_id > 0 and wanted_id not in self.actors
        actor = Actor(
            wanted_id if free else self._next_id, blueprint, self.table.append(), values, parent or 0
        )
        body = self.table.rows[actor.row]
        body["kind"] = _KINDS.get(blueprint.kind, INERT)
        body["mass"] = blueprint.mass
        length, width, height = blueprint.size
        body["half_length"], body["half_width"], body["half_height"] = length / 2, width / 2, height / 2
        body["centre_z"] = 0.0 if blueprint.kind == "walker" else height / 2
        solid = blueprint.is_body and parent is None
        body["collides"] = body["simulated"] = body["falls"] = float(solid)
        body["scale"] = max(length / MODEL_LENGTH, 0.3)
        body["invincible"] = values.get("is_invincible", "true") == "true"
        if parent is not None:
            body["kind"], body["parent"], body["arm"] = ATTACHED, self.actors[parent].row, arm
            body["arm_yaw"] = self.body(parent)["yaw"]
        body["stand_height"], body["stand_length"] = body["half_height"], body["half_length"]
        self._place(body, pose)
        self._next_id = max(self._next_id, actor.id + 1)
        self.actors[actor.id] = actor
        self.revision += 1
        return actor

    def _remove(self, actor: Actor) -> None:
        del self.actors[actor.id]
        self.ackermann.pop(actor.id, None)
        self.lit.pop(actor.id, None)
        self.table.remove(actor.row)
        for row, other in enumerate(self.actors.values()):
            other.row = row
        self._touching = {pair for pair in self._touching if actor.id not in pair}
        self.revision += 1

    def _place(self, body: Body, pose: Pose) -> None:
        names = ("px", "py", "pz", "p_pitch", "p_yaw", "p_roll")
        if body["kind"] != ATTACHED:
            names = ("x", "y", "z", "pitch", "yaw", "roll")
        for name, number in zip(names, (*pose[0], *pose[1]), strict=True):
            body[name] = number
        if body["kind"] == ATTACHED:
            physics.attach(self.table.rows)

    # What clients do to actors

    def teleport(self, actor_id: int, location: Vector, rotation: Vector | None = None) -> None:
        """Put an actor somewhere: its velocity stays, pedals start from rest, a walker stands up."""
        body = self.body(actor_id)
        if rotation is None:
            kept = ("p_pitch", "p_yaw", "p_roll") if body["kind"] == ATTACHED else ("pitch", "yaw", "roll")
            rotation = (float(body[kept[0]]), float(body[kept[1]]), float(body[kept[2]]))
        self._place(body, (location, rotation))
        for name in ("engine", "braking", "wheel", "spin", "walked"):
            body[name] = 0.0
        stand_up(body)
        physics.set_velocity(body, (float(body["vx"]), float(body["vy"]), float(body["vz"])))

    def set_velocity(self, actor_id: int, velocity: Vector) -> None:
        """Give an actor a velocity at once; m/s in the world's frame."""
        physics.set_velocity(self.body(actor_id), velocity)

    def set_spin(self, actor_id: int, rate: float) -> None:
        """Turn an actor about the vertical, degrees/s, until friction stops it."""
        self.body(actor_id)["spin"] = rate

    def push(self, actor_id: int, impulse: Vector, place: Vector | None = None) -> None:
        """Strike an actor with an impulse in N s, at a place in the world (default: its centre)."""
        forces.strike(self.body(actor_id), impulse, place)

    def press_on(self, actor_id: int, force: Vector, place: Vector | None = None) -> None:
        """Have a force in N act on an actor until the next tick is over."""
        x, y, z = (part * self.next_delta for part in force)
        self.push(actor_id, (x, y, z), place)

    def twist(self, actor_id: int, turn: float) -> None:
        """Turn an actor by an angular impulse about the vertical, kg m2 degrees/s."""
        forces.twist(self.body(actor_id), turn)

    def hold_velocity(self, actor_id: int, velocity: Vector | None) -> None:
        """Keep a vehicle at a velocity in its own frame, m/s; None lets it go."""
        body = self.body(actor_id)
        body["constant"] = velocity is not None
        if velocity is not None:
            body["cx"], body["cy"], body["cz"] = velocity

    def set_simulated(self, actor_id: int, *, on: bool) -> None:
        """Let physics move an actor, or keep it where it is put; a prop that it moves has a mass."""
        body = self.body(actor_id)
        blueprint = self.actor(actor_id).blueprint
        body["simulated"] = on and blueprint.is_body
        if blueprint.kind == "prop":
            body["mass"] = forces.prop_mass(blueprint.size) if on else math.inf
        if not on:
            physics.set_velocity(body, (0.0, 0.0, 0.0))

    def set_collides(self, actor_id: int, *, on: bool) -> None:
        """Let an actor touch others, or pass through them."""
        self.body(actor_id)["collides"] = on and self.actor(actor_id).blueprint.kind != "sensor"

    def set_falls(self, actor_id: int, *, on: bool) -> None:
        """Let gravity act on an actor."""
        self.body(actor_id)["falls"] = on

    def drive(self, actor_id: int, control: Sequence[Any]) -> None:
        """Set a vehicle's pedals and steering; they replace an Ackermann control.

        Args:
            actor_id: The vehicle.
            control: throttle, steer, brake, hand_brake, reverse, manual_gear_shift, gear.

        Raises:
            WorldError: The actor is no vehicle.
        """
        self.ackermann.pop(actor_id, None)
        self._press(self._expect(actor_id, "vehicle"), control)

    def drive_ackermann(self, actor_id: int, goal: Goal) -> None:
        """Have a vehicle driven to a steering angle and a speed, until it is driven otherwise."""
        self._expect(actor_id, "vehicle")
        if actor_id in self.ackermann:
            self.ackermann[actor_id].goal = goal
        else:
            self.ackermann[actor_id] = AckermannDriver(goal)

    def vehicle(self, actor_id: int) -> Actor:
        """Look a vehicle up.

        Raises:
            WorldError: It is not there, or is none.
        """
        return self._expect(actor_id, "vehicle")

    def physics_of(self, actor_id: int) -> PhysicsControl:
        """A vehicle's physics control."""
        return physics_of(self._expect(actor_id, "vehicle"))

    def set_physics(self, actor_id: int, control: PhysicsControl) -> None:
        """Have a vehicle move as a physics control says."""
        actor = self._expect(actor_id, "vehicle")
        set_physics(actor, self.table.rows[actor.row], control)

    def _drive_ackermann(self) -> None:
        for actor_id, driver in self.ackermann.items():
            actor = self.actors[actor_id]
            lock = math.radians(max(physics_of(actor).steer_angle, LEAST_LOCK))
            body = self.table.rows[actor.row]
            control = driver.control(body, actor.gains, self.motion, lock=lock, delta=self.delta)
            self._press(actor, control)

    def _press(self, actor: Actor, control: Sequence[Any]) -> None:
        press(actor, self.table.rows[actor.row], control)
        self.controlled.add(actor.id)

    def walk(self, actor_id: int, direction: Vector, speed: float, *, jump: bool = False) -> None:
        """Send a walker in a direction at a speed in m/s.

        Raises:
            WorldError: The actor is no walker.
        """
        actor = self._expect(actor_id, "walker")
        body = self.table.rows[actor.row]
        length = math.hypot(direction[0], direction[1])
        body["dir_x"], body["dir_y"] = (
            (direction[0] / length, direction[1] / length) if length > 1e-9 else (0.0, 0.0)
        )
        body["pace"], body["jump"] = speed, jump
        actor.walk = (direction, speed, jump)
        self.controlled.add(actor_id)

    def set_lights(self, actor_id: int, flags: int) -> None:
        """Switch a vehicle's lights; flags of CARLA's VehicleLightState."""
        self._expect(actor_id, "vehicle").lights = flags
        self.lit[actor_id] = flags
        if not flags:
            del self.lit[actor_id]

    def change_settings(self, settings: Settings) -> None:
        """Adopt settings; a delta outside (0, 1] s is none."""
        delta = settings.fixed_delta
        if delta is not None and not 0.0 < delta <= LONGEST_DELTA:
            delta = None
        self.settings = replace(settings, fixed_delta=delta)

    def of_kind(self, kind: str) -> Iterable[Actor]:
        """The actors of one kind, in order of their making."""
        return [actor for actor in self.actors.values() if actor.blueprint.kind == kind]

    def _expect(self, actor_id: int, kind: str) -> Actor:
        actor = self.actor(actor_id)
        if actor.blueprint.kind != kind:
            raise WorldError(f"actor {actor_id} ({actor.blueprint.id}) is not a {kind}")
        return actor
