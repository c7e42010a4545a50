"""What every world must do, whatever it simulates: gymnasium's rules and the asymmetric contract.

To add a world, add it to WORLDS; all tests run on it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, VectorEnv
from ray_nodes import ray_nodes

from a2d.config import EnvConfig
from a2d.vector import make_worlds

COUNT = 3
STEP_LIMIT = 1000  # no world's episode is longer


class Kind(NamedTuple):
    """A world's id, the keywords that make it this kind, and how many of it are put together."""

    id: str
    options: dict[str, Any]
    vector: str


RAY = [pytest.mark.slow, pytest.mark.xdist_group("ray")]
WORLDS = [
    *(
        pytest.param(Kind(f"gridworlds/{game}-v0", {"observation": seen}, "native"), id=f"{game}-{seen}")
        for game in ("FrozenLake", "TigerDoor", "TigerDoor1", "TigerDoor2", "TigerDoor3")
        for seen in ("compact", "image")
    ),
    pytest.param(
        Kind("driving/ChildCrossing-v0", {}, "async"),
        id="ChildCrossing",
        marks=[pytest.mark.slow, pytest.mark.xdist_group("embedded")],
    ),
    pytest.param(
        Kind("gridworlds/TigerDoor-v0", {"observation": "image"}, "ray"), id="TigerDoor-image-ray", marks=RAY
    ),
]
KEYS = {
    "state": (np.float32, 1),
    "compact": (np.float32, 1),
    "telemetry": (np.float32, 1),
    "exogenous": (np.float32, 1),
    "image": (np.uint8, 3),
}
for plugin in entry_points(group="gymnasium.envs"):
    plugin.load()()
pytestmark = pytest.mark.parametrize("kind", WORLDS)


def make_one(kind: Kind, **keywords: Any) -> gymnasium.Env:
    return gymnasium.make(kind.id, **kind.options, **keywords)


def make_many(kind: Kind, *, suite: str) -> VectorEnv:
    """Return COUNT worlds the way training runs them."""
    return make_worlds(
        EnvConfig(id=kind.id, vector=kind.vector, options=kind.options), count=COUNT, suite=suite
    )


@pytest.fixture(scope="module")
def ray_node() -> Iterator[None]:
    """A Ray cluster of one node."""
    with ray_nodes(1, workers=2 * COUNT):
        yield


@pytest.fixture(autouse=True)
def _cluster(kind: Kind, request: pytest.FixtureRequest) -> None:
    if kind.vector == "ray":
        request.getfixturevalue("ray_node")


@pytest.fixture
def worlds(kind: Kind) -> Iterator[VectorEnv]:
    made = make_many(kind, suite="train")
    yield made
    made.close()


def drive(worlds: VectorEnv, seeds: list[int], steps: int) -> list[Any]:
    """Return everything that COUNT worlds said under fixed actions, finished ones being reset by seed."""
    worlds.action_space.seed(0)
    observation, _ = worlds.reset(seed=list(seeds))
    said: list[Any] = [observation]
    for step in range(steps):
        observation, reward, terminated, truncated, _ = worlds.step(worlds.action_space.sample())
        said += [observation, {"reward": reward, "terminated": terminated, "truncated": truncated}]
        ended = terminated | truncated
        if ended.any():
            again = [int(seed) + step if end else None for seed, end in zip(seeds, ended, strict=True)]
            observation, _ = worlds.reset(seed=again, options={"reset_mask": ended})
            said.append(observation)
    return said


def drive_to_the_end(worlds: VectorEnv) -> tuple[Any, Any, np.ndarray]:
    """Return observation and info of the step on which the first of COUNT worlds ended, and which ended."""
    worlds.action_space.seed(0)
    worlds.reset(seed=list(range(COUNT)))
    for _ in range(STEP_LIMIT):
        observation, _, terminated, truncated, info = worlds.step(worlds.action_space.sample())
        if (terminated | truncated).any():
            return observation, info, terminated | truncated
    raise AssertionError(f"no episode ended in {STEP_LIMIT} steps")


def equal(first: list[Any], second: list[Any]) -> bool:
    return len(first) == len(second) and all(
        a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)
        for a, b in zip(first, second, strict=True)
    )


def test_gymnasiums_own_checker_finds_nothing(kind: Kind):
    world = make_one(kind, suite="train")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(world.unwrapped, skip_render_check=True)
    world.close()


