"""The trainee as an ONNX graph: the same numbers as torch, for every kind of trainee and batch."""

import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from typer.testing import CliRunner

from a2d.acting import Driver
from a2d.cli import application
from a2d.config import EnvConfig, RolloutConfig, TrainConfig, TraineeConfig
from a2d.distributions import ActionFamily
from a2d.evaluation import BEGAN
from a2d.learner import Learner
from a2d.onnx_export import ExportError, export
from a2d.policies import Shapes
from a2d.run import Run, checkpoint_id

CAMERA = Shapes(3, (("telemetry", 4),), (6, 24, 32), ActionFamily("gaussian", 2))
CHOICE = Shapes(3, (("belief", 5),), None, ActionFamily("categorical", 4))
TOLERANCE = 1e-5


def run_with(folder, shapes: Shapes, *, memory: int = 0, method: str = "a2d") -> Run:
    """A run with random weights, large enough that actions differ and some are clipped."""
    config = TrainConfig(
        preset="child_crossing",
        method=method,
        seed=7,
        env=EnvConfig(id="driving/ChildCrossing-v0"),
        rollout=RolloutConfig(steps=16),
        trainee=TraineeConfig(memory=memory, observed_std=True, layer_norm=True),
    )
    learner = Learner(config, shapes, device=torch.device("cpu"))
    with torch.no_grad():
        learner.trainee.policy.weight.mul_(300.0)
    run = Run.create(folder, config)
    run.save(learner.checkpoint())
    return run


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    """A run that sees a camera, and its graph's file."""
    folder = tmp_path_factory.mktemp("camera")
    run = run_with(folder / "run", CAMERA)
    export(run, folder / "driver.onnx")
    return run, folder / "driver.onnx"


def views(shapes: Shapes, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What `count` worlds show."""
    seen = {key: rng.normal(size=(count, size)).astype(np.float32) for key, size in shapes.vectors}
    if shapes.image:
        seen["image"] = rng.integers(0, 256, (count, *shapes.image), dtype=np.uint8)
    return seen


def session_of(path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("shapes", [CAMERA, CHOICE], ids=["camera", "choice"])
def test_the_graph_acts_as_the_trainee_does_at_every_batch_size(camera, tmp_path, shapes):
    run, path = camera
    if shapes is CHOICE:
        run, path = run_with(tmp_path / "run", CHOICE), tmp_path / "driver.onnx"
        export(run, path)
    session = session_of(path)
    trainee = run.load_trainee("cpu")
    driver = Driver(trainee, deterministic=True, generator=None)
    rng = np.random.default_rng(0)
    for count in (1, 2, 7):
        seen = views(shapes, count, rng)
        given = dict(zip([out.name for out in session.get_outputs()], session.run(None, seen), strict=True))
        np.testing.assert_allclose(given["action"], driver(seen), atol=TOLERANCE)
        with torch.no_grad():
            wanted = trainee.step({k: torch.from_numpy(v) for k, v in seen.items()}, memory=None).parameters
        names = ["mean", "log_std"] if shapes is CAMERA else ["log_probs"]
        found = np.concatenate([given[name] for name in names], axis=-1)
        np.testing.assert_allclose(found, wanted, atol=TOLERANCE)
    assert len(np.unique(given["action"])) > 1, "weights this large tell views apart"
    if shapes is CAMERA:
        assert np.abs(given["mean"]).max() > 1.0 >= np.abs(given["action"]).max()


def test_a_memory_goes_in_and_out_over_an_episode(tmp_path):
    run = run_with(tmp_path / "run", CAMERA, memory=8)
    export(run, tmp_path / "driver.onnx")
    session = session_of(tmp_path / "driver.onnx")
    driver = Driver(run.load_trainee("cpu"), deterministic=True, generator=None)
    rng, memory = np.random.default_rng(0), np.zeros((3, 8), np.float32)
    for step in range(4):
        seen = views(CAMERA, 3, rng)
        action, memory = session.run(["action", "next_memory"], {**seen, "memory": memory})
        wanted = driver({**seen, BEGAN: np.full(3, step == 0)})
        np.testing.assert_allclose(action, wanted, atol=TOLERANCE)
    assert np.abs(memory).max() > 0.1


def test_names_shapes_and_metadata_tell_what_it_is(camera):
    run, path = camera
    session = session_of(path)
    inputs = {entry.name: (entry.type, entry.shape) for entry in session.get_inputs()}
    assert inputs == {
        "telemetry": ("tensor(float)", ["batch", 4]),
        "image": ("tensor(uint8)", ["batch", 6, 24, 32]),
    }
    outputs = {entry.name: entry.shape for entry in session.get_outputs()}
    assert outputs == {name: ["batch", 2] for name in ("action", "mean", "log_std")}
    facts = session.get_modelmeta().custom_metadata_map
    assert facts["preset"] == "child_crossing"
    assert facts["seed"] == "7"
    assert facts["commit"] == ", ".join(run.commits) or "unknown"
    assert facts["checkpoint"] == checkpoint_id(run)


def test_what_drives_nobody_is_left_out(camera):
    kept = {tensor.name for tensor in onnx.load(camera[1]).graph.initializer}
    assert any("policy.weight" in name for name in kept)
    assert not any("trainee.value" in name or "trainee.state" in name for name in kept)


def test_an_expert_is_refused_by_name(tmp_path):
    with pytest.raises(ExportError, match="run of rl_mdp and gives an expert"):
        export(run_with(tmp_path / "run", CAMERA, method="rl_mdp"), tmp_path / "driver.onnx")


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_a_missing_package_is_one_line_that_says_how_to_get_it(tmp_path, monkeypatch, package):
    run = run_with(tmp_path / "run", CHOICE)
    monkeypatch.setitem(sys.modules, package, None)
    arguments = ["export", str(run.folder), "--out", str(tmp_path / "driver.onnx")]
    result = CliRunner().invoke(application(["export"]), arguments)
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert package in line
    assert "pip install 'a2d-driving[export]'" in line
    assert not (tmp_path / "driver.onnx").exists()


def test_the_command_tells_the_names(tmp_path):
    run = run_with(tmp_path / "run", CHOICE)
    arguments = ["export", str(run.folder), "--out", str(tmp_path / "driver.onnx")]
    result = CliRunner().invoke(application(["export"]), arguments)
    assert result.exit_code == 0, result.output
    assert "belief -> action, log_probs" in " ".join(result.output.split())
