"""One simulated instant, frozen: the only thing that features, reward and outcome read. SI units, radians."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from scenarios.drive import Drive

CREEPING = 2.0  # m/s below which, or below half of the limit, a car counts as standing: it gets nowhere
CLEAR = 1.6  # m beside the ego's centre line: nearer than this a child is in the way


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


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything that is true at one tick, and the action that led to it.

    Stations are metres along the street, sides metres right of the ego's lane centre.
    """

    frame: int
    time: float  # s since the episode began
    drive: Drive
    ego: Body
    children: tuple[Body, ...]  # in the order of the drive's walkers
    seen: tuple[bool, ...]  # the ego's camera has a line of sight to each of them
    occluder: Body | None
    others: tuple[Body, ...]  # parked cars
    traffic: tuple[Body, ...] = ()  # oncoming in the drive's order, then the follower
    traffic_seen: tuple[bool, ...] = ()
    steer: float  # last action, [-1, 1]
    pedal: float  # last action, [-1, 1]
    standstill: float  # s the ego has stood without cause
    collided_with: str | None  # what the collision sensor named since the last tick: child | oncoming | other

    def station(self, body: Body) -> float:
        """How far along the street a body is; m."""
        return self._place(body)[0]

    def side(self, body: Body) -> float:
        """How far right of the ego's lane centre a body is; m."""
        return self._place(body)[1] - self.drive.lane_centre

    def velocity(self, body: Body) -> tuple[float, float]:
        """How fast a body goes along the street and to the right of it; m/s."""
        yaw = self.drive.street.heading(self.station(body))
        along, across = body.velocity_x, body.velocity_y
        cos, sin = math.cos(yaw), math.sin(yaw)
        return cos * along + sin * across, cos * across - sin * along

    @cached_property
    def offset(self) -> float:
        """How far the ego's centre is right of its lane's centre; m."""
        return self.side(self.ego)

    @cached_property
    def heading_error(self) -> float:
        """The ego's heading against its lane's; rad, positive to the right."""
        ahead = self.drive.street.heading(self.station(self.ego))
        return math.remainder(self.ego.yaw - ahead, 2 * math.pi)

    @property
    def curvature(self) -> float:
        """How the street bends where the ego is; 1/m, positive to the right."""
        return self.drive.street.curvature(self.station(self.ego))

    @cached_property
    def front(self) -> float:
        """Station of the ego's front bumper; m."""
        return self.station(self.ego) + self.ego.length / 2

    @property
    def speed_limit(self) -> float:
        """m/s."""
        return self.drive.speed_limit

    @cached_property
    def child_index(self) -> int | None:
        """Which child matters most: the nearest that is, or may come, in the way; else the first."""
        indices = range(len(self.children))
        ahead = [index for index in indices if self.in_the_way(index)]
        if len(indices) == 1 or not ahead:
            return 0 if indices else None
        return min(ahead, key=lambda index: self.station(self.children[index]))

    @property
    def child(self) -> Body | None:
        """The child that matters most; None where there is none."""
        return None if self.child_index is None else self.children[self.child_index]

    @property
    def child_seen(self) -> bool:
        """The ego's camera has a line of sight to that child."""
        return self.child_index is not None and self.seen[self.child_index]

    def in_the_way(self, index: int) -> bool:
        """Whether a child is not yet past the ego's way and the ego not yet past the child's."""
        child, walker = self.children[index], self.drive.walkers[index]
        if self.station(child) + child.length / 2 <= self.front - self.ego.length:
            return False
        return walker.way * (self.side(child) - self.offset) > -CLEAR

    @property
    def waits(self) -> bool:
        """There is a cause in sight to stand still."""
        return self.waits_for_child or self.waits_for_oncoming

    @property
    def idles(self) -> bool:
        """The ego stands, or creeps on, without a cause in sight."""
        return self.ego.speed < min(CREEPING, self.drive.speed_limit / 2) and not self.waits

    @property
    def waits_for_oncoming(self) -> bool:
        """A vehicle in sight comes towards the ego and is not yet past it."""
        return any(
            seen and car.speed > 0.5 and self.station(car) + car.length / 2 > self.station(self.ego)
            for car, seen in zip(self.traffic, self.traffic_seen, strict=True)
            if self.drive.shares_lane
        )

    @property
    def waits_for_child(self) -> bool:
        """A child in sight is on the roadway close ahead: standing is no fault."""
        return any(
            seen
            and walker.crosses
            and 0.0 <= self.station(child) - self.front < 15.0
            and walker.way * (self.side(child) - self.offset) > -2.0
            for child, walker, seen in zip(self.children, self.drive.walkers, self.seen, strict=True)
        )

    @cached_property
    def _places(self) -> dict[tuple[float, float], tuple[float, float]]:
        """Where on the street the bodies are that somebody asked of: a bent street takes its time to tell."""
        return {}

    def _place(self, body: Body) -> tuple[float, float]:
        where = (body.x, body.y)
        if where not in self._places:
            self._places[where] = self.drive.street.locate(*where)
        return self._places[where]
