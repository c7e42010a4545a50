"""Drive one car through throttle, brake and steering steps on a CARLA server and record every tick."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from driving.calibration.run import Run
from driving.endpoint import Endpoint, connect
from driving.errors import DrivingError, ServerFailed
from scenarios.roads import Street

ROAD = Street(length=3000.0, lane_width=20.0)
"""So wide that a car which drifts meets no kerb."""
START = (20.0, ROAD.lane_centre, 0.3)  # m
END = ROAD.length - 100.0  # m, where every drive ends
DELTA = 0.01  # s: no longer than a sub-step of either server, so that ticks are the motion's own steps
LONGEST, FLAT, FLAT_FOR = 40.0, 0.03, 2.0  # s, m/s2, s: when a drive tells nothing new
REST = 1.5  # s in which pedals and wheels come back
STOPPED = 0.05  # m/s
TURNING = 1.0  # s that the wheels are held turned
SIDEWAYS = 3.0  # m/s2 that a steering step aims at
WHEELBASE, FULL_LOCK = 2.9, 0.37  # m, rad: only to choose how far to steer
LEAST_PACE = 0.5  # m/s that a car must reach at full throttle
PATIENCE = 10.0  # s for it


@dataclass(frozen=True, slots=True)
class Step:
    """One control, held for a while."""

    throttle: float = 0.0
    brake: float = 0.0
    steer: float = 0.0
    above: float = math.inf  # km/h at which it ends
    below: float = -math.inf  # km/h at which it ends, too
    seconds: float = LONGEST
    until_flat: bool = True


Drive = tuple[Step, ...]


def drives(levels: list[float], brakes: list[float], speeds: list[float], top: float) -> list[Drive]:
    """The steps to record, one drive from rest after the other.

    Args:
        levels: Throttles between 0 and 1.
        brakes: Brakes likewise.
        speeds: Where to steer, km/h.
        top: The largest speed, km/h.
    """
    fast = Step(throttle=1.0, above=top)
    coast = Step(below=1.0, seconds=2 * LONGEST)
    found: list[Drive] = [(fast, coast)]
    for level in levels:
        if 0.0 < level < 1.0:
            found.append((Step(throttle=level, above=top),))
            found.append((fast, Step(throttle=level)))
    settle = Step(seconds=REST, until_flat=False)
    for brake in brakes:
        if brake > 0.0:
            found.append((fast, settle, Step(brake=brake, below=STOPPED * 3.6)))
    for speed in speeds:
        if speed <= top:
            steer = _steer_for(max(speed, 8.0) / 3.6)
            held = Step(steer=steer, seconds=TURNING, until_flat=False)
            found.append((Step(throttle=1.0, above=max(speed, 8.0)), held))
    return found


def record(endpoint: Endpoint, plan: list[Drive], *, blueprint: str) -> Iterator[Run]:
    """Carry the drives out; each gives its record.

    The server gets a straight road while this lasts; its map and settings are put back after it.

    Raises:
        DrivingError: The server is absent or refuses, or the car does not drive.
    """
    with _car_on_a_road(endpoint, blueprint) as (world, car):
        length = 2.0 * float(car.bounding_box.extent.x)
        for drive in plan:
            yield _record(world, car, drive, length)


@contextlib.contextmanager
def _car_on_a_road(endpoint: Endpoint, blueprint: str) -> Iterator[tuple[Any, Any]]:
    import carla

    client = connect(endpoint, timeout=60.0)
    try:
        old = client.get_world()
        name, settings = old.get_map().name.rsplit("/", 1)[-1], old.get_settings()
        parameters = carla.OpendriveGenerationParameters(
            vertex_distance=2.0,
            max_road_length=500.0,
            wall_height=0.0,
            enable_pedestrian_navigation=False,
        )
        world = client.generate_opendrive_world(ROAD.opendrive, parameters)
        try:
            yield world, _prepare(world, blueprint)
        finally:
            world.apply_settings(settings)
            if name != world.get_map().name.rsplit("/", 1)[-1]:
                client.load_world(name)
    except RuntimeError as error:
        if isinstance(error, DrivingError):
            raise
        raise ServerFailed(f"the simulator refused or stopped answering: {error}") from error


def _prepare(world: Any, blueprint: str) -> Any:
    import carla

    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, DELTA
    settings.no_rendering_mode = True
    world.apply_settings(settings)
    try:
        model = world.get_blueprint_library().find(blueprint)
    except IndexError:
        raise DrivingError(
            f"the server has no {blueprint}; name one of its vehicles with --vehicle"
        ) from None
    car = world.spawn_actor(model, carla.Transform(carla.Location(*START)))
    world.tick()
    return car


def _record(world: Any, car: Any, drive: Drive, length: float) -> Run:
    """One drive, from rest."""
    import carla

    car.set_transform(carla.Transform(carla.Location(*START)))
    car.set_target_velocity(carla.Vector3D())
    _hold(world, car, carla.VehicleControl(brake=1.0, hand_brake=True))
    _hold(world, car, carla.VehicleControl())
    rows: list[tuple[float, ...]] = []
    for step in drive:
        control = carla.VehicleControl(throttle=step.throttle, brake=step.brake, steer=step.steer)
        car.apply_control(control)
        calm, ticks = 0, 0
        while not _over(step, car, ticks, calm):
            before = _speed(car)
            world.tick()
            after, turn = _speed(car), math.radians(car.get_angular_velocity().z)
            rows.append((step.throttle, step.brake, step.steer, before, after, turn))
            ticks += 1
            calm = calm + 1 if abs(after - before) < FLAT * DELTA and ticks * DELTA > REST else 0
            if ticks * DELTA > PATIENCE and step.throttle == 1.0 and after < LEAST_PACE:
                raise DrivingError("the car does not move at full throttle: is the road free?")
    return Run(DELTA, length, *np.array(rows).T)


def _over(step: Step, car: Any, ticks: int, calm: int) -> bool:
    speed = _speed(car) * 3.6
    if ticks * DELTA >= step.seconds or speed >= step.above or car.get_location().x > END:
        return True
    return (ticks > 0 and speed < step.below) or (step.until_flat and calm * DELTA >= FLAT_FOR)


def _hold(world: Any, car: Any, control: Any) -> None:
    car.apply_control(control)
    for _ in range(round(REST / DELTA)):
        world.tick()


def _speed(car: Any) -> float:
    velocity = car.get_velocity()
    return math.hypot(velocity.x, velocity.y)


def _steer_for(speed: float) -> float:
    """The steer that should give the sideways acceleration aimed at, by a bicycle of CARLA's size."""
    return min(SIDEWAYS * WHEELBASE / speed**2 / FULL_LOCK, 1.0)
