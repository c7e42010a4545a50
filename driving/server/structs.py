"""CARLA's structs as arrays: what the client reads about actors and blueprints, and what it sends back."""

from __future__ import annotations

from typing import Any

from driving.server.attributes import Attribute
from driving.server.blueprints import Blueprint
from driving.server.errors import WireError
from driving.server.wire import RELEASE, Pose, Vector, numbers, read_vector, sensor_stream, token
from driving.server.world import Actor, Settings

HIGHEST_GEAR = 20


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


def physics_control(actor: Actor) -> list[Any]:
    """VehiclePhysicsControl: what a client set, or plausible figures of the blueprint's size."""
    if actor.physics is not None:
        return actor.physics
    length, width, _ = actor.blueprint.size
    front, side, radius = 100.0 * length * 0.3, 100.0 * width * 0.4, 36.0  # cm
    wheels = [
        [3.5, 0.25, steer, radius, 1500.0, hold, 3.0, 17.0, 3000.0, [x, y, radius]]
        for x, steer, hold in ((front, 70.0, 0.0), (-front, 0.0, 3000.0))
        for y in (-side, side)
    ]
    torque = [[0.0, 400.0], [1890.0, 500.0], [5729.0, 400.0]]
    gears = [[ratio, 0.5, 0.65] for ratio in (3.6, 1.95, 1.37, 1.0)]
    steering = [[0.0, 1.0], [20.0, 0.898], [60.0, 0.76], [120.0, 0.7]]
    clutch = [0.15, 2.0, 0.35, True, 0.5, 10.0, 4.0]
    centre = [0.0, 0.0, -0.3]
    mass = actor.blueprint.mass
    return [torque, 5800.0, 1.0, *clutch, gears, mass, 0.3, centre, steering, wheels, False]
