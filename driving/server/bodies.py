"""The table of every actor's numbers: one row each, so that physics and snapshots touch no Python objects."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

INERT, VEHICLE, WALKER, PROP, ATTACHED = range(5)
RIGID, SPRING_ARM, GHOST_ARM = ARMS = range(3)  # AttachmentType

_MOTION = (
    "x", "y", "z", "pitch", "yaw", "roll",  # m, degrees
    "vx", "vy", "vz",  # m/s
    "wx", "wy", "wz",  # degrees/s
    "ax", "ay", "az",  # m/s2
)  # fmt: skip
_BOX = ("half_length", "half_width", "half_height", "centre_z")  # m; the box's centre over the origin
_ATTACHMENT = (
    "parent", "px", "py", "pz", "p_pitch", "p_yaw", "p_roll",  # row, pose in the parent's frame
    "arm", "arm_yaw",  # an AttachmentType; where a spring arm points, degrees
)  # fmt: skip
_SWITCHES = ("kind", "simulated", "collides", "falls", "mass")  # mass in kg, inf: immovable
_CONTROL = (
    "throttle", "brake", "steer", "hand_brake", "reverse",  # as commanded
    "engine", "braking", "wheel",  # as they act, after their lag
    "constant", "cx", "cy", "cz",  # constant velocity in the vehicle's frame, m/s
)  # fmt: skip
_STATE = (
    "speed",  # m/s along the vehicle's nose
    "slide_x", "slide_y",  # m/s, what a blow added
    "spin",  # degrees/s, likewise
    "scale",  # wheelbase relative to the measured car's
    "last_vx", "last_vy", "last_vz",  # m/s, after the tick before: what a client changes since accelerates it
)  # fmt: skip
_WALK = (
    "dir_x", "dir_y", "pace", "jump", "walked",  # pace in m/s, walked in m
    "invincible", "reeling", "fallen",  # reeling: a blow moves it, and it will walk on
    "leaning", "backwards",  # degrees of its fall so far; -1: on its back, 1: on its face
    "stand_height", "stand_length",  # half sizes when it stands, m
)  # fmt: skip
_TUNING = (  # what a physics control changes, as parts of the measured car's; 0: nothing
    "tuned",  # whether there is any change
    "more_grip", "more_brake", "more_hold", "more_lock",  # tyres, brakes, hand brake, steering angle
    "more_drag",  # 1/m: times speed squared, an acceleration
)  # fmt: skip
_TUNING_CURVES = ("more_thrust", "more_steering")  # at 0, 10, 20, ... km/h
TUNING_STEP, TUNINGS = 10.0, 25  # km/h, and how many

_NUMBERS = (*_MOTION, *_BOX, *_ATTACHMENT, *_SWITCHES, *_CONTROL, *_STATE, *_WALK, *_TUNING)
BODY = np.dtype(
    [
        *((name, np.float64) for name in _NUMBERS),
        *((name, np.float64, TUNINGS) for name in _TUNING_CURVES),
    ]
)
MOTION_WIDTH = len(_MOTION)
_FIRST_ROWS = 16

Bodies = NDArray[np.void]  # of dtype BODY
Body = Any  # one row: inside numba its fields are attributes, which numpy's own types do not say


class BodyTable:
    """Rows without gaps, in the order of their making."""

    def __init__(self) -> None:
        self._room = np.zeros(_FIRST_ROWS, BODY)
        self._count = 0

    @property
    def rows(self) -> Bodies:
        """The rows in use, as a view: shape (actors,)."""
        return self._room[: self._count]

    @property
    def motion(self) -> NDArray[np.float64]:
        """The 15 numbers that every actor shows, as a view: shape (actors, 15)."""
        return self._room.view(np.float64).reshape(len(self._room), -1)[: self._count, :MOTION_WIDTH]

    def append(self) -> int:
        """Add a row of zeros and return its index."""
        if self._count == len(self._room):
            self._room = np.concatenate([self._room, np.zeros_like(self._room)])
        self._room[self._count] = np.zeros((), BODY)
        self._count += 1
        return self._count - 1

    def remove(self, row: int) -> None:
        """Take a row out; later rows move up, and attachments follow them."""
        self._room[row : self._count - 1] = self._room[row + 1 : self._count].copy()
        self._count -= 1
        parents = self.rows["parent"]
        parents[parents > row] -= 1
