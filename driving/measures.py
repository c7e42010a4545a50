"""What an episode's record holds beside its outcome, from the bodies' geometry alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from driving.contact import soonest_collision
from driving.snapshot import Body, Snapshot
from scenarios.drive import Drive

ACCELERATION_COMFORT = (-4.05, 2.40)  # m/s2, along the car; Bench2Drive's limits, as nuPlan's
SIDEWAYS_COMFORT = 4.89  # m/s2
JERK_COMFORT = 8.37  # m/s3
BRAKING = -0.1  # pedal below which a driver counts as braking
PENALTY = {"hit_child": 0.50, "hit_oncoming": 0.60, "hit_other": 0.60}
"""CARLA leaderboard 1.0 and 2.0: driving score = route completion x the product of penalties."""


@dataclass(slots=True)
class Measures:
    """Grows by one snapshot a step."""

    start: Snapshot
    last: Snapshot = field(init=False)
    min_ttc: float = math.inf  # s
    min_gap: float = math.inf  # m between the boxes of the ego and of a child
    speed_at_occluder: float = math.nan  # m/s, when the ego's front passed the occluder's front
    open_way: float = 0.0  # m driven where nothing that hides a child was near, and
    open_time: float = 0.0  # s, how long that took
    seen_at: float = math.nan  # s, when the camera first had a line of sight to a child
    nearest_at: float = math.nan  # s, when a child in sight and in the ego's way was nearest
    pixel_at: float = math.nan  # s, when the first pixel of a child was in the picture; NaN if not looked for
    braked_at: float = math.nan  # s, of the first braking from then on
    hardest_braking: float = 0.0  # m/s2
    hardest_jerk: float = 0.0  # m/s3
    hardest_turn: float = 0.0  # m/s2
    _acceleration: float = math.nan
    _nearest: float = math.inf  # m, how near it was then
    _entered: dict[int, tuple[float, float]] = field(default_factory=dict)  # child -> when in the way, till
    _passed: dict[int, tuple[float, float]] = field(default_factory=dict)  # child -> when the ego was there

    def __post_init__(self) -> None:
        self.last = self.start
        self._see(self.start)

    def add(self, snapshot: Snapshot, *, pixels: int | None = None, struck: bool = False) -> None:
        """Take in the next snapshot.

        Args:
            snapshot: The instant.
            struck: The ego has just touched something: its jolt is no braking.
            pixels: How many pixels of children the picture has; None if nobody looked.
        """
        for index, child in enumerate(snapshot.children):
            gap = box_gap(snapshot.ego, child)
            self.min_gap = min(self.min_gap, gap)
            in_way = _in_way(snapshot, child)
            self._cross(snapshot, index, in_way=in_way)
            ahead = snapshot.station(child) > snapshot.front
            if in_way and ahead and snapshot.seen[index] and gap < self._nearest:
                self._nearest, self.nearest_at = gap, snapshot.time
        self.min_ttc = min(self.min_ttc, soonest_collision(snapshot))
        if snapshot.occluder is not None:
            edge = snapshot.station(snapshot.occluder) + snapshot.occluder.length / 2
            if self.last.front < edge <= snapshot.front:
                self.speed_at_occluder = snapshot.ego.speed
        if _is_open(self.last) and _is_open(snapshot):
            self.open_way += snapshot.station(snapshot.ego) - self.last.station(self.last.ego)
            self.open_time += snapshot.time - self.last.time
        if pixels and math.isnan(self.pixel_at):
            self.pixel_at = snapshot.time
        self._see(snapshot, looked=pixels is not None)
        if not struck:
            self._feel(snapshot)
        self.last = snapshot

    def record(self, outcome: str | None = None) -> dict[str, float | bool]:
        """The measures by name; a measure that never applied is NaN."""
        drive, last = self.start.drive, self.last
        duration = last.time - self.start.time
        begin, end = self.start.station(self.start.ego), last.station(last.ego)
        share = min(max((end - begin) / (drive.finish - begin), 0.0), 1.0)
        first_sight = self.pixel_at if math.isfinite(self.pixel_at) else self.seen_at
        return {
            "child": any(walker.crosses for walker in drive.walkers),
            "hazard": drive.hazard,
            "hidden": drive.hazard and drive.occluder is not None,
            "duration": duration,
            "mean_speed": (end - begin) / duration if duration > 0 else math.nan,
            "min_ttc": _finite(self.min_ttc),
            "min_gap": _finite(self.min_gap),
            "pet": self.post_encroachment_time(),
            "speed_at_occluder": self.speed_at_occluder,
            "open_speed": self.open_way / self.open_time if self.open_time > 0.0 else math.nan,
            "seen_at": self.seen_at,
            "nearest_at": self.nearest_at,
            "pixel_at": self.pixel_at,
            "brake_delay": self.braked_at - first_sight,
            "hardest_braking": self.hardest_braking,
            "hardest_jerk": self.hardest_jerk,
            "hardest_turn": self.hardest_turn,
            "comfortable": self._comfortable(),
            "route_completion": share,
            "driving_score": share * PENALTY.get(outcome or "", 1.0),
        }

    def post_encroachment_time(self) -> float:
        """Seconds between one of ego and child leaving where their ways cross and the other coming there.

        The least over the children whose way the ego crossed; NaN without one, and who walks along the lane
        has none. Negative: both at once.
        Source: Allen, Shin and Cooper, Transportation Research Record 667, 1978.
        """
        gaps = [
            max(self._passed[index][0] - left, entered - self._passed[index][1])
            for index, (entered, left) in self._entered.items()
            if index in self._passed and _goes_across(self.start.drive, index)
        ]
        return min(gaps, default=math.nan)

    def _cross(self, now: Snapshot, index: int, *, in_way: bool) -> None:
        """Note who is where the child's way and the ego's cross, from when and until when."""
        child, ego = now.children[index], now.ego
        if in_way:
            self._entered[index] = (self._entered.get(index, (now.time, 0.0))[0], now.time)
        walker = now.drive.walkers[index]
        rear = now.front - ego.length
        if rear < walker.station + child.length / 2 and now.front > walker.station - child.length / 2:
            self._passed[index] = (self._passed.get(index, (now.time, 0.0))[0], now.time)

    def _see(self, now: Snapshot, *, looked: bool = False) -> None:
        """Note the first sight, and the first braking from it on; of pixels where they are looked at."""
        if math.isnan(self.seen_at) and any(now.seen):
            self.seen_at = now.time
        seen = self.pixel_at if looked else self.seen_at
        if math.isnan(self.braked_at) and now.time >= seen and now.pedal <= BRAKING:
            self.braked_at = now.time

    def _feel(self, now: Snapshot) -> None:
        """What who sits in the car feels, from speeds a tick apart."""
        delta = now.time - self.last.time
        if delta <= 0.0:
            return
        acceleration = (now.ego.speed - self.last.ego.speed) / delta
        if math.isfinite(self._acceleration):
            self.hardest_jerk = max(self.hardest_jerk, abs(acceleration - self._acceleration) / delta)
        turn = math.remainder(now.ego.yaw - self.last.ego.yaw, 2 * math.pi) / delta * now.ego.speed
        self.hardest_turn = max(self.hardest_turn, abs(turn))
        self.hardest_braking = max(self.hardest_braking, -acceleration)
        self._acceleration = acceleration

    def _comfortable(self) -> bool:
        return (
            self.hardest_braking <= -ACCELERATION_COMFORT[0]
            and self.hardest_turn <= SIDEWAYS_COMFORT
            and self.hardest_jerk <= JERK_COMFORT
        )


def _goes_across(drive: Drive, index: int) -> bool:
    """A walker's way crosses the lane, rather than runs along it."""
    walker = drive.walkers[index]
    return abs(math.sin(walker.placed.yaw - drive.street.heading(walker.station))) > 0.5


