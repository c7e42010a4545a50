"""A run that is killed again and again is the same run; a disk that is too small is said before it starts."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from a2d.config import load
from a2d.curves import TIMES
from a2d.errors import NoRoom, RunError
from a2d.learner import Learner
from a2d.loop import train
from a2d.run import ROWS, Run, _shapes

KILLS = 20
LAKE = [
    "env.count=16",
    "rollout.steps=16",
    "rollout.interactions=5120",  # 20 rounds, of which the buffer holds four
    "buffer.samples=1000",
    "checkpoint.every=2",
    "evaluation.every=4",
    "evaluation.episodes=16",
]


def trained_until_killed(config, after):
    """Train in a process of its own and kill it after so many seconds; whether it was finished before."""
    child = os.fork()
    if child == 0:
        try:
            train(Run.create(config.folder, config), report=lambda metrics: None)
        finally:
            os._exit(0)
    pidfd = os.pidfd_open(child)
    try:
        ended, _, _ = select.select([pidfd], [], [], after)
    finally:
        os.close(pidfd)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return bool(ended)


def metrics_of(run):
    lines = [json.loads(line) for line in run.metrics_path.read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in TIMES} for line in lines]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process")
def test_a_run_killed_at_twenty_random_moments_ends_as_an_unbroken_one(tmp_path):
    rng = np.random.default_rng(0)
    unbroken = Run.create(tmp_path / "one", load("frozen_lake", [*LAKE, f"run={tmp_path / 'one'}"]))
    started = time.monotonic()
    train(unbroken, report=lambda metrics: None)
    duration = time.monotonic() - started
    kills = number = 0
    while kills < KILLS:
        number += 1  # one that ended before is followed by another
        config = load("frozen_lake", [*LAKE, f"run={tmp_path / f'broken-{number}'}"])
        while not trained_until_killed(config, rng.uniform(0.0, duration / 4) if kills < KILLS else 300.0):
            kills += 1
        broken = Run.open(config.folder)
        assert broken.finished
        assert metrics_of(broken) == metrics_of(unbroken)
        for name in ("expert", "critic", "trainee"):
            ours, theirs = broken.checkpoint()[name], unbroken.checkpoint()[name]
            assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


@pytest.mark.parametrize(
    ("preset", "settings"),
    [
        ("frozen_lake", ["trainee.state=1", "trainee.hard=0.5", "buffer.samples=700"]),
        ("frozen_lake_image", ["trainee.state=1", "trainee.hard=0.5", "buffer.samples=10000"]),
        ("frozen_lake_image", ["trainee.memory=8", "trainee.sequence=8", "buffer.samples=600"]),
    ],
)
def test_an_interrupted_run_goes_on_with_all_that_its_buffer_held(tmp_path, preset, settings):
    small = ["env.count=16", "rollout.steps=16", "rollout.interactions=1792", "evaluation.every=0"]
    configs = [
        load(preset, [*small, *settings, "checkpoint.every=2", f"run={tmp_path / name}"])
        for name in ("unbroken", "broken")
    ]

    def interrupt(metrics):
        if metrics["interactions"] == 5 * 256:
            raise KeyboardInterrupt

    unbroken, broken = (Run.create(config.folder, config) for config in configs)
    train(unbroken, report=lambda metrics: None)
    with pytest.raises(KeyboardInterrupt):
        train(broken, report=interrupt)
    assert sorted(path.name for path in (broken.folder / ROWS).iterdir()) == broken.checkpoint()["rows"]
    train(broken, report=lambda metrics: None)
    assert metrics_of(broken) == metrics_of(unbroken)


@pytest.mark.parametrize(
    ("method", "kept"),
    [("a2d", {"state", "image"}), ("oil", {"state", "label"}), ("ail", {"state", "image", "label"})],
)
def test_the_buffer_holds_what_trainee_and_expert_read(tmp_path, method, kept):
    settings = ["env.count=4", "rollout.steps=8", "rollout.interactions=64", "checkpoint.every=1"]
    config = load("frozen_lake_image", [*settings, f"method={method}", f"run={tmp_path / 'run'}"])
    run, found = Run.create(config.folder, config), []

    def note(metrics):
        found.extend(
            torch.load(path, weights_only=True).keys() for path in (run.folder / ROWS).glob("*.rows")
        )

    train(run, report=note)
    assert set(found[0]) == kept


DISKS = """
import subprocess, sys
from pathlib import Path
from a2d.config import load
from a2d.errors import A2DError
from a2d.loop import train
from a2d.run import Run

