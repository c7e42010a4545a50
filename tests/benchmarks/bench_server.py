"""How much of a CPU the embedded server needs for one tick, asked by the official client."""

from __future__ import annotations

import queue
import subprocess
import sys
from typing import Any

import psutil

from tests.benchmarks.processors import spent

TICKS = 600


def run() -> list[dict[str, Any]]:
    """Measure a small world (car, child, van) without and with a 96x48 camera."""
    command = [sys.executable, "-m", "driving.cli", "serve", "--port", "0", "--exit-with-stdin"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None:
            raise RuntimeError("the server has no output")
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        return _measure(port, process.pid)
    finally:
        process.communicate(timeout=10)


def _measure(port: int, pid: int) -> list[dict[str, Any]]:
    import carla

    client = carla.Client("127.0.0.1", port)
    client.set_timeout(20.0)
    world = client.get_world()
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.05
    world.apply_settings(settings)
    car = _populate(carla, world)
    plain = _cpu_seconds(pid, lambda: world.tick()) / TICKS
    images: queue.Queue[Any] = queue.Queue()
    tick = _with_camera(carla, world, car, images)
    seen = _cpu_seconds(pid, tick) / TICKS
    tick.camera.destroy()
    return [
        {"name": "ticks of a small world", "value": 1 / plain, "unit": "/CPU s"},
        {"name": "ticks with a 96x48 camera", "value": 1 / seen, "unit": "/CPU s", "target": 667},
    ]


def _populate(carla: Any, world: Any) -> Any:
    library = world.get_blueprint_library()

    def put(name: str, x: float, y: float, z: float) -> Any:
        return world.spawn_actor(library.find(name), carla.Transform(carla.Location(x, y, z)))

    put("vehicle.mercedes.sprinter", 60.0, 4.9, 0.3)
    put("walker.pedestrian.0011", 66.0, 4.0, 1.0)
    return put("vehicle.lincoln.mkz_2017", 20.0, 1.75, 0.3)


def _with_camera(carla: Any, world: Any, car: Any, images: queue.Queue[Any]) -> Any:
    blueprint = world.get_blueprint_library().find("sensor.camera.rgb")
    for name, value in (("image_size_x", "96"), ("image_size_y", "48"), ("fov", "80")):
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
    before = spent(server)
    for _ in range(TICKS):
        tick()
    return spent(server) - before


if __name__ == "__main__":
    for row in run():
        print(row)
