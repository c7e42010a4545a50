"""Scripted drivers: what a privileged, a careless and a careful driver do, to test scenarios and to teach."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from driving.control import hold_speed, keep_lane
from driving.snapshot import Snapshot

Driver = Callable[[Snapshot], NDArray[np.float32]]

MARGIN = 1.5  # m short of the child's line at which the privileged driver would come to rest
COMFORT = 3.0  # m/s2, how the privileged driver slows
CLEAR = 1.6  # m beside the ego's centre line: nearer than this the child is in the way
SLOW = 5.0  # m/s beside the occluder


def never_brakes(snapshot: Snapshot) -> NDArray[np.float32]:
    """Drives at the limit whatever happens."""
    return _drive(snapshot, snapshot.speed_limit)


def sees_and_brakes(snapshot: Snapshot) -> NDArray[np.float32]:
    """Drives at the limit; brakes fully while a child that is still in the way is visible."""
    return _drive(snapshot, 0.0 if _visible_danger(snapshot) else snapshot.speed_limit)


def slow_then_react(snapshot: Snapshot) -> NDArray[np.float32]:
    """Slows to SLOW before the occluder's front, then brakes fully for a child that is visible."""
    ahead = snapshot.occluder.x + snapshot.occluder.length / 2 + 2.5 - snapshot.front
    allowed = snapshot.speed_limit
    if ahead > -1.0:
        allowed = min(allowed, (SLOW**2 + 2 * COMFORT * max(ahead - 6.0, 0.0)) ** 0.5)
    return _drive(snapshot, 0.0 if _visible_danger(snapshot) else allowed)


def privileged(snapshot: Snapshot) -> NDArray[np.float32]:
    """Knows whether there is a child: waits for it to cross, or drives past at the limit."""
    child = snapshot.child
    if child is None or not _in_the_way(snapshot):
        return _drive(snapshot, snapshot.speed_limit)
    gap = child.x - child.length / 2 - snapshot.front - MARGIN
    if gap < -MARGIN - child.length:
        return _drive(snapshot, snapshot.speed_limit)
    return _drive(snapshot, min(snapshot.speed_limit, (2 * COMFORT * max(gap, 0.0)) ** 0.5))


DRIVERS: dict[str, Driver] = {
    driver.__name__: driver for driver in (never_brakes, sees_and_brakes, privileged, slow_then_react)
}


def _in_the_way(snapshot: Snapshot) -> bool:
    child = snapshot.child
    if child is None:
        return False
    return child.x + child.length / 2 > snapshot.front - snapshot.ego.length and (
        child.y > snapshot.ego.y - CLEAR
    )


def _visible_danger(snapshot: Snapshot) -> bool:
    child = snapshot.child
    if child is None or not snapshot.child_seen or not _in_the_way(snapshot):
        return False
    return child.x + child.length / 2 > snapshot.front


def _drive(snapshot: Snapshot, target: float) -> NDArray[np.float32]:
    steer = keep_lane(snapshot.offset, snapshot.heading_error, snapshot.ego.speed)
    return np.array([steer, hold_speed(target, snapshot.ego.speed)], np.float32)
