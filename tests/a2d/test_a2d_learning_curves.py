"""Curves of a run's metrics: what is averaged, what counts as a hit, and where counting begins."""

import json

import pytest

from a2d.config import load
from a2d.learning_curves import AVERAGED, curve, hits, metrics_of, returns
from a2d.run import Run


def begun(folder, *settings):
    return Run.create(folder, load("frozen_lake", [f"run={folder}", *settings]))


def test_a_curve_has_a_point_where_its_metric_was_measured():
    metrics = [{"interactions": 10, "x": 1}, {"interactions": 20}, {"interactions": 30, "x": 0.5}, {"x": 3}]
    assert curve(metrics, "x") == ((10.0, 1.0), (30.0, 0.5))


def test_returns_are_the_mean_of_so_many_rounds_and_of_fewer_at_first():
    rounds = AVERAGED + 2
    metrics = [{"interactions": number, "train/return": float(number)} for number in range(1, rounds + 1)]
    found = returns(metrics)
    assert found[0] == (1.0, 1.0)
    assert found[2] == (3.0, 2.0)
    assert found[-1] == (rounds, pytest.approx(rounds - (AVERAGED - 1) / 2))


def test_every_collision_is_a_hit_and_a_round_in_which_no_episode_ended_says_nothing():
    metrics = [
        {"interactions": 1, "train/outcome/hit_child": 0.25, "train/outcome/hit_other": 0.25},
        {"interactions": 2, "train/return": 3.0},
        {"interactions": 3, "train/outcome/arrived": 1.0},
        {"interactions": 4, "train/outcome/hazard": 1.0},
    ]
    assert hits(metrics) == ((1.0, 0.5), (3.0, 0.25), (4.0, 0.5))


def test_who_starts_from_a_run_begins_where_that_one_ended(tmp_path):
    first = begun(tmp_path / "first")
    second = begun(tmp_path / "second", f"start_from={first.folder}")
    third = begun(tmp_path / "third", f"start_from={second.folder}")
    for run in (first, second, third):
        run.append({"interactions": 1000})
        run.append({"interactions": 2000, "divergence": 0.5})
    assert metrics_of(second)[1] == {"interactions": 4000, "divergence": 0.5}
    assert [entry["interactions"] for entry in metrics_of(third)] == [5000, 6000]


def test_a_run_that_is_gone_or_has_not_begun_counts_nothing(tmp_path):
    for start in (tmp_path / "gone", begun(tmp_path / "new").folder):
        run = begun(tmp_path / f"after-{start.name}", f"start_from={start}")
        run.append({"interactions": 1000})
        assert metrics_of(run) == [{"interactions": 1000}]


def test_a_line_that_is_being_written_is_left_out(tmp_path):
    run = begun(tmp_path / "run")
    assert metrics_of(run) == []
    run.metrics_path.write_text(json.dumps({"interactions": 1}) + "\n" + '{"interac')
    assert metrics_of(run) == [{"interactions": 1}]
