"""The commands of `apply_batch`: kind number -> function of the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from driving.server.bodies import RIGID
from driving.server.errors import WireError, WorldError
from driving.server.structs import (
    read_attachment,
    read_description,
    read_goal,
    read_light_state,
    read_physics_control,
    read_turn,
    read_vehicle_control,
    read_walker_control,
)
from driving.server.wire import failure, read_pose, read_vector, value
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
    arm = RIGID if mother is None else read_attachment(attachment)
    actor = world.spawn(*read_description(description), read_pose(pose), parent=mother, arm=arm)
    for ((kind, fields),) in after:
        run_command(world, [[kind, [actor.id, *fields[1:]]]])
    return actor.id


def _walk(world: World, actor: int, control: Any) -> None:
    direction, speed, jump = read_walker_control(control)
    world.walk(actor, direction, speed, jump=jump)


def _place_walker(world: World, actor: int, pose: Any, speed: float) -> None:
    world.teleport(actor, *read_pose(pose))
    direction = world.actor(actor).walk[0]
    world.walk(actor, direction, 0.0 if world.body(actor)["simulated"] else float(speed))


def _torque(world: World, actor: int, torque: Any) -> None:
    world.twist(actor, read_turn(torque) * world.next_delta)


def _nothing(world: World, actor: int, *_: Any) -> None:
    world.actor(actor)


COMMANDS: Mapping[int, Callable[..., Any]] = {
    1: lambda world, actor: world.destroy(actor),
    2: lambda world, actor, control: world.drive(actor, read_vehicle_control(control)),
    3: lambda world, actor, goal: world.drive_ackermann(actor, read_goal(goal)),
    4: _walk,
    5: lambda world, actor, control: world.set_physics(actor, read_physics_control(control)),
    6: lambda world, actor, pose: world.teleport(actor, *read_pose(pose)),
    7: _place_walker,
    8: lambda world, actor, velocity: world.set_velocity(actor, read_vector(velocity)),
    9: lambda world, actor, rates: world.set_spin(actor, read_vector(rates)[2]),
    10: lambda world, actor, impulse: world.push(actor, read_vector(impulse)),
    11: lambda world, actor, force: world.press_on(actor, read_vector(force)),
    12: lambda world, actor, turn: world.twist(actor, read_turn(turn)),
    13: _torque,
    14: lambda world, actor, on: world.set_simulated(actor, on=on),
    15: lambda world, actor, on: world.set_falls(actor, on=on),
    16: _nothing,  # autopilot: the client's TrafficManager does the driving
    17: _nothing,  # debug telemetry
    18: lambda world, actor, flags: world.set_lights(actor, int(flags)),
    19: lambda world, actor, location: world.teleport(actor, read_vector(location)),
    21: lambda world, actor, state: world.light(actor).show(read_light_state(state)),
}
