"""Rays and what stands: points below or between others, boxes and names of a map's objects."""

from __future__ import annotations

from typing import Any

from driving.server.actor import Actor
from driving.server.calls.desk import Calls, Desk
from driving.server.scenery import ANY, Standing
from driving.server.structs import bounding_box, pose_struct
from driving.server.wire import VOID, read_vector, value


def _project(desk: Desk, location: Any, direction: Any, distance: float) -> Any:
    start, way = read_vector(location), read_vector(direction)
    length = sum(part * part for part in way) ** 0.5
    if length <= 0.0:
        return value([False, [[0.0, 0.0, 0.0], 0]])
    x, y, z = (first + part / length * distance for first, part in zip(start, way, strict=True))
    hits = desk.rays.pierce(start, (x, y, z))
    if not hits:
        return value([False, [[0.0, 0.0, 0.0], 0]])
    point, label = hits[0]
    return value([True, [list(point), label]])


def _cast(desk: Desk, start: Any, end: Any) -> Any:
    hits = desk.rays.pierce(read_vector(start), read_vector(end))
    return value([[list(point), label] for point, label in hits])


def _level_boxes(desk: Desk, tag: int) -> Any:
    things = [_box(thing) for thing in desk.world.place.shown if tag in (thing.label, ANY)]
    for actor in desk.world.actors.values():
        if actor.blueprint.is_body and tag in (actor.blueprint.tag, ANY):
            things.append(_actor_box(desk, actor))
    return value(things)


def _actor_box(desk: Desk, actor: Actor) -> list[Any]:
    body = desk.world.table.rows[actor.row]
    _, half, _, _ = bounding_box(actor)
    rise = float(body["centre_z"])
    place = [float(body["x"]), float(body["y"]), float(body["z"]) + rise]
    return [place, half, [float(body[name]) for name in ("pitch", "yaw", "roll")], actor.id]


def _box(thing: Standing) -> list[Any]:
    return [list(thing.centre), list(thing.half), [0.0, thing.yaw, 0.0], 0]


def _objects(desk: Desk, tag: int) -> Any:
    found = [thing for thing in desk.world.place.loaded if tag in (thing.label, ANY)]
    return value([_object(thing) for thing in found])


def _object(thing: Standing) -> list[Any]:
    x, y, z = thing.centre
    foot = ((x, y, z - thing.half[2]), (0.0, thing.yaw, 0.0))
    return [pose_struct(foot), _box(thing), thing.id, thing.name, thing.label]


def _enable(desk: Desk, ids: Any, on: bool) -> Any:
    desk.world.place.show([int(number) for number in ids], on=bool(on))
    return VOID


CALLS: Calls = {
    "project_point": _project,
    "cast_ray": _cast,
    "get_all_level_BBs": _level_boxes,
    "get_environment_objects": _objects,
    "enable_environment_objects": _enable,
    "get_names_of_all_objects": lambda desk: value([thing.name for thing in desk.world.place.loaded]),
}
