"""Worlds in one process, in many or over a Ray cluster behave alike, stop when told to, fail in words."""

import os
import signal
from dataclasses import replace

import numpy as np
import psutil
import pytest
from gymnasium.vector import AutoresetMode
from lanes import assert_same_episodes, lanes
from ray_nodes import ray_nodes

from a2d.config import EnvConfig
from a2d.errors import WorldError
from a2d.vector import _per_worker, make_worlds, stopping

RAY = pytest.param("ray", marks=[pytest.mark.slow, pytest.mark.xdist_group("ray")])
GONE_SECONDS = 10.0  # that a process may take to be gone


@pytest.fixture(scope="module")
def ray_node():
    """A Ray cluster of one node."""
    with ray_nodes(1, workers=4):
        yield


@pytest.fixture(params=["sync", "async", "turns", RAY])
def vector(request):
    """Every kind of VectorEnv that worlds of one are put into."""
    return ready(request)


@pytest.fixture(params=["async", "turns", RAY])
def spread(request):
    """The kinds whose worlds live in other processes."""
    return ready(request)


def ready(request):
    """The kind that is asked for, with what it runs on."""
    if request.param == "ray":
        request.getfixturevalue("ray_node")
    return request.param


def two(vector, **options):
    """Two lane worlds, stopped at the end."""
    return stopping(make_worlds(lanes(vector, **options), count=2, suite="train"))


def still(steps, worlds):
    """What so many steps without any action give."""
    return [worlds.step(np.zeros((2, 2), np.float32)) for _ in range(steps)]


def assert_gone(processes):
    _, alive = psutil.wait_procs(processes, timeout=GONE_SECONDS)
    assert not alive


def test_all_kinds_give_the_same_episodes(spread):
    assert_same_episodes("sync", spread)


def test_what_worlds_give_is_what_their_spaces_say(vector):
    with two(vector) as worlds:
        assert worlds.metadata["autoreset_mode"] is AutoresetMode.DISABLED
        first, _ = worlds.reset(seed=[0, 1])
        seen = {key: values.copy() for key, values in first.items()}
        (second, reward, terminated, truncated, _), *_ = still(1, worlds)
        for observation in (first, second):
            assert worlds.observation_space.contains(observation)
            assert observation["image"].dtype == np.uint8
            assert observation["image"].shape == (2, *worlds.single_observation_space["image"].shape)
        assert reward.shape == (2,)
        assert (terminated.dtype, truncated.dtype) == (bool, bool)
        for key, values in first.items():  # nothing that was given changes afterwards
            np.testing.assert_array_equal(values, seen[key])


def test_an_episode_ends_and_begins_anew_without_the_others(vector):
    with two(vector) as worlds:
        worlds.reset(seed=[3, 4])
        still(2, worlds)
        _, infos = worlds.reset(seed=[5, None], options={"reset_mask": np.array([True, False])})
        assert "outcome" not in infos
        *_, truncated, infos = still(3, worlds)[-1]  # the fifth step of one, the third of the other
        assert truncated.tolist() == [False, True]
        assert infos["_outcome"].tolist() == [False, True]
        assert infos["outcome"][1] == "arrived"


def test_a_reset_by_one_seed_gives_the_worlds_those_that_follow_it(vector):
    with two(vector) as worlds:
        one, _ = worlds.reset(seed=3)
        each, _ = worlds.reset(seed=[3, 4])
        for key in one:
            np.testing.assert_array_equal(one[key], each[key])


def test_workers_are_free_of_torch_deaf_to_interrupts_and_gone_at_the_end(spread):
    with two(spread) as worlds:
        workers = [psutil.Process(process) for process in worlds.call("process")]
        for worker in workers:
            os.kill(worker.pid, signal.SIGINT)
            assert not any("libtorch" in mapped.path for mapped in worker.memory_maps())
        worlds.reset(seed=[0, 1])
    assert_gone(workers)


def test_workers_close_their_worlds_and_are_gone_after_an_interrupt_in_the_middle_of_a_step(spread, tmp_path):
    workers, left = [], []

    def interrupted_midway():
        with two(spread, farewell=str(tmp_path)) as worlds:
            workers.extend(psutil.Process(process) for process in worlds.call("process"))
            worlds.reset(seed=[0, 1])
            left.extend([group.workers for group in getattr(worlds, "groups", ())] or [worlds])
            left[-1].step_wait = left[-1]._heard = interrupted  # where the kinds wait for answers
            still(1, worlds)

    with pytest.raises(KeyboardInterrupt):
        interrupted_midway()
    assert_gone(workers)
    assert all(each.closed for each in left), (
        "whom nobody answers any more would be asked to close when it is collected"
    )
    assert {str(worker.pid) for worker in workers} <= {path.name for path in tmp_path.iterdir()}


def interrupted(*_, **__):
    raise KeyboardInterrupt


def test_a_world_that_fails_says_what_happened(vector):
    with two(vector, fails_at=1) as worlds:
        worlds.reset(seed=[0, 1])
        with pytest.raises(WorldError, match="Lane-v0: ZeroDivisionError: the simulator went away"):
            still(1, worlds)


