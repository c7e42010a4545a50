"""Ackermann control: a driver inside the server that brings a vehicle to a steering angle and a speed.

Two loops, as in CARLA: the difference of speeds changes the wanted acceleration, the difference of
accelerations corrects the pedal. Both are incremental, with CARLA's default gains; ours act per 0.05 s
whatever the tick is, and the correction starts from the pedal that the motion tables name for the wanted
acceleration: with the loops alone the speed swings by 5 to 8 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from driving.server.bodies import Body
from driving.server.motion_tables import MotionTables

NOMINAL = 0.05  # s, for which the gains hold
MOST_FORWARD, MOST_BACK = 3.0, 8.0  # m/s2, without a wanted acceleration
STANDING = 0.1  # m/s; slower than this, a vehicle may change its direction
STILL = 0.01  # m/s, of a wanted speed that means stop
CREEP = 1.0  # m/s; slower than this, a vehicle that is to stop brakes fully

Control = tuple[float, float, float, bool, bool, bool, int]


@dataclass(frozen=True, slots=True)
class Goal:
    """AckermannControl: what the vehicle should come to; a rate of 0 is as quick as it goes."""

    steer: float = 0.0  # rad, positive to the right
    steer_speed: float = 0.0  # rad/s
    speed: float = 0.0  # m/s, negative backwards
    acceleration: float = 0.0  # m/s2
    jerk: float = 0.0  # m/s3


@dataclass(frozen=True, slots=True)
class Gains:
    """AckermannControllerSettings."""

    speed_kp: float = 0.15
    speed_ki: float = 0.0
    speed_kd: float = 0.25
    accel_kp: float = 0.01
    accel_ki: float = 0.0
    accel_kd: float = 0.01


STANDARD_GAINS = Gains()


class Loop:
    """One PID controller's memory."""

    def __init__(self) -> None:
        self._sum, self._last = 0.0, math.nan

    def change(self, error: float, value: float, gains: tuple[float, float, float], delta: float) -> float:
        """What to add to the output after `delta` seconds; the derivative is that of `value`."""
        self._sum += error * delta
        rate = 0.0 if math.isnan(self._last) else (value - self._last) / delta
        self._last = value
        proportional, integral, derivative = gains
        return (proportional * error + integral * self._sum - derivative * rate) * delta / NOMINAL


class AckermannDriver:
    """Presses the pedals of one vehicle until a client drives it otherwise."""

    def __init__(self, goal: Goal) -> None:
        self.goal = goal
        self._speed, self._pedal = Loop(), Loop()
        self._wanted, self._correction, self._steer = 0.0, 0.0, math.nan
        self._before = math.nan  # m/s

    def control(
        self, body: Body, gains: Gains, tables: MotionTables, *, lock: float, delta: float
    ) -> Control:
        """The vehicle control for the next tick.

        Args:
            body: The vehicle's row.
            gains: Of both loops.
            tables: How vehicles answer.
            lock: Steering angle at steer 1, rad.
            delta: The tick, s.
        """
        steer = self._steered(float(body["steer"]) * lock, delta) / lock
        speed, goal = float(body["speed"]), self.goal.speed
        if abs(goal) < STILL and abs(speed) < CREEP:
            self._rest()
            return 0.0, steer, 1.0, False, False, False, 0
        reverse = bool(body["reverse"])
        if abs(speed) < STANDING:
            reverse = goal < 0.0
        ahead = -1.0 if reverse else 1.0
        self._aim(speed * ahead, goal * ahead, gains, delta)
        self._correct(speed * ahead, gains, delta)
        pedal = min(max(pedal_for(tables, self._wanted, speed) + self._correction, -1.0), 1.0)
        return max(pedal, 0.0), steer, max(-pedal, 0.0), False, reverse, False, 0

    def _rest(self) -> None:
        self._wanted, self._correction, self._before = 0.0, 0.0, math.nan
        self._speed, self._pedal = Loop(), Loop()

    def _steered(self, now: float, delta: float) -> float:
        """The front wheels' next angle, rad."""
        before = now if math.isnan(self._steer) else self._steer
        change = self.goal.steer - before
        if self.goal.steer_speed > 0.0:
            most = self.goal.steer_speed * delta
            change = min(max(change, -most), most)
        self._steer = before + change
        return self._steer

    def _aim(self, speed: float, goal: float, gains: Gains, delta: float) -> None:
        """Choose the wanted acceleration; speeds in the gear's direction."""
        most = abs(self.goal.acceleration)
        low, high = (-most, most) if most > 0.0 else (-MOST_BACK, MOST_FORWARD)
        of_speed = (gains.speed_kp, gains.speed_ki, gains.speed_kd)
        change = self._speed.change(goal - speed, speed, of_speed, delta)
        if self.goal.jerk > 0.0:
            jerk = self.goal.jerk * delta
            change = min(max(change, -jerk), jerk)
        self._wanted = min(max(self._wanted + change, low), high)

    def _correct(self, speed: float, gains: Gains, delta: float) -> None:
        """Add to the pedal what the acceleration lacks."""
        felt = 0.0 if math.isnan(self._before) else (speed - self._before) / delta
        self._before = speed
        of_pedal = (gains.accel_kp, gains.accel_ki, gains.accel_kd)
        change = self._pedal.change(self._wanted - felt, felt, of_pedal, delta)
        self._correction = min(max(self._correction + change, -1.0), 1.0)


def pedal_for(tables: MotionTables, acceleration: float, speed: float) -> float:
    """The pedal, -1 (brake) to 1 (throttle), that the tables name for an acceleration at a speed (m/s)."""
    kmh = abs(speed) * 3.6
    pushes = [np.interp(kmh, tables.throttle_speeds, row) for row in tables.acceleration]
    if acceleration >= pushes[0]:
        return float(np.interp(acceleration, pushes, tables.throttle_levels))
    brakes = [np.interp(kmh, tables.brake_speeds, row) for row in tables.deceleration]
    return -float(np.interp(-acceleration, brakes, tables.brake_levels))
