"""Where the time goes, told by a clock of the test's own."""

import pytest

from a2d.stopwatch import Stopwatch


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_block_within_a_block_counts_for_itself_only(clock):
    watch = Stopwatch(clock)
    with watch.of("outer"):
        clock.now += 1.0
        with watch.of("inner"):
            clock.now += 6.0
        clock.now += 1.0
        with watch.of("inner"):
            clock.now += 2.0
    clock.now += 100.0  # of nobody
    assert watch.shares() == {"outer": 0.2, "inner": 0.8}


def test_shares_are_of_the_time_since_the_last_call(clock):
    watch = Stopwatch(clock)
    with watch.of("a"):
        clock.now += 5.0
    assert watch.shares() == {"a": 1.0}
    with watch.of("b"):
        clock.now += 1.0
    assert watch.shares() == {"b": 1.0}
    assert watch.shares() == {}


def test_time_before_a_failure_counts(clock):
    watch = Stopwatch(clock)

    def fail() -> None:
        with watch.of("a"):
            clock.now += 1.0
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with watch.of("b"):
        clock.now += 3.0
    assert watch.shares() == {"a": 0.25, "b": 0.75}
