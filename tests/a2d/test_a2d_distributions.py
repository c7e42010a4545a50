"""Densities, entropies and divergences against torch's own, and what action spaces are taken."""

import gymnasium
import numpy as np
import pytest
import torch
from torch.distributions import Categorical as TorchCategorical
from torch.distributions import Independent, Normal, kl_divergence

from a2d.distributions import ActionFamily, Categorical, Gaussian, family_of
from a2d.errors import A2DError


def gaussians(seed):
    generator = torch.Generator().manual_seed(seed)
    mean, log_std = torch.randn(2, 5, 3, generator=generator, dtype=torch.float64)
    return Gaussian(mean, log_std), Independent(Normal(mean, log_std.exp()), 1)


def categoricals(seed):
    generator = torch.Generator().manual_seed(seed)
    log_probs = torch.log_softmax(torch.randn(5, 4, generator=generator, dtype=torch.float64), -1)
    return Categorical(log_probs), TorchCategorical(logits=log_probs)


@pytest.mark.parametrize("make", [gaussians, categoricals])
def test_density_entropy_and_divergence_agree_with_torch(make):
    (ours, theirs), (other, their_other) = make(0), make(1)
    action = theirs.sample()
    torch.testing.assert_close(ours.log_prob(action), theirs.log_prob(action))
    torch.testing.assert_close(ours.entropy(), theirs.entropy())
    torch.testing.assert_close(ours.divergence(other), kl_divergence(theirs, their_other))


@pytest.mark.parametrize("make", [gaussians, categoricals])
def test_nothing_diverges_from_itself(make):
    ours, _ = make(0)
    torch.testing.assert_close(ours.divergence(ours), torch.zeros(5, dtype=torch.float64))


def test_samples_have_the_mean_and_spread_they_should():
    draws = Gaussian(torch.full((20_000, 1), 0.5), torch.full((20_000, 1), -1.0)).sample(
        torch.Generator().manual_seed(0)
    )
    assert draws.mean().item() == pytest.approx(0.5, abs=0.02)  # 7 standard errors: never by chance
    assert draws.std().item() == pytest.approx(np.exp(-1.0), abs=0.02)


def test_choices_come_as_often_as_they_should():
    log_probs = torch.tensor([0.1, 0.2, 0.7]).log().expand(20_000, 3)
    drawn = Categorical(log_probs).sample(torch.Generator().manual_seed(0))
    share = torch.bincount(drawn, minlength=3) / 20_000
    torch.testing.assert_close(share, torch.tensor([0.1, 0.2, 0.7]), atol=0.02, rtol=0.0)  # 6 standard errors


def test_different_kinds_have_no_divergence():
    with pytest.raises(TypeError, match="no divergence from Gaussian to Categorical"):
        gaussians(0)[0].divergence(categoricals(0)[0])


def test_the_action_space_chooses_the_family():
    assert family_of(gymnasium.spaces.Discrete(4)) == ActionFamily("categorical", 4)
    assert family_of(gymnasium.spaces.Box(-1.0, 1.0, (2,))) == ActionFamily("gaussian", 2)


@pytest.mark.parametrize(
    "space",
    [
        gymnasium.spaces.Box(0.0, 1.0, (2,)),
        gymnasium.spaces.Box(-1.0, 1.0, (2, 2)),
        gymnasium.spaces.MultiBinary(3),
    ],
)
def test_other_action_spaces_are_refused_with_a_remedy(space):
    with pytest.raises(A2DError, match="RescaleAction"):
        family_of(space)
