"""Estimators against cases worked by hand and laws they must obey."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from a2d.estimators import (
    advantages,
    clipped_surrogate,
    double_clipped_surrogate,
    effective_samples,
    explained_variance,
    lambda_returns,
    left_behind,
    mixture_log_prob,
    mixture_value,
)


def column(*values):
    return np.array(values, dtype=float)[:, None]


def never(steps):
    return np.zeros((steps, 1), bool)


rewards = hnp.arrays(float, (5, 3), elements=st.floats(-100, 100))
values = hnp.arrays(float, (6, 3), elements=st.floats(-100, 100))


def test_a_terminated_episode_has_no_future():
    found = advantages(
        column(1.0), column(3.0), next_value=column(0.0), ended=~never(1), discount=0.5, gae_lambda=0.9
    )
    np.testing.assert_allclose(found, column(-2.0))


def test_an_episode_cut_short_keeps_the_value_of_what_followed():
    found = advantages(
        column(1.0), column(3.0), next_value=column(8.0), ended=~never(1), discount=0.5, gae_lambda=0.9
    )
    np.testing.assert_allclose(found, column(1.0 + 0.5 * 8.0 - 3.0))


def test_credit_flows_back_by_discount_times_lambda_and_stops_where_an_episode_ends():
    # d = r + 0.5 * next - value = 2, 1, 4; carried over by 0.5 * 0.5; the second step ends an episode.
    found = advantages(
        column(2.0, 1.0, 4.0),
        column(0.0, 0.0, 0.0),
        next_value=column(0.0, 0.0, 0.0),
        ended=np.array([[False], [True], [False]]),
        discount=0.5,
        gae_lambda=0.5,
    )
    np.testing.assert_allclose(found, column(2.0 + 0.25 * 1.0, 1.0, 4.0))


def discounted(reward, following, *, discount):
    """The discounted return from each step on, with the value `following` after the last."""
    returns = np.empty_like(reward)
    for t in reversed(range(len(reward))):
        returns[t] = following = reward[t] + discount * following
    return returns


@given(reward=rewards, value=values, discount=st.floats(0, 1))
def test_at_lambda_one_the_advantage_is_the_discounted_return_minus_the_value(reward, value, discount):
    found = advantages(
        reward,
        value[:-1],
        next_value=value[1:],
        ended=np.zeros(reward.shape, bool),
        discount=discount,
        gae_lambda=1.0,
    )
    returns = discounted(reward, value[-1], discount=discount)
    np.testing.assert_allclose(found, returns - value[:-1], atol=1e-9)


@given(reward=rewards, value=values, discount=st.floats(0, 1))
def test_at_lambda_zero_the_target_of_a_critic_is_one_reward_and_the_next_value(reward, value, discount):
    found = lambda_returns(
        reward,
        value[:-1],
        next_value=value[1:],
        ended=np.zeros(reward.shape, bool),
        discount=discount,
        critic_lambda=0.0,
    )
    np.testing.assert_allclose(found, reward + discount * value[1:], atol=1e-9)


@given(reward=rewards, value=values, discount=st.floats(0, 1))
def test_at_lambda_one_the_target_of_a_critic_is_the_discounted_return(reward, value, discount):
    found = lambda_returns(
        reward,
        value[:-1],
        next_value=value[1:],
        ended=np.zeros(reward.shape, bool),
        discount=discount,
        critic_lambda=1.0,
    )
    np.testing.assert_allclose(found, discounted(reward, value[-1], discount=discount), atol=1e-9)


def test_worlds_do_not_touch_each_other():
    rng = np.random.default_rng(0)
    reward, value, following = rng.normal(size=(3, 7, 4))
    ended = rng.random((7, 4)) < 0.3

    def of(worlds):
        return advantages(
            reward[:, worlds],
            value[:, worlds],
            next_value=following[:, worlds],
            ended=ended[:, worlds],
            discount=0.9,
            gae_lambda=0.8,
        )

    np.testing.assert_array_equal(of([0, 1, 2, 3])[:, [2]], of([2]))


def test_arrays_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"one shape \(T, N\)"):
        advantages(
            column(1.0),
            column(1.0, 2.0),
            next_value=column(0.0),
            ended=never(1),
            discount=1.0,
            gae_lambda=1.0,
        )


def test_the_mixtures_value_is_the_weighted_mean():
    found = mixture_value(torch.tensor([10.0]), torch.tensor([2.0]), beta=0.25)
    assert found.item() == pytest.approx(4.0)


@given(expert=st.floats(-20, 0), trainee=st.floats(-20, 0), beta=st.floats(0.001, 0.999))
def test_the_mixtures_density_is_the_weighted_mean_of_densities(expert, trainee, beta):
    found = mixture_log_prob(
        torch.tensor(expert, dtype=torch.float64), torch.tensor(trainee, dtype=torch.float64), beta=beta
    )
    exact = beta * np.exp(expert) + (1 - beta) * np.exp(trainee)
    assert np.exp(found.item()) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(("beta", "expected"), [(0.0, -1.0), (1.0, -2.0)])
def test_the_policy_that_is_never_asked_may_have_no_density(beta, expected):
    expert, trainee = torch.tensor(-2.0), torch.tensor(-1.0)
    if beta == 0.0:
        expert = torch.tensor(-torch.inf)
    else:
        trainee = torch.tensor(-torch.inf)
    assert mixture_log_prob(expert, trainee, beta=beta).item() == expected


def test_the_importance_weighted_gradient_is_the_gradient_of_the_a2d_objective():
    """Enumerates every (state, action) with its probability: the sample mean becomes the expectation."""
    torch.manual_seed(0)
    states, actions, beta = 3, 4, 0.3
    occupancy = torch.tensor([0.5, 0.2, 0.3], dtype=torch.float64)
    gain = torch.randn(states, actions, dtype=torch.float64)
    trainee = torch.log_softmax(torch.randn(states, actions, dtype=torch.float64), -1)
    logits = torch.randn(states, actions, dtype=torch.float64, requires_grad=True)

    # E_{d(s)} sum_a grad pi_theta(a|s) A(s, a), with no sampling and no weights.
    exact = (occupancy[:, None] * torch.softmax(logits, -1) * gain).sum()
    (expected,) = torch.autograd.grad(exact, logits)

    log_prob = torch.log_softmax(logits, -1)
    behaviour = mixture_log_prob(log_prob.detach(), trainee, beta=beta)
    share = occupancy[:, None] * behaviour.exp()  # how often (s, a) is met under the mixture
    terms = torch.stack(
        [
            share[s, a]
            * clipped_surrogate(
                log_prob[s, a][None], behaviour[s, a][None], advantage=gain[s, a][None], clip=torch.inf
            )
            for s in range(states)
            for a in range(actions)
        ]
    )
    (found,) = torch.autograd.grad(terms.sum(), logits)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("weight", "advantage", "expected"),
    [(1.5, 1.0, 1.2), (0.5, 1.0, 0.5), (1.5, -1.0, -1.5), (0.5, -1.0, -0.8)],
)
def test_clipping_only_ever_lowers_what_a_step_promises(weight, advantage, expected):
    found = clipped_surrogate(
        torch.tensor([weight]).log(), torch.zeros(1), advantage=torch.tensor([advantage]), clip=0.2
    )
    assert found.item() == pytest.approx(expected)


@pytest.mark.parametrize("advantage", [1.0, -1.0])
def test_a_capped_weight_weighs_the_gradient_as_the_cap(advantage):
    log_prob = torch.tensor([5.0, 9.0, 600.0], dtype=torch.float64).log().requires_grad_()
    found = clipped_surrogate(
        log_prob,
        torch.zeros(3, dtype=torch.float64),
        advantage=torch.full((3,), advantage, dtype=torch.float64),
        clip=torch.inf,
        cap=10.0,
    )
    (gradient,) = torch.autograd.grad(found.sum(), log_prob)
    torch.testing.assert_close(gradient, advantage * torch.tensor([5.0, 9.0, 10.0], dtype=torch.float64))
    assert found[2].item() == pytest.approx(advantage * 10.0 * (1.0 + math.log(60.0)))


def test_explained_variance_of_a_perfect_a_constant_and_a_backward_critic():
    target = column(1.0, 2.0, 3.0)
    assert explained_variance(target, target) == 1.0
    assert explained_variance(column(2.0, 2.0, 2.0), target) == 0.0
    assert explained_variance(-target, target) == -3.0
    assert explained_variance(target, column(1.0, 1.0, 1.0)) == 0.0


@pytest.mark.parametrize(
    ("leader", "advantage", "expected"),
    [
        # The follower is at 0.5, who acted at 0.5 too: delta = 0.1 binds before epsilon = 0.2 does.
        (0.6, 1.0, 1.1),  # it may lead by a tenth: more is not rewarded
        (0.4, 1.0, 0.8),  # falling behind is punished in full
        (0.6, -1.0, -1.2),
        (0.4, -1.0, -0.9),
    ],
)
def test_a_leader_gains_nothing_by_leaving_its_follower_behind(leader, advantage, expected):
    found = double_clipped_surrogate(
        torch.tensor([leader]).log(),
        torch.tensor([0.5]).log(),
        torch.tensor([0.5]).log(),
        advantage=torch.tensor([advantage]),
        clip=0.2,
        follower_clip=0.1,
    )
    assert found.item() == pytest.approx(expected)


def test_a_wide_lead_leaves_the_surrogate_as_ppo_has_it():
    torch.manual_seed(0)
    log_prob, acted, follower = torch.randn(3, 64).mul(0.3).unbind()
    advantage = torch.randn(64)
    plain = clipped_surrogate(log_prob, acted, advantage=advantage, clip=0.2)
    double = double_clipped_surrogate(
        log_prob, acted, follower, advantage=advantage, clip=0.2, follower_clip=1e6
    )
    torch.testing.assert_close(double, plain)


def test_only_who_leads_too_far_or_falls_too_far_back_is_pulled():
    ratio = torch.tensor([0.7, 0.85, 1.0, 1.15, 1.3])
    found = left_behind(ratio.log(), torch.zeros(5), follower_clip=0.2)
    assert found.tolist() == [1.0, 0.0, 0.0, 0.0, 1.0]


def test_effective_samples_count_equal_weights_fully_and_one_heavy_weight_once():
    assert effective_samples(torch.full((8,), 0.3)) == pytest.approx(1.0)
    assert effective_samples(torch.tensor([5.0, 0.0, 0.0, 0.0])) == pytest.approx(0.25)
    assert effective_samples(torch.tensor([1.0, 3.0])) == pytest.approx(16 / 20)
