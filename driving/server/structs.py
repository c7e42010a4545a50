"""CARLA's structs as arrays: what the client reads about actors and blueprints, and what it sends back."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from driving.server.ackermann import Gains, Goal
from driving.server.actor import Actor
from driving.server.attributes import Attribute
from driving.server.blueprints import Blueprint
from driving.server.bodies import ARMS
from driving.server.errors import WireError
from driving.server.physics_control import Gear, PhysicsControl, Wheel
from driving.server.scenery import type_of
from driving.server.settings import Settings
from driving.server.wire import RELEASE, Pose, Vector, numbers, read_vector, sensor_stream, token

HIGHEST_GEAR = 20
UNREAL_INERTIA = 1e-4  # kg m2 in the kg cm2 in which clients give angular impulses and torques
LARGEST_TURN = 1e15  # kg cm2 degrees/s


def definition(blueprint: Blueprint) -> list[Any]:
    """ActorDefinition."""
    return [blueprint.uid, blueprint.id, blueprint.tags, [_attribute(item) for item in blueprint.attributes]]


def _attribute(item: Attribute) -> list[Any]:
    return [item.id, item.type, item.value, list(item.recommended), item.modifiable, False]


def actor_struct(actor: Actor, stream_port: int) -> list[Any]:
    """Actor, with its stream's token if it is a sensor that the server serves."""
    blueprint = actor.blueprint
    values = [[item.id, item.type, actor.values.get(item.id, item.value)] for item in blueprint.attributes]
    served = blueprint.id in RELEASE.sensor_types
    return [
        actor.id,
        actor.parent,
        [blueprint.uid, blueprint.id, values],
        bounding_box(actor),
        bytes([blueprint.tag]) if blueprint.tag else b"",
        token(sensor_stream(actor.id), stream_port) if served else b"",
    ]


def bounding_box(actor: Actor | None) -> list[Any]:
    """BoundingBox in the actor's frame; all zero for nobody. Of a light or sign: where it stops traffic."""
    if actor is None:
        return [[0.0] * 3, [0.0] * 3, [0.0] * 3, 0]
    if actor.box is not None:
        centre, half = actor.box
        return [list(centre), list(half), [0.0] * 3, 0]
    length, width, height = actor.blueprint.size
    rise = 0.0 if actor.blueprint.kind == "walker" else height / 2
    return [[0.0, 0.0, rise], [length / 2, width / 2, height / 2], [0.0] * 3, 0]


def scenery_struct(label: int) -> list[Any]:
    """Actor, for a part of the scenery that is none: id 0."""
    return [0, 0, [0, type_of(label), []], bounding_box(None), bytes([label]), b""]


def pose_struct(pose: Pose) -> list[Any]:
    """Transform."""
    return [list(pose[0]), list(pose[1])]


def read_description(content: Any) -> tuple[str, dict[str, str]]:
    """An ActorDescription as blueprint id and attribute values."""
    try:
        _, blueprint, values = content[:3]
        return str(blueprint), {str(name): str(text) for name, _, text in values}
    except (TypeError, ValueError) as error:
        raise WireError(f"an actor description is [uid, id, attributes], got {repr(content)[:80]}") from error


def read_attachment(content: Any) -> int:
    """AttachmentType: rigid, spring arm or ghost arm."""
    if content not in ARMS:
        raise WireError(f"an attachment is 0, 1 or 2, got {repr(content)[:80]}")
    return int(content)


def read_vehicle_control(content: Any) -> tuple[Any, ...]:
    """VehicleControl as throttle, steer, brake, hand_brake, reverse, manual_gear_shift, gear."""
    throttle, steer, brake = numbers(content, 3)
    hand_brake, reverse, manual = (bool(item) for item in content[3:6])
    gear = min(max(int(content[6]), -1), HIGHEST_GEAR)
    return throttle, steer, brake, hand_brake, reverse, manual, gear


def read_light_state(content: Any) -> int:
    """TrafficLightState: red, yellow, green, off or unknown."""
    if not isinstance(content, int) or not 0 <= content <= 4:
        raise WireError(f"a traffic light state is 0 to 4, got {repr(content)[:80]}")
    return content


def read_walker_control(content: Any) -> tuple[Vector, float, bool]:
    """WalkerControl as direction, speed and jump."""
    direction, speed, jump = content[:3]
    return read_vector(direction), numbers([speed], 1)[0], bool(jump)


def read_settings(content: Any) -> Settings:
    """EpisodeSettings; fields that an older client leaves out keep their defaults."""
    if not isinstance(content, list) or len(content) < 3:
        raise WireError(f"episode settings are an array of 11, got {repr(content)[:80]}")
    delta = numbers(content[2][1:], 1)[0] if content[2][0] else None
    kinds = (bool, float, int, float, bool, float, float, bool)
    rest = [kind(item) for kind, item in zip(kinds, content[3:], strict=False)]
    return Settings(bool(content[0]), bool(content[1]), delta, *rest)


def physics_control(control: PhysicsControl) -> list[Any]:
    """VehiclePhysicsControl."""
    fields = list(astuple(control))
    return [_listed(field) for field in fields]


def read_physics_control(content: Any) -> PhysicsControl:
    """A PhysicsControl.

    Raises:
        WorldError: No vehicle has it.
    """
    *numbers_, sweep = content[:17]
    torque, rpm, moment, full, engaged, free, automatic, switch, clutch, final, gears, mass, drag, centre = (
        numbers_[:14]
    )
    steering, wheels = numbers_[14:]
    rpm, moment, full, engaged, free = numbers([rpm, moment, full, engaged, free], 5)
    switch, clutch, final, mass, drag = numbers([switch, clutch, final, mass, drag], 5)
    return PhysicsControl(
        _curve(torque), rpm, moment, full, engaged, free, bool(automatic), switch, clutch, final,
        tuple(Gear(*numbers(gear, 3)) for gear in gears), mass, drag, read_vector(centre), _curve(steering),
        tuple(_wheel(wheel) for wheel in wheels), bool(sweep),
    )  # fmt: skip


def read_turn(content: Any) -> float:
    """An angular impulse or torque, as Unreal counts them, about the vertical in kg m2 degrees."""
    return numbers(content, 3, most=LARGEST_TURN)[2] * UNREAL_INERTIA


def read_goal(content: Any) -> Goal:
    """AckermannControl."""
    return Goal(*numbers(content, 5))


def read_gains(content: Any) -> Gains:
    """AckermannControllerSettings."""
    return Gains(*numbers(content, 6))


def _wheel(content: Any) -> Wheel:
    friction, damping, angle, radius, brake, hold, load, lateral, along = numbers(content, 9)
    return Wheel(friction, damping, angle, radius, brake, hold, load, lateral, along, read_vector(content[9]))


def _curve(points: Any) -> tuple[tuple[float, float], ...]:
    pairs = [numbers(point, 2) for point in points]
    return tuple((x, y) for x, y in pairs)


def _listed(field: Any) -> Any:
    return [_listed(item) for item in field] if isinstance(field, tuple) else field
