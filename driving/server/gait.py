"""How walkers walk, jump, and are knocked over: who is not invincible lies until it is placed anew."""

from __future__ import annotations

import math

from driving.server.bodies import WALKER, Body
from driving.server.kernels import kernel
from driving.server.sliding import SLIDE_FRICTION

ACCELERATION = 10.0  # m/s2
STEADY = 0.2  # m/s; slower than this, who reels stands firm again
JUMP_SPEED = 4.2  # m/s, that of an Unreal character
FALL_RATE = 180.0  # degrees/s
DOWN = 90.0  # degrees
THICKNESS = 0.12  # m, half of what lies on the ground


@kernel
def walk(b: Body, step: float) -> None:
    """Change a walker's velocity towards where it is sent, and let it fall if it was knocked over."""
    wanted_x, wanted_y, most = b.dir_x * b.pace, b.dir_y * b.pace, ACCELERATION * step
    if b.fallen > 0.0 or b.reeling > 0.0:
        wanted_x, wanted_y, most = 0.0, 0.0, SLIDE_FRICTION * step
        if b.fallen > 0.0:
            _topple(b, step)
        elif math.hypot(b.vx, b.vy) < STEADY:
            b.reeling = 0.0
    elif b.pace > 0.0 and (b.dir_x != 0.0 or b.dir_y != 0.0):
        b.yaw = math.degrees(math.atan2(b.dir_y, b.dir_x))
    change_x, change_y = wanted_x - b.vx, wanted_y - b.vy
    size = math.hypot(change_x, change_y)
    part = 1.0 if size <= most else most / size
    b.vx += change_x * part
    b.vy += change_y * part


@kernel
def jump(b: Body) -> float:
    """Upward speed of what stands on the ground: a walker's that is told to jump, else 0; m/s."""
    if b.kind == WALKER and b.jump > 0.0 and b.fallen == 0.0 and b.reeling == 0.0:
        return JUMP_SPEED
    return 0.0


@kernel
def knock(b: Body, change_x: float, change_y: float) -> None:
    """Have a blow, which changes a walker's velocity by so much, take it off its feet."""
    if b.invincible > 0.0:
        b.reeling = 1.0
    elif b.fallen == 0.0:
        b.fallen = 1.0
        yaw = math.radians(b.yaw)
        b.backwards = -1.0 if change_x * math.cos(yaw) + change_y * math.sin(yaw) < 0.0 else 1.0


def stand_up(b: Body) -> None:
    """Put a walker back on its feet."""
    b["fallen"] = b["reeling"] = b["leaning"] = 0.0
    if b["stand_height"] > 0.0:
        b["half_height"], b["half_length"] = b["stand_height"], b["stand_length"]


@kernel
def _topple(b: Body, step: float) -> None:
    if b.leaning >= DOWN or b.stand_height == 0.0:
        return
    b.leaning = min(b.leaning + FALL_RATE * step, DOWN)
    b.pitch = -b.backwards * b.leaning  # the head goes the way of the blow
    upright, flat = math.cos(math.radians(b.leaning)), math.sin(math.radians(b.leaning))
    b.half_height = b.stand_height * upright + THICKNESS * flat
    b.half_length = b.stand_height * flat + b.stand_length * upright