disk = Path(sys.argv[1])
config = load("frozen_lake", [*sys.argv[2:], f"run={disk / 'run'}"])

def mount(*options):
    subprocess.run(["mount", *options, str(disk)], check=True)

def attempt(report=lambda metrics: None):
    rounds = []
    try:
        train(Run.create(config.folder, config), report=lambda metrics: (rounds.append(1), report(metrics)))
        print("finished", flush=True)
    except A2DError as error:
        print(len(rounds), type(error).__name__, error, flush=True)

def fill(metrics):
    if (disk / "run" / "checkpoint.pt").exists() and not (disk / "filler").exists():
        try:
            with (disk / "filler").open("wb", buffering=0) as filler:
                while True:
                    filler.write(bytes(4096))
        except OSError:
            pass

mount("-t", "tmpfs", "-o", "size=1m", "tmpfs")
attempt()
mount("-o", "remount,size=24m")
attempt(fill)
(disk / "filler").unlink()
mount("-o", "remount,ro")
attempt()
mount("-o", "remount,rw")
attempt()
"""


@pytest.mark.slow
def test_a_disk_too_small_full_or_read_only_is_said_at_once_and_the_run_goes_on_afterwards(tmp_path):
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounting a small disk that nobody else sees needs root and unshare")
    command = ["unshare", "--mount", sys.executable, "-c", DISKS, str(tmp_path), *LAKE]
    done = subprocess.run(command, capture_output=True, text=True)
    if "permission denied" in done.stderr:
        pytest.skip(f"nothing can be mounted here: {done.stderr.splitlines()[0]}")
    small, full, read_only, last = done.stdout.splitlines()
    assert small.startswith("0 NoRoom"), small
    assert "has no room for this run's checkpoints: they need up to" in small
    assert "choose another run=FOLDER" in small
    assert full.split()[1] == "DiskFull", full
    assert 0 < int(full.split()[0]) < 20
    assert read_only.startswith("0 RunError cannot write"), read_only
    assert "Read-only file system" in read_only
    assert last == "finished", done.stderr


def test_what_a_checkpoint_may_come_to_bounds_what_it_comes_to(tmp_path):
    config = load("frozen_lake", [*LAKE, "rollout.interactions=1024", f"run={tmp_path / 'run'}"])
    run = Run.create(config.folder, config)
    largest = []

    def note(metrics):
        files = [run.checkpoint_path, *(run.folder / ROWS).glob("*")]
        largest.append(
            [sum(path.stat().st_size for path in part if path.exists()) for part in (files[:1], files[1:])]
        )

    train(run, report=note)
    learner = Learner(config, _shapes(run.checkpoint()["shapes"]), device=torch.device("cpu"))
    for found, bound in zip(
        np.max(largest, axis=0), (learner.largest_checkpoint, learner.largest_log), strict=True
    ):
        assert 0 < found <= bound < 20 * found
    assert not (run.folder / ROWS).exists()  # it is finished


def test_room_is_asked_for_and_given_back(tmp_path):
    run = Run.create(tmp_path / "run", load("frozen_lake", [f"run={tmp_path / 'run'}"]))
    run.reserve(10**6)
    assert sorted(path.name for path in run.folder.iterdir() if path.name != "origin.json") == ["config.yaml"]
    with pytest.raises(NoRoom, match=r"need up to 1000000000000.0 MB"):
        run.reserve(10**18)
    assert sorted(path.name for path in run.folder.iterdir() if path.name != "origin.json") == ["config.yaml"]
    with pytest.raises(RunError, match="cannot write /proc"):
        Run(Path("/proc"), run.config).reserve(1)


def test_writing_checkpoints_counts_as_time_of_the_run(tmp_path, monkeypatch):
    """By a clock that moves by a second whenever a checkpoint is written, and at nothing else."""
    now, seconds = [0.0], []

    def save(*_):
        now[0] += 1.0

    monkeypatch.setattr("a2d.loop.save", save)
    monkeypatch.setattr("a2d.loop.time.perf_counter", lambda: now[0])
    run = Run.create(tmp_path / "run", load("frozen_lake", [*LAKE, f"run={tmp_path / 'run'}"]))
    train(run, report=lambda metrics: seconds.append(metrics["seconds"]))
    assert seconds == [float(rounds // 2) for rounds in range(20)]  # one is written after every second round
