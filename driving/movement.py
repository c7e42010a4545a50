"""Who moves besides the ego: walkers led along their way, and traffic put where it is by now."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import Any

from driving.cast import Cast
from driving.snapshot import Body, Snapshot
from scenarios.drive import Drive, Walker
from scenarios.traffic import followed

SPEED_STEP = 0.002  # m/s: a walker is told a new speed only if it differs by more
CATCH_UP = 1.5  # times its speed at most, for a walker that is behind its timetable
START = 10.0  # m/s2 with which who just runs comes to its speed
LATE = 0.06  # m that a test's target may be behind its timetable, and
LATE_SHARE, JUDGED = 0.6, 1.0  # the share of its way that who just runs must have come, in its first second
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Follower:
    """The car behind: its front's station (m) and its speed (m/s)."""

    front: float
    speed: float


class Movement:
    """One episode's walkers and traffic, as their drive says; a new one for each episode.

    Walkers walk by themselves, as they are told. A real server may let them take seconds to come to their
    speed (CARLA scales their acceleration with it, `AWalkerController`): once one is seen to be that late,
    all are carried from then on: put, at each tick, where they ought to be.
    """

    def __init__(self, carla: Any, cast: Cast, drive: Drive, *, delta: float) -> None:
        self._carla, self._cast, self._drive, self._delta = carla, cast, drive, delta
        self._set_off: dict[str, float] = {}  # who -> s since the episode began
        self._told = [0.0] * len(drive.walkers)  # m/s
        self._own = [0.0] * len(drive.walkers)  # m/s along its way by itself, of who is carried
        self._untouched = True  # then whoever is late has started late
        self._follower = None
        if drive.follower is not None:
            length = cast.ego.length / 2
            self._follower = _Follower(drive.start - length - drive.follower.gap, drive.start_speed)

    def placing(self) -> list[Any]:
        """Commands that put the traffic where it begins."""
        return self._put(0.0)

    def lead(self, now: Snapshot) -> list[Any]:
        """Commands that have the walkers walk and move the traffic, for the next tick."""
        self._call(now)
        self._untouched = self._untouched and now.collided_with is None
        commands = [
            told for index in range(len(self._drive.walkers)) for told in self._lead_walker(now, index)
        ]
        if self._follower is not None:
            follower = self._follower
            gap = now.front - now.ego.length - follower.front
            limit = now.speed_limit
            follower.speed = followed(gap, follower.speed, now.ego.speed, limit=limit, delta=self._delta)
            follower.front += follower.speed * self._delta
        return commands + self._put(now.time + self._delta)

    def walkers(self, raw: Any, time: float) -> tuple[Body, ...]:
        """The walkers' bodies in a `carla.WorldSnapshot`; who is carried with the velocity of its way."""
        bodies = []
        for index, walker in enumerate(self._drive.walkers):
            body = self._cast.of(walker.placed).body(raw)
            if self._cast.carried and (came := self._due(index, time)) > 0.0:
                before = self._due(index, time - self._delta)
                ahead_x, ahead_y = walker.placed.ahead
                self._own[index] = body.velocity_x * ahead_x + body.velocity_y * ahead_y
                speed = (came - before) / self._delta
                body = replace(body, velocity_x=speed * ahead_x, velocity_y=speed * ahead_y)
            bodies.append(body)
        return tuple(bodies)

    def traffic(self, raw: Any, time: float) -> tuple[Body, ...]:
        """The traffic's bodies in a `carla.WorldSnapshot`, with the velocities that they stand for."""
        drive, bodies = self._drive, []
        for index, car in enumerate(drive.oncoming):
            called = self._set_off.get(f"oncoming {index}")
            speed = 0.0 if called is None or time < called else car.speed
            body = self._cast.pool[car.blueprint, ""].body(raw)
            bodies.append(_moving(body, speed))
        if drive.follower is not None and self._follower is not None:
            body = self._cast.pool[drive.follower.blueprint, ""].body(raw)
            bodies.append(_moving(body, self._follower.speed))
        return tuple(bodies)

    def walked(self, index: int, time: float) -> float | None:
        """How far a walker ought to have come by now (m); None before it was called."""
        called = self._set_off.get(f"walker {index}")
        return None if called is None else self._drive.walkers[index].travelled(time - called)

    def _call(self, now: Snapshot) -> None:
        """Let those set off whom the ego has come near enough to."""
        waiting = [(f"walker {i}", w.station, w.reveal_distance) for i, w in enumerate(self._drive.walkers)]
        waiting += [
            (f"oncoming {i}", self._drive.line, car.reveal_distance)
            for i, car in enumerate(self._drive.oncoming)
        ]
        for who, station, distance in waiting:
            if who not in self._set_off and station - now.front <= distance:
                self._set_off[who] = now.time

    def _due(self, index: int, time: float) -> float:
        """How far a walker is by now if its server lets it start at once (m)."""
        walker = self._drive.walkers[index]
        called = self._set_off.get(f"walker {index}")
        if called is None:
            return 0.0
        if walker.punctual:
            return walker.travelled(time - called)
        return _run(walker, time - called - walker.delay)

    def _is_late(self, walker: Walker, index: int, come: float, time: float) -> bool:
        due = self._due(index, time)
        if walker.punctual:
            return due - come > LATE
        return START * self._delta**2 < due < _run(walker, JUDGED) and come < LATE_SHARE * due

    def _lead_walker(self, now: Snapshot, index: int) -> list[Any]:
        """Tell a walker its speed; a test's target so that after the tick it is where its time says."""
        walker, child = self._drive.walkers[index], now.children[index]
        wanted = self.walked(index, now.time + self._delta)
        if wanted is None:
            return []
        ahead_x, ahead_y = walker.placed.ahead
        come = (child.x - walker.placed.x) * ahead_x + (child.y - walker.placed.y) * ahead_y
        if not self._cast.carried and self._untouched and self._is_late(walker, index, come, now.time):
            self._cast.carried = True
            log.warning("this server lets walkers start late; from now on they are put along their way")
        way = self._carla.Vector3D(x=ahead_x, y=ahead_y)
        walk = self._carla.command.ApplyWalkerControl
        actor = self._cast.of(walker.placed).actor.id
        if self._cast.carried:
            target = self._due(index, now.time + self._delta)
            if target == 0.0:
                return []
            speed = (target - self._due(index, now.time)) / self._delta  # for its legs' sake
            place = target - self._own[index] * self._delta  # the rest it walks by itself
            x, y = walker.placed.x + place * ahead_x, walker.placed.y + place * ahead_y
            shift = self._cast.shift(self._cast.of(walker.placed), x, y, child)
            return [shift, walk(actor, self._carla.WalkerControl(direction=way, speed=speed))]
        if walker.punctual:
            speed = min(max((wanted - come) / self._delta, 0.0), CATCH_UP * walker.speed)
        else:
            speed = walker.speed if wanted > 0.0 and come < walker.reach else 0.0
        if abs(speed - self._told[index]) <= SPEED_STEP and not (speed == 0.0 != self._told[index]):
            return []
        self._told[index] = speed
        return [walk(actor, self._carla.WalkerControl(direction=way, speed=speed))]

    def _put(self, time: float) -> list[Any]:
        places = []
        for index, car in enumerate(self._drive.oncoming):
            called = self._set_off.get(f"oncoming {index}", math.inf)
            places.append((car.blueprint, car.at(time - called), car.side, math.pi))
        if self._drive.follower is not None and self._follower is not None:
            blueprint = self._drive.follower.blueprint
            half = self._cast.pool[blueprint, ""].length / 2
            places.append((blueprint, self._follower.front - half, 0.0, 0.0))
        commands = []
        for blueprint, station, side, turn in places:
            where = self._drive.placed(blueprint, station, side, turn)
            commands.append(self._cast.put(self._cast.pool[blueprint, ""], where.x, where.y, where.yaw))
        return commands


def _run(walker: Walker, moving: float) -> float:
    """How far who just runs has come after so many seconds (m)."""
    moving = max(moving, 0.0)
    rise = min(moving, walker.speed / START)
    return min(START * rise**2 / 2 + walker.speed * (moving - rise), walker.reach)


def _moving(body: Body, speed: float) -> Body:
    return replace(body, velocity_x=speed * math.cos(body.yaw), velocity_y=speed * math.sin(body.yaw))
