"""The car behind: it comes to its speed, keeps its distance and stops with its leader."""

import pytest

from scenarios.traffic import followed


def follow(leader_speeds, *, gap, speed, limit=10.0, delta=0.1):
    """Gaps and speeds over a leader's speeds (m/s, one per step)."""
    gaps = []
    for leader in leader_speeds:
        speed = followed(gap, speed, leader, limit=limit, delta=delta)
        gap += (leader - speed) * delta
        gaps.append(gap)
    return gaps, speed


def test_behind_a_leader_at_even_speed_it_settles_at_the_models_gap():
    gaps, speed = follow([8.0] * 600, gap=40.0, speed=8.0)
    assert speed == pytest.approx(8.0, abs=0.01)
    # 1 - (v / v0)^4 = (s* / s)^2 with s* = 2 + 1.5 v: s = 14 / sqrt(1 - (8 / 11)^4)
    assert gaps[-1] == pytest.approx(14.0 / (1 - (8 / 11) ** 4) ** 0.5, abs=0.1)


def test_it_stops_behind_a_leader_that_brakes_as_hard_as_it_can():
    braking = [max(10.0 - 0.8 * step, 0.0) for step in range(120)]
    gaps, speed = follow(braking, gap=12.0, speed=10.0)
    assert min(gaps) > 0.3
    assert speed < 0.1
