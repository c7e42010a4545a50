"""Gridworlds by the thousand: who is reset, what is random, whose the arrays are, and what is refused."""

from __future__ import annotations

from time import process_time

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from hypothesis import given
from hypothesis import strategies as st

from scenarios.gridworlds import exact
from scenarios.gridworlds.games import GAMES
from scenarios.gridworlds.model import DOWN, LEFT, RIGHT, UP, neighbours
from scenarios.gridworlds.world import GridworldVector
from scenarios.suites import SUITES, episode_keys, refined, uniform

START = 10  # Frozen Lake's
every_game = pytest.mark.parametrize("game", GAMES)


def lakes(count: int, **options) -> GridworldVector:
    return GridworldVector(count, game="frozen_lake", **options)


@given(seeds=st.lists(st.integers(0, 2**63 - 1), min_size=4, max_size=4))
def test_a_worlds_hazard_does_not_depend_on_its_neighbours(seeds):
    together, _ = lakes(4).reset(seed=seeds)
    alone = [lakes(1).reset(seed=[seed])[0]["state"][0] for seed in seeds]
    np.testing.assert_array_equal(together["state"], alone)


def test_only_the_masked_worlds_start_again():
    worlds = lakes(3)
    worlds.reset(seed=0)
    before, *_ = worlds.step(np.array([UP, UP, UP]))
    mask = np.array([False, True, False])
    after, info = worlds.reset(seed=[None, 7, None], options={"reset_mask": mask})
    np.testing.assert_array_equal(after["compact"].argmax(axis=1), [START - 5, START, START - 5])
    np.testing.assert_array_equal(after["state"][~mask], before["state"][~mask])
    np.testing.assert_array_equal(info["_seed"], mask)
    assert info["seed"][1] == 7


def test_steps_are_counted_from_each_worlds_own_start():
    worlds = lakes(2, horizon=2)
    worlds.reset(seed=0)
    worlds.step(np.array([LEFT, LEFT]))
    worlds.reset(options={"reset_mask": np.array([False, True])})
    _, _, terminated, truncated, info = worlds.step(np.array([LEFT, LEFT]))
    assert (terminated.tolist(), truncated.tolist()) == ([False, False], [True, False])
    assert info["outcome"].tolist() == ["timeout", None]


def test_a_number_for_a_seed_counts_on_from_world_to_world():
    _, info = lakes(3).reset(seed=5)
    assert info["seed"].tolist() == [5, 6, 7]


