"""The loop with a camera, telemetry and continuous commands, on a world solved in seconds."""

import math

import numpy as np
import pytest
import torch

from a2d import networks
from a2d.config import TraineeConfig, from_mapping
from a2d.loop import train
from a2d.networks import ImageEncoder
from a2d.run import Run

SETTINGS = {
    "return_scale": 2.0,
    "env": {"id": "lane_world:Lane-v0", "vector": "sync", "count": 8},
    "rollout": {"steps": 16, "discount": 0.5},
    "expert": {"minibatch": 64, "std_end": 0.1},
    "trainee": {
        "minibatch": 64,
        "channels": [4, 8],
        "kernels": [3, 3],
        "strides": [2, 2],
        "features": 32,
        "state": 1.0,
    },
    "evaluation": {"every": 1000, "episodes": 40},
}


def looked(folder, method, interactions, **top):
    settings = {**SETTINGS, "run": str(folder), "method": method, **top}
    settings["rollout"] = {**SETTINGS["rollout"], "interactions": interactions}
    config = from_mapping(settings)
    seen = {}
    train(Run.create(folder, config), report=seen.update)
    return seen


def test_imitation_of_a_scripted_driver_learns_to_see_and_steer(tmp_path):
    """The best is 5.0 per episode; who does not see the mark gets 5 - 4 * 5 * 0.378 = -2.6 at best."""
    seen = looked(tmp_path / "run", "ail", 1536)
    assert seen["eval/return"] > 4.0
    assert "explained_variance" not in seen
    continued = looked(tmp_path / "next", "a2d", 128, start_from=str(tmp_path / "run"))
    assert continued["eval/return"] > 4.0  # and so it still drives after one round of another method
    assert continued["expert/gap"] < 0.5  # whose expert agrees with its trainee, as both were taught


@pytest.mark.parametrize(
    ("method", "trainee"),
    [
        ("advisor", {}),
        ("gpo_clip", {}),
        ("gpo_penalty", {}),
        ("pre_enc", {}),
        ("rl_asym_unbiased", {}),
        ("a2d", {"memory": 8, "sequence": 8}),
        ("rl", {"memory": 8, "sequence": 4}),
    ],
)
def test_every_method_takes_a_camera_and_commands(tmp_path, method, trainee):
    seen = looked(tmp_path / "run", method, 384, trainee={**SETTINGS["trainee"], **trainee})
    assert all(math.isfinite(value) for value in seen.values())
    assert "eval/return" in seen


def test_an_advisor_teaches_to_steer_where_it_can_be_followed(tmp_path):
    assert looked(tmp_path / "run", "advisor", 2048)["eval/return"] > 3.0


@pytest.mark.slow
def test_a2d_learns_to_see_and_steer_without_anybody_to_copy(tmp_path):
    seen = looked(tmp_path / "run", "a2d", 8192)
    assert seen["eval/return"] > 4.0
    assert seen["loss/state"] < 0.02
    assert {"divergence", "entropy", "explained_variance", "train/return"} <= seen.keys()


def test_a_round_tells_how_its_episodes_ended(tmp_path):
    seen = looked(tmp_path / "run", "ail", 128)
    shares = [value for key, value in seen.items() if key.startswith("train/outcome/")]
    assert sum(shares) == pytest.approx(1.0)


def test_an_encoder_learns_with_bfloat16_and_is_judged_with_float32():
    torch.manual_seed(0)
    image = torch.randint(0, 256, (64, 3, 20, 31), dtype=torch.uint8)
    gradients = []
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(1)
        encoder = ImageEncoder((3, 20, 31), TraineeConfig(precision=precision))
        with torch.no_grad():
            judged = encoder(image)
        learnt = encoder(image)
        assert learnt.dtype == torch.float32
        assert torch.equal(judged, learnt) == (precision == "float32")
        torch.testing.assert_close(judged, learnt, atol=0.05, rtol=0.02)
        learnt.square().mean().backward()
        gradients.append(torch.cat([weight.grad.flatten() for weight in encoder.parameters()]))
    assert torch.cosine_similarity(*gradients, dim=0) > 0.99


@pytest.mark.parametrize("fast", [True, False])
def test_an_encoder_learns_with_what_the_processor_is_fast_at_if_told_to_ask(monkeypatch, fast):
    monkeypatch.setattr(networks, "multiplies_bfloat16", lambda: fast)
    image = torch.randint(0, 256, (64, 3, 20, 31), dtype=torch.uint8)
    codes = []
    for precision in ("auto", "bfloat16" if fast else "float32"):
        torch.manual_seed(1)
        codes.append(ImageEncoder((3, 20, 31), TraineeConfig(precision=precision))(image))
    assert torch.equal(*codes)


def test_the_encoder_sees_pixels_between_minus_one_and_one():
    config = TraineeConfig(channels=(4, 8), kernels=(5, 3), strides=(3, 2), features=16)
    encoder = ImageEncoder((6, 20, 31), config)
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 6, 20, 31), np.uint8))
    scaled = image.float() / 127.5 - 1.0
    expected = torch.relu(encoder.code(encoder.convolutions(scaled)))
    torch.testing.assert_close(encoder(image), expected, atol=1e-5, rtol=1e-5)
