"""The pace that metrics tell: steps by seconds, of the round and of nothing before it."""

import errno
import json

import pytest

from a2d.config import TrainConfig
from a2d.curves import CPU, WALL, Curves, Pace
from a2d.errors import DiskFull
from a2d.processors import cpu_seconds
from a2d.run import Run


def burn(seconds: float) -> None:
    """Keep the processor busy for so many of its seconds."""
    until = cpu_seconds() + seconds  # by the clock that is tested: it comes in hundredths
    while cpu_seconds() < until:
        pass


def test_the_pace_is_of_the_steps_and_seconds_since_the_round_before():
    pace = Pace()
    assert pace.since({"interactions": 1000, "seconds": 3.0}) == {}
    burn(0.2)
    found = pace.since({"interactions": 1600, "seconds": 5.0})
    assert found[WALL] == 300.0  # 600 steps in 2 s
    assert 600 / 1.0 < found[CPU] < 600 / 0.19  # in 0.2 s of the processor, and what measuring takes
    assert WALL not in pace.since({"interactions": 1600, "seconds": 5.0}), "no time, no pace"


def test_metrics_without_steps_or_seconds_have_no_pace():
    pace = Pace()
    pace.since({"interactions": 1, "seconds": 1.0})
    assert pace.since({"round": 3}) == {}


def test_it_stands_in_the_metrics_file(tmp_path):
    run = Run.create(tmp_path / "run", TrainConfig())
    with Curves(run, rounds=0) as curves:
        for done in (1, 2):
            burn(0.02)
            curves.add({"round": done, "interactions": 100 * done, "seconds": 0.5 * done})
    first, second = map(json.loads, run.metrics_path.read_text().splitlines())
    assert WALL not in first
    assert second[WALL] == pytest.approx(200.0)
    assert second[CPU] > 0.0


class Full:
    """TensorBoard's writer on a full disk: what its thread ran into comes with the next call."""

    def add_scalar(self, name: str, value: float, step: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def close(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_becomes_full_under_tensorboard_is_told_as_such(tmp_path):
    run = Run.create(tmp_path / "run", TrainConfig())
    curves = Curves(run, rounds=0)
    curves._board = Full()
    with pytest.raises(DiskFull, match="tb"):
        curves.add({"round": 1})
    with pytest.raises(DiskFull, match="tb"), curves:
        pass
    with pytest.raises(ZeroDivisionError), curves:
        raise ZeroDivisionError
