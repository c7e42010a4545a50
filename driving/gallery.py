"""Twelve pictures of what a server shows, on one sheet: weather, everybody who can be there, sensors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from driving.endpoint import Endpoint, connect
from driving.errors import DrivingError
from driving.gallery_scenes import CLEAR, SCENES, Scene, Thing
from sensors.camera import Camera, CameraSpec

COLUMNS, CAPTION = 3, 26  # pictures in a row; px of height of the line below each
TIMEOUT = 120.0  # s for a call: loading a town takes its time
STRAIGHT = 70.0  # m of straight road that a scene needs
NAMED = 16.0  # m from the camera up to which debug shapes have names
STEP = 0.05  # s
MOMENT = 0.35  # s that a scene stands before its picture, for lamps to blink and rain to fall
PALETTE = {
    1: (128, 64, 128), 2: (244, 35, 232), 3: (70, 70, 70), 6: (153, 153, 153), 7: (250, 170, 30),
    8: (220, 220, 0), 9: (107, 142, 35), 10: (152, 251, 152), 11: (70, 130, 180), 12: (220, 20, 60),
    13: (255, 0, 0), 14: (0, 0, 142), 15: (0, 0, 70), 16: (0, 60, 100), 18: (0, 0, 230), 19: (119, 11, 32),
    24: (157, 234, 50), 25: (81, 0, 81),
}  # fmt: skip

Picture = NDArray[np.uint8]  # (H, W, 3) RGB


def sheet(endpoint: Endpoint, *, width: int, height: int, xodr: str = "") -> Iterator[tuple[Scene, Picture]]:
    """Take the pictures of `SCENES`, each of width x height px, and leave the server as it was.

    Args:
        endpoint: The server.
        width: Of each picture, px.
        height: Of each picture, px.
        xodr: An OpenDRIVE document to stand on; "": the map that the server shows.

    Raises:
        DrivingError: There is no straight road to stand on, or the server is not there.
    """
    client = connect(endpoint, timeout=TIMEOUT)
    world = client.get_world()
    shown = world.get_map().name
    if xodr:
        world = client.generate_opendrive_world(xodr)
    before, weather = world.get_settings(), world.get_weather()
    try:
        road = _Road(client, world)
        settings = world.get_settings()
        settings.synchronous_mode, settings.fixed_delta_seconds = True, STEP
        world.apply_settings(settings)
        for scene in SCENES:
            yield scene, road.photograph(scene, width, height)
    finally:
        world.set_weather(weather)
        world.apply_settings(before)
        if xodr:
            client.load_world(shown)


def arranged(pictures: Sequence[tuple[str, Picture]]) -> Picture:
    """Pictures of one size in rows of `COLUMNS`, each with its caption below."""
    tiles = [_captioned(caption, picture) for caption, picture in pictures]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    return np.vstack(rows)


def quartered(four: Sequence[Picture], width: int, height: int) -> Picture:
    """Four pictures of half the size in one of width x height px; what an odd size leaves over is black."""
    whole = np.zeros((height, width, 3), np.uint8)
    whole[: height // 2 * 2, : width // 2 * 2] = np.vstack([np.hstack(four[:2]), np.hstack(four[2:])])
    return whole


class _Road:
    """A straight piece of lane on some server's map."""

    def __init__(self, client: Any, world: Any) -> None:
        import carla  # `connect` has said what to do where it is missing

        self._carla, self._client, self._world = carla, client, world
        self._base = self._straight_lane(world.get_map())

    def photograph(self, scene: Scene, width: int, height: int) -> Picture:
        """Set a scene, wait a moment, take its picture and clear everything away."""
        shown: list[Any] = []
        self._world.set_weather(self._carla.WeatherParameters(**{**CLEAR, **scene.weather}))
        try:
            for thing in scene.things:
                actor = self._place(replace(thing, walks=thing.walks and not scene.drawn))
                if actor is not None:
                    shown.append(actor)
            if scene.drawn:
                self._draw(shown)
            return self._take(scene, width, height, shown)
        finally:
            for actor in shown:
                actor.destroy()

    def _straight_lane(self, road_map: Any) -> Any:
        """The first spawn point with enough straight road ahead."""
        for pose in road_map.get_spawn_points():
            start = road_map.get_waypoint(pose.location)
            lane = start.transform
            ahead, right = lane.get_forward_vector(), lane.get_right_vector()
            for reach in (10.0, 25.0, 40.0, STRAIGHT):
                following = start.next(reach)
                if not following:
                    break
                way = following[0].transform.location - lane.location
                if abs(way.dot(right)) > 0.4 or abs(way.dot(ahead) - reach) > 1.0:
                    break
            else:
                return lane
        raise DrivingError(f"this map has no {STRAIGHT:.0f} m of straight road before a spawn point")

    def _at(self, along: float, across: float, up: float, turn: float = 0.0, pitch: float = 0.0) -> Any:
        base = self._base
        place = (
            base.location
            + base.get_forward_vector() * along
            + base.get_right_vector() * across
            + self._carla.Location(z=up)
        )
        return self._carla.Transform(
            place, self._carla.Rotation(pitch=pitch, yaw=base.rotation.yaw + turn, roll=0.0)
        )

    def _place(self, thing: Thing) -> Any:
        library = self._world.get_blueprint_library()
        blueprint = library.find(thing.blueprint)
        if thing.colour and blueprint.has_attribute("color"):
            blueprint.set_attribute("color", thing.colour)
        walker = thing.blueprint.startswith("walker")
        actor = self._world.try_spawn_actor(blueprint, self._at(thing.along, thing.across, 1.2, thing.turn))
        if actor is None:
            return None
        if walker and thing.walks:
            pose = self._at(thing.along, thing.across, 0.0, thing.turn)
            actor.apply_control(self._carla.WalkerControl(pose.get_forward_vector(), 1.4))
            return actor
        half = actor.bounding_box.extent.z
        actor.set_simulate_physics(False)
        kerb = 0.12 if abs(thing.across) > 4.5 else 0.0
        actor.set_transform(self._at(thing.along, thing.across, kerb + (half if walker else 0.0), thing.turn))
        if thing.lights:
            actor.set_light_state(self._carla.VehicleLightState(thing.lights))
        return actor

    def _draw(self, shown: Sequence[Any]) -> None:
        """A box around everybody, their names, the lane ahead, an arrow and points."""
        carla, debug = self._carla, self._world.debug
        self._world.tick()
        for number, actor in enumerate(shown):
            box, pose = actor.bounding_box, actor.get_transform()
            centre = pose.transform(box.location)
            colour = (carla.Color(255, 40, 40), carla.Color(40, 220, 90), carla.Color(60, 140, 255))[
                number % 3
            ]
            debug.draw_box(carla.BoundingBox(centre, box.extent), pose.rotation, 0.04, colour, 60.0)
            if pose.location.distance(self._base.location) > NAMED:
                continue
            debug.draw_string(
                centre + carla.Location(z=box.extent.z + 0.3),
                actor.type_id.rpartition(".")[2],
                True,
                colour,
                60.0,
            )
        lane = [self._at(along, 0.0, 0.1).location for along in range(4, 60, 4)]
        for start, end in pairwise(lane):
            debug.draw_line(start, end, 0.06, carla.Color(255, 210, 40), 60.0)
            debug.draw_point(end, 0.08, carla.Color(255, 120, 20), 60.0)
        debug.draw_arrow(
            self._at(9.0, -1.2, 0.15).location, self._at(15.0, -1.2, 0.15).location, 0.08, 0.5,
            carla.Color(40, 220, 255), 60.0,
        )  # fmt: skip

    def _take(self, scene: Scene, width: int, height: int, shown: Sequence[Any]) -> Picture:
        split = 2 if len(scene.kinds) > 1 else 1
        pose = self._at(*scene.eye, scene.look[1], scene.look[0])
        with contextlib.ExitStack() as stack:
            cameras = []
            for kind in scene.kinds:
                spec = CameraSpec(
                    name=kind,
                    width=width // split,
                    height=height // split,
                    fov=80.0,
                    forward=0.0,
                    up=scene.eye[2],
                )
                blueprint = self._world.get_blueprint_library().find(f"sensor.camera.{kind}")
                blueprint.set_attribute("image_size_x", str(spec.width))
                blueprint.set_attribute("image_size_y", str(spec.height))
                blueprint.set_attribute("fov", str(spec.fov))
                actor = self._world.spawn_actor(blueprint, pose)
                stack.callback(actor.destroy)
                cameras.append((kind, Camera(actor, spec)))
                stack.callback(cameras[-1][1].stop)
            frame = 0
            for _ in range(round(MOMENT / STEP)):
                frame = self._world.tick()
            seen = [_shown(kind, camera.frame(frame, timeout=60.0)) for kind, camera in cameras]
        return seen[0] if split == 1 else quartered(seen, width, height)


