"""The simulated world: a cast on a map, in its weather, moved by ticks; no bytes and no sockets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from driving.server import physics
from driving.server.ackermann import AckermannDriver
from driving.server.actor import Actor
from driving.server.atlas import Atlas
from driving.server.blueprints import Blueprint
from driving.server.cast import Cast
from driving.server.collisions import Collision, Collisions
from driving.server.commands import follow_ackermann, relax
from driving.server.debug_shapes import DebugShapes
from driving.server.friction import slip
from driving.server.impact import MOST_CONTACTS
from driving.server.maps import RoadMap
from driving.server.motion_tables import MotionTables, packed, standard_tables
from driving.server.place import Place
from driving.server.recorder import Recorder
from driving.server.replayer import Replay, ReplaySettings
from driving.server.settings import DEFAULT_DELTA, Settings, usable
from driving.server.signals import LIGHT, StopBox, trigger_box
from driving.server.solids import NOTHING, NOWHERE, Index, Solids
from driving.server.street_lights import StreetLights
from driving.server.traffic_lights import Light, TrafficLights
from driving.server.walkways import navigation_name

CLEAR_NOON = (5.0, 0.0, 0.0, 10.0, -1.0, 45.0, 2.0, 0.75, 0.1, 0.0, 1.0, 0.03, 0.0331, 0.0)
SUN_ALTITUDE = 5  # index among the weather's numbers


class World(Cast):
    """One episode after another on one of several maps.

    What clients do to actors is in `handling`, what they have them do in `commands`.
    """

    def __init__(
        self,
        maps: Mapping[str, str],
        default_map: str,
        motion: MotionTables | None = None,
        *,
        navigation: bool = True,
    ) -> None:
        """Load a map.

        Args:
            maps: OpenDRIVE documents by name.
            default_map: The first one's name.
            motion: How vehicles answer their controls; default: as measured on CARLA's car.
            navigation: Whether clients are given the way along pavements, for walker AI.

        Raises:
            MapError: It cannot be read.
        """
        super().__init__()
        self.atlas = Atlas(maps)
        self.navigation = navigation
        self.motion = motion or standard_tables()
        self._tables = packed(self.motion)
        self.settings = Settings()
        self.weather: tuple[float, ...] = CLEAR_NOON
        self.frame, self.elapsed, self.delta, self.episode = 1, 0.0, DEFAULT_DELTA, 0
        self.recorder: Recorder | None = None
        self.replay: Replay | None = None
        self.replay_settings = ReplaySettings()
        self.imu_gravity = physics.GRAVITY  # m/s2 that IMUs feel
        self._contacts = np.zeros((MOST_CONTACTS, 4))
        self.map: RoadMap
        self.load(default_map)

    @property
    def standing(self) -> tuple[Solids, Index]:
        """Walls, trunks and posts of the map, and where they are."""
        return self.place.solids, self.place.index

    # Episodes

    def load(self, name: str) -> None:
        """Start a new episode, without actors, on the named map; "" keeps the map.

        Raises:
            WorldError: There is no such map.
            MapError: It cannot be read.
        """
        wanted = self.atlas.open(name.rsplit("/", 1)[-1] or self.map.name)
        if self.episode == 0 or self.map is not wanted:
            self.map = wanted
            self.place = Place(self.map)
        self.place.restore()
        self.end_recording()
        self.replay = None
        self.episode += 1
        self.frame += 1
        self.elapsed = 0.0
        self.map_changed = True
        self.slipping: dict[int, float] = {}  # vehicles in one of them -> its friction
        self.clear()
        self.navigable = self.navigation and bool(navigation_name(self.map))
        self.controlled: set[int] = set()  # actors whose control changed since the last state was written
        self.ackermann: dict[int, AckermannDriver] = {}  # by the vehicle that it drives
        self.passing: dict[int, bool] = {}  # vehicles whose control lasts one tick -> whether that is to come
        self.lit: dict[int, int] = {}  # vehicles with any light on -> their flags
        self.touched: set[int] = set()  # actors whose doors or bones a client has ever moved
        self._collisions = Collisions()
        self._street_lights: StreetLights | None = None
        self.debug_shapes = DebugShapes()
        self._add_signals()

    def reset(self, name: str) -> None:
        """Start a new episode on the named map with the settings and the weather of a new server."""
        self.load(name)
        self.change_settings(Settings())
        self.change_weather(CLEAR_NOON)

    def end_recording(self) -> None:
        """Close the recording that is made, if there is one."""
        if self.recorder is not None:
            self.recorder.stop()
            self.recorder = None

    def _add_signals(self) -> None:
        actors: dict[str, int] = {}
        stops: dict[int, Sequence[StopBox]] = {}
        for signal in self.map.signals:
            if signal.kind == LIGHT and signal.id in actors:
                continue  # the map says it twice: one light has one actor
            kind, tag = ("light", 7) if signal.kind == LIGHT else ("sign", 8)
            actor = self.enter(Blueprint(0, signal.kind, (), kind, tag=tag), {}, signal.pose)
            actor.signal, actor.box = signal.id, trigger_box(signal)
            if kind == "light":
                actors[signal.id], stops[actor.id] = actor.id, signal.stops
        self.lights = TrafficLights(self.map.phases, actors, stops)

    # The clock

    @property
    def next_delta(self) -> float:
        """Seconds that the next tick will last."""
        return self.settings.delta

    def change_settings(self, settings: Settings) -> None:
        """Adopt settings; a delta outside (0, 1] s is none."""
        self.settings = usable(settings)

    def tick(self, delta: float | None = None) -> None:
        """Advance by one frame of `delta` seconds (default: the settings')."""
        self.delta = delta or self.next_delta
        if self.triggers or self.slipping:
            slip(self)
        relax(self)
        follow_ackermann(self)
        solids, index = self.standing if self.peopled else (NOTHING, NOWHERE)
        touched = physics.advance(
            self.table.rows,
            self.delta,
            physics.substeps(self.delta),
            self.place.ground.heights,
            self.place.ground.frame,
            solids,
            index,
            self._contacts,
            self._tables,
        )
        self.frame += 1
        self.elapsed += self.delta
        self._collisions.note(self._contacts[:touched], self.actors, solids)
        self.debug_shapes.forget(self.frame, self.elapsed)
        if self.lights.by_actor:
            self._run_lights()
        if self.replay is not None:
            self.replay.advance(self)
        if self.recorder is not None:
            self.recorder.note(self)

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
    def collisions(self) -> tuple[Collision, ...]:
        """Who ran into whom during the last tick."""
        return self._collisions.latest

    # Who and what is there

    def destroy(self, actor_id: int) -> list[Actor]:
        """As the cast does; nobody drives or lights up who is gone."""
        gone = super().destroy(actor_id)
        for actor in gone:
            self.ackermann.pop(actor.id, None)
            self.passing.pop(actor.id, None)
            self.slipping.pop(actor.id, None)
            self.lit.pop(actor.id, None)
            self._collisions.forget(actor.id)
        return gone

    def light(self, actor_id: int) -> Light:
        """Look a traffic light up.

        Raises:
            WorldError: There is no such light.
        """
        return self.lights.by_actor[self.expect(actor_id, "light").id]

    def height(self, x: float, y: float) -> float:
        """Height of the ground below a point, m."""
        return self.place.height(x, y)

    @property
    def street_lights(self) -> StreetLights:
        """The street's lamps; a town's are counted when somebody first asks."""
        if self._street_lights is None:
            self._street_lights = StreetLights(self.place.street.placed, self.weather[SUN_ALTITUDE])
        return self._street_lights

    def touch(self, actor_id: int) -> None:
        """Note that a client has moved an actor's doors or bones."""
        self.touched = (self.touched & self.actors.keys()) | {actor_id}

    def change_weather(self, weather: Sequence[float]) -> None:
        """Adopt the 14 numbers of a weather; dusk and dawn switch the street's lamps."""
        self.weather = tuple(weather)
        if self._street_lights is not None:
            self._street_lights.follow(weather[SUN_ALTITUDE])
