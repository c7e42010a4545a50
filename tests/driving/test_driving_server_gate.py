"""What a tick waits for, and for how long, by a clock that a test turns."""

from __future__ import annotations

import pytest

from driving.server.gate import LONGEST_HOLD, REST, Gate


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_tick_waits_until_every_announced_listener_has_come(clock):
    gate = Gate(clock)
    assert gate.wait() == 0.0
    gate.announce(1)
    gate.announce(1)
    gate.announce(7)
    assert gate.wait() == pytest.approx(LONGEST_HOLD)
    for stream in (1, 7):
        gate.arrive(stream)
        assert gate.wait() > 0.0
    gate.arrive(1)
    assert gate.wait() == 0.0


def test_a_listener_that_never_comes_is_waited_for_once(clock):
    gate = Gate(clock)
    gate.announce(1)
    clock.now += LONGEST_HOLD
    assert gate.wait() == 0.0
    clock.now -= LONGEST_HOLD / 2  # forgotten, not merely late
    assert gate.wait() == 0.0


def test_other_listeners_do_not_prolong_the_wait_for_one_who_never_comes(clock):
    gate = Gate(clock)
    gate.announce(1)
    for _ in range(10):
        clock.now += LONGEST_HOLD / 4
        gate.announce(2)
        gate.arrive(2)
    assert gate.wait() == 0.0


def test_a_tick_gives_a_traffic_manager_time_to_fall_asleep(clock):
    gate = Gate(clock)
    gate.rest()
    assert gate.wait() == pytest.approx(REST)
    clock.now += REST / 2
    assert gate.wait() == pytest.approx(REST / 2)
    clock.now += REST / 2
    assert gate.wait() == 0.0
