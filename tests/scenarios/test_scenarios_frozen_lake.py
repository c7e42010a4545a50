"""Frozen Lake: its rules worked by hand, its optima against the paper's, and learning-sized batches."""

from __future__ import annotations

from time import process_time

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from hypothesis import given
from hypothesis import strategies as st

from scenarios.gridworlds import exact
from scenarios.gridworlds.frozen_lake import CELLS, GOAL, HAZARDS, START, FrozenLakeVector, frozen_lake
from scenarios.gridworlds.model import DOWN, LEFT, RIGHT, UP, GridModel, neighbours

ROUND_THE_RIM = (UP, UP, RIGHT, RIGHT, RIGHT, RIGHT, DOWN, DOWN)


def drive(world: gymnasium.Env, moves: tuple[int, ...]) -> tuple[float, dict]:
    """Return the rewards' sum and the last info of a fixed sequence of moves."""
    total, info = 0.0, {}
    for move in moves:
        _, reward, _, _, info = world.step(move)
        total += float(reward)
    return total, info


def seed_with_hazard(world: gymnasium.Env, hazard: int) -> int:
    """Return a seed whose hazard lies in cell HAZARDS[hazard]."""
    for seed in range(1000):
        observation, _ = world.reset(seed=seed)
        if observation["state"][CELLS + hazard] == 1:
            return seed
    raise AssertionError(f"no seed below 1000 puts the hazard at {hazard}")


@pytest.fixture
def world() -> gymnasium.Env:
    return gymnasium.make("gridworlds/FrozenLake-v0", suite="train")


def test_the_best_driver_who_sees_the_hazard_earns_ten_and_two_thirds():
    # Six of nine hazards lie off the straight line (4 moves), three ask for a detour (6 moves).
    assert exact.optimal_state_return(frozen_lake()) == pytest.approx((6 * 12 + 3 * 8) / 9)


def test_the_best_driver_who_does_not_see_the_hazard_walks_round_the_rim_for_four():
    assert exact.optimal_partial_return(frozen_lake()) == pytest.approx(20 - 2 * len(ROUND_THE_RIM))


def test_moving_at_random_earns_what_the_paper_reproduction_says():
    model = frozen_lake()
    value = exact.policy_return(model, exact.uniform_policy(model), horizon=100)
    assert value == pytest.approx(-121.65, abs=0.05)


def test_the_optimal_state_policy_earns_the_optimal_state_return():
    model = frozen_lake()
    value = exact.policy_return(model, exact.optimal_state_policy(model), horizon=20)
    assert value == pytest.approx(exact.optimal_state_return(model))


def test_seeing_everything_makes_both_optima_one():
    lake = frozen_lake()
    seen = GridModel(
        start=lake.start,
        next_state=lake.next_state,
        reward=lake.reward,
        outcome=lake.outcome,
        outcomes=lake.outcomes,
        state=lake.state,
        compact=lake.state,
    )
    assert exact.optimal_partial_return(seen) == pytest.approx(exact.optimal_state_return(seen))


def test_walking_round_the_rim_earns_four_wherever_the_hazard_is(world):
    for hazard in range(len(HAZARDS)):
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
    same_place = np.arange(len(HAZARDS)) * CELLS + START
    assert len(np.unique(model.compact[same_place], axis=0)) == 1
    assert len(np.unique(model.state[same_place], axis=0)) == len(HAZARDS)


def test_hazards_fall_evenly_on_the_nine_cells():
    worlds = FrozenLakeVector(900)
    observation, _ = worlds.reset(seed=0)
    counts = observation["state"][:, CELLS:].sum(axis=0)
    # Binomial(900, 1/9): mean 100, sd 9.4; fixed seeds, so this cannot flicker.
    assert counts.sum() == 900
    assert np.abs(counts - 100).max() < 40


@given(seeds=st.lists(st.integers(0, 10_000), min_size=4, max_size=4))
def test_a_worlds_hazard_does_not_depend_on_its_neighbours(seeds):
    together, _ = FrozenLakeVector(4).reset(seed=seeds)
    alone = [FrozenLakeVector(1).reset(seed=[seed])[0]["state"][0] for seed in seeds]
    np.testing.assert_array_equal(together["state"], alone)


def test_only_the_masked_worlds_start_again():
    worlds = FrozenLakeVector(3)
    worlds.reset(seed=0)
    before, *_ = worlds.step(np.array([UP, UP, UP]))
    mask = np.array([False, True, False])
    after, info = worlds.reset(seed=[None, 7, None], options={"reset_mask": mask})
    np.testing.assert_array_equal(after["compact"].argmax(axis=1), [START - 5, START, START - 5])
    np.testing.assert_array_equal(after["state"][~mask], before["state"][~mask])
    np.testing.assert_array_equal(info["_seed"], mask)
    assert info["seed"][1] == 7


def test_stepping_a_finished_world_says_which_and_what_to_do():
    worlds = FrozenLakeVector(2, horizon=1)
    worlds.reset(seed=0)
    worlds.step(np.array([LEFT, LEFT]))
    worlds.reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(ResetNeeded, match=r"world\(s\) \[1\] has ended; reset them first"):
        worlds.step(np.array([LEFT, LEFT]))


@pytest.mark.parametrize("actions", [[0, 4], [-1, 0], [0]])
def test_an_action_that_does_not_exist_is_refused(actions):
    worlds = FrozenLakeVector(2)
    worlds.reset(seed=0)
    with pytest.raises(ValueError, match="integer from 0 to 3 for each of 2 worlds"):
        worlds.step(np.array(actions))


def test_an_unknown_suite_is_refused_with_the_list_of_suites():
    with pytest.raises(ValueError, match=r"unknown suite 'test'.*train"):
        FrozenLakeVector(1, suite="test")


def test_the_text_shows_agent_goal_and_hazard():
    world = gymnasium.make("gridworlds/FrozenLake-v0", render_mode="ansi")
    world.reset(seed=seed_with_hazard(world, 4))
    assert world.render().splitlines() == [".....", ".....", "@.X.G", ".....", "....."]


def test_cells_are_numbered_row_by_row_from_the_top_left():
    assert neighbours(3, 2).tolist()[4] == [1, 5, 4, 3]  # the lower middle of 3 x 2: up, right, stay, left
    assert frozen_lake().compact[START].argmax() == START
    assert GOAL - START == 4


def test_a_batch_steps_at_least_two_hundred_thousand_worlds_a_second():
    worlds = FrozenLakeVector(256)
    worlds.reset(seed=0)
    moves = worlds.action_space.sample()
    started = process_time()
    for _ in range(100):
        _, _, terminated, truncated, _ = worlds.step(moves)
        if (terminated | truncated).any():
            worlds.reset(options={"reset_mask": terminated | truncated})
    assert 25_600 / (process_time() - started) > 200_000
