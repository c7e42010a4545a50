"""Whether a test run kept to its procedure: what Euro NCAP tolerates in the car's and the target's motion.

Source: Euro NCAP, Crash Avoidance - Frontal Collisions 1.1: car +1.0 km/h and +-0.05 m sideways until T0,
target +-0.2 km/h and +-0.05 m.
"""

from __future__ import annotations

from collections.abc import Callable

from driving.snapshot import Snapshot

CAR_SPEED = (-0.05, 1.0)  # km/h above the test speed at T0; the lower end only allows for rounding
TARGET_SPEED = 0.2  # km/h
PLACE = 0.05  # m


def deviation(
    now: Snapshot,
    before: Snapshot | None = None,
    walked: Callable[[int], float | None] = lambda _: None,
) -> str:
    """Name the first tolerance that is broken at an instant; empty if none is, or the drive is no test.

    Args:
        now: The instant; the first one is T0.
        before: The instant before; None at T0.
        walked: How far a walker ought to have come (m), None before it set off.
    """
    drive = now.drive
    if not drive.approach:
        return ""
    if before is None:
        excess = 3.6 * (now.ego.speed - drive.start_speed)
        if not CAR_SPEED[0] <= excess <= CAR_SPEED[1]:
            return f"car {excess:+.2f} km/h off the test speed at T0"
        if abs(now.offset) > PLACE:
            return f"car {now.offset:+.3f} m off its path at T0"
        return ""
    for index, (walker, child) in enumerate(zip(drive.walkers, now.children, strict=True)):
        wanted = walked(index)
        if wanted is None or wanted >= walker.reach:
            continue
        cos, sin = walker.placed.ahead
        dx, dy = child.x - walker.placed.x, child.y - walker.placed.y
        along, across = cos * dx + sin * dy, cos * dy - sin * dx
        if max(abs(along - wanted), abs(across)) > PLACE:
            return f"target {along - wanted:+.3f} m ahead and {across:+.3f} m beside its place"
        steady = wanted > walker.acceleration_distance + walker.speed * (now.time - before.time)
        if steady and abs(3.6 * (child.speed - walker.speed)) > TARGET_SPEED:
            return f"target {3.6 * (child.speed - walker.speed):+.2f} km/h off its speed"
    return ""