def test_observations_are_a_dictionary_of_the_contracts_keys(kind: Kind):
    world = make_one(kind, suite="train")
    space = world.observation_space
    assert isinstance(space, gymnasium.spaces.Dict)
    assert "state" in space.spaces, "the expert has nothing to read"
    assert len(space.spaces) > 1, "the trainee has nothing to read"
    for name, box in space.items():
        dtype, dimensions = KEYS[name]
        assert isinstance(box, gymnasium.spaces.Box)
        assert (box.dtype, len(box.shape)) == (dtype, dimensions)
    world.close()


def test_actions_are_discrete_or_a_box_from_minus_one_to_one(kind: Kind):
    world = make_one(kind, suite="train")
    space = world.action_space
    if not isinstance(space, gymnasium.spaces.Discrete):
        assert isinstance(space, gymnasium.spaces.Box)
        assert np.all(space.low == -1)
        assert np.all(space.high == 1)
    world.close()


def test_a_pictured_world_renders(kind: Kind):
    world = make_one(kind, suite="train", render_mode="rgb_array")
    world.reset(seed=0)
    frame = world.render()
    assert isinstance(frame, np.ndarray)
    assert (frame.dtype, frame.ndim, frame.shape[2]) == (np.uint8, 3, 3)
    world.close()


def test_many_worlds_speak_as_one_world_does(kind: Kind, worlds: VectorEnv):
    single = make_one(kind, suite="train")
    assert worlds.single_observation_space == single.observation_space
    assert worlds.single_action_space == single.action_space
    assert worlds.metadata["autoreset_mode"] is AutoresetMode.DISABLED
    alone, _ = single.reset(seed=5)
    together, _ = worlds.reset(seed=[3, 5, 4])
    for name, value in alone.items():
        np.testing.assert_array_equal(together[name][1], value)
        assert together[name].dtype == value.dtype
    single.close()


def test_the_same_seeds_and_actions_give_the_same_episodes(kind: Kind, worlds: VectorEnv):
    again = make_many(kind, suite="train")
    assert equal(drive(worlds, [1, 2, 3], steps=25), drive(again, [1, 2, 3], steps=25))
    again.close()


def test_the_same_worlds_replay_an_episode_after_others(kind: Kind, worlds: VectorEnv):
    first = drive(worlds, [1, 2, 3], steps=25)
    drive(worlds, [7, 8, 9], steps=10)
    assert equal(first, drive(worlds, [1, 2, 3], steps=25))


def test_suites_are_disjoint(kind: Kind, worlds: VectorEnv):
    heldout = make_many(kind, suite="heldout")
    trained, held_out = [], []
    for first in range(0, 24, COUNT):
        seeds = [first + index for index in range(COUNT)]
        trained.append(worlds.reset(seed=list(seeds))[0]["state"].copy())
        held_out.append(heldout.reset(seed=list(seeds))[0]["state"].copy())
    assert not np.array_equal(trained, held_out)
    heldout.close()


def test_an_unknown_suite_is_refused(kind: Kind):
    with pytest.raises(ValueError, match="unknown suite 'nowhere'"):
        make_one(kind, suite="nowhere")


def test_a_reset_tells_the_seed_that_it_used(kind: Kind, worlds: VectorEnv):
    _, info = worlds.reset(seed=[11, 12, 13])
    assert info["seed"].tolist() == [11, 12, 13]
    first, info = worlds.reset()
    first = {name: value.copy() for name, value in first.items()}
    second, _ = worlds.reset(seed=[int(seed) for seed in info["seed"]])
    assert equal([first], [second])


def test_the_last_step_names_the_outcome_and_keeps_the_true_last_observation(kind: Kind, worlds: VectorEnv):
    observation, info, ended = drive_to_the_end(worlds)
    last = {name: value.copy() for name, value in observation.items()}
    np.testing.assert_array_equal(info["_outcome"], ended)
    assert all(isinstance(outcome, str) for outcome in info["outcome"][ended])
    if not ended.all():
        after, _ = worlds.reset(seed=[0] * COUNT, options={"reset_mask": ended})
        for name in last:
            np.testing.assert_array_equal(after[name][~ended], last[name][~ended])


def test_stepping_an_episode_that_has_ended_is_an_error_that_says_reset(kind: Kind):
    world = make_one(kind, suite="train").unwrapped
    world.action_space.seed(0)
    world.reset(seed=0)
    for _ in range(STEP_LIMIT):
        _, _, terminated, truncated, _ = world.step(world.action_space.sample())
        if terminated or truncated:
            break
    with pytest.raises(gymnasium.error.ResetNeeded, match="reset"):
        world.step(world.action_space.sample())
    world.close()
