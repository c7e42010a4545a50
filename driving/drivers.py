"""Scripted drivers: what a privileged, a careless and a careful driver do, to test scenarios and to teach."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from driving.control import cruise, hold_speed, keep_lane
from driving.snapshot import Snapshot

Driver = Callable[[Snapshot], NDArray[np.float32]]

MARGIN = 1.5  # m short of the child's line at which the privileged driver would come to rest
COMFORT = 3.0  # m/s2, how the privileged driver slows
SLOW = 5.0  # m/s beside the occluder
CRUISE_GAIN = 4.0  # pedal per m/s below the speed that is to be kept
WALKING = 0.3  # m/s; who stands at the kerb is no danger yet
HEADWAY = 3.0  # s ahead, beyond which nobody in sight is a danger yet
NEAR = 8.0  # m ahead, within which somebody is even to a car that hardly moves
NEAR_LANE = 2.2  # m beside the ego's centre line: nearer than this whoever stands is one


def never_brakes(snapshot: Snapshot) -> NDArray[np.float32]:
    """Drives at the limit whatever happens, so evenly that a test's target is met where it should be."""
    steer, _ = along_lane(snapshot, snapshot.speed_limit)
    pedal = cruise(snapshot.speed_limit) + CRUISE_GAIN * (snapshot.speed_limit - snapshot.ego.speed)
    return np.array([steer, min(max(pedal, 0.0), 1.0)], np.float32)


def sees_and_brakes(snapshot: Snapshot) -> NDArray[np.float32]:
    """Drives at the limit; brakes fully while a child that is still in the way is visible."""
    return along_lane(snapshot, 0.0 if _visible_danger(snapshot) else snapshot.speed_limit)


def slow_then_react(snapshot: Snapshot) -> NDArray[np.float32]:
    """Slows to SLOW before the occluder's front, then brakes fully for a child that is visible."""
    allowed = snapshot.speed_limit
    if snapshot.occluder is not None:
        edge = snapshot.station(snapshot.occluder) + snapshot.occluder.length / 2
        ahead = edge + 2.5 - snapshot.front
        if ahead > -1.0:
            allowed = min(allowed, (SLOW**2 + 2 * COMFORT * max(ahead - 6.0, 0.0)) ** 0.5)
    return along_lane(snapshot, 0.0 if _visible_danger(snapshot) else allowed)


def privileged(snapshot: Snapshot) -> NDArray[np.float32]:
    """Knows who will cross: waits for each child that will, or drives past at the limit."""
    target = snapshot.speed_limit
    for index, child in enumerate(snapshot.children):
        if not (snapshot.drive.walkers[index].crosses and snapshot.in_the_way(index)):
            continue
        gap = snapshot.station(child) - child.length / 2 - snapshot.front - MARGIN
        if gap >= -MARGIN - child.length:
            target = min(target, (2 * COMFORT * max(gap, 0.0)) ** 0.5)
    return along_lane(snapshot, target)


DRIVERS: dict[str, Driver] = {
    driver.__name__: driver for driver in (never_brakes, sees_and_brakes, privileged, slow_then_react)
}


def along_lane(snapshot: Snapshot, target: float) -> NDArray[np.float32]:
    """Keep to the lane's centre and come to a speed (m/s)."""
    return np.array([lane_steer(snapshot), hold_speed(target, snapshot.ego.speed)], np.float32)


def lane_steer(snapshot: Snapshot) -> float:
    """The steer action that keeps to the lane's centre."""
    return keep_lane(
        snapshot.offset,
        snapshot.heading_error,
        snapshot.ego.speed,
        curvature=snapshot.curvature,
        steer_authority=snapshot.drive.steer_authority,
    )


def _visible_danger(snapshot: Snapshot) -> bool:
    """A child in sight close ahead moves, or stands where the car could touch it, and is not yet past."""
    for index, child in enumerate(snapshot.children):
        ahead = snapshot.station(child) + child.length / 2 - snapshot.front
        close = 0.0 < ahead < max(HEADWAY * snapshot.ego.speed, NEAR)
        if not (snapshot.seen[index] and close and snapshot.in_the_way(index)):
            continue
        if child.speed > WALKING or abs(snapshot.side(child) - snapshot.offset) < NEAR_LANE:
            return True
    return False
