"""What clients have actors do: drivers drive, walkers walk, lights go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from driving.server import vehicle_control
from driving.server.ackermann import AckermannDriver, Goal
from driving.server.actor import Actor
from driving.server.physics_control import LEAST_LOCK, PhysicsControl
from driving.server.wire import Vector

if TYPE_CHECKING:
    from driving.server.world import World

RELAXED = (0.0, 0.0, 0.0, False, False, False, 0)  # the control of a vehicle that nobody drives


def drive(world: World, actor_id: int, control: Sequence[Any]) -> None:
    """Set a vehicle's pedals and steering; they replace an Ackermann control.

    Args:
        actor_id: The vehicle.
        control: throttle, steer, brake, hand_brake, reverse, manual_gear_shift, gear.

    Raises:
        WorldError: The actor is no vehicle.
    """
    actor = world.expect(actor_id, "vehicle")
    world.ackermann.pop(actor_id, None)
    _press(world, actor, control)
    if not _sticky(actor):
        world.passing[actor_id] = True


def drive_ackermann(world: World, actor_id: int, goal: Goal) -> None:
    """Have a vehicle driven to a steering angle and a speed, until it is driven otherwise.

    One whose control does not stick never is: as on CARLA it relaxes before the next tick.
    """
    if not _sticky(world.expect(actor_id, "vehicle")):
        return
    if actor_id in world.ackermann:
        world.ackermann[actor_id].goal = goal
    else:
        world.ackermann[actor_id] = AckermannDriver(goal)


def follow_ackermann(world: World) -> None:
    """Press the pedals of those who are driven so for the coming tick."""
    for actor_id, driver in world.ackermann.items():
        actor = world.actors[actor_id]
        lock = math.radians(max(vehicle_control.physics_of(actor).steer_angle, LEAST_LOCK))
        body = world.table.rows[actor.row]
        control = driver.control(body, actor.gains, world.motion, lock=lock, delta=world.delta)
        _press(world, actor, control)


def relax(world: World) -> None:
    """Let go of the pedals of those whose control does not stick, if it has had its tick."""
    for actor_id, fresh in list(world.passing.items()):
        if fresh:
            world.passing[actor_id] = False
        else:
            del world.passing[actor_id]
            _press(world, world.actors[actor_id], RELAXED)


def physics_of(world: World, actor_id: int) -> PhysicsControl:
    """A vehicle's physics control."""
    return vehicle_control.physics_of(world.expect(actor_id, "vehicle"))


def set_physics(world: World, actor_id: int, control: PhysicsControl) -> None:
    """Have a vehicle move as a physics control says."""
    actor = world.expect(actor_id, "vehicle")
    vehicle_control.set_physics(actor, world.table.rows[actor.row], control)


def walk(world: World, actor_id: int, direction: Vector, speed: float, *, jump: bool = False) -> None:
    """Send a walker in a direction at a speed in m/s.

    Raises:
        WorldError: The actor is no walker.
    """
    actor = world.expect(actor_id, "walker")
    body = world.table.rows[actor.row]
    length = math.hypot(direction[0], direction[1])
    body["dir_x"], body["dir_y"] = (
        (direction[0] / length, direction[1] / length) if length > 1e-9 else (0.0, 0.0)
    )
    body["pace"], body["jump"] = speed, jump
    actor.walk = (direction, speed, jump)
    world.controlled.add(actor_id)


def set_lights(world: World, actor_id: int, flags: int) -> None:
    """Switch a vehicle's lights; flags of CARLA's VehicleLightState, of which the lowest 32 bits count."""
    flags &= 0xFFFFFFFF
    world.expect(actor_id, "vehicle").lights = flags
    world.lit[actor_id] = flags
    if not flags:
        del world.lit[actor_id]


def _sticky(actor: Actor) -> bool:
    """Whether a vehicle keeps its control until the next one."""
    return actor.values.get("sticky_control", "true").lower() == "true"


def _press(world: World, actor: Actor, control: Sequence[Any]) -> None:
    vehicle_control.press(actor, world.table.rows[actor.row], control)
    world.controlled.add(actor.id)
