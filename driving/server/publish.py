"""A world's present as stream messages: its episode state, and what its sensors measure."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator

from driving.server.actor import Actor
from driving.server.cameras import CAMERAS, Picture, Studio
from driving.server.details import actor_detail
from driving.server.measuring import Instruments
from driving.server.ray_scene import RayScene
from driving.server.sensing import Surroundings
from driving.server.sensor_attributes import period
from driving.server.special_cameras import EVENTS
from driving.server.streams import (
    LIGHTS_CHANGED,
    MAP_CHANGED,
    EpisodeWriter,
    Stamp,
    events,
    image,
)
from driving.server.wire import RELEASE, sensor_stream
from driving.server.world import World

ROUNDING = 1e-6  # s, what sums of ticks may lack of a period


class Publisher:
    """Writes a world's messages; what nobody listens to is not computed."""

    def __init__(self, world: World, stream_port: int, *, threads: int = 1) -> None:
        self.studio = Studio(world, threads=threads)
        self._world = world
        self.rays = RayScene(world, self.studio)
        self._instruments = Instruments(Surroundings(world, self.rays, stream_port))
        self._writer = EpisodeWriter()
        self._revision = -1
        self._sensors: dict[int, Actor] = {}  # by stream
        self._due: dict[int, float] = {}  # stream -> simulated second of its next message
        lights = (world.street_lights, world.street_lights.revision)
        self._lights = -1, lights, lights  # frame, the street's lamps before it and in it
        self._started = time.monotonic()

    @property
    def sensors(self) -> dict[int, Actor]:
        """The sensors that can be listened to, by stream."""
        self._refresh()
        return self._sensors

    def episode_state(self) -> bytes:
        """The latest state, as a stream message."""
        world = self._world
        self._refresh()
        for actor_id in world.controlled:
            if actor_id in world.actors:
                actor = world.actors[actor_id]
                self._writer.set_detail(actor.row, actor_detail(world, actor))
        world.controlled.clear()
        return self._writer.message(
            Stamp(world.frame, world.elapsed),
            world.table.motion,
            episode=world.episode,
            wall=time.monotonic() - self._started,
            delta=world.delta,
            state=(MAP_CHANGED if world.map_changed else 0) | self._lights_changed(),
        )

    def _lights_changed(self) -> int:
        """The state's bit that sends clients to ask for the street's lamps again."""
        lights, frame = self._world.street_lights, self._world.frame
        if frame != self._lights[0]:
            self._lights = frame, self._lights[2], (lights, lights.revision)
        return LIGHTS_CHANGED if self._lights[1] != (lights, lights.revision) else 0

    def sensor_messages(self, streams: Collection[int]) -> Iterator[tuple[int, bytes]]:
        """What the sensors of these streams have to say about the last tick: pairs of stream and message."""
        self._refresh()
        world = self._world
        stamp = Stamp(world.frame, world.elapsed)
        cameras = []
        for stream in streams:
            sensor = self._sensors.get(stream)
            if sensor is None or not self._is_due(stream, sensor):
                continue
            if sensor.blueprint.id in CAMERAS:
                cameras.append(sensor)
            else:
                for message in self._instruments.messages(sensor, stamp):
                    yield stream, message
        if world.settings.no_rendering:
            return
        for picture in self.studio.pictures(cameras):
            content = _picture_message(picture, stamp)
            if content:
                yield sensor_stream(picture.camera.id), content

    def _is_due(self, stream: int, sensor: Actor) -> bool:
        following = next_due(self._world.elapsed, self._due.get(stream, 0.0), period=period(sensor))
        if following is None:
            return False
        self._due[stream] = following
        return True

    def _refresh(self) -> None:
        world = self._world
        if self._revision == world.revision:
            return
        self._revision = world.revision
        self._sensors = {
            sensor_stream(actor.id): actor
            for actor in world.actors.values()
            if actor.blueprint.id in RELEASE.sensor_types
        }
        self._instruments.forget()
        self._due = {stream: due for stream, due in self._due.items() if stream in self._sensors}
        actors = world.actors.values()
        details = {
            actor.id: actor_detail(world, actor) for actor in actors if actor.blueprint.kind != "sensor"
        }
        self._writer.list_actors([actor.id for actor in actors], details)


def next_due(now: float, due: float, *, period: float) -> float | None:
    """When the message after this one is due; None while this one is not. All in simulated seconds."""
    if now + ROUNDING < due:
        return None
    return due + period if due + period > now + ROUNDING else now + period


def _picture_message(picture: Picture, stamp: Stamp) -> bytes | None:
    """A picture's bytes; None where an event camera saw nothing change."""
    blueprint, pose, pixels, view = picture.camera.blueprint.id, picture.pose, picture.pixels, picture.view
    if blueprint != EVENTS:
        return image(blueprint, stamp, pose, pixels, fov=view.fov)
    if not len(pixels):
        return None
    return events(blueprint, stamp, pose, pixels, size=(view.width, view.height), fov=view.fov)
