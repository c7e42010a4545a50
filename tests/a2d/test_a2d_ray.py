"""Worlds over a Ray cluster outlive their workers and nodes; else they are as all in test_a2d_vector.py."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client

import numpy as np
import pytest
from lane_world import Lane
from lanes import lanes
from ray_nodes import add_node, ray_nodes

from a2d.faults import LOST_WORKER, Faults
from a2d.ray_worker import Worker
from a2d.vector import make_worlds, stopping

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]


@pytest.fixture(scope="module")
def cluster():
    """Two nodes on this machine, with room for two workers each."""
    with ray_nodes(2, workers=2) as made:
        yield made


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
    third = add_node(cluster, workers=2)
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


def test_a_worker_answers_no_stranger_and_closes_its_world_when_its_trainer_is_gone(tmp_path):
    pytest.importorskip("ray")
    worker = Worker(lambda: Lane(suite="train", farewell=str(tmp_path)), b"the secret")
    address = worker.listen()
    serving = threading.Thread(target=worker.serve, daemon=True)
    serving.start()
    with socket.create_connection(address) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(AuthenticationError):
        Client(address, authkey=b"a guess")
    with Client(address, authkey=b"the secret") as line:
        line.send(("reset", (3, {})))
        done, (observation, _) = line.recv()
        assert done
        assert observation["image"].shape == (1, 16, 16)
        line.send(("fly", ()))
        assert line.recv() == (False, "AttributeError: 'Worker' object has no attribute 'fly'")
    serving.join(timeout=10.0)
    assert not serving.is_alive()
    assert len(list(tmp_path.iterdir())) == 1


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
