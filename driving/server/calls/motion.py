"""Motion of any actor: placing, velocities, blows, and which laws it obeys."""

from __future__ import annotations

from typing import Any

from driving.server import handling
from driving.server.calls.desk import Calls, Desk
from driving.server.structs import read_turn
from driving.server.wire import VOID, read_pose, read_vector


def _hold_velocity(desk: Desk, actor_id: int, velocity: Any) -> Any:
    handling.hold_velocity(desk.world, actor_id, read_vector(velocity))
    return VOID


def _release_velocity(desk: Desk, actor_id: int) -> Any:
    handling.hold_velocity(desk.world, actor_id, None)
    return VOID


def _set_location(desk: Desk, actor_id: int, location: Any) -> Any:
    handling.teleport(desk.world, actor_id, read_vector(location))
    return VOID


def _set_transform(desk: Desk, actor_id: int, pose: Any) -> Any:
    handling.teleport(desk.world, actor_id, *read_pose(pose))
    return VOID


def _set_velocity(desk: Desk, actor_id: int, velocity: Any) -> Any:
    handling.set_velocity(desk.world, actor_id, read_vector(velocity))
    return VOID


def _set_spin(desk: Desk, actor_id: int, rates: Any) -> Any:
    handling.set_spin(desk.world, actor_id, read_vector(rates)[2])
    return VOID


def _push(desk: Desk, actor_id: int, impulse: Any, place: Any = None) -> Any:
    handling.push(desk.world, actor_id, read_vector(impulse), None if place is None else read_vector(place))
    return VOID


def _force(desk: Desk, actor_id: int, force: Any, place: Any = None) -> Any:
    handling.press_on(desk.world, actor_id, read_vector(force), None if place is None else read_vector(place))
    return VOID


def _twist(desk: Desk, actor_id: int, turn: Any) -> Any:
    handling.twist(desk.world, actor_id, read_turn(turn))
    return VOID


def _torque(desk: Desk, actor_id: int, torque: Any) -> Any:
    handling.twist(desk.world, actor_id, read_turn(torque) * desk.world.next_delta)
    return VOID


def _set_simulated(desk: Desk, actor_id: int, on: bool) -> Any:
    handling.set_simulated(desk.world, actor_id, on=on)
    return VOID


def _set_collides(desk: Desk, actor_id: int, on: bool) -> Any:
    handling.set_collides(desk.world, actor_id, on=on)
    return VOID


def _set_falls(desk: Desk, actor_id: int, on: bool) -> Any:
    handling.set_falls(desk.world, actor_id, on=on)
    return VOID


CALLS: Calls = {
    "set_actor_location": _set_location,
    "set_actor_transform": _set_transform,
    "set_actor_target_velocity": _set_velocity,
    "set_actor_target_angular_velocity": _set_spin,
    "enable_actor_constant_velocity": _hold_velocity,
    "disable_actor_constant_velocity": _release_velocity,
    "add_actor_impulse": _push,
    "add_actor_force": _force,
    "add_actor_impulse_at_location": _push,
    "add_actor_force_at_location": _force,
    "add_actor_angular_impulse": _twist,
    "add_actor_torque": _torque,
    "set_actor_simulate_physics": _set_simulated,
    "set_actor_collisions": _set_collides,
    "set_actor_enable_gravity": _set_falls,
}