def _shown(kind: str, pixels: Picture) -> Picture:
    """A sensor's raw picture as one that people can read."""
    if kind == "semantic_segmentation":
        table = np.zeros((256, 3), np.uint8)
        for tag, colour in PALETTE.items():
            table[tag] = colour
        return table[pixels[..., 0]]
    if kind == "instance_segmentation":
        code = pixels[..., 1].astype(np.int64) + 256 * pixels[..., 2].astype(np.int64)
        hues = np.stack([code * 67 % 180, np.where(code, 200, 0), np.where(code, 255, 90)], axis=-1)
        return np.asarray(cv2.cvtColor(hues.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)
    if kind == "depth":
        red, green, blue = (pixels[..., channel].astype(float) for channel in range(3))
        metres = 1000.0 * (red + 256.0 * green + 65536.0 * blue) / (256.0**3 - 1.0)
        grey = 255.0 * (1.0 - np.log1p(np.minimum(metres, 150.0)) / np.log1p(150.0))
        return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)
    return pixels


def _captioned(caption: str, picture: Picture) -> Picture:
    strip = np.full((CAPTION, picture.shape[1], 3), 22, np.uint8)
    cv2.putText(strip, caption, (10, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (235, 238, 242), 1, cv2.LINE_AA)
    framed = np.vstack([picture, strip])
    framed[:, -2:] = 22
    return framed
