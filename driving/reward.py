"""Rewards as named terms and their weighted sum: a simple default and the paper's."""

from __future__ import annotations

import math
from collections.abc import Callable

from driving.contact import needed_braking
from driving.control import hold_speed
from driving.drivers import lane_steer
from driving.measures import ACCELERATION_COMFORT
from driving.outcome import is_hit
from driving.snapshot import Snapshot

Terms = dict[str, float]
Reward = Callable[[Snapshot, Snapshot, str | None], Terms]

HARDEST_BRAKING = 10.0  # m/s2, what tyres give: who needs more will hit
FAILURES = ("hit_child", "hit_oncoming", "hit_other", "left_lane", "stuck")


def default(before: Snapshot, after: Snapshot, outcome: str | None) -> Terms:
    """Drive on, keep to the lane and the limit, arrive, and never fail.

    A hit costs the more the faster it is, as it does those who are hit: so a driver who is far too fast to
    brake in time learns that slower is better, though still a hit. Standing still for ever and leaving the
    lane cost as much as a hit at the limit, so that neither pays instead.

    Speeding costs by its share of the limit: where 10 km/h are allowed, 5 more are half as fast again.

    Hits are rare in the end, so how close they came counts as well: while the ego must brake harder than is
    comfortable not to hit somebody, each step costs by how much harder.

    Args:
        before: The instant of the action.
        after: The instant that followed.
        outcome: How the episode ended, if it did.
    """
    failed = outcome in FAILURES
    too_hard = min(needed_braking(after), HARDEST_BRAKING) + ACCELERATION_COMFORT[0]
    return {
        "progress": 0.2 * (after.station(after.ego) - before.station(before.ego)),
        "time": -0.1,
        "lane": -0.05 * min(abs(after.offset), 2.0),
        "speeding": -2.0 * max(after.ego.speed / after.speed_limit - 1.0, 0.0),
        "conflict": -1.0 * max(too_hard, 0.0),
        "arrival": 20.0 * (outcome == "arrived"),
        "failure": -40.0 * failed,
        "impact": -4.0 * (before.ego.speed if is_hit(outcome) else before.speed_limit) * failed,
    }


def paper(before: Snapshot, after: Snapshot, outcome: str | None) -> Terms:
    """The reward of the A2D paper's driving task: closeness to a controller, waypoints, penalties.

    Source: Warrington et al., ICML 2021, appendix on the driving task (ten waypoints along the route).
    """
    steer, pedal = lane_steer(before), hold_speed(before.speed_limit, before.ego.speed)
    close = (1 - abs(after.pedal - pedal) / 2) * (1 - abs(after.steer - steer) / 2) ** 2
    return {
        "controller": close,
        "waypoints": float(_waypoints_passed(after) - _waypoints_passed(before)),
        "completion": 10.0 * (outcome == "arrived"),
        "collision": -1.0 * is_hit(outcome),
        "lane_invasion": -1.0 * (outcome == "left_lane"),
        "effort": -0.025 * (math.log1p(abs(after.steer)) + math.log1p(abs(after.pedal))),
    }


REWARDS: dict[str, Reward] = {"default": default, "paper": paper}


def _waypoints_passed(snapshot: Snapshot) -> int:
    route = snapshot.drive.finish - snapshot.drive.start
    passed = (snapshot.station(snapshot.ego) - snapshot.drive.start) / route
    return min(max(int(10 * passed), 0), 10)
