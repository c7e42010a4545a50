"""Snapshot -> the privileged state and the car's own telemetry, as named, ordered, scaled numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from driving.snapshot import Snapshot

Feature = Callable[[Snapshot], float]

LIMIT = 20.0
"""No scaled feature leaves [-LIMIT, LIMIT]; on the street none comes near."""


def _seen_child(value: Callable[[Snapshot], float]) -> Feature:
    return lambda snapshot: value(snapshot) if snapshot.child_seen else 0.0


def _child_forward(snapshot: Snapshot) -> float:
    body = snapshot.child
    return 0.0 if body is None else body.x - snapshot.front


def _child_right(snapshot: Snapshot) -> float:
    body = snapshot.child
    return 0.0 if body is None else body.y - snapshot.ego.y


def _occluder_edge(snapshot: Snapshot) -> float:
    return snapshot.occluder.y - snapshot.occluder.width / 2 - snapshot.ego.y


# name -> (scale in the feature's SI unit, function); the order is the order of the vector
STATE: dict[str, tuple[float, Feature]] = {
    "speed": (10.0, lambda s: s.ego.speed),
    "speed_limit": (10.0, lambda s: s.speed_limit),
    "offset": (1.0, lambda s: s.offset),
    "heading_error": (0.2, lambda s: s.heading_error),
    "last_steer": (1.0, lambda s: s.steer),
    "last_pedal": (1.0, lambda s: s.pedal),
    "standstill": (3.0, lambda s: s.standstill),
    "distance_to_finish": (30.0, lambda s: s.scenario.finish_x - s.ego.x),
    "occluder_forward": (20.0, lambda s: s.occluder.x + s.occluder.length / 2 - s.front),
    "occluder_right": (2.0, _occluder_edge),
    "child_present": (1.0, lambda s: float(s.child is not None)),
    "child_forward": (20.0, _child_forward),
    "child_right": (3.0, _child_right),
    "child_velocity_forward": (3.0, lambda s: s.child.velocity_x if s.child else 0.0),
    "child_velocity_right": (3.0, lambda s: s.child.velocity_y if s.child else 0.0),
    "child_seen": (1.0, _seen_child(lambda s: 1.0)),
    "child_seen_forward": (20.0, _seen_child(_child_forward)),
    "child_seen_right": (3.0, _seen_child(_child_right)),
}

TELEMETRY: dict[str, tuple[float, Feature]] = {
    name: STATE[name] for name in ("speed", "speed_limit", "last_steer", "last_pedal")
}


def state(snapshot: Snapshot) -> NDArray[np.float32]:
    """What the expert sees, each entry divided by its scale, within +-LIMIT; shape (len(STATE),)."""
    return _vector(STATE, snapshot)


def telemetry(snapshot: Snapshot) -> NDArray[np.float32]:
    """What the car itself tells any driver; shape (len(TELEMETRY),)."""
    return _vector(TELEMETRY, snapshot)


def _vector(features: dict[str, tuple[float, Feature]], snapshot: Snapshot) -> NDArray[np.float32]:
    scaled = [value(snapshot) / scale for scale, value in features.values()]
    return np.clip(np.array(scaled, np.float32), -LIMIT, LIMIT)
