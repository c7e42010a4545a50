"""Cameras: the renderer's scene follows the actors, and one pass serves all cameras of one view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from driving.server.actor import Actor
from driving.server.attributes import colour
from driving.server.blueprints import Blueprint, library
from driving.server.maps import RoadMap
from driving.server.photograph import Finish, finish_of
from driving.server.postures import Postures
from driving.server.render import Bands, Camera, Frame, Look, Scene, Weather, annotate, render
from driving.server.render.signage import HEAD
from driving.server.seen import Pose
from driving.server.sensor_attributes import number
from driving.server.special_cameras import EVENTS, FLOW, NORMALS, SpecialCameras
from driving.server.streams import class_pixels, depth_pixels, instance_pixels
from driving.server.street_lights import StreetLights
from driving.server.traffic_lights import GREEN, RED, YELLOW, Light, TrafficLights
from driving.server.wire import Vector
from driving.server.world import World

RGB = "sensor.camera.rgb"
CAMERAS = (
    RGB,
    "sensor.camera.depth",
    "sensor.camera.semantic_segmentation",
    "sensor.camera.instance_segmentation",
    NORMALS,
    FLOW,
    EVENTS,
)
_CLOTHES = ((178, 60, 50), (60, 92, 150), (210, 168, 60), (70, 120, 80), (130, 80, 130), (90, 90, 95))
_PROP_COLOUR = (150, 120, 90)
_LAMPS = {RED: 0, YELLOW: 1, GREEN: 2}


@dataclass(frozen=True, slots=True)
class Picture:
    """What one camera saw."""

    camera: Actor
    pose: Pose
    pixels: NDArray[Any]  # (H, W, 4) BGRA, (H, W, 2) motion or (n,) events
    view: Camera


@dataclass(frozen=True, slots=True)
class _View:
    """What a camera's attributes say."""

    camera: Camera
    finish: Finish


@dataclass(slots=True)
class _Signals:
    """A map's traffic lights as heads of the scene."""

    lights: TrafficLights
    heads: dict[int, Light]  # by their numbers among the things that stand
    states: list[int] = field(default_factory=list)  # as last shown


