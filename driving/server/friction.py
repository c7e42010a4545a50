"""Friction triggers: boxes in which tyres have another friction, as static.trigger.friction of CARLA."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from driving.server.actor import Actor
from driving.server.bodies import Body
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
    for trigger_id in world.triggers:
        box, friction = world.body(trigger_id), number(world.actors[trigger_id], "friction")
        for vehicle in world.of_kind("vehicle"):
            if _overlap(world.table.rows[vehicle.row], box):
                inside[vehicle.id] = friction
    for actor_id in inside.keys() | world.slipping.keys():
        if inside.get(actor_id) != world.slipping.get(actor_id):
            set_friction(world.actors[actor_id], world.body(actor_id), inside.get(actor_id))
    world.slipping = inside


def _overlap(one: Body, other: Body) -> bool:
    """Whether two boxes that stand upright overlap: no side of either parts them."""
    gap = abs(one["z"] + one["centre_z"] - other["z"] - other["centre_z"])
    if gap > one["half_height"] + other["half_height"]:
        return False
    away_x, away_y = other["x"] - one["x"], other["y"] - one["y"]
    for angle in (one["yaw"], one["yaw"] + 90.0, other["yaw"], other["yaw"] + 90.0):
        along = math.radians(angle)
        apart = abs(away_x * math.cos(along) + away_y * math.sin(along))
        if apart > _reach(one, along) + _reach(other, along):
            return False
    return True


def _reach(body: Body, along: float) -> float:
    """How far a box reaches from its middle in a direction (rad), m."""
    turn = along - math.radians(body["yaw"])
    return float(abs(math.cos(turn)) * body["half_length"] + abs(math.sin(turn)) * body["half_width"])
