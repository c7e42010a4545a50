"""What a tick of the embedded server costs, asked by the official client.

Of its own processor time; and on the clock beside two bare calls of the same client, for an idle machine.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

import psutil

from a2d.processors import own_cpu_seconds
from tests.embedded_servers import serving

TICKS = 600
REPEATS = 5  # the quickest counts: what disturbs a measurement only ever slows it
CROWDS = (42, 200)  # actors
ROW_LENGTH, SPACING = 25, 8.0  # cars in a row beside the road, and m between them and between rows


def run() -> list[dict[str, Any]]:
    """Measure a small world (car, child, van) without and with cameras, and crowds of parked cars."""
    started = time.perf_counter()
    with serving() as (port, process):
        return _measure(port, process.pid, started)


def _measure(port: int, pid: int, started: float) -> list[dict[str, Any]]:
    import carla

    client = carla.Client("127.0.0.1", port)
    client.set_timeout(20.0)
    client.get_server_version()
    start = time.perf_counter() - started
    world = client.get_world()
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.05
    world.apply_settings(settings)
    car = _populate(carla, world)
    plain = _cpu_seconds(pid, lambda: world.tick()) / TICKS
    bare, small = _quickest(client.get_server_version), _quickest(world.tick)
    tick = _with_camera(carla, world, car, 96, 48)
    seen = _cpu_seconds(pid, tick) / TICKS
    tick.camera.destroy()
    square = _with_camera(carla, world, car, 96, 96)
    square_tick = _quickest(square)
    square.camera.destroy()
    crowds = [_quickest(world.tick) for count in CROWDS if _fill(carla, world, count)]
    return [
        {
            "name": "start to the first answered call, warm (less is better)",
            "value": start,
            "unit": "s",
            "target": 1.5,
        },
        {"name": "ticks of a small world", "value": 1 / plain, "unit": "/CPU s"},
        {"name": "ticks with a 96x48 camera", "value": 1 / seen, "unit": "/CPU s", "target": 667},
        {
            "name": "its tick / two bare calls (less is better)",
            "value": small / (2 * bare),
            "unit": "",
            "target": 1.3,
        },
        {"name": "ticks with a 96x96 camera", "value": 1 / square_tick, "unit": "/s", "target": 1000},
        {
            "name": "42 actors / the small world (less is better)",
            "value": crowds[0] / small,
            "unit": "",
            "target": 2.0,
        },
        {"name": "ticks with 200 actors", "value": 1 / crowds[1], "unit": "/s", "target": 300},
    ]


def _quickest(call: Callable[[], Any]) -> float:
    """Seconds that a call takes by the clock."""
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        for _ in range(TICKS // REPEATS):
            call()
        seconds.append((time.perf_counter() - started) / (TICKS // REPEATS))
    return min(seconds)


def _fill(carla: Any, world: Any, count: int) -> bool:
    """Park cars until there are so many actors."""
    blueprint = world.get_blueprint_library().find("vehicle.tesla.model3")
    world.tick()
    for number in range(len(world.get_actors()), count):
        row, column = divmod(number, ROW_LENGTH)
        place = carla.Location(100.0 + SPACING * column, 100.0 + SPACING * row, 0.3)
        world.spawn_actor(blueprint, carla.Transform(place))
    for _ in range(40):  # until they stand
        world.tick()
    return len(world.get_actors()) >= count


def _populate(carla: Any, world: Any) -> Any:
    library = world.get_blueprint_library()

    def put(name: str, x: float, y: float, z: float) -> Any:
        return world.spawn_actor(library.find(name), carla.Transform(carla.Location(x, y, z)))

    put("vehicle.mercedes.sprinter", 60.0, 4.9, 0.3)
    put("walker.pedestrian.0011", 66.0, 4.0, 1.0)
    return put("vehicle.lincoln.mkz_2017", 20.0, 1.75, 0.3)


def _with_camera(carla: Any, world: Any, car: Any, width: int, height: int) -> Any:
    images: queue.Queue[Any] = queue.Queue()
    blueprint = world.get_blueprint_library().find("sensor.camera.rgb")
    for name, value in (("image_size_x", str(width)), ("image_size_y", str(height)), ("fov", "80")):
        blueprint.set_attribute(name, value)
    camera = world.spawn_actor(blueprint, carla.Transform(carla.Location(1.2, 0.0, 1.45)), attach_to=car)
    camera.listen(images.put)
    car.apply_control(carla.VehicleControl(throttle=0.3))

    def tick() -> None:
        world.tick()
        images.get(timeout=20.0)

    tick.camera = camera  # type: ignore[attr-defined]  # a camera nobody holds stops
    tick()
    return tick


def _cpu_seconds(pid: int, tick: Any) -> float:
    server = psutil.Process(pid)
    before = own_cpu_seconds(server)
    for _ in range(TICKS):
        tick()
    return own_cpu_seconds(server) - before


if __name__ == "__main__":
    for row in run():
        print(row)