class Studio:
    """Keeps the renderer's scene in step with a world and takes its pictures."""

    def __init__(self, world: World, *, threads: int = 1) -> None:
        self._world = world
        self._bands = Bands(threads)
        self._scene: Scene | None = None
        self._postures = Postures()
        self._map: RoadMap | None = None
        self._shown: tuple[int, ...] = ()
        self._revision = -1
        self._poses: list[list[float]] = []  # row by row, as last shown; empty: show it anew
        self._rows: dict[int, int] = {}  # row -> id of what can be seen
        self._weather: tuple[float, ...] = ()
        self._street_lights: tuple[StreetLights | None, int] = (None, -1)
        self._lit: dict[int, int] = {}
        self._signals: _Signals | None = None
        self._views: dict[int, _View] = {}
        self._special = SpecialCameras()

    def scene(self) -> Scene:
        """The renderer's scene, brought up to the world's present; built at the first call for a map."""
        world = self._world
        scene = self._scene
        if scene is None or self._map is not world.map:
            scene = self._scene = Scene(world.map.strips, world.map.marks, street=world.place.street)
            self._map, self._shown, self._revision, self._weather = world.map, (), -1, ()
            self._street_lights, self._lit, self._signals = (None, -1), {}, None
            self._postures = Postures()
        if self._revision != world.revision:
            self._recast(scene)
        if world.touched:
            for walker in self._postures.show(world, scene, self._shown):
                self._poses[world.actors[walker].row] = []
        poses = world.table.motion[:, :6].tolist()
        for row, pose in enumerate(poses):
            if pose != self._poses[row] and row in self._rows:
                walked = float(world.table.rows["walked"][row])
                scene.move(self._rows[row], tuple(pose[:3]), tuple(pose[3:]), stride=walked)
        self._poses = poses
        if self._weather != world.weather:
            self._weather = world.weather
            scene.set_weather(Weather.of(world.weather))
        scene.hide(world.place.hidden)
        self._light(scene)
        return scene

    def pictures(self, cameras: Sequence[Actor]) -> Iterator[Picture]:
        """Take a picture with each camera."""
        if not cameras:
            return
        scene = self.scene()
        passes: dict[tuple[Pose, Camera], Frame] = {}
        shapes = self._world.debug_shapes
        for actor in cameras:
            view, blueprint = self._view(actor), actor.blueprint.id
            pose = tuple(self._poses[actor.row])
            if blueprint == NORMALS:
                pixels: NDArray[Any] = view.finish.bend(self._special.normals(scene, view.camera, pose))
            elif blueprint == FLOW:
                pixels = view.finish.bend(self._special.motion(scene, actor, view.camera, pose))
            else:
                key = (pose, view.camera)
                place, turn = cast(Vector, pose[:3]), cast(Vector, pose[3:])
                if key not in passes:
                    passes[key] = render(scene, view.camera, place, turn, bands=self._bands)
                frame = passes[key]
                if blueprint == RGB and len(shapes):
                    drawn = annotate(
                        frame, scene, view.camera, place, turn, strokes=shapes.strokes, texts=shapes.texts
                    )
                    frame = replace(frame, bgra=drawn)
                pixels = self._developed(actor, view.finish, frame)
            yield Picture(actor, pose, pixels, view.camera)

    def _developed(self, actor: Actor, finish: Finish, frame: Frame) -> NDArray[Any]:
        pixels = finish.bend(_pixels(actor.blueprint.id, frame))
        if actor.blueprint.id not in (RGB, EVENTS):
            return pixels
        pixels = finish.develop(pixels)
        if actor.blueprint.id == EVENTS:
            return self._special.events(actor, pixels, self._world.elapsed)
        return pixels

    def _view(self, actor: Actor) -> _View:
        view = self._views.get(actor.id)
        if view is None:
            width, height = (int(number(actor, f"image_size_{side}")) for side in "xy")
            camera = Camera(width, height, number(actor, "fov"))
            view = self._views[actor.id] = _View(camera, finish_of(actor, camera))
        return view

    def _light(self, scene: Scene) -> None:
        """Switch the lamps of vehicles, of the street and of traffic lights."""
        world = self._world
        scene.set_time(world.elapsed)
        lit = {key: flags for key, flags in world.lit.items() if key in self._shown}
        for actor_id in self._lit.keys() | lit.keys():
            if actor_id in self._shown and self._lit.get(actor_id) != lit.get(actor_id):
                scene.set_lights(actor_id, lit.get(actor_id, 0))
        self._lit = lit
        lights = world.street_lights
        if self._street_lights != (lights, lights.revision):
            self._street_lights = lights, lights.revision
            scene.light_street(lights.shining())
        if world.place.signage.signs:
            self._show_signals(scene)

    def _show_signals(self, scene: Scene) -> None:
        """Burn what the lights' states say; a new episode's lights and signs are new actors."""
        lights = self._world.lights
        if self._signals is None or self._signals.lights is not lights:
            self._signals = self._name_signals(scene)
        heads = self._signals.heads
        states = [light.state for light in heads.values()]
        if states != self._signals.states:
            self._signals.states = states
            burning = zip(heads, states, strict=True)
            scene.show_signals({head: _LAMPS[state] for head, state in burning if state in _LAMPS})

    def _name_signals(self, scene: Scene) -> _Signals:
        """Have heads and plates be the actors of their signals; a map may have signs of one name."""
        world = self._world
        actors: dict[tuple[str, str], list[int]] = {}
        for actor in world.actors.values():
            if actor.signal:
                actors.setdefault((actor.signal, actor.blueprint.kind), []).append(actor.id)
        numbers = {}
        for placed in world.place.street.placed:
            if placed.signal:
                own = actors[placed.signal, "light" if placed.shape.key == HEAD else "sign"]
                numbers[placed.thing] = own.pop(0) if len(own) > 1 else own[0]
        scene.name_actors(numbers)
        lights = {number: world.lights.by_actor.get(actor) for number, actor in numbers.items()}
        return _Signals(world.lights, {number: light for number, light in lights.items() if light})

    def _recast(self, scene: Scene) -> None:
        """Add and remove what came and went."""
        visible = {actor.id: actor for actor in self._world.actors.values() if actor.blueprint.is_body}
        for gone in self._shown:
            if gone not in visible:
                scene.remove(gone)
        for actor_id, actor in visible.items():
            if actor_id not in self._shown:
                scene.add(actor_id, _look(actor.blueprint, actor.values.get("color")))
        self._shown = tuple(visible)
        self._rows = {actor.row: actor.id for actor in visible.values()}
        self._poses = [[] for _ in self._world.actors]
        self._views = {key: view for key, view in self._views.items() if key in self._world.actors}
        self._special.forget(self._world.actors)
        self._postures.forget(visible)
        self._revision = self._world.revision


def model(blueprints: Iterable[str]) -> None:
    """Build the shapes of these blueprints, before cameras see them; this process keeps them."""
    scene = Scene((), ())
    for row, name in enumerate(blueprints, start=1):
        scene.add(row, _look(library()[name], None))


def _look(blueprint: Blueprint, paint: str | None) -> Look:
    length, width, height = blueprint.size
    if blueprint.kind == "vehicle":
        red, green, blue, *_ = colour(paint or "120,120,120")
        shade = (red, green, blue)
    elif blueprint.kind == "walker":
        shade = _CLOTHES[blueprint.uid % len(_CLOTHES)]
    else:
        shade = _PROP_COLOUR
    base_type = blueprint.sort if blueprint.kind == "vehicle" else ""
    return Look(blueprint.kind, blueprint.id, base_type, length, width, height, shade, blueprint.tag)


def _pixels(blueprint: str, frame: Frame) -> NDArray[np.uint8]:
    if blueprint in (RGB, EVENTS):
        return frame.bgra
    if blueprint == "sensor.camera.depth":
        return depth_pixels(frame.depth)
    if blueprint == "sensor.camera.semantic_segmentation":
        return class_pixels(frame.tag)
    return instance_pixels(frame.tag, frame.instance)
