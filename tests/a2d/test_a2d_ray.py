"""Worlds over a Ray cluster behave as those of one machine do, and outlive their workers and nodes."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from lanes import assert_same_episodes, lanes

from a2d.faults import LOST_WORKER, Faults
from a2d.vector import WorldError, make_worlds, stopping

ray = pytest.importorskip("ray", reason="Ray is not installed: the extra [cluster]")
cluster_utils = pytest.importorskip("ray.cluster_utils")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]

ROOM = {"num_cpus": 1, "resources": {"carla": 2}, "object_store_memory": 100 * 2**20}  # of a node


@pytest.fixture(scope="module")
def cluster():
    """Two nodes on this machine, with room for two workers each."""
    with pytest.MonkeyPatch.context() as patch:
        here = str(Path(__file__).parent)  # where workers find the world that tests drive
        patch.setenv("PYTHONPATH", os.pathsep.join([here, *sys.path]))
        made = cluster_utils.Cluster()
        try:
            made.add_node(**ROOM, **free_ports())
            made.add_node(**ROOM, **free_ports())
            ray.init(address=made.address, logging_level=logging.ERROR, log_to_driver=False)
            yield made
        except Exception as error:
            if "timed out during startup" in str(error):  # Ray gives a node 30 s, whatever else runs
                pytest.skip(f"this machine is too busy to start a Ray node: {error}")
            raise
        finally:
            ray.shutdown()
            made.shutdown()


def free_ports():
    """Ports for a node's agents: where they are given, a node does not wait for agents that start slowly."""
    agents = ("metrics_agent", "metrics_export", "runtime_env_agent", "dashboard_agent_listen")
    names = [f"{agent}_port" for agent in agents]
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("", 0))) for _ in names]
        return {name: sock.getsockname()[1] for name, sock in zip(names, sockets, strict=True)}


def test_a_cluster_gives_the_episodes_that_one_process_gives(cluster):
    assert_same_episodes("sync", "ray")


def test_a_worlds_own_failure_is_its_own_words(cluster):
    with stopping(make_worlds(lanes("ray", fails_at=1), count=2, suite="train")) as worlds:
        worlds.reset(seed=[0, 1])
        with pytest.raises(WorldError, match="ZeroDivisionError: the simulator went away"):
            worlds.step(np.zeros((2, 2), np.float32))


def test_a_worker_that_is_killed_is_replaced_and_only_its_episode_is_cut_short(cluster):
    with stopping(make_worlds(lanes("ray"), count=2, suite="train")) as worlds:
        faults = Faults(worlds)
        before, _ = worlds.reset(seed=[3, 4])
        first, _ = worlds.call("process")
        os.kill(first, signal.SIGKILL)
        after, reward, terminated, truncated, info = worlds.step(np.zeros((2, 2), np.float32))
        assert truncated.tolist() == [True, False]
        assert not terminated.any()
        assert reward[0] == 0.0
        assert (info["outcome"][0], info["restart_cause"][0]) == ("server_restarted", "worker")
        np.testing.assert_array_equal(after["image"][0], before["image"][0])
        assert faults.fresh() == {"restarts/worker": 1.0}
        again, _ = worlds.reset(seed=[3, None], options={"reset_mask": np.array([True, False])})
        np.testing.assert_array_equal(again["image"][0], before["image"][0])
        assert worlds.call("process")[0] != first
        assert faults.fresh() == {}


def test_workers_are_spread_over_the_nodes_and_those_of_a_lost_node_move_to_the_other(cluster):
    third = cluster.add_node(**ROOM, **free_ports())
    with stopping(make_worlds(lanes("ray"), count=4, suite="train")) as worlds:
        worlds.reset(seed=[0, 1, 2, 3])
        nodes = worlds.call("node")
        assert len(set(nodes)) >= 2
        doomed = third.node_id
        cluster.remove_node(third, allow_graceful=False)
        there = [node == doomed for node in nodes]
        until = (
            time.monotonic() + 60.0
        )  # workers outlive their node by a moment, and it is offered for one more
        while (lost(worlds) != there or doomed in worlds.call("node")) and time.monotonic() < until:
            step(worlds)
        assert lost(worlds) == there
        assert doomed not in worlds.call("node")
        for _ in range(3):
            step(worlds)


def lost(worlds):
    """Which worlds have lost a worker."""
    return [faults[LOST_WORKER] > 0 for faults in worlds.call("faults")]


def step(worlds):
    """Step, and begin anew what ended."""
    _, _, terminated, truncated, _ = worlds.step(np.zeros((worlds.num_envs, 2), np.float32))
    ended = terminated | truncated
    if ended.any():
        worlds.reset(seed=[7] * worlds.num_envs, options={"reset_mask": ended})


def test_without_ray_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(Exception, match=r"needs Ray: pip install .*\[cluster\].*; or use vector=async"):
        make_worlds(lanes("ray"), count=1, suite="train")