def _in_way(now: Snapshot, child: Body) -> bool:
    """Across the lane, the boxes of a child and the ego overlap."""
    return abs(now.side(child) - now.offset) < (now.ego.width + child.width) / 2


def _is_open(now: Snapshot) -> bool:
    """Caution has no cause here: what hides a child is so far off that comfort has room to brake or speed up.

    That is from the speed limit to a stop before it, and from a stop to the limit after it.
    """
    if now.occluder is None:
        return True
    brake, gain = ACCELERATION_COMFORT
    middle, half = now.station(now.occluder), now.occluder.length / 2
    before = middle - half - now.speed_limit**2 / (-2.0 * brake)
    after = middle + half + now.speed_limit**2 / (2.0 * gain)
    return now.front < before or now.front - now.ego.length > after


def box_gap(first: Body, second: Body) -> float:
    """Distance between two boxes on the ground; 0 where they touch; m."""
    return min(_gap(first, _corners(second)), _gap(second, _corners(first)))


def _corners(box: Body) -> list[tuple[float, float]]:
    cos, sin = math.cos(box.yaw), math.sin(box.yaw)
    halves = [(a * box.length / 2, b * box.width / 2) for a in (1, -1) for b in (1, -1)]
    return [(box.x + cos * a - sin * b, box.y + sin * a + cos * b) for a, b in halves]


def _gap(box: Body, points: list[tuple[float, float]]) -> float:
    """Distance from a box to the nearest of some points; m."""
    cos, sin = math.cos(box.yaw), math.sin(box.yaw)
    length, width = box.length / 2, box.width / 2
    gaps = [(x - box.x, y - box.y) for x, y in points]
    return min(
        math.hypot(max(abs(cos * dx + sin * dy) - length, 0.0), max(abs(cos * dy - sin * dx) - width, 0.0))
        for dx, dy in gaps
    )


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan
