"""What a vehicle's dashboard and wheels would tell, worked out from its motion: VehicleTelemetryData."""

from __future__ import annotations

import math
from typing import Any

from driving.server.bodies import Body
from driving.server.physics import GRAVITY
from driving.server.physics_control import AIR, PhysicsControl, Wheel, gear_at, rpm_at

IDLE = 800.0  # rpm


def telemetry(body: Body, control: PhysicsControl, *, gear: int | None) -> list[Any]:
    """VehicleTelemetryData.

    Args:
        body: The vehicle's row.
        control: Its physics control.
        gear: The one engaged by hand; None: the box chooses.
    """
    speed = float(body["speed"])
    if gear is None:
        gear = -1 if body["reverse"] else gear_at(control, speed)
    rpm = IDLE if gear == 0 else min(max(rpm_at(control, gear, speed), IDLE), control.max_rpm)
    area = 4.0 * float(body["half_width"] * body["half_height"])
    drag = 0.5 * AIR * control.drag * area * speed * speed
    shown = (speed, body["steer"], body["engine"], body["braking"], rpm)
    wheels = [_wheel(body, control, wheel) for wheel in control.wheels]
    return [*map(float, shown), gear, drag, wheels]


def _wheel(body: Body, control: PhysicsControl, wheel: Wheel) -> list[float]:
    """WheelTelemetryData; loads shift with the acceleration, and forces follow loads."""
    yaw = math.radians(body["yaw"])
    along, aside = float(body["ax"]), float(body["ay"])
    along, aside = (
        along * math.cos(yaw) + aside * math.sin(yaw),
        aside * math.cos(yaw) - along * math.sin(yaw),
    )
    rest = control.mass * GRAVITY / len(control.wheels)
    load = max(rest * (1.0 + _shift(body, control, wheel, along, aside) / GRAVITY), 0.0)
    part = load / (control.mass * GRAVITY)
    long_force, lat_force = part * control.mass * along, part * control.mass * aside
    radius = wheel.radius / 100.0
    long_slip = long_force / max(wheel.longitudinal_stiffness * GRAVITY, 1.0)
    rolling = float(body["vx"]) * math.cos(yaw) + float(body["vy"]) * math.sin(yaw)
    sliding = float(body["vy"]) * math.cos(yaw) - float(body["vx"]) * math.sin(yaw)
    lat_slip = math.atan2(sliding, abs(rolling)) if abs(rolling) > 0.1 else 0.0
    omega = rolling * (1.0 + long_slip) / radius
    normal = load / rest
    return [
        wheel.friction, lat_slip, long_slip, omega, load, normal, long_force * radius, long_force, lat_force,
        long_force / rest, lat_force / rest,
    ]  # fmt: skip


def _shift(body: Body, control: PhysicsControl, wheel: Wheel, along: float, aside: float) -> float:
    """What accelerating adds to a wheel's share of gravity, m/s2."""
    rise = max(float(body["centre_z"]) + control.centre[2], 0.0)
    front, side = math.copysign(1.0, wheel.place[0]), math.copysign(1.0, wheel.place[1])
    base = max(abs(wheel.place[0]), 1.0) / 100.0
    track = max(abs(wheel.place[1]), 1.0) / 100.0
    return -front * along * rise / base - side * aside * rise / track
