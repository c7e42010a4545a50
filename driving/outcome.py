"""How an episode ends, judged from the boxes swept between two snapshots."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from driving.contact import first_contact
from driving.snapshot import Body, Snapshot

LANE_HALF = 1.25  # m, how far right of its lane's centre the ego's centre may go
HEADING_LIMIT = 0.7  # rad
STUCK_AFTER = 3.0  # s of standstill without cause
TOUCH = 0.03  # m: the server stops bodies as they touch, so nearer than this is contact
THROWN = 0.15  # m that nobody strays in a step by legs, brakes or steering: a blow does
JOLT = 12.0  # m/s2 by which no car brakes or speeds up: tyres give 10
TERMINAL = ("arrived", "hit_child", "hit_oncoming", "hit_other", "left_lane", "stuck")


class Ending(NamedTuple):
    """How a step ended the episode, if it did."""

    outcome: str | None
    impact_speed: float = 0.0  # of the ego, of both together with an oncoming vehicle; m/s, 0 without impact
    impact_location: float = math.nan  # % of the ego's width, 0 its right edge; NaN without impact


def is_hit(outcome: str | None) -> bool:
    """Whether an outcome is a collision."""
    return outcome is not None and outcome.startswith("hit")


def contact(before: Snapshot, after: Snapshot) -> Ending | None:
    """The first contact between two snapshots, from boxes, with the collision sensor as a cross-check.

    A car bounces back from what is as heavy, and may be away from it again when the step ends; so it is swept
    as it went until then, as is whoever it throws out of its way.
    """
    was, ego = before.ego, _unstruck_car(before.ego, after.ego, after.time - before.time)
    hits = []
    for index, (name, start, end) in enumerate(_targets(before, after)):
        fraction = _swept(was, ego, start, end)
        if fraction is not None:
            hits.append((fraction, index, name, start, end))
    if hits:
        fraction, _, name, start, end = min(hits)
        speed = was.speed + fraction * (ego.speed - was.speed)  # taking braking as even over the step
        together = end.speed if name == "hit_oncoming" else 0.0
        return Ending(name, speed + together, _location(was, ego, start, end, fraction))
    if after.collided_with is not None:
        return Ending(f"hit_{after.collided_with}", max(was.speed, after.ego.speed))
    return None


def ending(before: Snapshot, after: Snapshot) -> Ending:
    """How the episode ended in this step, or that it did not."""
    touched = contact(before, after)
    if touched is not None:
        return touched
    if not -after.drive.room_left <= after.offset <= LANE_HALF or abs(after.heading_error) > HEADING_LIMIT:
        return Ending("left_lane")
    if after.station(after.ego) >= after.drive.finish:
        return Ending("arrived")
    if after.standstill >= STUCK_AFTER:
        return Ending("stuck")
    return Ending(None)


def standing(snapshot: Snapshot) -> tuple[Body, ...]:
    """Every body that never moves."""
    return snapshot.others if snapshot.occluder is None else (snapshot.occluder, *snapshot.others)


def _targets(before: Snapshot, after: Snapshot) -> Iterator[tuple[str, Body, Body]]:
    """What may be touched: how that is called, and where it was and is."""
    delta = after.time - before.time
    names = ["hit_oncoming"] * len(before.drive.oncoming) + ["hit_other"]
    for body in standing(before):
        yield "hit_other", body, body
    for child, moved in zip(before.children, after.children, strict=True):
        yield "hit_child", child, _unstruck(child, moved, delta)
    for name, body, moved in zip(names, before.traffic, after.traffic, strict=False):
        yield name, body, _unstruck_car(body, moved, delta)


def _unstruck(body: Body, moved: Body, delta: float) -> Body:
    """What a body would be after a step without the blow that threw it off its way, if one did."""
    x, y = body.x + body.velocity_x * delta, body.y + body.velocity_y * delta
    return replace(body, x=x, y=y) if math.hypot(moved.x - x, moved.y - y) > THROWN else moved


def _unstruck_car(car: Body, moved: Body, delta: float) -> Body:
    """The same of a car, which a blow late in the step slows at once and has not yet thrown far."""
    if abs(moved.speed - car.speed) > JOLT * delta:
        moved = replace(moved, velocity_x=car.velocity_x, velocity_y=car.velocity_y)
    return _unstruck(car, moved, delta)


def _swept(was: Body, ego: Body, start: Body, end: Body) -> float | None:
    """The fraction of the step after which the ego touches another body; None if it does not."""
    moves = (ego.x - was.x, ego.y - was.y), (end.x - start.x, end.y - start.y)
    return first_contact(was, start, *moves, margin=TOUCH)


def _location(was: Body, ego: Body, start: Body, end: Body, fraction: float) -> float:
    """Where across the ego's width the other's centre was as they met; % from its right edge."""
    x, y = (
        (getattr(start, axis) - getattr(was, axis)) * (1 - fraction)
        + (getattr(end, axis) - getattr(ego, axis)) * fraction
        for axis in ("x", "y")
    )
    right = math.cos(was.yaw) * y - math.sin(was.yaw) * x
    return 100.0 * min(max(0.5 - right / was.width, 0.0), 1.0)
