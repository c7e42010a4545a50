"""How CARLA's default car answers its pedals and its steering, as tables; numba functions that read them.

Published fits of CARLA's ego car (throttle, brake, steering curve and kinematic bicycle); rows at throttle 0,
speeds above 80 km/h and the brake below 40 km/h are our own, chosen so that 50 -> 0 km/h takes 11 m.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

THROTTLE_LEVELS = np.array([0.0, 0.5, 0.7, 1.0])
THROTTLE_SPEEDS = np.array([0.0, 10, 20, 30, 40, 50, 60, 80, 120, 180, 240])  # km/h
THROTTLE_ACCELERATION = np.array(  # m/s2, by level and speed
    [
        [0.0, -0.4, -0.5, -0.5, -0.5, -0.5, -0.6, -0.7, -0.9, -1.3, -1.8],
        [1.4, 1.0, 0.7, 0.4, 0.3, 0.2, 0.2, 0.5, -0.3, -0.9, -1.6],
        [3.3, 2.9, 2.6, 2.3, 2.1, 1.8, 1.6, 1.3, 0.5, -0.4, -1.3],
        [7.6, 6.8, 6.1, 5.4, 4.7, 4.1, 3.6, 2.7, 1.4, 0.2, -1.0],
    ]
)
BRAKE_LEVELS = np.array([0.0, 0.02, 0.5, 1.0])
BRAKE_SPEEDS = np.array([0.0, 4, 10, 20, 30, 40, 50, 60, 70, 80, 240])  # km/h
BRAKE_DECELERATION = np.array(  # m/s2; near standstill every brake value brakes almost fully (CARLA #8112)
    [
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [12.0, 3.0, 0.3, 0.2, 0.2, 0.1, 0.2, 0.2, 0.2, 0.1, 0.1],
        [12.5, 7.5, 6.5, 6.0, 4.8, 3.5, 3.8, 4.1, 3.8, 3.4, 3.4],
        [13.0, 13.0, 13.0, 12.0, 9.5, 6.9, 7.5, 8.0, 7.5, 6.7, 6.7],
    ]
)
STEERING_SPEEDS = np.array([0.0, 20, 60, 120])  # km/h
STEERING_FACTOR = np.array([1.0, 0.898, 0.76, 0.70])
STEERING_GAIN = 0.3685  # rad at steer 1
REAR_AXLE = 1.418  # m from the model's point back to the rear axle
FRONT_AXLE = -0.091  # m from the same point on to the front axle, as fitted
MODEL_LENGTH = 4.8  # m, of the car that was fitted
REVERSE_LIMIT = 30.0  # km/h
GRIP = 13.0  # m/s2, the sideways acceleration at which the front starts to slide
HAND_BRAKE = 6.0  # m/s2
THROTTLE_LAG, BRAKE_LAG, STEERING_LAG = 0.15, 0.04, 0.10  # s


@njit(cache=True)
def lookup(
    table: NDArray[np.float64],
    levels: NDArray[np.float64],
    speeds: NDArray[np.float64],
    level: float,
    speed: float,
) -> float:
    """A table's value between its levels and speeds (bilinear, held at its ends)."""
    i, u = _cell(levels, level)
    j, v = _cell(speeds, speed)
    low = table[i, j] * (1.0 - v) + table[i, j + 1] * v
    high = table[i + 1, j] * (1.0 - v) + table[i + 1, j + 1] * v
    return low * (1.0 - u) + high * u


@njit(cache=True)
def longitudinal(
    speed: float, throttle: float, brake: float, hand_brake: float, reverse: float, step: float
) -> float:
    """Speed along the nose after a step of `step` seconds; m/s."""
    gear = -1.0 if reverse > 0.0 else 1.0
    forward = speed * gear
    kmh = abs(speed) * 3.6
    push = lookup(THROTTLE_ACCELERATION, THROTTLE_LEVELS, THROTTLE_SPEEDS, throttle, max(forward, 0.0) * 3.6)
    if forward < 0.0:  # rolling against the gear: the engine pushes, rolling resistance does too
        push += 0.5
    elif reverse > 0.0 and kmh > REVERSE_LIMIT:
        push = min(push, 0.0)
    slowing = lookup(BRAKE_DECELERATION, BRAKE_LEVELS, BRAKE_SPEEDS, brake, kmh)
    if push < 0.0 and slowing > 0.0:  # measured braking contains the drag
        slowing, push = max(slowing, -push), 0.0
    moved = forward + push * step
    if push < 0.0 and forward > 0.0:
        moved = max(moved, 0.0)
    slowing = (slowing + hand_brake * HAND_BRAKE) * step
    return gear * math.copysign(max(abs(moved) - slowing, 0.0), moved)


@njit(cache=True)
def turning(speed: float, wheel: float, scale: float) -> tuple[float, float]:
    """Slip angle (rad) and yaw rate (rad/s) of the kinematic bicycle, limited by grip.

    Source: Chen et al., "Learning to drive from a world on rails", ICCV 2021 (the form and its fit).
    """
    kmh = abs(speed) * 3.6
    j, v = _cell(STEERING_SPEEDS, kmh)
    angle = STEERING_GAIN * wheel * (STEERING_FACTOR[j] * (1.0 - v) + STEERING_FACTOR[j + 1] * v)
    slip = math.atan(REAR_AXLE / (FRONT_AXLE + REAR_AXLE) * math.tan(angle))
    rate = speed / (REAR_AXLE * scale) * math.sin(slip)
    sideways = abs(speed * rate)
    if sideways > GRIP:
        rate *= GRIP / sideways
        slip *= GRIP / sideways
    return slip, rate


@njit(cache=True)
def _cell(points: NDArray[np.float64], at: float) -> tuple[int, float]:
    last = len(points) - 2
    i = 0
    while i < last and at > points[i + 1]:
        i += 1
    return i, min(max((at - points[i]) / (points[i + 1] - points[i]), 0.0), 1.0)
