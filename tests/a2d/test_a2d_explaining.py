"""Where a picture moves a trainee, by laws of the blur; and that what is explained is what is driven."""

import cv2
import numpy as np
import pytest
import torch

from a2d.acting import Driver
from a2d.config import ExpertConfig, TraineeConfig
from a2d.critics import Critic
from a2d.distributions import ActionFamily
from a2d.errors import A2DError
from a2d.evaluation import BEGAN
from a2d.explaining import BLUR, SPOT, STRIDE, Explainer, saliency
from a2d.policies import Expert, Shapes, Trainee

SHAPES = Shapes(3, (("telemetry", 4),), (6, 48, 96), ActionFamily("gaussian", 2))


def trainee(shapes: Shapes = SHAPES, *, memory: int = 0) -> Trainee:
    """A trainee with random weights, large enough that every pixel counts."""
    torch.manual_seed(0)
    made = Trainee(shapes, TraineeConfig(memory=memory), quality=False, auxiliary=False)
    with torch.no_grad():
        made.policy.weight.mul_(100.0)
    return made.eval()


def view(image: np.ndarray) -> dict[str, np.ndarray]:
    """What one world shows."""
    telemetry = np.array([[0.5, 1.0, 0.0, 0.1]], np.float32)
    return {"state": np.ones((1, 3), np.float32), "telemetry": telemetry, "image": image[None]}


def heat_of(image: np.ndarray) -> np.ndarray:
    seen = {key: torch.from_numpy(value) for key, value in view(image).items()}
    with torch.inference_mode():
        return saliency(trainee(), seen, memory=None).numpy()


def test_an_even_picture_moves_nobody():
    assert (heat_of(np.full((6, 48, 96), 131, np.uint8)) == 0.0).all()


def test_only_what_is_there_to_be_blurred_can_move_the_trainee():
    image = np.full((6, 48, 96), 100, np.uint8)
    image[:, 18:22, 68:72] = 255
    heat = heat_of(image)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert heat.max() > 0.01
    assert abs(row - 19.5) <= STRIDE
    assert abs(column - 69.5) <= STRIDE
    reach = 2 * BLUR + 5 * SPOT + STRIDE  # beyond, 155 grey levels are blurred to less than half a level
    assert (heat[:, : int(69.5 - reach)] == 0.0).all()


def test_it_is_the_change_of_the_command_itself():
    """The first spot by hand, which is the map's corner: blur there, ask again, and compare."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (6, 48, 96), dtype=np.uint8)
    blurred = np.stack([cv2.GaussianBlur(frame.astype(np.float32), (21, 21), BLUR) for frame in image])
    y, x = np.mgrid[:48, :96] - 1.5
    mask = np.exp(-(x**2 + y**2) / (2 * SPOT**2))
    pictures = image, np.rint(image + mask * (blurred - image)).astype(np.uint8)
    driver = Driver(trainee(), deterministic=True, generator=None)
    before, after = (driver({**view(picture), BEGAN: np.array([True])})[0] for picture in pictures)
    change = np.abs(after - before).max()
    assert change > 0.005
    assert heat_of(image)[0, 0] == pytest.approx(change, abs=5e-4)


def test_what_is_explained_is_what_is_driven_memory_included():
    policy = trainee(memory=8)
    driver = Driver(policy, deterministic=True, generator=None)
    explainer = Explainer(policy, expert=None, critic=None, return_scale=1.0)
    rng = np.random.default_rng(0)
    for began in (True, False, False, True, False):
        image = rng.integers(0, 256, (6, 48, 96), dtype=np.uint8)
        seen = {**view(image), BEGAN: np.array([began])}
        found = explainer(seen, label=None)
        np.testing.assert_allclose(found.action, driver(seen)[0], atol=1e-5)
        assert found.expert is None
        assert found.value is None


def test_the_expert_and_the_critic_read_the_state():
    torch.manual_seed(1)
    expert, critic = Expert(SHAPES, ExpertConfig()), Critic(SHAPES, ExpertConfig(), reading=None)
    explainer = Explainer(trainee(), expert=expert, critic=critic, return_scale=20.0)
    seen = view(np.zeros((6, 48, 96), np.uint8))
    found = explainer(seen, label=np.array([[9.0, 9.0]]))
    state = torch.from_numpy(seen["state"])
    with torch.no_grad():
        np.testing.assert_allclose(found.expert, expert.distribution(state).mode()[0], atol=1e-6)
        assert found.value == pytest.approx(20.0 * float(critic({"state": state})[0]))


def test_the_worlds_own_expert_is_told_as_it_is_obeyed():
    explainer = Explainer(trainee(), expert=None, critic=None, return_scale=1.0)
    found = explainer(view(np.zeros((6, 48, 96), np.uint8)), label=np.array([[0.25, -3.0]]))
    assert found.expert.tolist() == [0.25, -1.0]


@pytest.mark.parametrize(
    "shapes",
    [
        Shapes(3, (("telemetry", 4),), None, ActionFamily("gaussian", 2)),
        Shapes(3, (), (6, 48, 96), ActionFamily("categorical", 4)),
    ],
    ids=["blind", "choices"],
)
def test_who_sees_no_picture_or_chooses_is_refused(shapes):
    with pytest.raises(A2DError, match="reads a picture and gives commands"):
        Explainer(trainee(shapes), expert=None, critic=None, return_scale=1.0)
