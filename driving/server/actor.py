"""Who a row of the body table is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from driving.server.ackermann import STANDARD_GAINS, Gains
from driving.server.blueprints import Blueprint
from driving.server.physics_control import PhysicsControl
from driving.server.wire import Pose, Vector

Turn = tuple[float, float]  # of a wheel: steer and pitch, degrees


@dataclass(slots=True)
class Actor:
    """Who a row of the body table is."""

    id: int
    blueprint: Blueprint
    row: int
    values: Mapping[str, str]  # attributes as spawned
    parent: int = 0
    control: tuple[Any, ...] = (0.0, 0.0, 0.0, False, False, False, 0)  # of a vehicle, as its client gave it
    walk: tuple[Vector, float, bool] = ((1.0, 0.0, 0.0), 0.0, False)  # direction, speed, jump
    posed: Mapping[str, Pose] = field(
        default_factory=dict
    )  # a walker's bones, relative, as a client set them
    blend: float = 0.0  # how much of that pose shows; 0: the walker's own gait
    lights: int = 0
    doors: frozenset[int] = frozenset()  # a vehicle's open ones, by VehicleDoor
    wheels: Mapping[int, Turn] = field(
        default_factory=dict
    )  # how a client turned them, by VehicleWheelLocation
    physics: PhysicsControl | None = None  # a vehicle's, where a client changed it
    friction: float | None = None  # what a trigger gives a vehicle's tyres; None: they have their own
    gains: Gains = STANDARD_GAINS  # of a vehicle's Ackermann control
    signal: str = ""  # a light's or sign's id in the map
    box: tuple[Vector, Vector] | None = None  # centre and half sizes where they are not the blueprint's
    facing: int = 0  # the traffic light that a vehicle is at
