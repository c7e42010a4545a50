"""Frozen Lake: its rules worked by hand, and what its driver sees."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from scenarios.gridworlds.frozen_lake import frozen_lake
from scenarios.gridworlds.model import DOWN, LEFT, RIGHT, UP
from scenarios.gridworlds.world import GridworldVector

CELLS = 25
HAZARDS = 9
START, GOAL = 10, 14  # the middle of the left and of the right edge
ROUND_THE_RIM = (UP, UP, RIGHT, RIGHT, RIGHT, RIGHT, DOWN, DOWN)


def drive(world: gymnasium.Env, moves: tuple[int, ...]) -> tuple[float, dict]:
    """Return the rewards' sum and the last info of a fixed sequence of moves."""
    total, info = 0.0, {}
    for move in moves:
        _, reward, _, _, info = world.step(move)
        total += float(reward)
    return total, info


def seed_with_hazard(world: gymnasium.Env, hazard: int) -> int:
    """Return a seed with this hazard, counted row by row over the nine interior cells."""
    for seed in range(1000):
        observation, _ = world.reset(seed=seed)
        if observation["state"][CELLS + hazard] == 1:
            return seed
    raise AssertionError(f"no seed below 1000 puts the hazard at {hazard}")


@pytest.fixture
def world() -> gymnasium.Env:
    return gymnasium.make("gridworlds/FrozenLake-v0", suite="train")


def test_walking_round_the_rim_earns_four_wherever_the_hazard_is(world):
    for hazard in range(HAZARDS):
        world.reset(seed=seed_with_hazard(world, hazard))
        total, info = drive(world, ROUND_THE_RIM)
        assert (total, info["outcome"]) == (4.0, "goal")


def test_walking_straight_into_the_hazard_costs_a_hundred_and_the_steps(world):
    world.reset(seed=seed_with_hazard(world, 4))  # the middle of the lake
    total, info = drive(world, (RIGHT, RIGHT))
    assert (total, info["outcome"]) == (-104.0, "hazard")


def test_walking_straight_past_the_hazard_earns_twelve(world):
    world.reset(seed=seed_with_hazard(world, 0))  # a corner of the lake, off the straight line
    total, info = drive(world, (RIGHT, RIGHT, RIGHT, RIGHT))
    assert (total, info["outcome"]) == (12.0, "goal")


def test_a_wall_keeps_the_agent_where_it_is_and_still_costs_a_step(world):
    before, _ = world.reset(seed=1)
    after, reward, terminated, truncated, _ = world.step(LEFT)
    np.testing.assert_array_equal(before["compact"], after["compact"])
    assert (reward, terminated, truncated) == (-2.0, False, False)


def test_the_horizon_cuts_an_episode_short_without_calling_it_an_end():
    world = gymnasium.make("gridworlds/FrozenLake-v0", horizon=3)
    world.reset(seed=0)
    *_, (_, _, terminated, truncated, info) = [world.step(LEFT) for _ in range(3)]
    assert (terminated, truncated, info["outcome"]) == (False, True, "timeout")


def test_the_trainee_sees_where_it_is_and_nothing_of_the_hazard():
    model = frozen_lake()
    same_place = np.arange(HAZARDS) * CELLS + START
    assert len(np.unique(model.compact[same_place], axis=0)) == 1
    assert len(np.unique(model.state[same_place], axis=0)) == HAZARDS


def test_hazards_fall_evenly_on_the_nine_cells():
    worlds = GridworldVector(900, game="frozen_lake")
    observation, _ = worlds.reset(seed=0)
    counts = observation["state"][:, CELLS:].sum(axis=0)
    # Binomial(900, 1/9): mean 100, sd 9.4; fixed seeds, so this cannot flicker.
    assert counts.sum() == 900
    assert np.abs(counts - 100).max() < 40


def test_the_text_shows_agent_goal_and_hazard():
    world = gymnasium.make("gridworlds/FrozenLake-v0", render_mode="ansi")
    world.reset(seed=seed_with_hazard(world, 4))
    assert world.render().splitlines() == [".....", ".....", "@.X.G", ".....", "....."]
