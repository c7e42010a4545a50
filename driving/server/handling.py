"""What clients do to actors: place them, push them, and say which laws they obey."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from driving.server import forces, physics
from driving.server.bodies import ATTACHED
from driving.server.gait import stand_up
from driving.server.wire import Vector

if TYPE_CHECKING:
    from driving.server.world import World


def teleport(world: World, actor_id: int, location: Vector, rotation: Vector | None = None) -> None:
    """Put an actor somewhere: its velocity stays, pedals start from rest, a walker stands up."""
    body = world.body(actor_id)
    if rotation is None:
        kept = ("p_pitch", "p_yaw", "p_roll") if body["kind"] == ATTACHED else ("pitch", "yaw", "roll")
        rotation = (float(body[kept[0]]), float(body[kept[1]]), float(body[kept[2]]))
    world.put(body, (location, rotation))
    for name in ("engine", "braking", "wheel", "spin", "walked"):
        body[name] = 0.0
    stand_up(body)
    physics.set_velocity(body, (float(body["vx"]), float(body["vy"]), float(body["vz"])))


def set_velocity(world: World, actor_id: int, velocity: Vector) -> None:
    """Give an actor a velocity at once; m/s in the world's frame."""
    physics.set_velocity(world.body(actor_id), velocity)


def set_spin(world: World, actor_id: int, rate: float) -> None:
    """Turn an actor about the vertical, degrees/s, until friction stops it."""
    world.body(actor_id)["spin"] = rate


def push(world: World, actor_id: int, impulse: Vector, place: Vector | None = None) -> None:
    """Strike an actor with an impulse in N s, at a place in the world (default: its centre)."""
    forces.strike(world.body(actor_id), impulse, place)


def press_on(world: World, actor_id: int, force: Vector, place: Vector | None = None) -> None:
    """Have a force in N act on an actor until the next tick is over."""
    x, y, z = (part * world.next_delta for part in force)
    push(world, actor_id, (x, y, z), place)


def twist(world: World, actor_id: int, turn: float) -> None:
    """Turn an actor by an angular impulse about the vertical, kg m2 degrees/s."""
    forces.twist(world.body(actor_id), turn)


def hold_velocity(world: World, actor_id: int, velocity: Vector | None) -> None:
    """Keep a vehicle at a velocity in its own frame, m/s; None lets it go."""
    body = world.body(actor_id)
    body["constant"] = velocity is not None
    if velocity is not None:
        body["cx"], body["cy"], body["cz"] = velocity


def set_simulated(world: World, actor_id: int, *, on: bool) -> None:
    """Let physics move an actor, or keep it where it is put; a prop that it moves has a mass."""
    body = world.body(actor_id)
    blueprint = world.actor(actor_id).blueprint
    body["simulated"] = on and blueprint.is_body
    if blueprint.kind == "prop":
        body["mass"] = forces.prop_mass(blueprint.size) if on else math.inf
    if not on:
        physics.set_velocity(body, (0.0, 0.0, 0.0))


def set_collides(world: World, actor_id: int, *, on: bool) -> None:
    """Let an actor touch others, or pass through them."""
    world.body(actor_id)["collides"] = on and world.actor(actor_id).blueprint.kind != "sensor"


def set_falls(world: World, actor_id: int, *, on: bool) -> None:
    """Let gravity act on an actor."""
    world.body(actor_id)["falls"] = on
