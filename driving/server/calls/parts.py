"""Parts of vehicles that clients move by hand: doors, and wheels while physics does not turn them."""

from __future__ import annotations

from typing import Any

from driving.server import commands
from driving.server.actor import Turn
from driving.server.calls.desk import Calls, Desk
from driving.server.errors import WireError
from driving.server.wire import VOID, numbers, value

DOORS, ALL_DOORS = frozenset(range(6)), 6  # VehicleDoor: four, hood and trunk
WHEELS, FRONT = range(4), range(2)  # VehicleWheelLocation
STRAIGHT: Turn = (0.0, 0.0)


def _door(desk: Desk, actor_id: int, door: Any, *, opened: bool) -> Any:
    actor = desk.world.expect(actor_id, "vehicle")
    if door not in (*DOORS, ALL_DOORS):
        raise WireError(f"a door is 0 to {ALL_DOORS}, got {repr(door)[:80]}")
    meant = DOORS if door == ALL_DOORS else frozenset({int(door)})
    actor.doors = actor.doors | meant if opened else actor.doors - meant
    desk.world.touch(actor_id)
    return VOID


def _open(desk: Desk, actor_id: int, door: Any) -> Any:
    return _door(desk, actor_id, door, opened=True)


def _close(desk: Desk, actor_id: int, door: Any) -> Any:
    return _door(desk, actor_id, door, opened=False)


def _turn(desk: Desk, actor_id: int, wheel: Any) -> Turn:
    """How a wheel is turned: by hand, or by the steering."""
    actor, body = desk.world.expect(actor_id, "vehicle"), desk.world.body(actor_id)
    if wheel not in WHEELS:
        raise WireError(f"a wheel is 0 to 3, got {repr(wheel)[:80]}")
    if not body["simulated"] and wheel in actor.wheels:
        return actor.wheels[wheel]
    steered = float(body["wheel"]) * commands.physics_of(desk.world, actor_id).steer_angle
    return (steered if wheel in FRONT else 0.0), actor.wheels.get(wheel, STRAIGHT)[1]


def _steer(desk: Desk, actor_id: int, wheel: Any, degrees: Any) -> Any:
    _, pitch = _turn(desk, actor_id, wheel)
    actor = desk.world.expect(actor_id, "vehicle")
    actor.wheels = {**actor.wheels, wheel: (numbers([degrees], 1)[0], pitch)}
    return VOID


def _pitch(desk: Desk, actor_id: int, wheel: Any, degrees: Any) -> Any:
    steer, _ = _turn(desk, actor_id, wheel)
    actor = desk.world.expect(actor_id, "vehicle")
    actor.wheels = {**actor.wheels, wheel: (steer, numbers([degrees], 1)[0])}
    return VOID


CALLS: Calls = {
    "open_vehicle_door": _open,
    "close_vehicle_door": _close,
    "get_wheel_steer_angle": lambda desk, actor_id, wheel: value(_turn(desk, actor_id, wheel)[0]),
    "get_wheel_pitch_angle": lambda desk, actor_id, wheel: value(_turn(desk, actor_id, wheel)[1]),
    "set_wheel_steer_direction": _steer,
    "set_wheel_pitch_angle": _pitch,
}
