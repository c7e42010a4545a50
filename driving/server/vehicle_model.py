"""A vehicle's answer to its pedals and its steering: numba functions of the motion tables and its tuning."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driving.server.bodies import TUNING_STEP, TUNINGS, Body
from driving.server.kernels import kernel

REAR_AXLE = 1.418  # m from the model's point back to the rear axle, as fitted
FRONT_AXLE = -0.091  # m from the same point on to the front axle, as fitted
MODEL_LENGTH = 4.8  # m, of the car that was fitted
REVERSE_LIMIT = 30.0  # km/h
GRIP = 13.0  # m/s2, the most that tyres pass on, along the road and sideways
HAND_BRAKE = 6.0  # m/s2
ROLLING = 0.5  # m/s2, that slows a car which rolls against its gear

Tables = Any  # a record of dtype motion_tables.PACKED


@kernel
def longitudinal(b: Body, t: Tables, step: float) -> float:
    """Speed along the nose after a step of `step` seconds; m/s."""
    gear = -1.0 if b.reverse > 0.0 else 1.0
    forward = b.speed * gear
    kmh = abs(b.speed) * 3.6
    push = _push(b, t, max(forward, 0.0) * 3.6)
    if forward < 0.0:  # rolling against the gear: the engine pushes, rolling resistance does too
        push += ROLLING
    elif b.reverse > 0.0 and kmh > REVERSE_LIMIT:
        push = min(push, 0.0)
    slowing = _braked(t, b.braking, kmh)
    hold = b.hand_brake * HAND_BRAKE
    if b.tuned > 0.0:
        most = GRIP * (1.0 + b.more_grip)
        slowing, hold = min(slowing * (1.0 + b.more_brake), most), min(hold * (1.0 + b.more_hold), most)
    if push < 0.0 and slowing > 0.0:  # measured braking contains the drag
        slowing, push = max(slowing, -push), 0.0
    moved = forward + push * step
    if push < 0.0 and forward > 0.0:
        moved = max(moved, 0.0)
    slowing = (slowing + hold) * step
    return gear * math.copysign(max(abs(moved) - slowing, 0.0), moved)


@kernel
def turning(b: Body, t: Tables) -> tuple[float, float]:
    """Slip angle (rad) and yaw rate (rad/s) of the kinematic bicycle, limited by grip.

    Source: Chen et al., "Learning to drive from a world on rails", ICCV 2021 (the form and its fit).
    """
    kmh = abs(b.speed) * 3.6
    j, v = _cell(t.steering_speeds, t.steering_count, kmh)
    factor = t.steering_factor[j] * (1.0 - v) + t.steering_factor[j + 1] * v
    angle, grip = t.steering_gain * b.wheel * factor, GRIP
    if b.tuned > 0.0:
        angle *= (1.0 + b.more_lock) * (1.0 + _tuned(b.more_steering, kmh))
        grip *= 1.0 + b.more_grip
    slip = math.atan(REAR_AXLE / (FRONT_AXLE + REAR_AXLE) * math.tan(angle))
    rate = b.speed / (REAR_AXLE * b.scale) * math.sin(slip)
    sideways = abs(b.speed * rate)
    if sideways > grip:
        rate *= grip / sideways
        slip *= grip / sideways
    return slip, rate


@kernel
def _push(b: Body, t: Tables, kmh: float) -> float:
    """What engine and drag do at a speed, m/s2."""
    push = _pushed(t, b.engine, kmh)
    if b.tuned == 0.0:
        return push
    drag = _pushed(t, 0.0, kmh)
    thrust = min((push - drag) * (1.0 + _tuned(b.more_thrust, kmh)), GRIP * (1.0 + b.more_grip))
    return min(drag - b.more_drag * (kmh / 3.6) ** 2, 0.0) + thrust


@kernel
def _tuned(curve: NDArray[np.float64], kmh: float) -> float:
    at = min(kmh / TUNING_STEP, TUNINGS - 1.001)
    i = int(at)
    return curve[i] * (1.0 - at + i) + curve[i + 1] * (at - i)


@kernel
def _pushed(t: Tables, level: float, kmh: float) -> float:
    i, u = _cell(t.throttle_levels, t.throttle_levels_count, level)
    j, v = _cell(t.throttle_speeds, t.throttle_speeds_count, kmh)
    return _between(t.acceleration, i, u, j, v)


@kernel
def _braked(t: Tables, level: float, kmh: float) -> float:
    i, u = _cell(t.brake_levels, t.brake_levels_count, level)
    j, v = _cell(t.brake_speeds, t.brake_speeds_count, kmh)
    return _between(t.deceleration, i, u, j, v)


@kernel
def _between(table: NDArray[np.float64], i: int, u: float, j: int, v: float) -> float:
    """A table's value between its levels and speeds: bilinear."""
    low = table[i, j] * (1.0 - v) + table[i, j + 1] * v
    high = table[i + 1, j] * (1.0 - v) + table[i + 1, j + 1] * v
    return low * (1.0 - u) + high * u


@kernel
def _cell(points: NDArray[np.float64], count: int, at: float) -> tuple[int, float]:
    """The cell that a value is in, and the part of it that lies before; held at the ends."""
    i = 0
    while i < count - 2 and at > points[i + 1]:
        i += 1
    return i, min(max((at - points[i]) / (points[i + 1] - points[i]), 0.0), 1.0)
