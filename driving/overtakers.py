"""Scripted drivers behind a truck that hides the other lane: blind, reacting, privileged and peeking."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driving.control import hold_speed, keep_lane
from driving.drivers import COMFORT, Driver
from driving.snapshot import Snapshot

PASSING = -3.3  # m right of the lane's centre, where they pass the truck
PULL_OUT = 17.0  # m from the front to the truck's rear where a passing driver begins to move over
RETURN = 4.0  # m beyond the truck where it moves back
HOLD = 9.0  # m short of the truck's rear, where a waiting driver stops
PEEK = -0.6  # m right of the lane's centre: sees past the truck, and leaves the other lane free
PEEK_FROM = 24.0  # m short of the truck's rear
PEEK_SPEED = 2.5  # m/s while looking
GAIN = 1.2  # 1/s, how fast a driver moves over


def passes_blindly(snapshot: Snapshot) -> NDArray[np.float32]:
    """Passes at the limit whoever comes."""
    return _pass(snapshot, snapshot.speed_limit)


def sees_and_brakes(snapshot: Snapshot) -> NDArray[np.float32]:
    """Passes at the limit; brakes fully and moves back while somebody who comes is visible."""
    if _comes(snapshot) and snapshot.traffic_seen[0] and _to_rear(snapshot) > -4.0:
        return _action(snapshot, 0.0, 0.0)
    return _pass(snapshot, snapshot.speed_limit)


def privileged(snapshot: Snapshot) -> NDArray[np.float32]:
    """Knows whether somebody comes: waits behind the truck until they are past, or passes at the limit."""
    if _comes(snapshot) and _to_rear(snapshot) > 0.0:
        return _hold(snapshot, side=0.0)
    return _pass(snapshot, snapshot.speed_limit)


def peeks_then_passes(snapshot: Snapshot) -> NDArray[np.float32]:
    """Slows behind the truck, moves over far enough to see, and passes if nobody comes."""
    to_rear = _to_rear(snapshot)
    if to_rear > 0.0 and _comes(snapshot) and snapshot.traffic_seen[0]:
        return _hold(snapshot, side=PEEK)
    if to_rear > PEEK_FROM:
        approach = (PEEK_SPEED**2 + 2 * COMFORT * max(to_rear - HOLD - 6.0, 0.0)) ** 0.5
        return _action(snapshot, 0.0, min(approach, snapshot.speed_limit))
    if to_rear > HOLD + 1.0 or (to_rear > 0.0 and snapshot.offset > PEEK + 0.2):
        approach = (PEEK_SPEED**2 + 2 * COMFORT * max(to_rear - HOLD - 6.0, 0.0)) ** 0.5
        return _action(snapshot, PEEK, min(approach, snapshot.speed_limit))
    return _pass(snapshot, snapshot.speed_limit)


OVERTAKERS: dict[str, Driver] = {
    driver.__name__: driver for driver in (passes_blindly, sees_and_brakes, privileged, peeks_then_passes)
}


def _to_rear(snapshot: Snapshot) -> float:
    """From the front to the truck's rear; m, negative beside it."""
    truck = snapshot.occluder
    if truck is None:
        return -np.inf
    return snapshot.station(truck) - truck.length / 2 - snapshot.front


def _comes(snapshot: Snapshot) -> bool:
    """Somebody is on the way who is not yet past the ego."""
    if not snapshot.drive.oncoming:
        return False
    car = snapshot.traffic[0]
    return snapshot.station(car) + car.length / 2 > snapshot.front - snapshot.ego.length


def _hold(snapshot: Snapshot, *, side: float) -> NDArray[np.float32]:
    room = max(_to_rear(snapshot) - HOLD, 0.0)
    return _action(snapshot, side, min((2 * COMFORT * room) ** 0.5, snapshot.speed_limit))


def _pass(snapshot: Snapshot, speed: float) -> NDArray[np.float32]:
    truck, to_rear = snapshot.occluder, _to_rear(snapshot)
    beside = truck is not None and -truck.length - snapshot.ego.length - RETURN < to_rear < PULL_OUT
    # out of the truck's corner before it is reached: no faster than the way over allows
    missing = max(snapshot.offset - PASSING - 0.5, 0.0)
    if beside and to_rear > 0.0 and missing > 0.0:
        speed = min(speed, max(to_rear / (missing / GAIN), 2.0))
    return _action(snapshot, PASSING if beside else 0.0, speed)


def _action(snapshot: Snapshot, side: float, speed: float) -> NDArray[np.float32]:
    steer = keep_lane(
        snapshot.offset - side,
        snapshot.heading_error,
        snapshot.ego.speed,
        steer_authority=snapshot.drive.steer_authority,
        gain=GAIN,
    )
    return np.array([steer, hold_speed(speed, snapshot.ego.speed)], np.float32)
