"""A driver's episode is the same alone as among others, to the last bit."""

import numpy as np
import pytest
import torch

from a2d.acting import Driver
from a2d.config import ExpertConfig, TraineeConfig
from a2d.distributions import ActionFamily
from a2d.evaluation import BEGAN
from a2d.policies import Expert, Shapes, Trainee

SHAPES = Shapes(18, (("telemetry", 4),), (6, 48, 96), ActionFamily("gaussian", 2))
WORLDS = 11


def policy(kind: str) -> Expert | Trainee:
    torch.manual_seed(0)
    if kind == "expert":
        made = Expert(SHAPES, ExpertConfig())
        made.head.weight.data.mul_(30.0)
        return made.eval()
    memory = 8 if kind == "memory" else 0
    made = Trainee(SHAPES, TraineeConfig(memory=memory), quality=False, auxiliary=False)
    made.policy.weight.data.mul_(30.0)
    return made.eval()


def views(steps: int) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [
        {
            "state": rng.normal(size=(WORLDS, 18)).astype(np.float32),
            "telemetry": rng.normal(size=(WORLDS, 4)).astype(np.float32),
            "image": rng.integers(0, 256, (WORLDS, 6, 48, 96), dtype=np.uint8),
            BEGAN: np.full(WORLDS, step == 0),
        }
        for step in range(steps)
    ]


@pytest.mark.parametrize("kind", ["trainee", "memory", "expert"])
def test_commands_do_not_depend_on_how_many_worlds_there_are(kind):
    seen = views(3)
    together = Driver(policy(kind), deterministic=True, generator=None)
    wanted = [together(view) for view in seen]
    assert np.unique(np.stack(wanted)).size > WORLDS
    for worlds in ([0], [3, 7, 10], [5, 1]):
        apart = Driver(policy(kind), deterministic=True, generator=None)
        for view, all_of_them in zip(seen, wanted, strict=True):
            found = apart({key: value[worlds] for key, value in view.items()})
            np.testing.assert_array_equal(found, all_of_them[worlds])
