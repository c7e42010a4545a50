"""Actions -> pedals and steering, and the controllers that scripted drivers are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

STEER_AUTHORITY = 0.05
"""Vehicle steer (of CARLA's [-1, 1]) at action 1: at 36 km/h about 1 m/s2 sideways, enough for a lane."""

STEER_CURVATURE = 0.24  # 1/m at vehicle steer 1, low speed: 0.3685 rad over a wheelbase of 1.51 m

FULL_ANGLE = 0.06  # rad of error that asks for action 1: gentle enough to be told from a picture


@dataclass(frozen=True, slots=True)
class Command:
    """What the vehicle is told: throttle and brake in [0, 1], steer in [-1, 1], positive to the right."""

    throttle: float
    brake: float
    steer: float


def command(action: Iterable[float], *, steer_authority: float = STEER_AUTHORITY) -> Command:
    """Turn an action into a command.

    Args:
        action: (steer, pedal), each in [-1, 1] and clipped to it; pedal > 0 is throttle, < 0 brake.
        steer_authority: Vehicle steer at action 1.

    Raises:
        ValueError: The action does not have two finite numbers.
    """
    steer, pedal = (float(value) for value in action)
    if not (math.isfinite(steer) and math.isfinite(pedal)):
        raise ValueError(f"an action is two finite numbers (steer, pedal), got ({steer}, {pedal})")
    steer, pedal = min(max(steer, -1.0), 1.0), min(max(pedal, -1.0), 1.0)
    return Command(max(pedal, 0.0), max(-pedal, 0.0), steer_authority * steer)


def keep_lane(
    offset: float,
    heading_error: float,
    speed: float,
    *,
    curvature: float = 0.0,
    steer_authority: float = STEER_AUTHORITY,
    gain: float = 0.4,
) -> float:
    """Steer action that brings the car back to its lane's centre.

    A Stanley controller: the wheels point back along the lane plus an angle that shrinks with speed.

    Args:
        offset: m right of the lane's centre.
        heading_error: rad, positive to the right.
        speed: m/s.
        curvature: Of the lane; 1/m, positive to the right.
        steer_authority: Vehicle steer at action 1.
        gain: How fast it comes back; 1/s.

    Source: Hoffmann et al., ACC 2007, eq. 5.
    """
    angle = -heading_error - math.atan2(gain * offset, speed + 2.0)
    bend = curvature / (STEER_CURVATURE * steer_authority)
    return min(max(angle / FULL_ANGLE * STEER_AUTHORITY / steer_authority + bend, -1.0), 1.0)


def cruise(speed: float) -> float:
    """Throttle that about keeps a speed (m/s) on the level, for CARLA's default car."""
    return 0.1 + 0.017 * speed


def hold_speed(target: float, speed: float) -> float:
    """Pedal action that brings the speed to its target: proportional, with a brake for overshoot; m/s."""
    error = target - speed
    if target <= 0.0:
        return -1.0
    return min(max(0.45 + 0.5 * error, 0.0), 1.0) if error > -0.3 else max(0.6 * (error + 0.3), -1.0)
