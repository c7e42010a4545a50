"""The gridworlds' ground truth against the paper's reproduction, and the laws that it obeys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.gridworlds import exact
from scenarios.gridworlds.games import GAMES
from scenarios.gridworlds.model import DOWN, LEFT, RIGHT, UP, GridModel

DISCOUNT = 0.995  # the paper's; it changes how long the trainee counts as being where
HORIZON = 200
every_game = pytest.mark.parametrize("game", GAMES)


def imitated(model: GridModel, **ties) -> exact.Imitation:
    return exact.imitate(model, exact.optimal_state_policy(model, **ties), discount=DISCOUNT)


@pytest.mark.parametrize(
    ("game", "seeing", "blind", "straight", "drifting", "gap"),
    [
        # Frozen Lake: six of nine hazards lie off the straight line (4 moves), three ask for a detour (6);
        # the rim takes 8; going straight, a hazard is met on move 1, 2 or 3: -102, -104, -106.
        ("frozen_lake", (6 * 12 + 3 * 8) / 9, 4, 2 / 3 * 12 - (102 + 104 + 106) / 9, -36.14, 0.33),
        # Tiger Door: 7 moves to either door, 3 to the button and 6 on. Undecided between the doors, the
        # imitator walks 4 moves to the junction, then at random: M = 1 + A, A = 1 + (M + C) / 2 and
        # C = 1 + A / 2 moves from junction, passage and doorstep, so M = 9.
        ("tiger_door", 20 - 2 * 7, 20 - 2 * 9, (6 - 114) / 2, (20 - 100) / 2 - 2 * 13, 0.47),
        # Doors d steps away on either side: the button costs one step more, a random walk takes d^2.
        ("tiger_door_1", 20 - 2 * 1, 20 - 2 * 2, -40 - 2 * 1, -40 - 2 * 1, np.log(2)),
        ("tiger_door_2", 20 - 2 * 2, 20 - 2 * 3, -40 - 2 * 2, -40 - 2 * 4, np.log(2)),
        ("tiger_door_3", 20 - 2 * 3, 20 - 2 * 4, -40 - 2 * 3, -40 - 2 * 9, np.log(2)),
    ],
)
def test_every_driver_earns_what_can_be_worked_out_by_hand(game, seeing, blind, straight, drifting, gap):
    model = GAMES[game]()
    imitation = imitated(model)

    def earned(policy):
        return exact.policy_return(model, policy, horizon=HORIZON)

    assert exact.optimal_state_return(model) == pytest.approx(seeing, abs=1e-6)
    assert exact.optimal_partial_return(model) == pytest.approx(blind, abs=1e-6)
    assert earned(exact.most_probable(imitation.policy)) == pytest.approx(straight, abs=1e-6)
    to = 1e-6 if game != "frozen_lake" else 0.005  # the lake's is known to two decimals
    assert earned(imitation.policy) == pytest.approx(drifting, abs=to)
    assert imitation.divergence == pytest.approx(gap, abs=0.005)


@pytest.mark.parametrize(
    ("game", "value", "to"),
    [
        ("frozen_lake", -121.65, 0.05),
        ("tiger_door", -165.2, 0.05),
        ("tiger_door_1", -44.0, 1e-6),  # 1/2 to end at each step: 2 steps
        ("tiger_door_2", -56.0, 1e-4),
        ("tiger_door_3", -75.9, 0.05),
    ],
)
def test_moving_at_random_earns_what_the_papers_reproduction_says(game, value, to):
    model = GAMES[game]()
    earned = exact.policy_return(model, exact.uniform_policy(model), horizon=100)
    assert earned == pytest.approx(value, abs=to)


@pytest.mark.parametrize(
    ("preference", "value"),
    [
        ((RIGHT, UP, DOWN, LEFT), -31.2),
        ((UP, RIGHT, DOWN, LEFT), -33.4),
        ((UP, DOWN, LEFT, RIGHT), -37.6),
    ],
)
def test_which_of_equally_good_moves_the_expert_makes_changes_its_imitator_alone(preference, value):
    lake = GAMES["frozen_lake"]()
    expert = exact.optimal_state_policy(lake, preference=preference)
    assert exact.policy_return(lake, expert, horizon=HORIZON) == pytest.approx((6 * 12 + 3 * 8) / 9)
    imitation = imitated(lake, preference=preference)
    assert exact.policy_return(lake, imitation.policy, horizon=HORIZON) == pytest.approx(value, abs=0.05)


@pytest.mark.parametrize("game", [name for name in GAMES if name != "frozen_lake"])
def test_behind_doors_one_move_alone_is_best_before_the_light_goes_on(game):
    model = GAMES[game]()
    time = imitated(model).occupancy
    best = (exact.optimal_state_policy(model) > 0).sum(axis=1)
    assert best[time > 0].tolist() == [1] * int((time > 0).sum())


def test_having_survived_makes_the_hazard_less_likely():
    # From the start the imitator steps onto the middle cell of the ice's left column unless the expert saw
    # the hazard there; standing on it, the hazard can be in the eight others only.
    lake = GAMES["frozen_lake"]()
    time = imitated(lake).occupancy
    left_middle = 2 * 5 + 1
    there = lake.agent == left_middle
    posterior = time[there] / time[there].sum()
    assert posterior[3] == pytest.approx(0.0, abs=1e-12)  # hazard "4" is that very cell
    assert posterior.sum() == pytest.approx(1.0)
    assert posterior.max() > 1 / 8


@every_game
def test_nothing_hidden_leaves_nothing_to_lose(game):
    model = replace(GAMES[game](), compact=GAMES[game]().state)
    expert = exact.optimal_state_policy(model)
    imitation = exact.imitate(model, expert, discount=1.0)
    assert exact.optimal_partial_return(model) == pytest.approx(exact.optimal_state_return(model))
    assert imitation.divergence == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(imitation.policy, expert, atol=1e-9)


@every_game
def test_no_driver_beats_one_who_knows_more(game):
    model = GAMES[game]()
    imitation = imitated(model)
    ordered = [
        exact.policy_return(model, imitation.policy, horizon=HORIZON),
        exact.optimal_partial_return(model),
        exact.optimal_state_return(model),
    ]
    assert ordered == sorted(ordered)


@every_game
def test_the_optimal_state_policy_earns_the_optimal_state_return(game):
    model = GAMES[game]()
    value = exact.policy_return(model, exact.optimal_state_policy(model), horizon=20)
    assert value == pytest.approx(exact.optimal_state_return(model))


@every_game
def test_the_imitator_does_the_same_wherever_it_sees_the_same(game):
    model = GAMES[game]()
    policy, alike = imitated(model).policy, model.appearance()
    for number in np.unique(alike):
        assert np.ptp(policy[alike == number], axis=0).max() < 1e-9


@given(random=st.integers(0, 10_000), discount=st.floats(0.5, 1.0))
def test_the_rewards_met_where_a_policy_spends_its_time_are_what_it_earns(random, discount):
    model = GAMES["tiger_door_2"]()
    policy = np.random.default_rng(random).dirichlet(np.ones(4), size=len(model.start))
    time = exact.occupancy(model, policy, discount=discount)
    value = np.zeros(len(model.start))
    for _ in range(1000):
        onward = np.where(model.ended, 0.0, value[model.next_state])
        value = (policy * (model.reward + discount * onward)).sum(axis=1)
    assert time @ (policy * model.reward).sum(axis=1) == pytest.approx(model.start @ value, rel=1e-6)


def test_a_policy_that_is_no_distribution_is_refused():
    model = GAMES["tiger_door"]()
    with pytest.raises(ValueError, match="rows that sum to 1"):
        exact.policy_return(model, np.ones((48, 4)), horizon=1)
