"""Contact between boxes that stand upright: when two moving boxes first touch, and along which normal.

Separating axes over the whole of a sub-step (swept): nothing passes through anything between two instants.
"""

from __future__ import annotations

import math

from driving.server.bodies import Bodies, Body
from driving.server.kernels import kernel

NEVER = 2.0  # a time beyond the step

Box = tuple[float, float, float, float]  # cosine and sine of its yaw, half length and half width in m


@kernel
def heights_overlap(a: Body, b: Body) -> bool:
    """Whether two bodies' boxes share a height."""
    apart = abs((a.z + a.centre_z) - (b.z + b.centre_z))
    return apart < a.half_height + b.half_height


@kernel
def first_touch(a: Body, b: Body, dx: float, dy: float) -> tuple[float, float, float, float]:
    """When and how box b, moving by (dx, dy) relative to box a, first touches it.

    Args:
        a: A row of the body table.
        b: Another.
        dx: b's displacement relative to a's during the step, m.
        dy: The same along y.

    Returns:
        time: As a part of the step in [0, 1]; NEVER if they do not touch.
        normal x, normal y: Unit vector from a to b at that time.
        depth: How far they overlap already, m; 0 if they do not.
    """
    one = (math.cos(math.radians(a.yaw)), math.sin(math.radians(a.yaw)), a.half_length, a.half_width)
    two = (math.cos(math.radians(b.yaw)), math.sin(math.radians(b.yaw)), b.half_length, b.half_width)
    return first_touch_of(one, two, b.x - a.x, b.y - a.y, dx, dy)


@kernel
def first_touch_of(
    one: Box, two: Box, px: float, py: float, dx: float, dy: float
) -> tuple[float, float, float, float]:
    """As `first_touch`, of boxes whose middles are (px, py) apart."""
    enter, leave, depth = -math.inf, math.inf, math.inf
    nx, ny, least_x, least_y = 0.0, 0.0, 0.0, 0.0
    ca, sa, length_a, width_a = one
    cb, sb, length_b, width_b = two
    for axis in range(4):
        if axis == 0:
            ux, uy = ca, sa
        elif axis == 1:
            ux, uy = -sa, ca
        elif axis == 2:
            ux, uy = cb, sb
        else:
            ux, uy = -sb, cb
        reach = (
            length_a * abs(ux * ca + uy * sa)
            + width_a * abs(uy * ca - ux * sa)
            + length_b * abs(ux * cb + uy * sb)
            + width_b * abs(uy * cb - ux * sb)
        )
        apart, drift = px * ux + py * uy, dx * ux + dy * uy
        side = 1.0 if apart >= 0.0 else -1.0
        overlap = reach - abs(apart)
        if overlap < depth:
            depth, least_x, least_y = overlap, side * ux, side * uy
        if abs(drift) < 1e-12:
            if overlap <= 0.0:
                return NEVER, 0.0, 0.0, 0.0
            continue
        early, late = (-reach - apart) / drift, (reach - apart) / drift
        if early > late:
            early, late = late, early
        if early > enter:
            enter, nx, ny = early, side * ux, side * uy
        leave = min(leave, late)
        if enter >= leave:
            return NEVER, 0.0, 0.0, 0.0
    if depth > 0.0:
        return 0.0, least_x, least_y, depth
    if enter < 0.0 or enter > 1.0 or leave <= 0.0:
        return NEVER, 0.0, 0.0, 0.0
    return enter, nx, ny, 0.0


@kernel
def overlap(bodies: Bodies, one: int, other: int) -> bool:
    """Whether the boxes of two bodies overlap."""
    a, b = bodies[one], bodies[other]
    return heights_overlap(a, b) and first_touch(a, b, 0.0, 0.0)[3] > 0.0


@kernel
def overlapping(bodies: Bodies, row: int) -> int:
    """The first other body whose box overlaps a body's; -1 if none does."""
    for other in range(len(bodies)):
        if other != row and bodies[other].collides != 0.0 and overlap(bodies, row, other):
            return other
    return -1
