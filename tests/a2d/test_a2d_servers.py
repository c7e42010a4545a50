"""Which server each world gets, and what becomes of a run whose server fails."""

import pytest
from embedded_servers import embedded_servers

from a2d.config import EnvConfig, load
from a2d.loop import train
from a2d.run import Run
from a2d.vector import WorldError, _servers, make_worlds


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
