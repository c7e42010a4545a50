"""Whether a camera has a line of sight to a body: geometry, so that training needs no second image."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from driving.contact import segment_hits_box
from driving.snapshot import Body


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a camera sits on the ego, relative to the ground centre of its box; looks ahead."""

    forward: float  # m
    height: float  # m
    fov: float  # horizontal field of view, rad


def seen(mount: Mount, ego: Body, target: Body, blockers: Iterable[Body]) -> bool:
    """Whether at least a third of nine points across the target are in view and unobstructed.

    The points span the target's width as the camera sees it, at a quarter, half and three quarters of
    its height.
    """
    eye = (
        ego.x + mount.forward * math.cos(ego.yaw),
        ego.y + mount.forward * math.sin(ego.yaw),
        ego.z - ego.height / 2 + mount.height,
    )
    bearing = math.atan2(target.y - eye[1], target.x - eye[0])
    if abs(math.remainder(bearing - ego.yaw, 2 * math.pi)) > mount.fov / 2:
        return False
    reach = math.hypot(target.x - eye[0], target.y - eye[1])
    near = [box for box in blockers if math.hypot(box.x - eye[0], box.y - eye[1]) < reach + box.length]
    visible = 0
    for across in (-0.4, 0.0, 0.4):
        for up in (-0.25, 0.0, 0.25):
            point = (
                target.x - math.sin(bearing) * across * target.width,
                target.y + math.cos(bearing) * across * target.width,
                target.z + up * target.height,
            )
            visible += not any(segment_hits_box(eye, point, box) for box in near)
    return visible >= 3
