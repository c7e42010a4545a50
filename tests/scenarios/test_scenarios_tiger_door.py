"""Tiger Door and its three corridors: their rules worked by hand, and what their driver sees."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from scenarios.gridworlds.games import GAMES
from scenarios.gridworlds.model import DOWN, LEFT, RIGHT, UP

TO_THE_BUTTON = (DOWN, DOWN, DOWN)
TO_THE_LOWER_DOOR = (UP, RIGHT, RIGHT, DOWN, RIGHT, RIGHT)  # from the button
STRAIGHT_TO_THE_LOWER_DOOR = (DOWN, DOWN, RIGHT, RIGHT, DOWN, RIGHT, RIGHT)
CORRIDORS = [
    ("gridworlds/TigerDoor1-v0", 1),
    ("gridworlds/TigerDoor2-v0", 2),
    ("gridworlds/TigerDoor3-v0", 3),
]
UPPER, LOWER = 0, 1  # which door has the goal
REST = slice(-5, None)  # of `state` and `compact`: goal (2), tiger (2), lit (1)


def begin(world: gymnasium.Env, goal: int) -> dict:
    """Begin the first episode with the goal behind this door."""
    for seed in range(100):
        observation, _ = world.reset(seed=seed)
        if observation["state"][REST][goal] == 1:
            return observation
    raise AssertionError(f"no seed below 100 puts the goal behind door {goal}")


def drive(world: gymnasium.Env, moves: tuple[int, ...]) -> tuple[float, dict, dict]:
    """Return the rewards' sum, the last observation and the last info of a fixed sequence of moves."""
    total, observation, info = 0.0, {}, {}
    for move in moves:
        observation, reward, _, _, info = world.step(move)
        total += float(reward)
    return total, observation, info


@pytest.fixture
def world() -> gymnasium.Env:
    return gymnasium.make("gridworlds/TigerDoor-v0", suite="train")


def test_by_way_of_the_button_to_the_goal_earns_two(world):
    begin(world, LOWER)
    total, _, info = drive(world, TO_THE_BUTTON + TO_THE_LOWER_DOOR)
    assert (total, info["outcome"]) == (20 - 2 * 9, "goal")


@pytest.mark.parametrize(("goal", "earned", "outcome"), [(LOWER, 6.0, "goal"), (UPPER, -114.0, "hazard")])
def test_straight_to_a_door_earns_six_or_meets_the_tiger(world, goal, earned, outcome):
    begin(world, goal)
    total, _, info = drive(world, STRAIGHT_TO_THE_LOWER_DOOR)
    assert (total, info["outcome"]) == (earned, outcome)


def test_the_doors_show_nothing_until_the_button_is_pressed_and_everything_for_good_after_it(world):
    first = begin(world, LOWER)
    assert first["state"][REST].tolist() == [0, 1, 1, 0, 0]
    assert first["compact"][REST].tolist() == [0, 0, 0, 0, 0]
    _, pressed, _ = drive(world, TO_THE_BUTTON)
    np.testing.assert_array_equal(pressed["compact"], pressed["state"])
    assert pressed["state"][REST].tolist() == [0, 1, 1, 0, 1]
    _, left, _ = drive(world, (UP,))
    assert left["compact"][REST].tolist() == [0, 1, 1, 0, 1]
    again = begin(world, UPPER)
    assert again["compact"][REST].tolist() == [0, 0, 0, 0, 0]
    assert again["state"][REST].tolist() == [1, 0, 0, 1, 0]


def test_a_wall_keeps_the_agent_where_it_is_and_still_costs_a_step(world):
    first = begin(world, UPPER)
    total, still, _ = drive(world, (RIGHT,))  # the start is a dead end: walls above and to the right
    np.testing.assert_array_equal(first["state"], still["state"])
    assert total == -2.0


def test_sizes_are_the_papers():
    sizes = {name: (GAMES[name]().state.shape[1], GAMES[name]().compact.shape[1]) for name in GAMES}
    corridors = dict.fromkeys(("tiger_door_1", "tiger_door_2", "tiger_door_3"), (49 + 5, 49 + 5))
    assert sizes == {"frozen_lake": (25 + 9, 25), "tiger_door": (25 + 5, 25 + 5), **corridors}


def test_the_cells_are_the_papers(world):
    first = begin(world, UPPER)
    assert first["state"][:25].argmax() == 0  # (1, 1)
    _, pressed, _ = drive(world, TO_THE_BUTTON)
    assert pressed["state"][:25].argmax() == 3 * 5  # (1, 4)
    _, ended, _ = drive(world, TO_THE_LOWER_DOOR)
    assert ended["state"][:25].argmax() == 3 * 5 + 4  # (5, 4)


@pytest.mark.parametrize(("name", "distance"), CORRIDORS)
@pytest.mark.parametrize(("goal", "towards"), [(0, LEFT), (1, RIGHT)])
def test_in_a_corridor_the_button_costs_one_step_and_either_row_leads_to_the_doors(
    name, distance, goal, towards
):
    world = gymnasium.make(name)
    first = begin(world, goal)
    assert first["state"][:49].argmax() == 3 * 7 + 3  # (4, 4)
    assert drive(world, (towards,) * distance)[0] == 20 - 2 * distance
    begin(world, goal)
    total, ended, info = drive(world, (UP, *(towards,) * distance))
    assert (total, info["outcome"]) == (20 - 2 * (distance + 1), "goal")
    assert ended["compact"][-1] == 1
    begin(world, 1 - goal)
    assert drive(world, (towards,) * distance)[0] == -100 - 2 * distance


@pytest.mark.parametrize(("name", "distance"), CORRIDORS)
def test_a_corridor_is_two_rows_high(name, distance):
    world = gymnasium.make(name)
    first = begin(world, 0)
    _, below, _ = drive(world, (DOWN,))
    np.testing.assert_array_equal(first["state"], below["state"])
    _, above, _ = drive(world, (UP, UP))
    assert above["state"][:49].argmax() == 2 * 7 + 3


def test_either_door_is_as_likely_and_known_to_the_expert_alone():
    worlds = gymnasium.make_vec("gridworlds/TigerDoor-v0", 1000, vectorization_mode="vector_entry_point")
    observation, _ = worlds.reset(seed=0)
    goals = observation["state"][:, REST][:, :2].sum(axis=0)
    # Binomial(1000, 1/2): mean 500, sd 16; fixed seeds, so this cannot flicker.
    assert np.abs(goals - 500).max() < 80
    assert np.unique(observation["compact"], axis=0).shape == (1, 30)


def test_the_text_shows_agent_walls_button_and_what_is_behind_the_doors():
    world = gymnasium.make("gridworlds/TigerDoor-v0", render_mode="ansi")
    begin(world, LOWER)
    drive(world, (DOWN,))
    assert world.render().splitlines() == [".####", "@#..X", "...##", "B#..G", "#####"]