def test_seeds_that_are_drawn_follow_from_the_last_ones_that_were_given():
    first, second, third = (lakes(3) for _ in range(3))
    for worlds, seed in ((first, [1, 2, 3]), (second, [1, 2, 3]), (third, [1, 2, 4])):
        worlds.reset(seed=seed)
    drawn = [worlds.reset()[1]["seed"].tolist() for worlds in (first, second, third)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_what_was_returned_is_not_written_to_later():
    worlds = GridworldVector(2, game="tiger_door", observation="image")
    kept = [worlds.reset(seed=0)[0]]
    results = [worlds.step(np.array([DOWN, RIGHT])) for _ in range(4)]
    kept += [result[0] for result in results] + [{"reward": r[1], "t": r[2], "u": r[3]} for r in results]
    before = [{name: array.copy() for name, array in one.items()} for one in kept]
    worlds.step(np.array([UP, LEFT]))
    worlds.reset(seed=9)
    for one, copied in zip(kept, before, strict=True):
        for name, array in one.items():
            np.testing.assert_array_equal(array, copied[name])


@pytest.mark.parametrize("options", [{"observation": "compact"}, {"observation": "image", "noise": 0.1}])
def test_without_copying_the_same_is_seen_in_arrays_that_the_next_step_overwrites(options):
    copied, shared = (GridworldVector(8, game="tiger_door", copy=copy, **options) for copy in (True, False))
    first, _ = shared.reset(seed=0)
    copied.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(20):
        moves = rng.integers(4, size=8)
        expected, _, terminated, _, _ = copied.step(moves)
        second = shared.step(moves)[0]
        for name in expected:
            assert second[name] is first[name]
            np.testing.assert_array_equal(second[name], expected[name])
        for worlds in (copied, shared):
            worlds.reset(options={"reset_mask": terminated})


def test_stepping_a_finished_world_says_which_and_what_to_do():
    worlds = lakes(2, horizon=1)
    worlds.reset(seed=0)
    worlds.step(np.array([LEFT, LEFT]))
    worlds.reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(ResetNeeded, match=r"world\(s\) \[1\] has ended; reset them first"):
        worlds.step(np.array([LEFT, LEFT]))


@pytest.mark.parametrize("actions", [[0, 4], [-1, 0], [0], [0.0, 1.0]])
def test_an_action_that_does_not_exist_is_refused(actions):
    worlds = lakes(2)
    worlds.reset(seed=0)
    with pytest.raises(ValueError, match="integer from 0 to 3 for each of 2 worlds"):
        worlds.step(np.array(actions))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"suite": "test"}, r"unknown suite 'test'.*train"),
        ({"game": "chess"}, r"unknown game 'chess'.*frozen_lake, tiger_door"),
        ({"observation": "sound"}, r"unknown observation 'sound'; choose one of: compact, image"),
        ({"observation": "image", "noise": 2.0}, r"noise is in \[0, 1\], got 2.0"),
        ({"noise": 0.1}, "noise is for observation=image"),
        ({"scripted_expert": "blind"}, "unknown scripted_expert 'blind'; choose one of: privileged"),
        ({"render_mode": "human"}, "render_mode is ansi or rgb_array, got 'human'"),
        ({"horizon": 0}, "at least 1"),
        ({"num_envs": 0}, "at least 1"),
    ],
)
def test_an_option_that_cannot_be_is_one_clear_line(options, message):
    with pytest.raises(ValueError, match=message) as raised:
        GridworldVector(**{"num_envs": 1, "game": "frozen_lake", **options})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("seed", "options", "message"),
    [
        ([1], None, "1 seeds for 2 worlds"),
        ([1, -1], None, "a seed is at least 0, got -1"),
        ([1, 2**63], None, "a seed is an integer from 0 to"),
        (["a", "b"], None, "a seed is an integer from 0 to"),
        (None, {"reset_mask": np.array([1, 0])}, r"reset_mask is a bool array of shape \(2,\)"),
        (None, {"reset_mask": np.array([True])}, r"reset_mask is a bool array of shape \(2,\)"),
    ],
)
def test_a_reset_that_cannot_be_is_refused(seed, options, message):
    with pytest.raises(ValueError, match=message):
        lakes(2).reset(seed=seed, options=options)


@every_game
def test_the_scripted_expert_earns_the_optimum_of_one_who_sees_everything(game):
    worlds = GridworldVector(3000, game=game, scripted_expert="privileged")
    _, info = worlds.reset(seed=0)
    total, going = np.zeros(3000), np.ones(3000, np.bool_)
    for _ in range(7):  # the longest way there is
        assert info["_expert_action"].all()
        _, reward, terminated, _, info = worlds.step(info["expert_action"])
        total[going] += reward[going]
        going &= ~terminated
        if terminated.any():
            worlds_info = worlds.reset(options={"reset_mask": terminated})[1]
            info["expert_action"] = worlds_info["expert_action"]
    assert not going.any()
    # Frozen Lake alone varies, 12 or 8: sd 1.9, of the mean 0.034; fixed seeds, so this cannot flicker.
    assert total.mean() == pytest.approx(exact.optimal_state_return(worlds.model), abs=0.15)


