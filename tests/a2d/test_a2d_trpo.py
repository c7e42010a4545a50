"""TRPO against systems solved by hand, the exact natural gradient of a table, and its own promises."""

import numpy as np
import pytest
import torch
from torch import nn

from a2d.config import ExpertConfig
from a2d.distributions import ActionFamily, Categorical
from a2d.improvement import PolicyBatch, Restraint, improve_expert
from a2d.policies import Expert, Shapes
from a2d.trpo import HALVINGS, conjugate_gradient, natural_direction, trust_region_step

SEEN = Shapes(state=2, vectors=(("compact", 2),), image=None, family=ActionFamily("categorical", 3))


class Table(nn.Module):
    """A policy that is a table of logits: its Fisher matrix is known."""

    def __init__(self, logits):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits, dtype=torch.float64))

    def policy(self):
        return Categorical(torch.log_softmax(self.logits, -1))


def step(table, worth, *, kl_step, damping=1e-6):
    with torch.no_grad():
        before = table.policy()
    return trust_region_step(
        table,
        objective=lambda: (table.policy().log_probs.exp() * worth).sum(-1).mean(),
        divergence=lambda: before.divergence(table.policy()).mean(),
        kl_step=kl_step,
        damping=damping,
        iterations=10,
        constrain=lambda: None,
    )


def test_conjugate_gradients_solve_a_system_in_as_many_steps_as_it_has_rows():
    # 4x + y = 1, x + 3y = 2: x = 1/11, y = 7/11.
    matrix = torch.tensor([[4.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    right = torch.tensor([1.0, 2.0], dtype=torch.float64)
    found = conjugate_gradient(lambda vector: matrix @ vector, right, iterations=2)
    np.testing.assert_allclose(found, [1 / 11, 7 / 11], rtol=1e-12)


def test_the_direction_is_the_exact_natural_gradient_of_a_table():
    table = Table([[0.0, 1.0, -1.0], [0.5, 0.0, 0.2]])
    worth = torch.tensor([[1.0, 0.0, 3.0], [0.0, 2.0, -1.0]], dtype=torch.float64)
    probabilities = table.policy().log_probs.exp().detach().numpy()
    fisher = np.zeros((6, 6))  # of the mean over two states: half of diag(p) - pp' for each
    slope = np.zeros(6)
    for state, p in enumerate(probabilities):
        rows = slice(3 * state, 3 * state + 3)
        fisher[rows, rows] = 0.5 * (np.diag(p) - np.outer(p, p))
        slope[rows] = fisher[rows, rows] @ worth[state].numpy()
    exact = np.linalg.solve(fisher + 0.1 * np.eye(6), slope)
    before = Categorical(table.policy().log_probs.detach())
    found = natural_direction(
        torch.from_numpy(slope),
        before.divergence(table.policy()).mean(),
        weights=list(table.parameters()),
        damping=0.1,
        iterations=6,
    )
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kl_step", [1e-3, 1e-2, 0.3])
def test_a_step_keeps_its_bound_uses_most_of_it_and_gains(kl_step):
    table = Table([[0.0, 1.0, -1.0], [0.5, 0.0, 0.2]])
    worth = torch.tensor([[1.0, 0.0, 3.0], [0.0, 2.0, -1.0]], dtype=torch.float64)
    before = table.policy().log_probs.detach()
    scalars = step(table, worth, kl_step=kl_step)
    now = table.policy().log_probs.detach()
    moved = float((before.exp() * (before - now)).sum(-1).mean())
    assert scalars["moved"] == pytest.approx(moved, rel=1e-6)
    assert 0.15 * kl_step < moved <= kl_step  # one halving more quarters it
    gained = float(((now.exp() - before.exp()) * worth).sum(-1).mean())
    assert scalars["gained"] == pytest.approx(gained, rel=1e-6)
    assert gained > 0.0


def test_where_nothing_can_be_gained_the_policy_stays_as_it_was():
    table = Table([[0.0, 1.0, -1.0]])
    before = table.logits.detach().clone()
    scalars = step(table, torch.ones(1, 3, dtype=torch.float64), kl_step=0.01)
    assert torch.equal(table.logits, before)
    assert (scalars["moved"], scalars["gained"], scalars["halvings"]) == (0.0, 0.0, HALVINGS)


def test_the_experts_step_by_trpo_keeps_its_bound_on_a_network():
    torch.manual_seed(0)
    config = ExpertConfig(hidden=(16,), step="trpo", kl_step=0.02)
    expert = Expert(SEEN, config)
    states = torch.eye(2).repeat(128, 1)
    with torch.no_grad():
        before = expert.distribution(states)
    action = before.sample(torch.Generator().manual_seed(0))
    best = states.argmax(-1)
    batch = PolicyBatch(
        observation={"state": states},
        action=action,
        log_prob=before.log_prob(action),
        advantage=(action == best).float(),
        trainee=before.log_probs,
    )
    optimizer = torch.optim.Adam(expert.parameters())
    scalars = improve_expert(
        expert,
        optimizer,
        batch=batch,
        restraint=Restraint(entropy=0.0, trainee_kl=0.0, trainee_clip=None),
        config=config,
        rng=np.random.default_rng(0),
    )
    with torch.no_grad():
        after = expert.distribution(states)
    assert 0.002 < float(before.divergence(after).mean()) <= 0.02
    assert (after.log_prob(best) > before.log_prob(best)).all()
    assert scalars["expert/gained"] > 0.0
