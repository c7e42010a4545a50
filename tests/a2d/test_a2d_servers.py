"""Which server each world gets, and what becomes of a run whose server fails."""

import subprocess
import sys

import pytest
from embedded_servers import embedded_servers

from a2d.config import EnvConfig, load
from a2d.errors import WorldError
from a2d.loop import train
from a2d.run import Run
from a2d.vector import _servers, make_worlds


def test_two_worlds_cannot_share_one_address():
    env = EnvConfig(id="gridworlds/FrozenLake-v0", server="127.0.0.1:2000", vector="sync")
    with pytest.raises(WorldError, match=r"2 worlds need a server each.*set env.count=1"):
        make_worlds(env, count=2, suite="train")


def test_kinds_of_server_are_dealt_round_and_addresses_are_not():
    env = EnvConfig(id="lane_world:Lane-v0", server="docker@0,docker@1")
    assert [named["server"] for named in _servers(env, 3)] == ["docker@0", "docker@1", "docker@0"]


@pytest.mark.slow
@pytest.mark.xdist_group("embedded")
def test_training_goes_on_when_a_server_is_killed_and_its_metrics_count_it(tmp_path):
    pytest.importorskip("carla")
    settings = ["env.count=2", "rollout.steps=16", "rollout.interactions=96", "trainee.minibatch=32"]
    looks = ["evaluation.every=3", "evaluation.episodes=2"]
    run = Run.create(tmp_path / "run", load("child_crossing", [*settings, *looks]))
    seen = []

    def kill_a_server_after_the_first_round(metrics):
        seen.append(metrics)
        if len(seen) == 1:
            embedded_servers()[0].kill()

    train(run, report=kill_a_server_after_the_first_round)
    assert run.finished
    assert [metrics.get("restarts/died", 0.0) for metrics in seen] == [0.0, 1.0, 0.0]
    assert not embedded_servers()


COSTS = """
import numpy as np
from a2d.config import EnvConfig
from a2d.processors import cpu_seconds
from a2d.vector import make_worlds, stopping
env = EnvConfig(id="driving/ChildCrossing-v0", vector="async")
with stopping(make_worlds(env, count=2, suite="train")) as worlds:
    worlds.reset(seed=[0, 1])
    for _ in range(20):
        worlds.step(np.zeros((2, 2), np.float32))
    during = cpu_seconds()
print(during, cpu_seconds())
"""


@pytest.mark.slow
@pytest.mark.xdist_group("embedded")
def test_processor_time_of_servers_counts_when_they_and_whoever_started_them_are_gone():
    pytest.importorskip("carla")
    done = subprocess.run([sys.executable, "-c", COSTS], capture_output=True, text=True, check=True)
    during, after = map(float, done.stdout.split())
    assert during <= after < 2.0 * during
