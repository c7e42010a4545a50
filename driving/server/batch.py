"""The commands of `apply_batch`: kind number -> function of the world."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from driving.server import commands, handling
from driving.server.bodies import ARMS, RIGID
from driving.server.errors import WireError, WorldError
from driving.server.structs import (
    read_description,
    read_goal,
    read_light_state,
    read_physics_control,
    read_turn,
    read_vehicle_control,
    read_walker_control,
)
from driving.server.wire import failure, numbers, read_pose, read_vector, value
from driving.server.world import World

SPAWN = 0


def run_command(world: World, command: Any) -> Any:
    """Carry out one command; its envelope holds the actor's id or what went wrong."""
    try:
        ((kind, fields),) = command
        if kind == SPAWN:
            return value(_spawn(world, *fields))
        if kind not in COMMANDS:
            return failure(f"batch command {kind} is not supported by this server")
        COMMANDS[kind](world, *fields)
        return value(fields[0])
    except WorldError as error:
        return failure(str(error))
    except (WireError, TypeError, ValueError, IndexError, OverflowError) as error:
        return failure(f"batch command not understood: {error}")


def _spawn(
    world: World, description: Any, pose: Any, parent: Any, attachment: Any, _socket: str, after: Any
) -> int:
    mother = parent[1] if parent[0] else None
    # `SpawnActor(blueprint, transform, parent)` leaves the attachment as it lay in memory, and means rigid
    arm = attachment if mother is not None and attachment in ARMS else RIGID
    actor = world.spawn(*read_description(description), read_pose(pose), parent=mother, arm=arm)
    for ((kind, fields),) in after:
        run_command(world, [[kind, [actor.id, *fields[1:]]]])
    return actor.id


def _walk(world: World, actor: int, control: Any) -> None:
    direction, speed, jump = read_walker_control(control)
    commands.walk(world, actor, direction, speed, jump=jump)


def _place_walker(world: World, actor: int, pose: Any, pace: Any) -> None:
    """Put a walker's feet somewhere, as walker AI does in every tick; its speed is along its nose."""
    (x, y, z), turn = read_pose(pose)
    (speed,) = numbers([pace], 1)
    body = world.body(actor)
    handling.teleport(world, actor, (x, y, z + float(body["stand_height"])), turn)
    if body["simulated"]:
        commands.walk(world, actor, world.actor(actor).walk[0], 0.0)
        return
    yaw = math.radians(turn[1])
    commands.walk(world, actor, (math.cos(yaw), math.sin(yaw), 0.0), speed)
    handling.set_velocity(world, actor, (speed * math.cos(yaw), speed * math.sin(yaw), 0.0))


def _torque(world: World, actor: int, torque: Any) -> None:
    handling.twist(world, actor, read_turn(torque) * world.next_delta)


def _nothing(world: World, actor: int, *_: Any) -> None:
    world.actor(actor)


COMMANDS: Mapping[int, Callable[..., Any]] = {
    1: lambda world, actor: world.destroy(actor),
    2: lambda world, actor, control: commands.drive(world, actor, read_vehicle_control(control)),
    3: lambda world, actor, goal: commands.drive_ackermann(world, actor, read_goal(goal)),
    4: _walk,
    5: lambda world, actor, control: commands.set_physics(world, actor, read_physics_control(control)),
    6: lambda world, actor, pose: handling.teleport(world, actor, *read_pose(pose)),
    7: _place_walker,
    8: lambda world, actor, velocity: handling.set_velocity(world, actor, read_vector(velocity)),
    9: lambda world, actor, rates: handling.set_spin(world, actor, read_vector(rates)[2]),
    10: lambda world, actor, impulse: handling.push(world, actor, read_vector(impulse)),
    11: lambda world, actor, force: handling.press_on(world, actor, read_vector(force)),
    12: lambda world, actor, turn: handling.twist(world, actor, read_turn(turn)),
    13: _torque,
    14: lambda world, actor, on: handling.set_simulated(world, actor, on=on),
    15: lambda world, actor, on: handling.set_falls(world, actor, on=on),
    16: _nothing,  # autopilot: the client's TrafficManager does the driving
    17: _nothing,  # debug telemetry
    18: lambda world, actor, flags: commands.set_lights(world, actor, int(flags)),
    19: lambda world, actor, location: handling.teleport(world, actor, read_vector(location)),
    21: lambda world, actor, state: world.light(actor).show(read_light_state(state)),
}
