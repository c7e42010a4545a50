"""A tick and a camera's frame on a server, timed and looked at; the server is left as it was found."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from driving.endpoint import Endpoint, connect
from driving.errors import DrivingError, ServerFailed
from driving.session import ROLE
from sensors.camera import Camera, CameraSpec

TICKS = 30
WARMING = 5  # ticks that do not count
PATIENCE = 10.0  # s that a picture may take
SPEC = CameraSpec(width=96, height=48, fov=80.0, forward=0.0, up=2.0, name="doctor")


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a server is; medians. And what its camera gives."""

    tick: float  # s, of a tick
    frame: float  # s, from the tick's start until its picture is an array
    brightness: float  # of the last picture, its mean; 0 black, 1 white


def timed(endpoint: Endpoint, *, ticks: int = TICKS) -> Pace:
    """Put a small camera into the world as it is, tick, and take it away again.

    Raises:
        DrivingError: The server is absent, of another version, or does not do it.
    """
    client = connect(endpoint)
    try:
        world = client.get_world()
        found = world.get_settings()
        settings = world.get_settings()
        settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.1
        world.apply_settings(settings)
        try:
            return _measured(world, ticks)
        finally:
            world.apply_settings(found)
    except DrivingError:
        raise
    except RuntimeError as error:  # the client's, or a sensor that stays silent
        raise ServerFailed(f"{endpoint} answers but cannot be driven: {error}") from error


def _measured(world: Any, ticks: int) -> Pace:
    import carla

    blueprint = world.get_blueprint_library().find("sensor.camera.rgb")
    attributes = {"image_size_x": SPEC.width, "image_size_y": SPEC.height, "role_name": ROLE, **SPEC.exposed}
    for name, value in attributes.items():
        if blueprint.has_attribute(name):
            blueprint.set_attribute(name, str(value))
    actor = world.spawn_actor(blueprint, carla.Transform(carla.Location(z=SPEC.up)))
    camera = Camera(actor, SPEC)
    try:
        world.tick()  # a server may lose the picture of the first one
        times = [_one(world, camera) for _ in range(WARMING + ticks)][WARMING:]
        picture = camera.frame(world.tick(), timeout=PATIENCE)
    finally:
        camera.stop()
        actor.destroy()
    waits, frames = zip(*times, strict=True)
    return Pace(median(waits), median(frames), float(picture.mean()) / 255)


def _one(world: Any, camera: Camera) -> tuple[float, float]:
    started = time.perf_counter()
    frame = world.tick()
    ticked = time.perf_counter() - started
    camera.frame(frame, timeout=PATIENCE)
    return ticked, time.perf_counter() - started
