"""Servers of one run come from one warm process, and neither they nor it outlive whom they serve."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from driving import forked_process
from driving.endpoint import answered_version
from driving.errors import ServerFailed
from driving.forked_process import can_fork, this_run
from driving.server.cameras import model
from driving.server.render.meshes_vehicle import _meshes
from driving.servers import server_named
from scenarios.bodies import ACTORS
from scenarios.catalogue import SCENARIOS, episodes_of, suites_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("embedded"),
    pytest.mark.skipif(not can_fork(), reason="this system cannot fork servers"),
]

RUNS = itertools.count()
GONE = 20.0  # s that a process may take to be gone
FOREIGN = {"a2d", "carla", "gymnasium", "torch"}  # a server has nothing to do with these


@pytest.fixture
def two():
    """Two servers, not started."""
    servers = server_named("embedded"), server_named("embedded")
    yield servers
    for server in servers:
        server.stop(graceful=True)


@pytest.fixture
def another_run(monkeypatch):
    """As if this process were of a run that has no zygote yet: an earlier test's may still be there."""
    name = f"test-{os.getpid()}-{next(RUNS)}"
    monkeypatch.setattr(forked_process, "this_run", lambda: name)


def assert_gone(processes):
    _, alive = psutil.wait_procs(processes, timeout=GONE)
    assert not alive


def test_servers_that_start_together_share_one_zygote_and_are_known_by_name(two, another_run):
    threads = [threading.Thread(target=server.start) for server in two]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    processes = [psutil.Process(server.pid) for server in two]
    (zygote,) = {process.parent() for process in processes}
    assert zygote.name() == "driving-zygote"
    assert [process.name() for process in processes] == ["driving-server"] * 2
    assert zygote.num_threads() == 1  # a fork copies no other thread, nor frees what it had locked
    for process in (*processes, zygote):
        assert os.getsid(process.pid) != os.getsid(0)  # a Ctrl-C is not for them
        assert {process.environ()[f"{name}_NUM_THREADS"] for name in ("OMP", "NUMBA")} == {"1"}


def test_a_zygote_loads_nothing_of_the_clients():
    loaded = "import sys, driving.cli.zygote; print(*{name.partition('.')[0] for name in sys.modules})"
    names = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout
    assert {"numba", "driving"} <= set(names.split())
    assert not FOREIGN & set(names.split())


def test_a_killed_zygote_takes_no_server_with_it_and_is_replaced(two):
    first, second = two
    endpoint = first.start()
    zygote = psutil.Process(first.pid).parent()
    zygote.kill()
    second.start()
    assert psutil.Process(second.pid).parent() != zygote
    assert first.alive()
    assert answered_version(endpoint) == "0.9.16"
    first.stop(graceful=False)
    assert not first.alive()


def test_a_killed_worker_leaves_no_server_and_a_killed_run_leaves_nothing():
    script = Path(__file__).with_name("two_workers.py")
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as run:
        numbers = [int(word) for word in run.stdout.readline().split()]
        worker, server, other_worker, other_server = (psutil.Process(number) for number in numbers)
        zygote = server.parent()
        assert other_server.parent() == zygote
        worker.kill()
        assert_gone([worker, server])
        assert other_server.is_running()
        run.kill()
        assert_gone([other_worker, other_server, zygote])


def test_a_server_that_is_late_is_given_up_and_leaves_nothing(two):
    first, second = two
    first.start()
    zygote = psutil.Process(first.pid).parent()
    late = server_named("embedded", start_limit=1e-4)
    with pytest.raises(ServerFailed, match="not ready after 0 s: it said nothing"):
        late.start()
    second.start()
    left = [process for process in zygote.children() if process.pid not in (first.pid, second.pid)]
    assert_gone(left)


def test_a_zygote_that_cannot_be_says_why(monkeypatch, another_run):
    broken = (sys.executable, "-c", "import sys; sys.exit('numba is missing')")
    monkeypatch.setattr(forked_process, "ZYGOTE", broken)
    with pytest.raises(ServerFailed, match="servers are forked from ended: numba is missing"):
        server_named("embedded").start()


def test_another_users_zygote_is_not_asked(monkeypatch, two):
    two[0].start()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(ServerFailed, match="another user's process listens"):
        two[1].start()


def test_a_zygote_models_whomever_episodes_cast():
    cast = set()
    for scenario in SCENARIOS:
        for suite in suites_of(scenario):
            for seed in range(3):
                drive = episodes_of(scenario, suite).draw(seed)
                placed = (*drive.standing, *(walker.placed for walker in drive.walkers), *drive.oncoming)
                cast |= {actor.blueprint for actor in placed}
    assert cast <= set(ACTORS)
    model(ACTORS)
    known = _meshes.cache_info()
    model(name for name in cast if name.startswith("vehicle."))
    assert _meshes.cache_info().misses == known.misses


def test_processes_of_a_run_agree_on_it(monkeypatch):
    assert this_run() == str(os.getpid())
    monkeypatch.setenv("RAY_JOB_ID", "0100")
    monkeypatch.setenv("RAY_RAYLET_PID", "7")
    assert this_run() == "ray-7-0100"
