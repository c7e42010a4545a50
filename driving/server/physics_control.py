"""A vehicle's physics control, and how it changes the motion that the tables measured.

The tables hold for the control that a blueprint comes with (`standard`). Another control acts by what it
changes: the engine's force by torque curve, gears, final ratio and wheel radius, at every speed; the brakes
by their torque and the radius; accelerations by the mass; the drag by its coefficient; the steering by the
front wheels' largest angle and the steering curve; and what tyres can pass on by their friction. Moment of
inertia, damping, clutch, gear switch time, centre of mass and tyre stiffness are kept and given back, without
effect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from driving.server.blueprints import Blueprint
from driving.server.bodies import TUNING_STEP, TUNINGS, Body
from driving.server.errors import WorldError

AIR = 1.2  # kg/m3
LEAST_MASS, LEAST_RADIUS, LEAST_RATIO = 1.0, 1.0, 1e-3  # kg, cm
LEAST_LOCK = 0.1  # degrees of steering angle, for who divides by it
AUTOMATIC = 99  # the gear that a gearbox chooses by itself
_SPEEDS = np.arange(TUNINGS) * TUNING_STEP  # km/h

Point = tuple[float, float]
Place = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Gear:
    """GearPhysicsControl: ratio, and the parts of the largest speed at which the box shifts."""

    ratio: float
    down: float = 0.5
    up: float = 0.65


@dataclass(frozen=True, slots=True)
class Wheel:
    """WheelPhysicsControl."""

    friction: float = 3.5
    damping: float = 0.25
    steer_angle: float = 70.0  # degrees
    radius: float = 36.0  # cm
    brake_torque: float = 1500.0  # N m
    handbrake_torque: float = 0.0  # N m
    lateral_stiffness_load: float = 3.0
    lateral_stiffness: float = 17.0
    longitudinal_stiffness: float = 3000.0
    place: Place = (0.0, 0.0, 0.0)  # cm, in the vehicle's frame; clients are told it in the world's


@dataclass(frozen=True, slots=True)
class PhysicsControl:
    """VehiclePhysicsControl, in the order of CARLA's struct."""

    torque_curve: tuple[Point, ...]  # rpm, N m
    max_rpm: float
    moment: float  # kg m2, of the engine
    damping_full: float
    damping_engaged: float
    damping_disengaged: float
    automatic: bool
    switch_time: float  # s
    clutch: float
    final_ratio: float
    gears: tuple[Gear, ...]
    mass: float  # kg
    drag: float
    centre: Place  # m
    steering_curve: tuple[Point, ...]  # km/h, factor
    wheels: tuple[Wheel, ...]
    sweep: bool

    def __post_init__(self) -> None:
        """Refuse what no vehicle has.

        Raises:
            WorldError: A list is empty, or a mass, radius, ratio or speed is not positive.
        """
        for name in ("torque_curve", "gears", "steering_curve", "wheels"):
            if not getattr(self, name):
                raise WorldError(f"a physics control needs at least one entry in {name}")
        for curve in (self.torque_curve, self.steering_curve):
            if any(first[0] > second[0] for first, second in pairwise(curve)):
                raise WorldError("the points of a physics control's curves must be in rising order")
        radii = min(wheel.radius for wheel in self.wheels)
        if self.mass < LEAST_MASS or radii < LEAST_RADIUS:
            raise WorldError(
                f"a vehicle has a mass of at least {LEAST_MASS:g} kg and wheels of at least"
                f" {LEAST_RADIUS:g} cm, got {self.mass:g} kg and {radii:g} cm"
            )
        if min(self.final_ratio, self.max_rpm) < LEAST_RATIO:
            raise WorldError("a physics control's final ratio and max rpm must be above 0")

    @property
    def radius(self) -> float:
        """Of its wheels, m."""
        return sum(wheel.radius for wheel in self.wheels) / len(self.wheels) / 100.0

    @property
    def steer_angle(self) -> float:
        """The front wheels' largest, degrees."""
        return max(wheel.steer_angle for wheel in self.wheels)


