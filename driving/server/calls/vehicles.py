"""Vehicles: pedals and steering, Ackermann control, physics control, telemetry, lights."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any

from driving.server import commands
from driving.server.calls.desk import Calls, Desk, accepted
from driving.server.frames import matrix, pose_at
from driving.server.physics_control import Wheel
from driving.server.structs import (
    physics_control,
    read_gains,
    read_goal,
    read_physics_control,
    read_vehicle_control,
)
from driving.server.telemetry import telemetry
from driving.server.vehicle_control import gear_by_hand
from driving.server.wire import VOID, value

CENTIMETRES = 100.0  # in a metre


def _drive(desk: Desk, actor_id: int, control: Any) -> Any:
    commands.drive(desk.world, actor_id, read_vehicle_control(control))
    return VOID


def _drive_ackermann(desk: Desk, actor_id: int, goal: Any) -> Any:
    commands.drive_ackermann(desk.world, actor_id, read_goal(goal))
    return VOID


def _gains(desk: Desk, actor_id: int) -> Any:
    return value(list(astuple(desk.world.actor(actor_id).gains)))


def _set_gains(desk: Desk, actor_id: int, gains: Any) -> Any:
    desk.world.actor(actor_id).gains = read_gains(gains)
    return VOID


def _physics(desk: Desk, actor_id: int) -> Any:
    """As CARLA tells it, with wheels where they are in the world."""
    control = commands.physics_of(desk.world, actor_id)
    frame = matrix(pose_at(desk.world.body(actor_id)))

    def moved(wheel: Wheel) -> Wheel:
        x, y, z = (CENTIMETRES * (frame[:3, :3] @ wheel.place / CENTIMETRES + frame[:3, 3])).tolist()
        return replace(wheel, place=(x, y, z))

    return value(physics_control(replace(control, wheels=tuple(map(moved, control.wheels)))))


def _set_physics(desk: Desk, actor_id: int, content: list[Any]) -> Any:
    commands.set_physics(desk.world, actor_id, read_physics_control(content))
    return VOID


def _telemetry(desk: Desk, actor_id: int) -> Any:
    control = commands.physics_of(desk.world, actor_id)
    gear = gear_by_hand(desk.world.actor(actor_id))
    return value(telemetry(desk.world.body(actor_id), control, gear=gear))


def _lights(desk: Desk, actor_id: int) -> Any:
    return value([desk.world.actor(actor_id).lights])


def _set_lights(desk: Desk, actor_id: int, content: Any) -> Any:
    commands.set_lights(desk.world, actor_id, int(content[0]))
    return VOID


def _all_lights(desk: Desk) -> Any:
    return value([[actor.id, actor.lights] for actor in desk.world.of_kind("vehicle")])


CALLS: Calls = {
    "apply_control_to_vehicle": _drive,
    "apply_ackermann_control_to_vehicle": _drive_ackermann,
    "get_ackermann_controller_settings": _gains,
    "apply_ackermann_controller_settings": _set_gains,
    "get_physics_control": _physics,
    "apply_physics_control": _set_physics,
    "get_telemetry_data": _telemetry,
    "get_vehicle_light_state": _lights,
    "set_vehicle_light_state": _set_lights,
    "get_vehicle_light_states": _all_lights,
    "show_vehicle_debug_telemetry": accepted,  # a window of the real server's
    "restore_physx_physics": accepted,  # there is no other physics here to come back from
    "set_actor_autopilot": accepted,  # the client's TrafficManager does the driving
}
