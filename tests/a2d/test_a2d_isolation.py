"""A world that fails in the middle of an episode costs that episode at most, and never another."""

import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from a2d.cli import application
from a2d.config import EnvConfig, TrainConfig
from a2d.evaluation import WorldsLost
from a2d.faults import FAILED
from a2d.isolation import drive
from a2d.learner import Learner
from a2d.policies import shapes_of
from a2d.run import Run
from a2d.vector import make_worlds, stopping


def driven(seeds, *, count: int, proven: bool = False, vector: str = "sync", **options) -> dict:
    """The records by seed; `opened`: how many worlds at once, time after time."""
    env = EnvConfig(id="fragile_world:Fragile-v0", vector=vector, options=options)
    opened, records = [], []

    def open_worlds(worlds: int):
        opened.append(worlds)
        return stopping(make_worlds(env, count=worlds, suite="heldout"))

    try:
        drive(
            seeds,
            open_worlds=open_worlds,
            make_act=lambda: lambda seen: np.zeros((len(seen["state"]), 2), np.float32),
            count=count,
            proven=proven,
            progress=records.append,
        )
    finally:
        driven.opened = opened
    assert len({record["seed"] for record in records}) == len(records)
    return {record["seed"]: record for record in records}


def test_only_the_episode_that_breaks_its_world_is_lost_and_says_why():
    records = driven(range(8), count=3, raises=[4])
    assert sorted(records) == list(range(8))
    assert records[4]["outcome"] == FAILED
    assert "the street of seed 4 cannot be laid" in records[4]["error"]
    assert {records[seed]["outcome"] for seed in records if seed != 4} == {"arrived"}
    # Three together; the three under way one by one; then what is left, together again.
    assert driven.opened == [3, 1, 1, 1, 2]


def test_the_others_are_the_same_episodes_as_without_it():
    broken, whole = driven(range(8), count=3, raises=[4]), driven(range(8), count=3)
    assert driven.opened == [3]
    assert [broken[seed] for seed in range(8) if seed != 4] == [whole[seed] for seed in range(8) if seed != 4]


def test_what_breaks_once_is_driven_again_and_counts(tmp_path):
    records = driven(range(6), count=2, raises=[1, 5], once=str(tmp_path))
    assert {record["outcome"] for record in records.values()} == {"arrived"}


@pytest.mark.slow
def test_a_process_that_dies_takes_nothing_with_it():
    records = driven(range(4), count=2, dies=[1], vector="async")
    assert [records[seed]["outcome"] for seed in range(4)] == ["arrived", FAILED, "arrived", "arrived"]
    assert "a world's process died" in records[1]["error"]


def test_worlds_that_never_worked_are_given_up():
    with pytest.raises(WorldsLost, match="the street of seed 0 cannot be laid"):
        driven(range(50), count=4, raises=list(range(50)))
    assert driven.opened == [4, 1, 1]


def test_a_single_episode_that_breaks_is_recorded_where_the_worlds_are_known_to_work():
    assert driven([3], count=4, proven=True, raises=[3])[3]["outcome"] == FAILED
    with pytest.raises(WorldsLost):
        driven([3], count=4, raises=[3])


def test_an_evaluation_counts_it_apart_tells_its_seed_and_tries_it_again(tmp_path):
    env = EnvConfig(id="fragile_world:Fragile-v0", vector="sync", count=2, options={"raises": [3]})
    config = TrainConfig(preset="custom", env=env)
    with stopping(make_worlds(env, count=1, suite="train")) as worlds:
        shapes = shapes_of(worlds.single_observation_space, worlds.single_action_space)
    run = Run.create(tmp_path / "run", config)
    run.save(Learner(config, shapes, device=torch.device("cpu")).checkpoint())

    def evaluated() -> str:
        arguments = ["evaluate", str(run.folder), "--episodes", "6"]
        result = CliRunner().invoke(application(["evaluate"]), arguments)
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    printed = evaluated()
    assert "seed 3 broke however often it was tried and counts in no rate" in printed
    assert "the street of seed 3 cannot be laid" in printed
    found = json.loads((run.folder / "evaluation" / "heldout.json").read_text())["summary"]
    assert (found["episodes"], found["invalid"], found["broken"]) == (5, 1, 1)
    assert (found["arrivals"]["count"], found["arrivals"]["total"], found["hits"]["count"]) == (5, 5, 0)
    assert "episodes 1/1" in evaluated()
