"""A recurrent trainee: reads sequences as it drove them, and does what no driver of the moment can."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from recall_world import Recall

from a2d.acting import Driver
from a2d.config import ConfigError, ExpertConfig, TraineeConfig, from_mapping, load
from a2d.critics import Critic
from a2d.distributions import ActionFamily
from a2d.evaluation import evaluate
from a2d.loop import train
from a2d.methods import method_of
from a2d.mixture import Mixture
from a2d.policies import Expert, Shapes, Trainee, shapes_of
from a2d.rollout import Collector
from a2d.run import Run
from a2d.steps import rows
from a2d.stopwatch import Stopwatch

SHAPES = Shapes(state=2, vectors=(("compact", 2),), image=(1, 8, 8), family=ActionFamily("categorical", 3))
SIGHT = {"channels": (4,), "kernels": (3,), "strides": (2,), "features": 8}


def recurrent(shapes, **settings):
    torch.manual_seed(0)
    return Trainee(shapes, TraineeConfig(memory=6, sequence=4, **settings), quality=False, auxiliary=False)


def test_a_sequence_is_read_as_it_was_driven():
    trainee = recurrent(SHAPES, **SIGHT)
    rng = np.random.default_rng(0)
    compact = torch.from_numpy(rng.normal(size=(5, 7, 2)).astype(np.float32))
    image = torch.from_numpy(rng.integers(256, size=(5, 7, 1, 8, 8), dtype=np.uint8))
    began = torch.from_numpy(rng.random((5, 7)) < 0.3)
    before = torch.from_numpy(rng.normal(size=(5, 6)).astype(np.float32))
    whole = trainee({"compact": compact, "image": image, "memory": before, "began": began})
    memory = before
    for t in range(7):
        memory = trainee.recall(memory, began=began[:, t].numpy())
        now = trainee.step({"compact": compact[:, t], "image": image[:, t]}, memory=memory)
        torch.testing.assert_close(now.parameters, whole.parameters[:, t])
        torch.testing.assert_close(now.value, whole.value[:, t])
        memory = now.memory
    torch.testing.assert_close(memory, whole.memory)


def test_an_episode_that_begins_remembers_nothing_of_the_one_before():
    trainee = recurrent(SHAPES, **SIGHT)
    observation = {"compact": torch.ones(1, 1, 2), "image": torch.ones(1, 1, 1, 8, 8, dtype=torch.uint8)}
    began = torch.ones(1, 1, dtype=torch.bool)
    one = trainee({**observation, "memory": torch.zeros(1, 6), "began": began})
    other = trainee({**observation, "memory": torch.full((1, 6), 9.0), "began": began})
    assert torch.equal(one.parameters, other.parameters)


def test_what_a_round_recorded_can_be_read_again_across_rounds_and_episodes():
    worlds = SyncVectorEnv([lambda: Recall(suite="train")] * 3, autoreset_mode=AutoresetMode.DISABLED)
    shapes = shapes_of(worlds.single_observation_space, worlds.single_action_space)
    trainee = recurrent(shapes)
    critic = Critic(shapes, ExpertConfig(), reading=None)
    mixture = Mixture(Expert(shapes, ExpertConfig()), critic, trainee, 0.0)
    collector = Collector(
        worlds,
        seeds=np.random.default_rng(0),
        generator=torch.Generator().manual_seed(0),
        device=torch.device("cpu"),
        watch=Stopwatch(),
    )
    for _ in range(2):  # episodes last 4 steps, rounds 6, rows 3: nothing falls together
        rollout = collector.collect(mixture, steps=6, return_scale=1.0)
        seen = {key: torch.from_numpy(rows(values, length=3)) for key, values in rollout.observation.items()}
        again = trainee({**seen, "memory": seen["memory"][:, 0]})
        np.testing.assert_allclose(
            again.parameters.detach().numpy(), rows(rollout.trainee, length=3), atol=1e-6
        )
        assert rollout.observation["began"].sum() == 3 * (2 if rollout.observation["began"][0, 0] else 1)
    worlds.close()


def test_rows_are_stretches_of_one_world_in_time():
    array = np.arange(12).reshape(4, 3)  # time 4, worlds 3
    assert rows(array, length=1).tolist() == list(range(12))
    assert rows(array, length=2).tolist() == [[0, 3], [1, 4], [2, 5], [6, 9], [7, 10], [8, 11]]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["trainee.memory=8", "trainee.sequence=5"], "rollout.steps=32 is no multiple of trainee.sequence=5"),
        (["trainee.memory=8", "method=rl_asym_unbiased"], "its critic has no memory"),
    ],
)
def test_what_does_not_fit_a_memory_is_refused(overrides, message):
    with pytest.raises(ConfigError, match=message):
        method_of(load("frozen_lake", overrides))


def learned(folder, **settings):
    config = from_mapping(
        {
            "run": str(folder),
            "env": {"id": "recall_world:Recall-v0", "vector": "sync", "count": 16},
            "evaluation": {"every": 0},
            **settings,
        }
    )
    run = Run.create(folder, config)
    train(run, report=lambda metrics: None)
    worlds = SyncVectorEnv([lambda: Recall(suite="heldout")] * 8, autoreset_mode=AutoresetMode.DISABLED)
    driver = partial(Driver, run.load_trainee("cpu"), deterministic=True, generator=None)
    return float(np.mean([record["return"] for record in evaluate(worlds, driver, range(64))])), run


@pytest.mark.parametrize(
    ("method", "interactions"),
    [
        ("ail", 3000),
        pytest.param("a2d", 12000, marks=pytest.mark.slow),
        pytest.param("advisor", 12000, marks=pytest.mark.slow),
        pytest.param("gpo_penalty", 12000, marks=pytest.mark.slow),
        pytest.param("rl", 24000, marks=pytest.mark.slow),
    ],
)
def test_memory_does_what_no_driver_of_the_moment_can(tmp_path, method, interactions):
    settings = {
        "method": method,
        "rollout": {"interactions": interactions, "steps": 16, "gae_lambda": 0.95},
        "expert": {"minibatch": 128, "learning_rate": 3e-3},
        "trainee": {"memory": 16, "sequence": 8, "minibatch": 128, "learning_rate": 3e-3},
    }
    found, run = learned(tmp_path / "with", **settings)
    assert found == 1.0
    assert all(np.isfinite(list(json.loads(line).values())).all() for line in run.metrics_path.open())


def test_without_memory_the_cue_is_lost(tmp_path):
    found, _ = learned(
        tmp_path / "without",
        method="ail",
        rollout={"interactions": 3000, "steps": 16},
        trainee={"minibatch": 128, "learning_rate": 3e-3},
    )
    # The driver answers the same to both cues: 64 coin flips, beyond 0.6 once in a million times.
    assert abs(found) < 0.6


def test_a_recurrent_run_resumes_as_if_never_stopped(tmp_path):
    settings = {
        "method": "a2d",
        "rollout": {"interactions": 1024, "steps": 16},
        "trainee": {"memory": 8, "sequence": 8, "minibatch": 64},
        "checkpoint": {"every": 1},
    }
    _, whole = learned(tmp_path / "whole", **settings)
    run = Run.create(tmp_path / "cut", replace(whole.config, run=str(tmp_path / "cut")))

    def stop(metrics):
        if metrics["interactions"] == 512:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(run, report=stop)
    train(run, report=lambda metrics: None)
    for key, weight in whole.checkpoint()["trainee"].items():
        assert torch.equal(weight, run.checkpoint()["trainee"][key]), key
