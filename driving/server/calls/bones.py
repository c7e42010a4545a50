"""Bones of walkers and vehicles, and the other named parts of an actor: components and sockets."""

from __future__ import annotations

from typing import Any

from driving.server.actor import Actor
from driving.server.bones import BonePose, bone_poses, keep_animation
from driving.server.calls.desk import Calls, Desk
from driving.server.errors import WorldError
from driving.server.frames import matrix, pose_at, pose_of
from driving.server.structs import pose_struct
from driving.server.wire import VOID, Pose, numbers, read_pose, value

ROOTS = {"vehicle": "VehicleMesh", "walker": "CollisionCylinder"}  # components; others have DefaultSceneRoot
WALKER_MESH = "CharacterMesh0"


def _poses(desk: Desk, actor_id: int) -> list[BonePose]:
    return bone_poses(desk.world.actor(actor_id), desk.world.body(actor_id))


def _walker(desk: Desk, actor_id: int) -> Actor:
    actor = desk.world.actor(actor_id)
    if actor.blueprint.kind != "walker":
        raise WorldError(f"actor {actor_id} ({actor.blueprint.id}) is not a walker")
    return actor


def _posed_walker(desk: Desk, actor_id: int) -> Actor:
    """A walker whose pose is about to change."""
    actor = _walker(desk, actor_id)
    desk.world.touch(actor_id)
    return actor


def _bones(desk: Desk, actor_id: int) -> Any:
    _walker(desk, actor_id)
    frames = ("world", "component", "relative")
    poses = _poses(desk, actor_id)
    return value([[[bone.name, *(pose_struct(getattr(bone, frame)) for frame in frames)] for bone in poses]])


def _set_bones(desk: Desk, actor_id: int, content: Any) -> Any:
    actor = _posed_walker(desk, actor_id)
    names = {bone.name for bone in _poses(desk, actor_id)}
    posed = {str(name): read_pose(pose) for name, pose in content[0]}
    actor.posed = {**actor.posed, **{name: pose for name, pose in posed.items() if name in names}}
    return VOID


def _blend(desk: Desk, actor_id: int, part: Any) -> Any:
    _posed_walker(desk, actor_id).blend = min(max(numbers([part], 1)[0], 0.0), 1.0)
    return VOID


def _take_animation(desk: Desk, actor_id: int) -> Any:
    keep_animation(_posed_walker(desk, actor_id), desk.world.body(actor_id))
    return VOID


def _bone_names(desk: Desk, actor_id: int) -> Any:
    return value([bone.name for bone in _poses(desk, actor_id)])


def _bone_poses(frame: str) -> Any:
    def call(desk: Desk, actor_id: int) -> Any:
        return value([pose_struct(getattr(bone, frame)) for bone in _poses(desk, actor_id)])

    return call


def _components(desk: Desk, actor_id: int) -> dict[str, Pose]:
    """Poses of an actor's components in its own frame."""
    actor, body = desk.world.actor(actor_id), desk.world.body(actor_id)
    still: Pose = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    parts = {ROOTS.get(actor.blueprint.kind, "DefaultSceneRoot"): still}
    if actor.blueprint.kind == "walker":
        parts[WALKER_MESH] = ((0.0, 0.0, -float(body["stand_height"])), still[1])
    return parts


def _component(desk: Desk, actor_id: int, name: str) -> Pose:
    parts = _components(desk, actor_id)
    if name not in parts:
        raise WorldError(f"component not found Component Name: {name}; there is {', '.join(parts)}")
    return parts[name]


def _component_in_world(desk: Desk, actor_id: int, name: str) -> Any:
    pose = _component(desk, actor_id, name)
    return value(pose_struct(pose_of(matrix(pose_at(desk.world.body(actor_id))) @ matrix(pose))))


def _no_sockets(desk: Desk, actor_id: int) -> Any:
    desk.world.actor(actor_id)
    return value([])


CALLS: Calls = {
    "get_bones_transform": _bones,
    "set_bones_transform": _set_bones,
    "blend_pose": _blend,
    "get_pose_from_animation": _take_animation,
    "get_actor_bone_names": _bone_names,
    "get_actor_bone_world_transforms": _bone_poses("world"),
    "get_actor_bone_relative_transforms": _bone_poses("component"),
    "get_vehicle_bone_world_transforms": _bone_poses("world"),
    "get_actor_component_names": lambda desk, actor_id: value(list(_components(desk, actor_id))),
    "get_actor_component_world_transform": _component_in_world,
    "get_actor_component_relative_transform": lambda desk, actor_id, name: value(
        pose_struct(_component(desk, actor_id, name))
    ),
    "get_actor_socket_names": _no_sockets,  # CARLA's blueprints have some; ours have none
    "get_actor_socket_world_transforms": _no_sockets,
    "get_actor_socket_relative_transforms": _no_sockets,
}
