"""The child crossing on the embedded server through the official client."""

import gymnasium
import numpy as np
import pytest

from driving.drivers import privileged, slow_then_react
from scenarios.child_crossing import draw

pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]


@pytest.fixture(scope="module")
def env():
    world = gymnasium.make(
        "driving.registration:driving/ChildCrossing-v0", suite="heldout", scripted_expert="privileged"
    )
    yield world
    world.close()


def drive(env, seed, driver, limit=250):
    """An episode's observations, rewards and last info."""
    observation, info = env.reset(seed=seed)
    seen, rewards = [observation], []
    for _ in range(limit):
        observation, reward, terminated, truncated, info = env.step(driver(env.unwrapped.snapshot))
        seen.append(observation)
        rewards.append(reward)
        if terminated or truncated:
            return seen, rewards, info
    raise AssertionError("the episode did not end")


def test_the_same_seed_gives_the_same_episode_whatever_came_before(env):
    first, rewards, info = drive(env, 5, privileged)
    drive(env, 6, slow_then_react)
    again, rewards_again, info_again = drive(env, 5, privileged)
    assert rewards == rewards_again
    assert info["outcome"] == info_again["outcome"]
    for one, other in zip(first, again, strict=True):
        for key in one:
            np.testing.assert_array_equal(one[key], other[key], err_msg=key)


def test_the_scripted_experts_action_is_that_of_the_observation(env):
    _, info = env.reset(seed=11)
    np.testing.assert_array_equal(info["expert_action"], privileged(env.unwrapped.snapshot))


def test_the_episode_ends_with_a_named_outcome_and_measures(env):
    seeds = [seed for seed in range(40) if _has_child(env, seed)][:1]
    _, _, info = drive(env, seeds[0], privileged)
    assert info["outcome"] == "arrived"
    assert info["child"] is True
    assert info["duration"] > 3.0
    assert 0.0 <= info["min_ttc"] < 10.0


def test_driving_into_the_truck_is_a_hit_where_the_boxes_met_whatever_the_sensor_tells_in_time():
    world = gymnasium.make("driving.registration:driving/OvertakingTruck-v0", suite="heldout")
    try:
        *_, info = drive(world, 0, lambda snapshot: np.array([0.0, 0.6], np.float32))
    finally:
        world.close()
    assert info["outcome"] == "hit_other"
    assert info["impact_speed"] > 5.0
    assert 0.0 < info["impact_location"] < 100.0


def test_stepping_after_the_end_says_to_reset(env):
    drive(env, 3, privileged)
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset"):
        env.unwrapped.step(np.zeros(2, np.float32))


def test_an_unknown_suite_or_reward_names_the_choices():
    with pytest.raises(ValueError, match="train, heldout"):
        gymnasium.make("driving.registration:driving/ChildCrossing-v0", suite="nowhere")
    with pytest.raises(ValueError, match="default, paper"):
        gymnasium.make("driving.registration:driving/ChildCrossing-v0", reward="none")
    with pytest.raises(ValueError, match="unknown colour 'red'; choose one of: all, newest, none"):
        gymnasium.make("driving.registration:driving/ChildCrossing-v0", colour="red")


def test_an_image_stacks_frames_that_lie_a_gap_apart():
    world = gymnasium.make("driving.registration:driving/ChildCrossing-v0", frames=3, frame_gap=2)
    try:
        observation, _ = world.reset(seed=2)
        newest = [observation["image"][-3:]] * 4  # before the episode everything looked as it begins
        for _ in range(6):
            observation = world.step(np.array([0.0, 1.0], np.float32))[0]
            newest.append(observation["image"][-3:])
            assert (newest[-1] != newest[-2]).any()
            np.testing.assert_array_equal(observation["image"], np.concatenate(newest[-5::2]))
    finally:
        world.close()


def test_frames_without_colour_are_the_brightness_of_those_with():
    images = {}
    for colour in ("all", "newest", "none"):
        world = gymnasium.make("driving.registration:driving/ChildCrossing-v0", colour=colour, frame_gap=3)
        try:
            world.reset(seed=2)
            for _ in range(4):
                observation = world.step(np.array([0.0, 1.0], np.float32))[0]
                assert world.observation_space.contains(observation)
            images[colour] = observation["image"].astype(float)
        finally:
            world.close()
    weights = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
    bright = np.einsum("fchw,c->fhw", images["all"].reshape(2, 3, 48, 96), weights)
    assert (bright[0] != bright[1]).any()
    assert np.abs(images["none"] - bright).max() <= 1.0
    assert np.abs(images["newest"][0] - bright[0]).max() <= 1.0
    np.testing.assert_array_equal(images["newest"][1:], images["all"][3:])


@pytest.mark.parametrize("setting", [{"frames": 0}, {"frames": 9}, {"frame_gap": 0}, {"frame_gap": 21}])
def test_a_stack_of_frames_that_cannot_be_is_refused(setting):
    (name,) = setting
    with pytest.raises(ValueError, match=f"{name} is 1 to "):
        gymnasium.make("driving.registration:driving/ChildCrossing-v0", **setting)


def test_the_dashcam_gives_a_picture_of_every_tick():
    world = gymnasium.make(
        "driving.registration:driving/ChildCrossing-v0", render_mode="rgb_array", suite="heldout"
    )
    try:
        world.reset(seed=2)
        before = world.render()
        world.step(np.array([0.0, 1.0], np.float32))
        after = world.render()
    finally:
        world.close()
    assert before.shape == after.shape == (450, 800, 3)
    assert (before != after).any()


def _has_child(env, seed):
    return bool(draw(env.unwrapped.suite, seed).walkers)
