"""Faults are counted once, by cause, and cost an evaluation no episode."""

import gymnasium
import numpy as np

from a2d.config import EnvConfig
from a2d.evaluation import evaluate, summary
from a2d.faults import Faults
from a2d.vector import make_worlds, stopping


class Counting:
    """Two worlds that say what a test wants."""

    num_envs = 2

    def __init__(self, *counts):
        self._counts = iter(counts)

    def call(self, name):
        assert name == "faults"
        return next(self._counts)


def test_what_is_new_is_told_once_and_a_replaced_worker_counts_from_nothing():
    faults = Faults(
        Counting(
            ({"died": 1}, {}),
            ({"died": 1}, {"hung": 2}),
            ({"died": 1}, {"hung": 2}),
            ({"start": 1}, {"hung": 3}),  # the first worker is another one
        )
    )
    assert faults.fresh() == {"restarts/died": 1.0}
    assert faults.fresh() == {"restarts/hung": 2.0}
    assert faults.fresh() == {}
    assert faults.fresh() == {"restarts/hung": 1.0, "restarts/start": 1.0}


def test_worlds_without_a_simulator_have_no_faults():
    for env in (
        EnvConfig(id="gridworlds/FrozenLake-v0"),
        EnvConfig(id="lane_world:Lane-v0", vector="sync"),
        EnvConfig(id="lane_world:Lane-v0", vector="async"),
    ):
        with stopping(make_worlds(env, count=2, suite="train")) as worlds:
            assert Faults(worlds).fresh() == {}


class Faulty(gymnasium.Wrapper):
    """Cuts the first try of seed 1 short, and every try of seed 2."""

    tries = 0

    def reset(self, *, seed=None, options=None):
        self._seed = seed
        self.tries += 1
        return self.env.reset(seed=seed, options=options)

    def step(self, action):
        observation, reward, terminated, truncated, info = self.env.step(action)
        if self._seed == 2 or (self._seed == 1 and self.tries == 2):
            return observation, 0.0, False, True, {"outcome": "server_restarted"}
        return observation, reward, terminated, truncated, info


def test_an_episode_that_a_fault_ended_is_driven_again_up_to_the_limit():
    maker = [lambda: Faulty(gymnasium.make("lane_world:Lane-v0", suite="train"))]
    worlds = gymnasium.vector.SyncVectorEnv(maker, autoreset_mode=gymnasium.vector.AutoresetMode.DISABLED)
    told = []
    idle = lambda observation: np.zeros((1, 2), np.float32)  # noqa: E731
    records = evaluate(worlds, lambda: idle, [0, 1, 2], progress=told.append)
    assert [record["outcome"] for record in records] == ["arrived", "arrived", "server_restarted"]
    assert [record["steps"] for record in records] == [5, 5, 1]
    assert told == records
    assert worlds.envs[0].tries == 1 + 2 + 3
    assert (summary(records).episodes, summary(records).invalid) == (2, 1)
