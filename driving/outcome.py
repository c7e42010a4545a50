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
THROWN = 0.15  # m that no walker strays in a step by its own legs
NEAR = 25.0  # m between centres, along x or y: what is farther is touched in no step
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
    """The first contact between two snapshots, from boxes, with the collision sensor as a cross-check."""
    hits = []
    for index, (name, start, end) in enumerate(_targets(before, after)):
        fraction = _swept(before, after, start, end)
        if fraction is not None:
            hits.append((fraction, index, name, start, end))
    if hits:
        fraction, _, name, start, end = min(hits)
        where = _location(before, after, start, end, fraction)
        speed = _speed_at(before, after, fraction) + (end.speed if name == "hit_oncoming" else 0.0)
        return Ending(name, speed, where)
    if after.collided_with is not None:
        return Ending(f"hit_{after.collided_with}", max(before.ego.speed, after.ego.speed))
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
    """What is near enough to be touched in this step: how that is called, and where it was and is."""
    ego, delta = before.ego, after.time - before.time
    names = ["hit_oncoming"] * len(before.drive.oncoming) + ["hit_other"]
    for body in standing(before):
        if _near(ego, body):
            yield "hit_other", body, body
    for child, moved in zip(before.children, after.children, strict=True):
        if _near(ego, child):
            yield "hit_child", child, _unstruck(child, moved, delta)
    for name, body, moved in zip(names, before.traffic, after.traffic, strict=False):
        if _near(ego, body):
            yield name, body, moved


def _near(ego: Body, body: Body) -> bool:
    return abs(body.x - ego.x) < NEAR and abs(body.y - ego.y) < NEAR


def _unstruck(child: Body, moved: Body, delta: float) -> Body:
    """Where a child would be after a step without the blow that threw it out of the car's way."""
    going = replace(child, x=child.x + child.velocity_x * delta, y=child.y + child.velocity_y * delta)
    return going if math.hypot(moved.x - going.x, moved.y - going.y) > THROWN else moved


def _swept(before: Snapshot, after: Snapshot, start: Body, end: Body) -> float | None:
    return first_contact(
        before.ego,
        start,
        (after.ego.x - before.ego.x, after.ego.y - before.ego.y),
        (end.x - start.x, end.y - start.y),
        margin=TOUCH,
    )


def _speed_at(before: Snapshot, after: Snapshot, fraction: float) -> float:
    """Speed when the boxes met, taking braking as even over the step."""
    return before.ego.speed + fraction * (after.ego.speed - before.ego.speed)


def _location(before: Snapshot, after: Snapshot, start: Body, end: Body, fraction: float) -> float:
    """Where across the ego's width the other's centre was as they met; % from its right edge."""
    x, y = (
        (getattr(start, axis) - getattr(before.ego, axis)) * (1 - fraction)
        + (getattr(end, axis) - getattr(after.ego, axis)) * fraction
        for axis in ("x", "y")
    )
    right = math.cos(before.ego.yaw) * y - math.sin(before.ego.yaw) * x
    return 100.0 * min(max(0.5 - right / before.ego.width, 0.0), 1.0)
