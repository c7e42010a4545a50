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


def test_interactions_count_from_where_the_run_began_that_it_started_from(tmp_path):
    run = begun(tmp_path / "run")
    run.append({"interactions": 1000})  # of a version before: nothing is known of a start
    run.append({"interactions": 2000, "interactions_before": 3000, "divergence": 0.5})
    assert [entry["interactions"] for entry in metrics_of(run)] == [1000, 5000]
    assert curve(metrics_of(run), "divergence") == ((5000.0, 0.5),)


def test_a_line_that_is_being_written_is_left_out(tmp_path):
    run = begun(tmp_path / "run")
    assert metrics_of(run) == []
    run.metrics_path.write_text(json.dumps({"interactions": 1}) + "\n" + '{"interac')
    assert metrics_of(run) == [{"interactions": 1}]
