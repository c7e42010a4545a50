"""Motion of any actor: placing, velocities, blows, and which laws it obeys."""

from __future__ import annotations

from typing import Any

from driving.server.calls.desk import Calls, Desk
from driving.server.wire import VOID, read_pose, read_vector


def _hold_velocity(desk: Desk, actor_id: int, velocity: Any) -> Any:
    desk.world.hold_velocity(actor_id, read_vector(velocity))
    return VOID


def _release_velocity(desk: Desk, actor_id: int) -> Any:
    desk.world.hold_velocity(actor_id, None)
    return VOID


def _set_location(desk: Desk, actor_id: int, location: Any) -> Any:
    desk.world.teleport(actor_id, read_vector(location))
    return VOID


def _set_transform(desk: Desk, actor_id: int, pose: Any) -> Any:
    desk.world.teleport(actor_id, *read_pose(pose))
    return VOID


def _set_velocity(desk: Desk, actor_id: int, velocity: Any) -> Any:
    desk.world.set_velocity(actor_id, read_vector(velocity))
    return VOID


def _set_spin(desk: Desk, actor_id: int, rates: Any) -> Any:
    desk.world.set_spin(actor_id, read_vector(rates)[2])
    return VOID


def _push(desk: Desk, actor_id: int, impulse: Any) -> Any:
    desk.world.push(actor_id, read_vector(impulse))
    return VOID


def _force(desk: Desk, actor_id: int, force: Any) -> Any:
    x, y, z = (part * desk.world.delta for part in read_vector(force))
    desk.world.push(actor_id, (x, y, z))
    return VOID


def _set_simulated(desk: Desk, actor_id: int, on: bool) -> Any:
    desk.world.set_simulated(actor_id, on=on)
    return VOID


def _set_collides(desk: Desk, actor_id: int, on: bool) -> Any:
    desk.world.set_collides(actor_id, on=on)
    return VOID


def _set_falls(desk: Desk, actor_id: int, on: bool) -> Any:
    desk.world.set_falls(actor_id, on=on)
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
    "set_actor_simulate_physics": _set_simulated,
    "set_actor_collisions": _set_collides,
    "set_actor_enable_gravity": _set_falls,
}
