"""The smoke test of the whole algorithm: it finds the safe way round the lake, and resumes to the bit."""

import json
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
import torch

from a2d.acting import Driver
from a2d.config import load
from a2d.curves import TIMES
from a2d.evaluation import evaluate
from a2d.loop import train
from a2d.run import Run
from a2d.vector import make_worlds, stopping

SAFE_RETURN = (
    4.0  # eight moves round the rim at -2, and +20: the optimum of a driver that cannot see the hazard
)
SEEING_RETURN = 10.67  # the optimum of a driver that sees the hazard


def trained(folder, *overrides):
    config = load("frozen_lake", [f"run={folder}", *overrides])
    run = Run.create(folder, config)
    train(run, report=lambda metrics: None)
    return run


def returns(run, *, episodes, deterministic):
    driver = run.load_trainee("cpu")
    generator = torch.Generator().manual_seed(0)
    with stopping(make_worlds(run.config.env, count=50, suite="heldout")) as worlds:
        records = evaluate(
            worlds,
            partial(Driver, driver, deterministic=deterministic, generator=generator),
            range(episodes),
        )
    return np.array([record["return"] for record in records])


@pytest.mark.slow
def test_a2d_reaches_the_optimum_of_a_driver_that_cannot_see_the_hazard(tmp_path):
    started = time.process_time()
    run = trained(tmp_path / "run", "seed=0")
    assert time.process_time() - started < 60.0  # processor seconds: what one quiet core needs
    assert run.finished
    assert returns(run, episodes=200, deterministic=False).mean() == pytest.approx(SAFE_RETURN, abs=0.3)


@pytest.mark.slow
def test_imitating_the_seeing_expert_is_not_safe(tmp_path):
    expert = trained(
        tmp_path / "expert",
        "method=rl_mdp",
        "rollout.interactions=200000",
        "rollout.gae_lambda=0.95",
        "expert.step=trpo",
        "expert.kl_step=0.02",
        "expert.entropy=0.03",
        "expert.trainee_kl=0",
    )
    assert returns(expert, episodes=200, deterministic=True).mean() > SEEING_RETURN - 2.0
    imitator = trained(
        tmp_path / "imitator",
        "method=ail",
        f"expert_from={expert.folder}",
        "rollout.interactions=60000",
        "rollout.beta=0",
    )
    assert (
        returns(imitator, episodes=200, deterministic=False).mean() < -10.0
    )  # exactly -36.1 for a perfect one


def short(folder):
    return load(
        "frozen_lake",
        [
            f"run={folder}",
            "rollout.interactions=1536",
            "rollout.steps=16",
            "env.count=16",
            "checkpoint.every=2",
            "evaluation.every=3",
            "evaluation.episodes=16",
            "rollout.beta=0.8",
            "expert.reuse=3",
            "trainee.averaging=0.5",
            "trainee.state=1.0",
        ],
    )


def scalars(run):
    lines = [json.loads(line) for line in run.metrics_path.read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in TIMES} for line in lines]


@pytest.mark.parametrize("stop", [1, 3, 4])
def test_a_run_that_was_interrupted_and_resumed_is_the_same_run_to_the_bit(tmp_path, stop):
    unbroken = Run.create(tmp_path / "unbroken", short(tmp_path / "unbroken"))
    train(unbroken, report=lambda metrics: None)

    broken = Run.create(tmp_path / "broken", short(tmp_path / "broken"))
    rounds = 0

    def interrupt(metrics):
        nonlocal rounds
        rounds += 1
        if rounds == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(broken, report=interrupt)
    assert not broken.finished
    train(Run.create(broken.folder, broken.config), report=lambda metrics: None)

    assert scalars(broken) == scalars(unbroken)
    first, second = unbroken.checkpoint(), broken.checkpoint()
    for name in ("expert", "critic", "trainee", "average"):
        for key, weights in first[name].items():
            assert torch.equal(weights, second[name][key]), f"{name}.{key}"
    assert first["actions"].equal(second["actions"])
    assert first["world_seeds"] == second["world_seeds"]


KILLED = """
import os, signal, sys
from a2d.loop import train
from a2d.run import Run
import a2d.files
run, moment = Run.open(sys.argv[1]), sys.argv[2]
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
if moment == "saving":  # the new checkpoint is written and not yet in its place
    a2d.files.os.replace = die
train(run, report=lambda metrics: die() if moment == str(int(metrics["interactions"])) else None)
"""


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["768", "saving"])
def test_a_run_that_was_killed_goes_on_with_the_same_curve(tmp_path, moment):
    unbroken = Run.create(tmp_path / "unbroken", short(tmp_path / "unbroken"))
    train(unbroken, report=lambda metrics: None)
    killed = Run.create(tmp_path / "killed", short(tmp_path / "killed"))
    ended = subprocess.run([sys.executable, "-c", KILLED, str(killed.folder), moment], capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    train(Run.create(killed.folder, killed.config), report=lambda metrics: None)
    assert scalars(killed) == scalars(unbroken)


def test_the_same_seed_gives_the_same_run_and_another_gives_another(tmp_path):
    found = []
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        config = load("frozen_lake", [f"run={tmp_path / name}", f"seed={seed}", "rollout.interactions=2048"])
        run = Run.create(config.folder, config)
        train(run, report=lambda metrics: None)
        found.append(scalars(run))
    assert found[0] == found[1]
    assert found[0] != found[2]