def standard(blueprint: Blueprint) -> PhysicsControl:
    """The physics control that a vehicle comes with: plausible figures of its size."""
    length, width, _ = blueprint.size
    front, side, radius = 100.0 * length * 0.3, 100.0 * width * 0.4, 36.0
    wheels = tuple(
        Wheel(steer_angle=steer, radius=radius, handbrake_torque=hold, place=(x, y, radius))
        for x, steer, hold in ((front, 70.0, 0.0), (-front, 0.0, 3000.0))
        for y in (-side, side)
    )
    torque = ((0.0, 400.0), (1890.0, 500.0), (5729.0, 400.0))
    gears = tuple(Gear(ratio) for ratio in (3.6, 1.95, 1.37, 1.0))
    steering = ((0.0, 1.0), (20.0, 0.898), (60.0, 0.76), (120.0, 0.7))
    clutch = (0.15, 2.0, 0.35, True, 0.5, 10.0, 4.0)
    centre = (0.0, 0.0, -0.3)
    return PhysicsControl(
        torque, 5800.0, 1.0, *clutch, gears, blueprint.mass, 0.3, centre, steering, wheels, sweep=False
    )


def tune(body: Body, control: PhysicsControl, usual: PhysicsControl, gear: int = AUTOMATIC) -> None:
    """Have a vehicle move as its physics control says.

    Args:
        body: Its row.
        control: What it has.
        usual: What it came with, for which the motion tables hold.
        gear: The one that is engaged by hand; 0 is neutral, -1 reverse.
    """
    ease = usual.mass / control.mass
    reach = usual.radius / control.radius
    body["mass"] = control.mass
    body["more_thrust"] = ease * _force(control, gear) / _force(usual, AUTOMATIC) - 1.0
    body["more_brake"] = ease * reach * _share(control, usual, "brake_torque") - 1.0
    body["more_hold"] = ease * reach * _share(control, usual, "handbrake_torque") - 1.0
    body["more_grip"] = _share(control, usual, "friction") - 1.0
    body["more_lock"] = control.steer_angle / usual.steer_angle - 1.0
    body["more_steering"] = _factor(control) / _factor(usual) - 1.0
    area = 4.0 * body["half_width"] * body["half_height"]
    body["more_drag"] = 0.5 * AIR * area * (control.drag / control.mass - usual.drag / usual.mass)
    names = ("more_thrust", "more_brake", "more_hold", "more_grip", "more_lock", "more_steering", "more_drag")
    body["tuned"] = float(any(np.any(body[name]) for name in names))


def rpm_at(control: PhysicsControl, gear: int, speed: float) -> float:
    """The engine's turns per minute in a gear at a speed in m/s."""
    ratio = control.gears[min(max(abs(gear), 1), len(control.gears)) - 1].ratio
    return abs(speed) / control.radius * ratio * control.final_ratio * 60.0 / math.tau


def gear_at(control: PhysicsControl, speed: float) -> int:
    """The gear that an automatic box has engaged at a speed in m/s, from 1 on."""
    for number, gear in enumerate(control.gears, 1):
        if rpm_at(control, number, speed) <= gear.up * control.max_rpm:
            return number
    return len(control.gears)


def _force(control: PhysicsControl, gear: int) -> NDArray[np.float64]:
    """What the engine can push with at each speed, N, shape (TUNINGS,)."""
    rpm, torque = np.array(control.torque_curve).T
    pushes = []
    for number, entry in enumerate(control.gears, 1):
        turns = np.array([rpm_at(control, number, speed / 3.6) for speed in _SPEEDS])
        pull = (
            np.maximum(np.interp(turns, rpm, torque), 0.0)
            * entry.ratio
            * control.final_ratio
            / control.radius
        )
        last = number == len(control.gears)
        within = turns <= control.max_rpm
        pushes.append(np.where(within | (last and gear == AUTOMATIC), pull, 0.0))
    if gear == AUTOMATIC:
        return np.max(pushes, axis=0)
    if gear == 0:
        return np.zeros(TUNINGS)
    return pushes[min(abs(gear), len(pushes)) - 1]


def _factor(control: PhysicsControl) -> NDArray[np.float64]:
    speeds, factors = np.array(control.steering_curve).T
    return np.interp(_SPEEDS, speeds, factors)


def _share(control: PhysicsControl, usual: PhysicsControl, name: str) -> float:
    return sum(getattr(wheel, name) for wheel in control.wheels) / max(
        sum(getattr(wheel, name) for wheel in usual.wheels), 1e-9
    )
