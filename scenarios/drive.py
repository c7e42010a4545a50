"""One drive as data: a street, what stands on it, who walks and who else drives, and when they begin.

Everything that happens follows from these parameters and the driver. Stations are metres along the street;
sides are metres right of the ego's lane centre, so that a bend changes no rule.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from scenarios.roads import Street

EGO = "vehicle.lincoln.mkz_2020"
EGO_LENGTH, EGO_WIDTH = 4.892, 1.837  # m, its box in CARLA 0.9.16


@dataclass(frozen=True, slots=True)
class Placed:
    """One actor and where it stands on the ground at the start; CARLA's frame."""

    blueprint: str
    x: float  # m
    y: float  # m
    yaw: float  # rad, positive to the right
    colour: str = ""  # "r,g,b" of a vehicle's paint; empty: as the server paints it

    @property
    def ahead(self) -> tuple[float, float]:
        """The way it looks, a unit vector."""
        return math.cos(self.yaw), math.sin(self.yaw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walker:
    """A pedestrian who walks straight ahead, once."""

    placed: Placed  # the way it looks is the way it goes
    station: float  # where its way crosses the lane; m
    side: float  # where it starts; m right of the ego's lane centre
    speed: float  # m/s, once it is at speed
    reach: float  # m it goes before it stops; 0: it stays
    reveal_distance: float  # m from the ego's front to its station when it sets off; inf: at once
    delay: float = 0.0  # s from then
    acceleration_distance: float = 0.0  # m over which it comes to speed, evenly
    punctual: bool = False  # a test's target, led along its timetable; else it just runs

    @property
    def way(self) -> float:
        """1 if it comes from the right and goes left, -1 if from the left."""
        return math.copysign(1.0, self.side)

    @property
    def crosses(self) -> bool:
        """Whether it goes anywhere at all."""
        return self.reach > 0.0

    def travelled(self, time: float) -> float:
        """How far it has come so many seconds after it was called; m."""
        moving = time - self.delay
        if moving <= 0.0:
            return 0.0
        rise = 2 * self.acceleration_distance / self.speed  # s until it is at speed
        if moving < rise:
            return min(self.acceleration_distance * (moving / rise) ** 2, self.reach)
        return min(self.acceleration_distance + self.speed * (moving - rise), self.reach)

    def after(self, delay: float) -> Walker:
        """The same one, who sets off so many seconds after it is called (negative: it is on its way)."""
        return replace(self, delay=delay)

    def time_to(self, distance: float) -> float:
        """Seconds from setting off until it has come so far (m)."""
        if distance < self.acceleration_distance:
            return 2 * (self.acceleration_distance * distance) ** 0.5 / self.speed
        return (distance + self.acceleration_distance) / self.speed


@dataclass(frozen=True, slots=True, kw_only=True)
class Oncoming:
    """A vehicle that comes towards the ego at an even speed, whatever the ego does."""

    blueprint: str
    station: float  # of its centre until it sets off; m
    side: float  # m right of the ego's lane centre, so negative
    speed: float  # m/s
    reveal_distance: float  # m from the ego's front to the drive's line when it sets off; inf: at once

    def at(self, time: float) -> float:
        """Station so many seconds after it set off; m."""
        return self.station - self.speed * max(time, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A vehicle behind the ego that keeps its distance; see `scenarios.traffic`."""

    blueprint: str
    gap: float  # m from its front to the ego's rear at the start


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """One episode's parameters."""

    suite: str
    seed: int
    street: Street
    speed_limit: float  # m/s
    start: float  # station of the ego's centre; m
    start_speed: float  # m/s
    line: float  # station where the conflict is: the child's way, or the truck's rear; m
    finish: float  # station where the ego's centre has to come; m
    occluder: Placed | None = None
    walkers: tuple[Walker, ...] = ()
    parked: tuple[Placed, ...] = ()
    oncoming: tuple[Oncoming, ...] = ()
    follower: Follower | None = None
    weather: str = "ClearNoon"  # a preset of carla.WeatherParameters
    approach: float = 0.0  # s for which a script holds start_speed before the driver takes over
    room_left: float = 1.25  # m, how far left of its lane's centre the ego's centre may go
    steer_authority: float = 0.05  # vehicle steer (of CARLA's [-1, 1]) at action 1

    @property
    def lane_centre(self) -> float:
        """How far right of the street's middle line the ego's lane is; m."""
        return self.street.lane_centre

    @property
    def hazard(self) -> bool:
        """Somebody will come into the ego's way."""
        return any(walker.crosses for walker in self.walkers) or (self.shares_lane and bool(self.oncoming))

    @property
    def shares_lane(self) -> bool:
        """The ego may, and has to, use the oncoming lane."""
        return self.room_left > self.street.lane_width

    @property
    def standing(self) -> tuple[Placed, ...]:
        """Everything that stays where it is."""
        return self.parked if self.occluder is None else (self.occluder, *self.parked)

    def placed(self, blueprint: str, station: float, side: float, turn: float = 0.0) -> Placed:
        """Put something on this drive's street; `turn` rad to the right of the way the street runs."""
        return standing(self.street, blueprint, station, side, turn)


def standing(
    street: Street, blueprint: str, station: float, side: float, turn: float = 0.0, *, colour: str = ""
) -> Placed:
    """Put something on a street.

    Args:
        street: Which.
        blueprint: What.
        station: Where along it; m.
        side: m right of the centre of the lane that runs along it.
        turn: rad to the right of the way the street runs.
        colour: "r,g,b" of a vehicle's paint.
    """
    x, y, yaw = street.pose(station, street.lane_centre + side)
    return Placed(blueprint, x, y, yaw + turn, colour)
