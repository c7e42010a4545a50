"""Cars that the client's own TrafficManager drives, and how far from their lanes they come."""

from __future__ import annotations

import contextlib
import math
import random
import socket
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

DELTA = 0.05  # s
LOOK = 10  # ticks between two looks at every car
STILL = 0.05  # m in such a time


@dataclass
class Drive:
    """What came of it."""

    cars: int = 0
    gone: int = 0  # that the TrafficManager removed, because they were stuck for 90 s
    collisions: int = 0  # pairs that touched at least once
    metres: dict[int, float] = field(default_factory=lambda: defaultdict(float))  # by car
    astray: dict[int, float] = field(
        default_factory=lambda: defaultdict(float)
    )  # m from a lane's centre, most
    outside: int = 0  # looks at a car that was more than half a lane's width from it
    longest_stop: float = 0.0  # s


@contextlib.contextmanager
def traffic_manager(client: Any, *, synchronous: bool) -> Iterator[tuple[Any, int]]:
    """A TrafficManager on a free port, and the port; it ends with the block.

    One that still runs when its server ends waits for an answer, and when none comes it ends the process.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    manager = client.get_trafficmanager(port)
    manager.set_synchronous_mode(synchronous)
    try:
        yield manager, port
    finally:
        manager.set_synchronous_mode(False)  # it must not wait for ticks that never come
        manager.shut_down()


def drive(client: Any, *, cars: int, seconds: float, synchronous: bool, seed: int = 0) -> Drive:
    """Let `cars` cars drive for so many simulated seconds from random spawn points; leave no car behind."""
    import carla

    world = client.get_world()
    _set_mode(world, synchronous=synchronous)
    fleet = _fleet(world, cars, random.Random(seed))
    touched: set[tuple[int, int]] = set()
    blueprint = world.get_blueprint_library().find("sensor.other.collision")
    sensors = [world.spawn_actor(blueprint, carla.Transform(), attach_to=car) for car in fleet]
    for sensor, car in zip(sensors, fleet, strict=True):
        sensor.listen(lambda event, me=car.id: touched.add((me, event.other_actor.id)))
    with traffic_manager(client, synchronous=synchronous) as (manager, port):
        manager.set_random_device_seed(seed)
        _step(world, synchronous=synchronous)
        for car in fleet:
            car.set_autopilot(True, port)
        result = _watch(world, fleet, seconds, synchronous=synchronous)
    result.collisions = len({tuple(sorted(pair)) for pair in touched})
    _set_mode(world, synchronous=False)
    for actor in (*sensors, *fleet):
        with contextlib.suppress(RuntimeError):  # a car that the TrafficManager removed
            actor.destroy()
    return result


def _set_mode(world: Any, *, synchronous: bool) -> None:
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = synchronous, DELTA
    world.apply_settings(settings)


def _fleet(world: Any, count: int, rng: random.Random) -> list[Any]:
    library = world.get_blueprint_library().filter("vehicle.*")
    choice = [each for each in library if each.get_attribute("base_type") == "car"]
    points = world.get_map().get_spawn_points()
    rng.shuffle(points)
    tried = (world.try_spawn_actor(rng.choice(choice), point) for point in points[:count])
    return [car for car in tried if car is not None]


def _step(world: Any, *, synchronous: bool) -> None:
    if synchronous:
        world.tick()
    else:
        world.wait_for_tick()


def _watch(world: Any, fleet: list[Any], seconds: float, *, synchronous: bool) -> Drive:
    result, road_map = Drive(cars=len(fleet)), world.get_map()
    start = world.get_snapshot().timestamp.elapsed_seconds
    last: dict[int, tuple[float, float]] = {}
    stopped: dict[int, float] = defaultdict(float)
    left, ticks = list(fleet), 0
    while world.get_snapshot().timestamp.elapsed_seconds < start + seconds:
        _step(world, synchronous=synchronous)
        ticks += 1
        if ticks % LOOK:
            continue
        present = {actor.id for actor in world.get_snapshot()}
        for car in [car for car in left if car.id not in present]:
            left.remove(car)
            result.gone += 1
        for car in left:
            here = car.get_location()
            _note(result, road_map, car.id, here)
            step = math.dist((here.x, here.y), last.get(car.id, (here.x, here.y)))
            result.metres[car.id] += step
            stopped[car.id] = stopped[car.id] + LOOK * DELTA if step < STILL else 0.0
            result.longest_stop = max(result.longest_stop, stopped[car.id])
            last[car.id] = (here.x, here.y)
    return result


def _note(result: Drive, road_map: Any, car: int, here: Any) -> None:
    lane = road_map.get_waypoint(here)
    centre = lane.transform.location
    astray = math.hypot(here.x - centre.x, here.y - centre.y)
    result.astray[car] = max(result.astray[car], astray)
    result.outside += astray > lane.lane_width / 2
