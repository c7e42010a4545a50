"""Motion of every body over one tick: sub-steps of at most 12.5 ms, and what is attached follows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.bodies import ATTACHED, BODY, PROP, SPRING_ARM, VEHICLE, WALKER, Bodies, Body
from driving.server.contact import overlap, overlapping
from driving.server.gait import jump, walk
from driving.server.ground import ground_of, height_at
from driving.server.impact import MOST_CONTACTS, Contacts, meet
from driving.server.kernels import kernel
from driving.server.maps import LaneStrip
from driving.server.motion_tables import packed, standard_tables
from driving.server.running_aground import aground, look_out, run_aground
from driving.server.sliding import SLIDE_FRICTION, rub
from driving.server.solids import NOTHING, NOWHERE, Index, Solids
from driving.server.vehicle_model import Tables, longitudinal, turning

LONGEST_STEP = 0.0125  # s
GRAVITY = 9.81  # m/s2
SPIN_FRICTION = 400.0  # degrees/s2
WHEELS_ALONG, WHEELS_ASIDE = 0.6, 0.8  # where wheels stand, as parts of the half length and width
ARM_QUICKNESS = 8.0  # 1/s, with which a spring arm turns after its parent
ARM_RISE = 0.3  # m, by which CARLA lifts what a spring arm holds; what a ghost arm holds it does not
CLEARANCE = 0.2  # m above the ground that a spring arm keeps; a ghost arm does not
SETTLE = 0.05  # m; nearer to the ground than this, a body stands on it


def substeps(delta: float) -> int:
    """How many equal parts a tick of `delta` seconds is cut into."""
    return max(math.ceil(delta / LONGEST_STEP - 1e-9), 1)


@kernel
def advance(
    bodies: Bodies,
    delta: float,
    steps: int,
    heights: NDArray[np.float32],
    frame: NDArray[np.float64],
    solids: Solids,
    index: Index,
    contacts: Contacts,
    tables: NDArray[np.void],
) -> int:
    """Move every body by one tick, in place.

    Args:
        bodies: The table's rows, shape (n,).
        delta: s.
        steps: Sub-steps.
        heights: The ground's grid, m.
        frame: Where that grid lies.
        solids: What of the scenery stops bodies.
        index: Where it is.
        contacts: Filled with the pairs that touched, the sum of their impulses in N s.
        tables: How vehicles answer, packed: shape (1,).

    Returns:
        How many pairs touched.
    """
    count = len(bodies)
    moves = np.zeros((count, 2))
    found = 0
    step = delta / steps
    near = np.zeros(count, np.bool_)
    anyone = look_out(bodies, delta, solids, index, near)
    for _ in range(steps):
        for i in range(count):
            b = bodies[i]
            moves[i, 0], moves[i, 1] = 0.0, 0.0
            if b.simulated == 0.0:
                continue
            if b.kind == VEHICLE:
                _drive(b, tables[0], step)
            elif b.kind == WALKER:
                walk(b, step)
                _turn(b, step)
            elif b.kind == PROP and b.mass < math.inf:
                b.vx, b.vy = rub(b.vx, b.vy, SLIDE_FRICTION * step)
                _turn(b, step)
            else:
                continue
            _fall(b, step, height_at(heights, frame, b.x, b.y))
            moves[i, 0], moves[i, 1] = b.vx * step, b.vy * step
        found = meet(bodies, moves, step, contacts, found)
        if anyone or found > 0:
            found = run_aground(bodies, moves, step, solids, index, near, contacts, found)
        for i in range(count):
            bodies[i].x += moves[i, 0]
            bodies[i].y += moves[i, 1]
            if bodies[i].kind == WALKER and bodies[i].fallen == 0.0:
                bodies[i].walked += math.hypot(moves[i, 0], moves[i, 1])
    for i in range(count):
        b = bodies[i]
        b.ax, b.ay, b.az = (b.vx - b.last_vx) / delta, (b.vy - b.last_vy) / delta, (b.vz - b.last_vz) / delta
        b.last_vx, b.last_vy, b.last_vz = b.vx, b.vy, b.vz
    _tilt(bodies, heights, frame)
    _swing_arms(bodies, delta)
    attach(bodies)
    for i in range(count):
        if bodies[i].arm == SPRING_ARM:
            ground = height_at(heights, frame, bodies[i].x, bodies[i].y)
            bodies[i].z = max(bodies[i].z, ground + CLEARANCE)
    return found


@kernel
def attach(bodies: Bodies) -> None:
    """Put every attached body where its parent carries it."""
    for i in range(len(bodies)):
        if bodies[i].kind == ATTACHED:
            _carry(bodies[i], bodies[int(bodies[i].parent)])


def set_velocity(body: Body, velocity: tuple[float, float, float]) -> None:
    """Give a body a velocity at once."""
    body["vx"], body["vy"], body["vz"] = velocity
    if body["kind"] == VEHICLE:
        yaw = math.radians(body["yaw"])
        speed = velocity[0] * math.cos(yaw) + velocity[1] * math.sin(yaw)
        body["speed"] = speed
        body["slide_x"] = velocity[0] - speed * math.cos(yaw)
        body["slide_y"] = velocity[1] - speed * math.sin(yaw)


def warm_up() -> None:
    """Load or compile every kernel, so that the first tick is no slower than the others."""
    bodies = np.zeros(2, BODY)
    bodies["kind"] = VEHICLE
    bodies["mass"] = bodies["scale"] = 1.0
    ground = ground_of([LaneStrip("driving", np.zeros((2, 3)), np.ones((2, 3)))])
    advance(
        bodies,
        0.05,
        4,
        ground.heights,
        ground.frame,
        NOTHING,
        NOWHERE,
        np.zeros((MOST_CONTACTS, 4)),
        packed(standard_tables()),
    )
    overlapping(bodies, 0)
    overlap(bodies, 0, 0)
    aground(bodies, 0, NOTHING, NOWHERE)
    attach(bodies)


@kernel
def _drive(b: Body, tables: Tables, step: float) -> None:
    b.engine += (b.throttle - b.engine) * (1.0 - math.exp(-step / tables.throttle_lag))
    b.braking += (b.brake - b.braking) * (1.0 - math.exp(-step / tables.brake_lag))
    b.wheel += (b.steer - b.wheel) * (1.0 - math.exp(-step / tables.steering_lag))
    b.slide_x, b.slide_y = rub(b.slide_x, b.slide_y, SLIDE_FRICTION * step)
    b.spin = math.copysign(max(abs(b.spin) - SPIN_FRICTION * step, 0.0), b.spin)
    if b.constant > 0.0:
        yaw = math.radians(b.yaw)
        b.speed = b.cx
        b.vx = b.cx * math.cos(yaw) - b.cy * math.sin(yaw)
        b.vy = b.cx * math.sin(yaw) + b.cy * math.cos(yaw)
        b.wz = b.spin
        if b.falls == 0.0:
            b.vz = b.cz
    else:
        b.speed = longitudinal(b, tables, step)
        slip, rate = turning(b, tables)
        course = math.radians(b.yaw) + slip
        b.vx = b.speed * math.cos(course) + b.slide_x
        b.vy = b.speed * math.sin(course) + b.slide_y
        b.wz = math.degrees(rate) + b.spin
    b.yaw = _wrapped(b.yaw + b.wz * step)


@kernel
def _turn(b: Body, step: float) -> None:
    """Go on with a spin until friction ends it."""
    if b.spin != 0.0 or b.wz != 0.0:
        b.spin = math.copysign(max(abs(b.spin) - SPIN_FRICTION * step, 0.0), b.spin)
        b.wz = b.spin
        b.yaw = _wrapped(b.yaw + b.wz * step)


@kernel
def _fall(b: Body, step: float, ground: float) -> None:
    height = b.z + b.centre_z - b.half_height - ground
    if b.falls == 0.0:  # it floats, and stops at the ground
        b.z += max(b.vz * step, min(-height, 0.0))
    elif height > SETTLE or b.vz > 0.0:
        b.vz -= GRAVITY * step
        b.z += max(b.vz * step, -height)
    else:
        b.z = ground + b.half_height - b.centre_z
        b.vz = jump(b)


@kernel
def _swing_arms(bodies: Bodies, delta: float) -> None:
    """Turn spring arms after their parents, a part of the way."""
    for i in range(len(bodies)):
        if bodies[i].kind == ATTACHED and bodies[i].arm > 0.0:
            behind = _wrapped(bodies[int(bodies[i].parent)].yaw - bodies[i].arm_yaw)
            bodies[i].arm_yaw = _wrapped(bodies[i].arm_yaw + behind * min(ARM_QUICKNESS * delta, 1.0))


@kernel
def _tilt(bodies: Bodies, heights: NDArray[np.float32], frame: NDArray[np.float64]) -> None:
    """Lean standing vehicles with the ground below their wheels."""
    for i in range(len(bodies)):
        b = bodies[i]
        if b.kind != VEHICLE or b.simulated == 0.0 or b.falls == 0.0 or b.vz != 0.0:
            continue
        forward_x, forward_y = math.cos(math.radians(b.yaw)), math.sin(math.radians(b.yaw))
        along, aside = WHEELS_ALONG * b.half_length, WHEELS_ASIDE * b.half_width
        front = height_at(heights, frame, b.x + forward_x * along, b.y + forward_y * along)
        rear = height_at(heights, frame, b.x - forward_x * along, b.y - forward_y * along)
        right = height_at(heights, frame, b.x - forward_y * aside, b.y + forward_x * aside)
        left = height_at(heights, frame, b.x + forward_y * aside, b.y - forward_x * aside)
        b.pitch = math.degrees(math.atan2(front - rear, 2.0 * along))
        b.roll = math.degrees(math.atan2(left - right, 2.0 * aside))


@kernel
def _carry(b: Body, p: Body) -> None:
    """Compose the parent's pose with the attachment's (Unreal's pitch, yaw, roll).

    An arm stays level; what is at its end looks along it, at the parent, before its own turn (CARLA's
    ActorAttacher.cpp: the arm's turn is MakeFromX of the way back to the parent).
    """
    pitch, yaw, roll = p.pitch, p.yaw, p.roll
    if b.arm > 0.0:
        pitch, yaw, roll = 0.0, b.arm_yaw, 0.0
    outer = rotation(pitch, yaw, roll)
    b.x = p.x + outer[0, 0] * b.px + outer[0, 1] * b.py + outer[0, 2] * b.pz
    b.y = p.y + outer[1, 0] * b.px + outer[1, 1] * b.py + outer[1, 2] * b.pz
    b.z = p.z + outer[2, 0] * b.px + outer[2, 1] * b.py + outer[2, 2] * b.pz
    b.vx, b.vy, b.vz = p.vx, p.vy, p.vz
    b.wx, b.wy, b.wz = p.wx, p.wy, p.wz
    b.ax, b.ay, b.az = p.ax, p.ay, p.az
    if b.arm > 0.0:
        back_x, back_y, back_z = 0.0 - b.px, 0.0 - b.py, 0.0 - b.pz  # never -0.0, which atan2 tells from 0.0
        pitch = math.degrees(math.atan2(back_z, math.hypot(back_x, back_y)))
        yaw += math.degrees(math.atan2(back_y, back_x))
        outer = rotation(pitch, yaw, 0.0)
        if b.arm == SPRING_ARM:
            b.z += ARM_RISE
    if pitch == 0.0 and roll == 0.0:
        b.pitch, b.yaw, b.roll = b.p_pitch, _wrapped(yaw + b.p_yaw), b.p_roll
        return
    inner = rotation(b.p_pitch, b.p_yaw, b.p_roll)
    m = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            m[i, j] = outer[i, 0] * inner[0, j] + outer[i, 1] * inner[1, j] + outer[i, 2] * inner[2, j]
    b.pitch = math.degrees(math.asin(min(max(m[2, 0], -1.0), 1.0)))
    b.yaw = math.degrees(math.atan2(m[1, 0], m[0, 0]))
    b.roll = math.degrees(math.atan2(-m[2, 1], m[2, 2]))


@kernel
def rotation(pitch: float, yaw: float, roll: float) -> NDArray[np.float64]:
    """Columns are the body's forward, right and up axes, in CARLA's left-handed frame."""
    cp, sp = math.cos(math.radians(pitch)), math.sin(math.radians(pitch))
    cy, sy = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    cr, sr = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    m = np.empty((3, 3))
    m[0, 0], m[0, 1], m[0, 2] = cp * cy, cy * sp * sr - sy * cr, -cy * sp * cr - sy * sr
    m[1, 0], m[1, 1], m[1, 2] = cp * sy, sy * sp * sr + cy * cr, -sy * sp * cr + cy * sr
    m[2, 0], m[2, 1], m[2, 2] = sp, -cp * sr, cp * cr
    return m


@kernel
def _wrapped(degrees: float) -> float:
    return (degrees + 180.0) % 360.0 - 180.0
