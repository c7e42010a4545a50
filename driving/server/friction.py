"""Friction triggers: boxes in which tyres have another friction, as static.trigger.friction of CARLA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driving.server.actor import Actor
from driving.server.contact import overlap
from driving.server.sensor_attributes import number
from driving.server.vehicle_control import set_friction
from driving.server.wire import Vector

if TYPE_CHECKING:
    from driving.server.world import World

CENTIMETRE = 0.01  # m: clients give the box's half sizes in cm


def half_sizes(trigger: Actor) -> Vector:
    """Of its box, m."""
    x, y, z = (abs(number(trigger, f"extent_{axis}")) * CENTIMETRE for axis in "xyz")
    return x, y, z


def slip(world: World) -> None:
    """Give the tyres of who came into a box its friction, and their own to who left."""
    inside: dict[int, float] = {}
    rows = world.table.rows
    for trigger in (world.actors[trigger_id] for trigger_id in world.triggers):
        friction = number(trigger, "friction")
        for vehicle in world.of_kind("vehicle"):
            if overlap(rows, vehicle.row, trigger.row):
                inside[vehicle.id] = friction
    for actor_id in inside.keys() | world.slipping.keys():
        if inside.get(actor_id) != world.slipping.get(actor_id):
            set_friction(world.actors[actor_id], world.body(actor_id), inside.get(actor_id))
    world.slipping = inside
