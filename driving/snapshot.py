"""One simulated instant, frozen: the only thing that features, reward and outcome read. SI units, radians."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scenarios.child_crossing import SPEED_LIMIT, ChildCrossing


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A box that moves: the centre of its bounding box, heading, velocity and full size.

    Frame: CARLA's world (x, y to the right, z up); yaw is positive to the right.
    """

    x: float  # m
    y: float  # m
    z: float  # m
    yaw: float  # rad
    velocity_x: float  # m/s
    velocity_y: float  # m/s
    length: float  # m
    width: float  # m
    height: float  # m

    @property
    def speed(self) -> float:
        """Ground speed; m/s."""
        return math.hypot(self.velocity_x, self.velocity_y)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that is true at one tick, and the action that led to it."""

    frame: int
    time: float  # s since the episode began
    scenario: ChildCrossing
    ego: Body
    child: Body | None
    occluder: Body
    others: tuple[Body, ...]  # parked cars
    child_seen: bool  # the ego's camera has a line of sight to the child
    steer: float  # last action, [-1, 1]
    pedal: float  # last action, [-1, 1]
    standstill: float  # s the ego has stood without cause
    collided_with: str | None  # what the collision sensor named since the last tick: child | other

    @property
    def offset(self) -> float:
        """How far the ego's centre is right of its lane's centre; m."""
        return self.ego.y - self.scenario.lane_centre

    @property
    def heading_error(self) -> float:
        """The ego's heading against its lane's; rad, positive to the right."""
        return math.remainder(self.ego.yaw, 2 * math.pi)

    @property
    def front(self) -> float:
        """Where the ego's front bumper is along the street; m."""
        return self.ego.x + self.ego.length / 2

    @property
    def speed_limit(self) -> float:
        """m/s."""
        return SPEED_LIMIT

    @property
    def waits_for_child(self) -> bool:
        """A child in sight is on the roadway close ahead: standing is no fault."""
        child = self.child
        if child is None or not self.child_seen:
            return False
        return 0.0 <= child.x - self.front < 15.0 and child.y > self.ego.y - 2.0
