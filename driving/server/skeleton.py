"""CARLA's skeleton of a walker: names, hierarchy, joints at rest, and how walking swings them.

Joints are those of the figure that cameras show; fingers hang straight.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from driving.server.render.meshes_walker import (
    ADULT,
    ARM_SWING,
    CHILD,
    CHILD_HEIGHT,
    KNEE_BEND,
    SWING,
    Figure,
)

FINGERS = ("Thumb", "Index", "Middle", "Ring", "Pinky")
FINGER_SPREAD, FINGER_BONE = 0.008, 0.016  # shares of the height
ANKLE, TOE, TOE_END = 0.045, (0.050, 0.020), (0.090, 0.012)  # the same: height; forward and height
ROOT = "crl_root"


@dataclass(frozen=True, slots=True)
class Bone:
    """One bone at rest."""

    name: str
    parent: int  # row in the skeleton; -1: none
    place: tuple[float, float, float]  # of its joint: forward, right, up from the feet; shares of the height


@cache
def skeleton(f: Figure) -> tuple[Bone, ...]:
    """CARLA's bones of a walker, parents first."""
    trunk = f.shoulder - f.hip
    eye = (f.head_size[0], 0.3 * f.head_size[1], f.head)
    bones = [Bone(ROOT, -1, (0.0, 0.0, 0.0))]
    _add(bones, "crl_hips__C", ROOT, (0.0, 0.0, f.hip + 0.02))
    _add(bones, "crl_spine__C", "crl_hips__C", (0.0, 0.0, f.hip + 0.3 * trunk))
    _add(bones, "crl_spine01__C", "crl_spine__C", (0.0, 0.0, f.hip + 0.7 * trunk))
    _add_arm(bones, f, "L")
    _add(bones, "crl_neck__C", "crl_spine01__C", (0.0, 0.0, f.shoulder + 0.03))
    _add(bones, "crl_Head__C", "crl_neck__C", (0.0, 0.0, f.head - 0.5 * f.head_size[2]))
    _add(bones, "crl_eye__L", "crl_Head__C", (eye[0], -eye[1], eye[2]))
    _add(bones, "crl_eye__R", "crl_Head__C", eye)
    _add_arm(bones, f, "R")
    _add_leg(bones, f, "R")
    _add_leg(bones, f, "L")
    return tuple(bones)


def figure_of(height: float) -> Figure:
    """The figure of a walker of a height in m."""
    return CHILD if height < CHILD_HEIGHT else ADULT


def swings(figure: Figure, walked: float) -> Mapping[str, float]:
    """Pitch of the joints that walking moves, degrees, after so many heights walked: as cameras show it."""
    phase = math.tau * walked / figure.step
    pitch = {}
    for side, offset in (("L", 0.0), ("R", math.pi)):
        swing = math.sin(phase + offset)
        bend = max(0.0, math.cos(phase + offset)) * min(1.0, abs(math.sin(phase)) * 1.6)
        pitch[f"crl_thigh__{side}"] = SWING * swing + 0.25 * KNEE_BEND * bend
        pitch[f"crl_leg__{side}"] = -KNEE_BEND * bend - 4.0
        pitch[f"crl_arm__{side}"] = -ARM_SWING * swing
        pitch[f"crl_foreArm__{side}"] = 14.0 + 12.0 * max(0.0, -swing)
    return pitch


def _add(bones: list[Bone], name: str, parent: str, place: tuple[float, float, float]) -> None:
    rows = {bone.name: row for row, bone in enumerate(bones)}
    bones.append(Bone(name, rows[parent], place))


def _add_arm(bones: list[Bone], f: Figure, side: str) -> None:
    sign = -1.0 if side == "L" else 1.0
    out, top = sign * (f.shoulder_width + 0.012), f.shoulder - 0.012
    wrist = top - 1.8 * f.arm
    _add(bones, f"crl_shoulder__{side}", "crl_spine01__C", (0.0, 0.3 * out, f.shoulder))
    _add(bones, f"crl_arm__{side}", f"crl_shoulder__{side}", (0.0, out, top))
    _add(bones, f"crl_foreArm__{side}", f"crl_arm__{side}", (0.0, out, top - f.arm))
    _add(bones, f"crl_hand__{side}", f"crl_foreArm__{side}", (0.0, out, wrist))
    for number, finger in enumerate(FINGERS):
        parent = f"crl_hand__{side}"
        for joint, part in enumerate(("", "01", "02", "End"), 1):
            name = f"crl_hand{finger}{part}__{side}"
            place = ((2 - number) * FINGER_SPREAD, out, wrist - FINGER_BONE * (joint + (number > 0)))
            _add(bones, name, parent, place)
            parent = name


def _add_leg(bones: list[Bone], f: Figure, side: str) -> None:
    out = f.hip_width * (-1.0 if side == "L" else 1.0)
    _add(bones, f"crl_thigh__{side}", "crl_hips__C", (0.0, out, f.hip))
    _add(bones, f"crl_leg__{side}", f"crl_thigh__{side}", (0.0, out, f.knee))
    _add(bones, f"crl_foot__{side}", f"crl_leg__{side}", (0.0, out, ANKLE))
    _add(bones, f"crl_toe__{side}", f"crl_foot__{side}", (TOE[0], out, TOE[1]))
    _add(bones, f"crl_toeEnd__{side}", f"crl_toe__{side}", (TOE_END[0], out, TOE_END[1]))
