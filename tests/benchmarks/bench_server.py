"""What a tick of the embedded server costs, asked by the official client: CPU, and time beside bare calls.

Times are those of the quickest of many small chunks, so that other work on the machine matters little.
"""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

TICKS = 600
CHUNK, CHUNKS = 20, 60
CROWDS = (42, 200)  # actors


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
        *_ratios(carla, client, world),
        {"name": "ticks of a small world", "value": 1 / plain, "unit": "/CPU s"},
        {"name": "ticks with a 96x48 camera", "value": 1 / seen, "unit": "/CPU s", "target": 667},
    ]


def _ratios(carla: Any, client: Any, world: Any) -> list[dict[str, Any]]:
    """Times of ticks beside the floor in the same run."""
    call, tick = _quickest(client.get_server_version), _quickest(world.tick)
    rows = [
        {"name": "TCP there and back", "value": 1 / _ping_pong(), "unit": "/s"},
        {"name": "bare calls", "value": 1 / call, "unit": "/s"},
        {
            "name": "small tick / two bare calls (less is better)",
            "value": tick / call / 2,
            "unit": "x",
            "target": 1.3,
        },
    ]
    for crowd in CROWDS:
        _crowd(carla, world, crowd)
        time_of = _quickest(world.tick)
        rows.append({"name": f"ticks with {crowd} actors", "value": 1 / time_of, "unit": "/s"})
        rows.append(
            {"name": f"{crowd} actors / small world (less is better)", "value": time_of / tick, "unit": "x"}
        )
    rows[4]["target"], rows[5]["target"] = 2, 300
    return rows


def _quickest(action: Callable[[], Any]) -> float:
    """Seconds of one action in the quickest of many chunks."""
    best = float("inf")
    for _ in range(CHUNKS):
        start = time.perf_counter()
        for _ in range(CHUNK):
            action()
        best = min(best, time.perf_counter() - start)
    return best / CHUNK


def _ping_pong() -> float:
    """Seconds that a few bytes take there and back between two threads over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
    for sock in (near, far):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def echo() -> None:
        while data := far.recv(64):
            far.sendall(data)

    threading.Thread(target=echo, daemon=True).start()

    def once() -> None:
        near.sendall(b"ping")
        near.recv(64)

    try:
        return _quickest(once)
    finally:
        near.close()


def _crowd(carla: Any, world: Any, count: int) -> None:
    """Fill the world up to `count` actors with cars and walkers that move."""
    library = world.get_blueprint_library()
    car, walker = library.find("vehicle.audi.a2"), library.find("walker.pedestrian.0001")
    for number in range(len(world.get_actors()), count):
        place = carla.Location(float(10 + 6 * (number // 4)), (-4.9, -1.75, 1.75, 4.9)[number % 4] * 3.0, 1.0)
        actor = world.try_spawn_actor(walker if number % 4 == 0 else car, carla.Transform(place))
        if actor is None:
            raise RuntimeError(f"no room for actor {number}")
        if number % 4 == 0:
            actor.apply_control(carla.WalkerControl(carla.Vector3D(1.0, 0.0, 0.0), 1.4))
        else:
            actor.apply_control(carla.VehicleControl(throttle=0.3))
    world.tick()


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
    before = _spent(pid)
    for _ in range(TICKS):
        tick()
    return _spent(pid) - before


def _spent(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    for row in run():
        print(row)
