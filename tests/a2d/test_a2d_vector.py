"""Worlds in one process or many behave alike, stop when told to, and fail in words."""

import os
import signal

import numpy as np
import psutil
import pytest
from lanes import assert_same_episodes, lanes

from a2d.config import EnvConfig
from a2d.vector import WorldError, make_worlds, stopping


def test_one_process_or_many_give_the_same_episodes():
    assert_same_episodes("sync", "async")


def test_workers_are_free_of_torch_deaf_to_interrupts_and_gone_at_the_end():
    with stopping(make_worlds(lanes("async"), count=2, suite="train")) as worlds:
        workers = [psutil.Process(process.pid) for process in worlds.processes]
        for worker in workers:
            os.kill(worker.pid, signal.SIGINT)
            assert not any("libtorch" in mapped.path for mapped in worker.memory_maps())
        worlds.reset(seed=[0, 1])
    assert not any(worker.is_running() for worker in workers)


def test_workers_close_their_worlds_and_are_gone_after_an_interrupt_in_the_middle_of_a_step(tmp_path):
    worlds = make_worlds(lanes("async", farewell=str(tmp_path)), count=2, suite="train")
    workers = [psutil.Process(process.pid) for process in worlds.processes]
    worlds.reset(seed=[0, 1])

    def interrupted():
        with stopping(worlds):
            worlds.step_async(np.zeros((2, 2), np.float32))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not any(worker.is_running() for worker in workers)
    assert {str(worker.pid) for worker in workers} <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("vector", ["sync", "async"])
def test_a_world_that_fails_says_what_happened(vector):
    with stopping(make_worlds(lanes(vector, fails_at=1), count=2, suite="train")) as worlds:
        worlds.reset(seed=[0, 1])
        with pytest.raises(WorldError, match="ZeroDivisionError: the simulator went away"):
            worlds.step(np.zeros((2, 2), np.float32))


def test_a_worker_that_is_killed_is_said_to_be_dead():
    def driven_on():
        with stopping(make_worlds(lanes("async"), count=2, suite="train")) as worlds:
            worlds.reset(seed=[0, 1])
            worlds.processes[1].kill()
            worlds.processes[1].join()
            worlds.step(np.zeros((2, 2), np.float32))

    with pytest.raises(WorldError, match="a world's process died"):
        driven_on()


def test_an_unknown_world_or_keyword_is_refused_in_one_line():
    with pytest.raises(WorldError, match="nowhere/No-v0: NamespaceNotFound"):
        make_worlds(EnvConfig(id="nowhere/No-v0"), count=1, suite="train")
    with pytest.raises(WorldError, match=r"unexpected keyword argument 'speed'; check env.options"):
        make_worlds(lanes("sync", speed=3), count=1, suite="train")
    with pytest.raises(WorldError, match="suite"):
        make_worlds(EnvConfig(id="gridworlds/FrozenLake-v0"), count=1, suite="mars")
