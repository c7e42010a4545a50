"""What the episode state says of an actor besides its motion: 54 bytes by kind of actor."""

from __future__ import annotations

from driving.server.actor import Actor
from driving.server.streams import light_detail, sign_detail, vehicle_detail, walker_detail
from driving.server.world import World


def actor_detail(world: World, actor: Actor) -> bytes:
    """An actor's part of the episode state; empty if there is nothing to say."""
    kind = actor.blueprint.kind
    if kind == "vehicle":
        light = world.lights.by_actor.get(actor.facing)
        seen = None if light is None else (light.state, light.actor)
        return vehicle_detail(actor.control, world.map.speed_limit, seen)
    if kind == "walker":
        direction, speed, jump = actor.walk
        return walker_detail(direction, speed, jump=jump)
    if kind == "light":
        light = world.lights.by_actor[actor.id]
        times = (light.phase.green, light.phase.yellow, light.phase.red, light.elapsed)
        return light_detail(
            actor.signal, times, pole=light.number, frozen=light.crossing.frozen, state=light.state
        )
    return sign_detail(actor.signal) if kind == "sign" else b""
