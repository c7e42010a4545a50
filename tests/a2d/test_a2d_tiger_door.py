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
    ("preset", "overrides"),
    [
        ("tiger_door", []),
        ("tiger_door_1", ["rollout.advantage=q", "rollout.interactions=60000"]),
        ("tiger_door_2", ["rollout.interactions=60000"]),
        ("tiger_door_3", ["rollout.interactions=60000"]),
    ],
)
def test_a2d_comes_to_the_optimum_of_a_driver_that_cannot_see_through_doors(tmp_path, preset, overrides):
    value = earned(preset, tmp_path / "run", *overrides)
    assert value == pytest.approx(exact.optimal_partial_return(GAMES[preset]()), abs=0.2)


@pytest.mark.slow
def test_what_the_expert_saw_leaks_into_its_own_advantages_unless_they_are_learned_from_less(tmp_path):
    """One step ends the episode behind the nearest door: the paper's step stays at what imitation earns."""
    paper = ["expert.step=trpo", "expert.trainee_kl=0", "expert.entropy=0", "rollout.interactions=60000"]
    model = GAMES["tiger_door_1"]()
    imitation = exact.imitate(model, exact.optimal_state_policy(model), discount=1.0)
    stuck = exact.policy_return(model, imitation.policy, horizon=200)
    leaking = earned("tiger_door_1", tmp_path / "gae", *paper)
    learned = earned("tiger_door_1", tmp_path / "q", *paper, "rollout.advantage=q")
    assert leaking == pytest.approx(stuck, abs=3.0)
    assert learned == pytest.approx(exact.optimal_partial_return(model), abs=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["frozen_lake", "tiger_door", "tiger_door_2"])
def test_imitation_of_the_scripted_expert_comes_to_its_exact_fixed_point(tmp_path, preset):
    model = GAMES[preset]()
    fixed_point = exact.imitate(model, exact.optimal_state_policy(model), discount=1.0)
    value = earned(preset, tmp_path / "run", "method=ail", "rollout.beta=0", "rollout.interactions=80000")
    expected = exact.policy_return(model, fixed_point.policy, horizon=200)
    assert value == pytest.approx(expected, abs=6.0)
