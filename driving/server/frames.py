"""Poses as matrices, and back."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.bodies import Body
from driving.server.physics import rotation
from driving.server.wire import Pose

Matrix = NDArray[np.float64]  # (4, 4)


def pose_at(body: Body) -> Pose:
    """A body's place and rotation."""
    x, y, z, pitch, yaw, roll = (float(body[name]) for name in ("x", "y", "z", "pitch", "yaw", "roll"))
    return (x, y, z), (pitch, yaw, roll)


def matrix(pose: Pose) -> Matrix:
    """A pose as a matrix."""
    frame = np.eye(4)
    frame[:3, :3] = rotation(*pose[1])
    frame[:3, 3] = pose[0]
    return frame


def pose_of(frame: Matrix) -> Pose:
    """A matrix as a pose: Unreal's pitch, yaw and roll in degrees."""
    pitch = math.degrees(math.asin(min(max(frame[2, 0], -1.0), 1.0)))
    yaw = math.degrees(math.atan2(frame[1, 0], frame[0, 0]))
    roll = math.degrees(math.atan2(-frame[2, 1], frame[2, 2]))
    x, y, z = frame[:3, 3].tolist()
    return (x, y, z), (pitch, yaw, roll)
