"""Blows and twists that a client gives a body: impulses in N s, turns in kg m2 degrees/s."""

from __future__ import annotations

import math

from driving.server import physics
from driving.server.bodies import Body
from driving.server.wire import Vector

PROP_DENSITY = 60.0  # kg/m3 of the box around it: most props are hollow
LIGHTEST, HEAVIEST = 0.5, 2000.0  # kg


def strike(body: Body, impulse: Vector, place: Vector | None = None) -> None:
    """Give a body an impulse at a place in the world (default: its centre), N s.

    A blow off the centre also turns it about the vertical; bodies do not roll or pitch.
    """
    if not _moves(body):
        return
    mass = float(body["mass"])
    x, y, z = (
        float(body[name]) + part / mass for name, part in zip(("vx", "vy", "vz"), impulse, strict=True)
    )
    physics.set_velocity(body, (x, y, z))
    if place is not None:
        arm_x, arm_y = place[0] - float(body["x"]), place[1] - float(body["y"])
        twist(body, math.degrees(arm_x * impulse[1] - arm_y * impulse[0]))


def twist(body: Body, turn: float) -> None:
    """Give a body an angular impulse about the vertical, kg m2 degrees/s, clockwise from above."""
    if _moves(body):
        body["spin"] += turn / inertia(body)


def inertia(body: Body) -> float:
    """Moment of inertia of a body's box about the vertical, kg m2."""
    return float(body["mass"] * (body["half_length"] ** 2 + body["half_width"] ** 2) / 3.0)


def prop_mass(size: Vector) -> float:
    """What a prop of a size in m weighs when it can be moved, kg: our own choice."""
    return min(max(PROP_DENSITY * size[0] * size[1] * size[2], LIGHTEST), HEAVIEST)


def _moves(body: Body) -> bool:
    return bool(body["simulated"]) and math.isfinite(body["mass"])