def test_an_unknown_keyword_is_refused_in_one_line(vector):
    with pytest.raises(WorldError, match=r"unexpected keyword argument 'speed'; check env.options") as told:
        make_worlds(lanes(vector, speed=3), count=1, suite="train")
    assert "\n" not in str(told.value)
    assert "; it takes " in str(told.value)
    assert "suite" not in str(told.value).partition("; it takes ")[2]


def test_a_suite_among_a_worlds_options_is_refused_for_it_would_win_over_that_of_an_evaluation(vector):
    with pytest.raises(WorldError, match=r"env.options.suite is no setting: .* take --suite"):
        make_worlds(lanes(vector, suite="heldout"), count=2, suite="shifted")


def test_an_unknown_world_is_refused_in_one_line(vector):
    with pytest.raises(WorldError, match="nowhere/No-v0: NamespaceNotFound") as told:
        make_worlds(replace(lanes(vector), id="nowhere/No-v0"), count=1, suite="train")
    assert "\n" not in str(told.value)


def test_a_suite_that_a_native_world_does_not_have_is_refused():
    with pytest.raises(WorldError, match="suite"):
        make_worlds(EnvConfig(id="gridworlds/FrozenLake-v0"), count=1, suite="mars")


def test_a_worker_has_so_many_worlds_at_most_and_all_have_as_many():
    with stopping(make_worlds(replace(lanes("async"), per_worker=4), count=6, suite="train")) as worlds:
        assert len(worlds.processes) == 2
        assert len(set(worlds.call("process"))) == 2
        first, _ = worlds.reset(seed=[9, 8, 7, 6, 5, 4], options={"reset_mask": np.arange(6) == 4})
        observation, *_ = worlds.reset(seed=[9, 8, 7, 6, 5, 4])
        for key, values in first.items():
            np.testing.assert_array_equal(values[4], observation[key][4])
            assert not values[0].any(), "worlds that never began show nothing"


def test_groups_of_workers_step_apart_as_they_do_together():
    actions = np.linspace(-1.0, 1.0, 8, dtype=np.float32).reshape(4, 2)
    with stopping(make_worlds(lanes("async"), count=4, suite="train")) as worlds:
        together, _ = worlds.reset(seed=[3, 4, 5, 6])
        steps = [worlds.step(actions) for _ in range(5)]
        first, second = worlds.groups
        apart = [first.reset(seed=[3, 4])[0], second.reset(seed=[5, 6])[0]]
        for key, values in together.items():
            np.testing.assert_array_equal(values, np.concatenate([each[key] for each in apart]))
        for expected in steps:
            first.step_async(actions[:2])
            second.step_async(actions[2:])
            for number, group in enumerate((first, second)):
                own = slice(2 * number, 2 * number + 2)
                observation, *numbers, info = group.step_wait()
                for key, values in observation.items():
                    np.testing.assert_array_equal(values, expected[0][key][own])
                for values, all_values in zip(numbers, expected[1:4], strict=True):
                    np.testing.assert_array_equal(values, all_values[own])
                assert info.keys() == expected[4].keys()
                assert all((info[key] == expected[4][key][own]).all() for key in info)


def test_workers_that_nobody_waited_for_end_with_their_worlds():
    with stopping(make_worlds(lanes("async"), count=2, suite="train")) as worlds:
        worlds.reset(seed=[0, 1])
        worlds.groups[1].step_async(np.zeros((1, 2), np.float32))
    assert not any(process.is_alive() for process in worlds.processes)


@pytest.mark.parametrize(
    ("server", "count", "each"),
    [("embedded", 16, 4), (None, 6, 3), ("embedded", 1, 1), ("docker", 16, 1), ("a:2000,b:2000", 2, 1)],
)
def test_only_worlds_whose_servers_share_the_cores_share_a_worker(server, count, each):
    assert _per_worker(EnvConfig(server=server, per_worker=4), count) == each


@pytest.mark.parametrize(
    ("cores", "count", "each"), [(2, 16, 8), (1, 16, 8), (3, 16, 4), (64, 16, 1), (8, 1, 1)]
)
def test_by_default_each_core_has_a_worker_and_two_work_in_turns(monkeypatch, cores, count, each):
    monkeypatch.setattr("a2d.vector.cores", lambda: cores)
    assert _per_worker(EnvConfig(server="embedded"), count) == each


@pytest.mark.parametrize("count", [1, 2, 6, 9, 10, 16])
def test_the_number_of_cores_does_not_change_how_many_groups_there_are(monkeypatch, count):
    for cores in (1, 2, 3, 4, 5, 8, 64):
        monkeypatch.setattr("a2d.vector.cores", lambda cores=cores: cores)
        for most in (0, 1, 2, 5, 16):
            each = _per_worker(EnvConfig(server="embedded", per_worker=most), count)
            assert count % each == 0
            assert (count // each) % 2 == count % 2, f"{cores} cores, {most} at most"


def test_a_worker_that_is_killed_is_said_to_be_dead():
    def driven_on():
        with two("async") as worlds:
            worlds.reset(seed=[0, 1])
            worlds.processes[1].kill()
            worlds.processes[1].join()
            still(1, worlds)

    with pytest.raises(WorldError, match="a world's process died"):
        driven_on()
