"""Snapshot -> the privileged state and the car's own telemetry, as named, ordered, scaled numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from driving.snapshot import Snapshot
from scenarios.drive import Walker

Feature = Callable[[Snapshot], float]
Table = dict[str, tuple[float, Feature]]
"""Name -> (scale in the feature's SI unit, function); the order is the order of the vector."""

LIMIT = 20.0
"""No scaled feature leaves [-LIMIT, LIMIT]; on the street none comes near."""


def _seen_child(value: Callable[[Snapshot], float]) -> Feature:
    return lambda snapshot: value(snapshot) if snapshot.child_seen else 0.0


def _child_forward(snapshot: Snapshot) -> float:
    body = snapshot.child
    return 0.0 if body is None else snapshot.station(body) - snapshot.front


def _child_right(snapshot: Snapshot) -> float:
    body = snapshot.child
    return 0.0 if body is None else snapshot.side(body) - snapshot.offset


def _occluder_forward(snapshot: Snapshot) -> float:
    body = snapshot.occluder
    return 0.0 if body is None else snapshot.station(body) + body.length / 2 - snapshot.front


def _occluder_edge(snapshot: Snapshot) -> float:
    """How far right of the ego the side is that the occluder turns to the lane; m."""
    body = snapshot.occluder
    if body is None:
        return 0.0
    side = snapshot.side(body)
    return side - math.copysign(body.width / 2, side) - snapshot.offset


def _walker(snapshot: Snapshot) -> Walker:
    return snapshot.drive.walkers[snapshot.child_index or 0]


def _oncoming_forward(snapshot: Snapshot) -> float:
    if not snapshot.drive.oncoming:
        return 0.0
    car = snapshot.traffic[0]
    return snapshot.station(car) - car.length / 2 - snapshot.front


STATE: Table = {
    "speed": (10.0, lambda s: s.ego.speed),
    "speed_limit": (10.0, lambda s: s.speed_limit),
    "offset": (1.0, lambda s: s.offset),
    "heading_error": (0.2, lambda s: s.heading_error),
    "last_steer": (1.0, lambda s: s.steer),
    "last_pedal": (1.0, lambda s: s.pedal),
    "standstill": (3.0, lambda s: s.standstill),
    "distance_to_finish": (30.0, lambda s: s.drive.finish - s.station(s.ego)),
    "occluder_forward": (20.0, _occluder_forward),
    "occluder_right": (2.0, _occluder_edge),
    "child_present": (1.0, lambda s: float(s.child is not None)),
    "child_forward": (20.0, _child_forward),
    "child_right": (3.0, _child_right),
    "child_velocity_forward": (3.0, lambda s: s.velocity(s.child)[0] if s.child else 0.0),
    "child_velocity_right": (3.0, lambda s: s.velocity(s.child)[1] if s.child else 0.0),
    "child_seen": (1.0, _seen_child(lambda s: 1.0)),
    "child_seen_forward": (20.0, _seen_child(_child_forward)),
    "child_seen_right": (3.0, _seen_child(_child_right)),
}

# what a driver of the wider crossings and of the overtaking has to know besides
WIDE: Table = {
    **STATE,
    "curvature": (0.01, lambda s: s.curvature),
    "child_crosses": (1.0, lambda s: float(s.child_index is not None and _walker(s).crosses)),
    "child_way": (1.0, lambda s: 0.0 if s.child_index is None else _walker(s).way),
    "children": (1.0, lambda s: float(sum(map(s.in_the_way, range(len(s.children)))))),
    "oncoming": (1.0, lambda s: float(bool(s.drive.oncoming))),
    "oncoming_forward": (50.0, _oncoming_forward),
    "oncoming_speed": (10.0, lambda s: s.traffic[0].speed if s.drive.oncoming else 0.0),
    "oncoming_seen": (1.0, lambda s: float(bool(s.drive.oncoming) and s.traffic_seen[0])),
}

# what will happen however anybody drives, and no body's place or speed tells yet
EXOGENOUS: Table = {
    "child_reveal": (10.0, lambda s: 0.0 if s.child_index is None else _walker(s).reveal_distance),
    "child_speed": (3.0, lambda s: 0.0 if s.child_index is None else _walker(s).speed),
    "child_delay": (3.0, lambda s: 0.0 if s.child_index is None else _walker(s).delay),
    "oncoming_reveal": (50.0, lambda s: s.drive.oncoming[0].reveal_distance if s.drive.oncoming else 0.0),
}

TELEMETRY: Table = {name: STATE[name] for name in ("speed", "speed_limit", "last_steer", "last_pedal")}


def state(snapshot: Snapshot, table: Table = STATE) -> NDArray[np.float32]:
    """What the expert sees, each entry divided by its scale, within +-LIMIT; shape (len(table),)."""
    return _vector(table, snapshot)


def telemetry(snapshot: Snapshot) -> NDArray[np.float32]:
    """What the car itself tells any driver; shape (len(TELEMETRY),)."""
    return _vector(TELEMETRY, snapshot)


def exogenous(snapshot: Snapshot) -> NDArray[np.float32]:
    """What happens next whatever the driver does, for who judges actions; shape (len(EXOGENOUS),)."""
    return _vector(EXOGENOUS, snapshot)


def _vector(features: Table, snapshot: Snapshot) -> NDArray[np.float32]:
    scaled = (value(snapshot) / scale for scale, value in features.values())
    return np.array([min(max(each, -LIMIT), LIMIT) for each in scaled], np.float32)
