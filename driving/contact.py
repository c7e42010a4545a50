"""When two moving boxes touch: swept separating axes on the ground plane, exact for straight motion."""

from __future__ import annotations

import math

from driving.snapshot import Body, Snapshot

Corner = tuple[float, float]


def first_contact(
    first: Body, second: Body, first_move: Corner, second_move: Corner, *, margin: float = 0.0
) -> float | None:
    """The fraction of the move after which two boxes first touch.

    Both boxes keep their heading and move along straight lines at constant speed, so the projection of
    their distance on each of the four face normals is linear in time and the answer is exact.

    Args:
        first: A box at the start of the move.
        second: The other box at the start of the move.
        first_move: Displacement (x, y) of the first box over the move; m.
        second_move: The same for the second.
        margin: How much nearer than touching counts as contact; m.

    Returns:
        A number in [0, 1], 0 if they touch already; None if they stay apart.

    Source: Gottschalk et al., SIGGRAPH 1996 (separating axes), with the interval test over time.
    """
    gap_x, gap_y = second.x - first.x, second.y - first.y
    move_x, move_y = second_move[0] - first_move[0], second_move[1] - first_move[1]
    # What is too far to be touched is seldom worth four projections; the root is for corners on both axes.
    far = math.sqrt(2.0) * (_radius(first) + _radius(second) + margin)
    if math.hypot(gap_x, gap_y) > far + math.hypot(move_x, move_y):
        return None
    enter, leave = 0.0, 1.0
    for yaw in (first.yaw, first.yaw + math.pi / 2, second.yaw, second.yaw + math.pi / 2):
        axis_x, axis_y = math.cos(yaw), math.sin(yaw)
        reach = _half_extent(first, axis_x, axis_y) + _half_extent(second, axis_x, axis_y) + margin
        gap = gap_x * axis_x + gap_y * axis_y
        speed = move_x * axis_x + move_y * axis_y
        if abs(speed) < 1e-12:
            if abs(gap) > reach:
                return None
            continue
        start, end = sorted(((-reach - gap) / speed, (reach - gap) / speed))
        enter, leave = max(enter, start), min(leave, end)
        if enter > leave:
            return None
    return enter


def time_to_collision(first: Body, second: Body, *, horizon: float = 10.0) -> float:
    """Seconds until two bodies touch if both keep their velocity; infinity beyond the horizon (s)."""
    fraction = first_contact(
        first,
        second,
        (first.velocity_x * horizon, first.velocity_y * horizon),
        (second.velocity_x * horizon, second.velocity_y * horizon),
    )
    return math.inf if fraction is None else fraction * horizon


def soonest_collision(now: Snapshot) -> float:
    """Seconds until the ego touches a child or an oncoming car if all keep their velocity; or infinity."""
    bodies = (*now.children, *now.traffic[: len(now.drive.oncoming)])
    return min((time_to_collision(now.ego, body) for body in bodies), default=math.inf)


def needed_braking(now: Snapshot) -> float:
    """How hard the ego must brake, from now on, not to touch anybody who keeps their velocity; m/s2.

    The deceleration rate to avoid a crash, for what crosses its way: v / (2 TTC); infinite in contact.
    Source: Cooper and Ferguson, Traffic Engineering and Control 17, 1976.
    """
    if now.ego.speed == 0.0:
        return 0.0
    left = soonest_collision(now)
    return now.ego.speed / (2.0 * left) if left > 0.0 else math.inf


def segment_hits_box(start: tuple[float, float, float], end: tuple[float, float, float], box: Body) -> bool:
    """Whether the straight line between two points (m) passes through a body's box."""
    cos, sin = math.cos(box.yaw), math.sin(box.yaw)
    low, high = 0.0, 1.0
    a, b = _local(start, box, cos, sin), _local(end, box, cos, sin)
    for p, q, half in zip(a, b, (box.length / 2, box.width / 2, box.height / 2), strict=True):
        step = q - p
        if abs(step) < 1e-12:
            if abs(p) > half:
                return False
            continue
        enter, leave = sorted(((-half - p) / step, (half - p) / step))
        low, high = max(low, enter), min(high, leave)
        if low > high:
            return False
    return True


def _radius(box: Body) -> float:
    return math.hypot(box.length, box.width) / 2


def _half_extent(box: Body, axis_x: float, axis_y: float) -> float:
    along = axis_x * math.cos(box.yaw) + axis_y * math.sin(box.yaw)
    across = -axis_x * math.sin(box.yaw) + axis_y * math.cos(box.yaw)
    return abs(along) * box.length / 2 + abs(across) * box.width / 2


def _local(
    point: tuple[float, float, float], box: Body, cos: float, sin: float
) -> tuple[float, float, float]:
    dx, dy = point[0] - box.x, point[1] - box.y
    return cos * dx + sin * dy, -sin * dx + cos * dy, point[2] - box.z
