"""Actors: what can be spawned, who is there, making and destroying them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from driving.server.blueprints import library
from driving.server.bodies import RIGID
from driving.server.calls.desk import Calls, Desk
from driving.server.structs import actor_struct, bounding_box, definition, read_attachment, read_description
from driving.server.wire import read_pose, value


def _definitions(desk: Desk) -> Any:
    return value([definition(blueprint) for blueprint in library().values()])


def _actor_struct(desk: Desk, actor_id: int) -> list[Any]:
    return actor_struct(desk.world.actor(actor_id), desk.stream_port)


def _actors_by_id(desk: Desk, ids: Sequence[int]) -> Any:
    return value([_actor_struct(desk, actor_id) for actor_id in ids if actor_id in desk.world.actors])


def _spawn(desk: Desk, description: Any, pose: Any) -> Any:
    actor = desk.world.spawn(*read_description(description), read_pose(pose))
    return value(actor_struct(actor, desk.stream_port))


def _spawn_attached(
    desk: Desk, description: Any, pose: Any, parent: int, attachment: Any = RIGID, _socket: str = ""
) -> Any:
    arm = read_attachment(attachment)
    actor = desk.world.spawn(*read_description(description), read_pose(pose), parent=parent, arm=arm)
    return value(actor_struct(actor, desk.stream_port))


def _destroy(desk: Desk, actor_id: int) -> Any:
    desk.world.destroy(actor_id)
    return value(True)


def _box(desk: Desk, actor_id: int) -> Any:
    # Never an error: the TrafficManager asks for actors just destroyed, and an error would abort its process.
    return value(bounding_box(desk.world.actors.get(actor_id)))


CALLS: Calls = {
    "get_actor_definitions": _definitions,
    "get_spectator": lambda desk: value(_actor_struct(desk, desk.world.spectator.id)),
    "get_actors_by_id": _actors_by_id,
    "spawn_actor": _spawn,
    "spawn_actor_with_parent": _spawn_attached,
    "destroy_actor": _destroy,
    "get_actor_bounding_box": _box,
}
