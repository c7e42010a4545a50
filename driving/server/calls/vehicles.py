"""Vehicles: pedals and steering, physics control, lights."""

from __future__ import annotations

from typing import Any

from driving.server.calls.desk import Calls, Desk, accepted
from driving.server.structs import physics_control, read_vehicle_control
from driving.server.wire import VOID, value


def _drive(desk: Desk, actor_id: int, control: Any) -> Any:
    desk.world.drive(actor_id, read_vehicle_control(control))
    return VOID


def _physics(desk: Desk, actor_id: int) -> Any:
    return value(physics_control(desk.world.actor(actor_id)))


def _set_physics(desk: Desk, actor_id: int, content: list[Any]) -> Any:
    desk.world.actor(actor_id).physics = content  # shown again, but the motion tables are not changed by it
    return VOID


def _lights(desk: Desk, actor_id: int) -> Any:
    return value([desk.world.actor(actor_id).lights])


def _set_lights(desk: Desk, actor_id: int, content: Any) -> Any:
    desk.world.set_lights(actor_id, int(content[0]))
    return VOID


def _all_lights(desk: Desk) -> Any:
    return value([[actor.id, actor.lights] for actor in desk.world.of_kind("vehicle")])


def _wheel_angle(desk: Desk, actor_id: int, _wheel: int) -> Any:
    return value(float(desk.world.body(actor_id)["wheel"]) * 70.0)


CALLS: Calls = {
    "apply_control_to_vehicle": _drive,
    "get_physics_control": _physics,
    "apply_physics_control": _set_physics,
    "get_vehicle_light_state": _lights,
    "set_vehicle_light_state": _set_lights,
    "get_vehicle_light_states": _all_lights,
    "get_wheel_steer_angle": _wheel_angle,
    "set_actor_autopilot": accepted,  # the client's TrafficManager does the driving
}
