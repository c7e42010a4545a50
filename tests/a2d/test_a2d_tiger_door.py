"""Behind the doors: A2D presses the button first, and imitation of the seeing expert does not."""

import pytest
import torch

from a2d.config import load
from a2d.loop import train
from a2d.run import Run
from scenarios.gridworlds import exact
from scenarios.gridworlds.games import GAMES


def earned(preset, folder, *overrides):
    """Train, and return exactly what the trainee's stochastic policy earns."""
    run = Run.create(folder, load(preset, [f"run={folder}", "seed=0", "evaluation.every=0", *overrides]))
    train(run, report=lambda metrics: None)
    model = GAMES[preset]()
    with torch.inference_mode():
        reading = run.load_trainee("cpu")({"compact": torch.from_numpy(model.compact)})
    policy = reading.parameters.double().exp().numpy()
    return exact.policy_return(model, policy / policy.sum(axis=1, keepdims=True), horizon=200)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "interactions"),
    [("tiger_door", 240_000), ("tiger_door_1", 60_000), ("tiger_door_2", 60_000), ("tiger_door_3", 60_000)],
)
def test_a2d_comes_to_the_optimum_of_a_driver_that_cannot_see_through_doors(tmp_path, preset, interactions):
    value = earned(preset, tmp_path / "run", f"rollout.interactions={interactions}")
    assert value == pytest.approx(exact.optimal_partial_return(GAMES[preset]()), abs=0.5)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["frozen_lake", "tiger_door", "tiger_door_2"])
def test_imitation_of_the_scripted_expert_comes_to_its_exact_fixed_point(tmp_path, preset):
    model = GAMES[preset]()
    fixed_point = exact.imitate(model, exact.optimal_state_policy(model), discount=1.0)
    value = earned(preset, tmp_path / "run", "method=ail", "rollout.beta=0", "rollout.interactions=80000")
    expected = exact.policy_return(model, fixed_point.policy, horizon=200)
    assert value == pytest.approx(expected, abs=6.0)