def test_the_scripted_expert_makes_equally_good_moves_equally_often():
    # A hazard in the middle of the ice leaves detours above and below: from the start, three best moves.
    lake = GAMES["frozen_lake"]()
    worlds = lakes(20_000, scripted_expert="privileged")
    observation, info = worlds.reset(seed=0)
    middle = observation["state"][:, 25 + 4] == 1
    best = exact.optimal_state_policy(lake)[4 * 25 + START]
    assert best.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0.0])
    made = np.bincount(info["expert_action"][middle], minlength=4) / middle.sum()
    # Some 2200 draws: sd 0.01; fixed seeds, so this cannot flicker.
    np.testing.assert_allclose(made, best, atol=0.05)


def test_imitators_that_drive_themselves_meet_the_exact_fixed_point():
    # 20,000 imitators, each drawing from the fixed point's policy, are told what the expert would do: on
    # average that must be what they do, wherever they are.
    lake, count = GAMES["frozen_lake"](), 20_000
    by_cell = exact.imitate(lake, exact.optimal_state_policy(lake), discount=1.0).policy[:25]  # of any hazard
    worlds, rng = lakes(count, scripted_expert="privileged"), np.random.default_rng(0)
    observation, info = worlds.reset(seed=0)
    told, total, going = np.zeros((25, 4)), 0.0, np.ones(count, np.bool_)  # of each world's first episode
    while going.any():
        cell = observation["compact"].argmax(axis=1)
        np.add.at(told, (cell[going], info["expert_action"][going]), 1.0)
        moves = (rng.random(count)[:, None] >= by_cell.cumsum(axis=1)[cell][:, :3]).sum(axis=1)
        _, reward, terminated, truncated, _ = worlds.step(moves)
        total += reward[going].sum()
        going &= ~(terminated | truncated)
        observation, info = worlds.reset(options={"reset_mask": terminated | truncated})
    often = told.sum(axis=1) > 5000
    assert often.sum() == 4  # straight across
    # At least 5000 draws each: sd below 0.007; a return's sd is below 60, of the mean 0.42. The seeds are
    # fixed, so this cannot flicker.
    frequency = told[often] / told[often].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(frequency, by_cell[often], atol=0.03)
    assert total / count == pytest.approx(-36.14, abs=1.5)


def test_cells_are_numbered_row_by_row_from_the_top_left_and_walls_are_closed():
    wall = np.array([[False, True, False], [False, False, False]])
    assert neighbours(wall).tolist()[4] == [4, 5, 4, 3]  # the lower middle of 3 x 2: stay, right, stay, left
    assert neighbours(np.zeros_like(wall)).tolist()[4] == [1, 5, 4, 3]


def test_episodes_keys_are_spread_evenly_and_differ_between_suites_and_counters():
    seeds = np.arange(10_000)
    keys = {suite: episode_keys(suite, seeds) for suite in SUITES}
    everything = np.concatenate([*keys.values(), *(refined(keys["train"], seeds * 0 + n) for n in range(3))])
    assert len(np.unique(everything)) == len(everything)
    for some in np.split(uniform(everything), 6):
        # Each tenth holds 1000 of 10,000, sd 30; fixed seeds, so this cannot flicker.
        assert np.abs(np.histogram(some, bins=10, range=(0, 1))[0] - 1000).max() < 150


def test_keys_of_an_unknown_suite_or_a_negative_seed_are_refused():
    with pytest.raises(ValueError, match="unknown suite 'moon'"):
        episode_keys("moon", np.array([1]))
    with pytest.raises(ValueError, match="at least 0, got -3"):
        episode_keys("train", np.array([1, -3]))


def test_a_batch_steps_at_least_two_million_worlds_a_second():
    worlds = lakes(4096, copy=False)
    worlds.reset(seed=0)
    moves = np.random.default_rng(0).integers(4, size=(50, 4096))
    rates = []
    for _ in range(3):  # the best counts: what disturbs a measurement only ever slows it
        started = process_time()
        for move in moves:
            _, _, terminated, truncated, _ = worlds.step(move)
            worlds.reset(options={"reset_mask": terminated | truncated})
        rates.append(moves.size / (process_time() - started))
    assert max(rates) > 2_000_000  # a fraction of what `make bench` asks for, so that it never flickers
