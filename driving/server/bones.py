"""Where a walker's bones and a vehicle's wheels are: at rest, walking, or as a client posed them.

Frames at rest are parallel to the walker's own; CARLA's are turned along the bones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from driving.server.actor import Actor
from driving.server.blueprints import Blueprint
from driving.server.bodies import Body
from driving.server.errors import WorldError
from driving.server.frames import Matrix, matrix, pose_at, pose_of
from driving.server.render import Look
from driving.server.render.meshes_vehicle import hinges
from driving.server.skeleton import Bone, figure_of, skeleton, swings
from driving.server.vehicle_control import physics_of
from driving.server.wire import Pose

VEHICLE_BASE = "Vehicle_Base"
VEHICLE_WHEELS = ("Wheel_Front_Left", "Wheel_Front_Right", "Wheel_Rear_Left", "Wheel_Rear_Right")

# In the order of VehicleDoor; a door that the body does not have is at these shares of length, width, height.
VEHICLE_DOORS = (
    ("Door_Front_Left", (0.20, -0.46, 0.45)),
    ("Door_Front_Right", (0.20, 0.46, 0.45)),
    ("Door_Rear_Left", (-0.05, -0.46, 0.45)),
    ("Door_Rear_Right", (-0.05, 0.46, 0.45)),
    ("Hood", (0.22, 0.0, 0.65)),
    ("Trunk", (-0.30, 0.0, 0.70)),
)
COLOURLESS = (0, 0, 0)
AT_PARENT = STILL = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class BonePose:
    """Where a bone is."""

    name: str
    world: Pose
    component: Pose  # in the frame of the mesh
    relative: Pose  # in the frame of its parent


def bone_poses(actor: Actor, body: Body) -> list[BonePose]:
    """Every bone of a walker or vehicle.

    Raises:
        WorldError: The actor has no bones.
    """
    kind = actor.blueprint.kind
    bones: Sequence[Bone]
    if kind == "walker":
        bones, relative = _walker(actor, body)
    elif kind == "vehicle":
        bones, relative = _vehicle(actor, body)
    else:
        raise WorldError(f"actor {actor.id} ({actor.blueprint.id}) has no bones: walkers and vehicles do")
    base = mesh_frame(actor, body)
    inner: list[Matrix] = []
    poses = []
    for bone, pose in zip(bones, relative, strict=True):
        inner.append(matrix(pose) if bone.parent < 0 else inner[bone.parent] @ matrix(pose))
        poses.append(BonePose(bone.name, pose_of(base @ inner[-1]), pose_of(inner[-1]), pose))
    return poses


def mesh_frame(actor: Actor, body: Body) -> Matrix:
    """The frame in which an actor's bones are: at the feet of a walker, the origin of a vehicle."""
    frame = matrix(pose_at(body))
    if actor.blueprint.kind == "walker":
        frame = frame @ matrix(((0.0, 0.0, -float(body["stand_height"])), (0.0, 0.0, 0.0)))
    return frame


def keep_animation(actor: Actor, body: Body) -> None:
    """Make what a walker's limbs are doing now the pose that a client goes on from."""
    bones = _bones_of(actor)
    actor.posed = {bone.name: pose for bone, pose in zip(bones, _animation(actor, body), strict=True)}


def _bones_of(actor: Actor) -> tuple[Bone, ...]:
    return skeleton(figure_of(actor.blueprint.size[2]))


def _walker(actor: Actor, body: Body) -> tuple[tuple[Bone, ...], list[Pose]]:
    bones, animated = _bones_of(actor), _animation(actor, body)
    if actor.blend == 0.0 or not actor.posed:
        return bones, animated
    return bones, [
        _between(pose, actor.posed.get(bone.name, pose), actor.blend)
        for bone, pose in zip(bones, animated, strict=True)
    ]


def _animation(actor: Actor, body: Body) -> list[Pose]:
    """What a walker's own gait makes of its bones: poses relative to their parents."""
    bones, height = _bones_of(actor), actor.blueprint.size[2]
    pitch = swings(figure_of(height), float(body["walked"]) / height)
    poses = []
    for bone in bones:
        start = bones[bone.parent].place if bone.parent >= 0 else (0.0, 0.0, 0.0)
        x, y, z = (height * (end - begin) for end, begin in zip(bone.place, start, strict=True))
        poses.append(((x, y, z), (pitch.get(bone.name, 0.0), 0.0, 0.0)))
    return poses


def _vehicle(actor: Actor, body: Body) -> tuple[list[Bone], list[Pose]]:
    control = physics_of(actor)
    bones, poses = [Bone(VEHICLE_BASE, -1, AT_PARENT)], [(AT_PARENT, STILL)]
    for number, (name, wheel) in enumerate(zip(VEHICLE_WHEELS, control.wheels, strict=False)):
        x, y, z = (part / 100.0 for part in wheel.place)
        yaw = float(body["wheel"]) * control.steer_angle if number < 2 else 0.0
        by_hand = (yaw, 0.0) if body["simulated"] else actor.wheels.get(number, (yaw, 0.0))
        bones.append(Bone(name, 0, AT_PARENT))
        poses.append(((x, y, z), (by_hand[1], by_hand[0], 0.0)))
    hung = _hinges(actor.blueprint)
    for number, (name, place) in enumerate(VEHICLE_DOORS):
        x, y, z = (share * side for share, side in zip(place, actor.blueprint.size, strict=True))
        hinge, turn = hung.get(number, ((x, y, z), STILL))
        bones.append(Bone(name, 0, AT_PARENT))
        poses.append((hinge, turn if number in actor.doors else STILL))
    return bones, poses


@cache
def _hinges(blueprint: Blueprint) -> Mapping[int, Pose]:
    """Where the doors of a vehicle hang and how far they open, as cameras show it; by VehicleDoor."""
    length, width, height = blueprint.size
    return hinges(
        Look("vehicle", blueprint.id, blueprint.sort, length, width, height, COLOURLESS, blueprint.tag)
    )


def _between(start: Pose, end: Pose, part: float) -> Pose:
    place: Any = tuple(a + (b - a) * part for a, b in zip(start[0], end[0], strict=True))
    turn: Any = tuple(
        a + ((b - a + 180.0) % 360.0 - 180.0) * part for a, b in zip(start[1], end[1], strict=True)
    )
    return place, turn
