"""How an episode ends, judged from the boxes swept between two snapshots, and what is measured on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from driving.contact import first_contact, time_to_collision
from driving.snapshot import Body, Snapshot

LANE_HALF = 1.25  # m, how far the ego's centre may leave its lane's centre
HEADING_LIMIT = 0.7  # rad
STUCK_AFTER = 3.0  # s of standstill without cause
TOUCH = 0.03  # m: the server stops bodies as they touch, so nearer than this is contact
TERMINAL = ("arrived", "hit_child", "hit_other", "left_lane", "stuck")


@dataclass(frozen=True, slots=True)
class Contact:
    """The ego touched something: how fast the ego was at that moment (m/s)."""

    outcome: str
    impact_speed: float


def contact(before: Snapshot, after: Snapshot) -> Contact | None:
    """The first contact between two snapshots, from boxes, with the collision sensor as a cross-check."""
    hits = [
        (fraction, name)
        for name, start, end in _targets(before, after)
        if (fraction := _swept(before, after, start, end)) is not None
    ]
    if hits:
        fraction, name = min(hits)
        return Contact(name, _speed_at(before, after, fraction))
    if after.collided_with is not None:
        return Contact(f"hit_{after.collided_with}", max(before.ego.speed, after.ego.speed))
    return None


def ending(before: Snapshot, after: Snapshot) -> tuple[str | None, float]:
    """The named outcome if the episode ended in this step, and the impact speed (m/s, 0 without impact)."""
    touched = contact(before, after)
    if touched is not None:
        return touched.outcome, touched.impact_speed
    if abs(after.offset) > LANE_HALF or abs(after.heading_error) > HEADING_LIMIT:
        return "left_lane", 0.0
    if after.ego.x >= after.scenario.finish_x:
        return "arrived", 0.0
    if after.standstill >= STUCK_AFTER:
        return "stuck", 0.0
    return None, 0.0


@dataclass(slots=True)
class Measures:
    """What an episode's record holds beside its outcome; grows by one snapshot a step."""

    start: Snapshot
    last: Snapshot = field(init=False)
    min_ttc: float = math.inf  # s
    min_gap: float = math.inf  # m between the centres of ego and child
    speed_at_occluder: float = math.nan  # m/s, when the ego's front passed the occluder's front

    def __post_init__(self) -> None:
        self.last = self.start

    def add(self, snapshot: Snapshot) -> None:
        """Take in the next snapshot."""
        if snapshot.child is not None:
            self.min_ttc = min(self.min_ttc, time_to_collision(snapshot.ego, snapshot.child))
            gap = math.hypot(snapshot.child.x - snapshot.ego.x, snapshot.child.y - snapshot.ego.y)
            self.min_gap = min(self.min_gap, gap)
        edge = snapshot.occluder.x + snapshot.occluder.length / 2
        if self.last.front < edge <= snapshot.front:
            self.speed_at_occluder = snapshot.ego.speed
        self.last = snapshot

    def record(self) -> dict[str, float | bool]:
        """The measures by name; a measure that never applied is NaN."""
        duration = self.last.time - self.start.time
        travelled = self.last.ego.x - self.start.ego.x
        return {
            "child": self.start.child is not None,
            "duration": duration,
            "mean_speed": travelled / duration if duration > 0 else math.nan,
            "min_ttc": self.min_ttc if math.isfinite(self.min_ttc) else math.nan,
            "min_gap": self.min_gap if math.isfinite(self.min_gap) else math.nan,
            "speed_at_occluder": self.speed_at_occluder,
        }


def _targets(before: Snapshot, after: Snapshot) -> list[tuple[str, Body, Body]]:
    targets = [("hit_other", before.occluder, after.occluder)]
    targets += [("hit_other", a, b) for a, b in zip(before.others, after.others, strict=True)]
    if before.child is not None and after.child is not None:
        targets.append(("hit_child", before.child, after.child))
    return [target for target in targets if abs(target[1].x - before.ego.x) < 20.0]


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
