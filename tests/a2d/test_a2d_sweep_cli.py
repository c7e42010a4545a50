"""`a2d sweep` as a user meets it: goes on, repeats nothing, tells failures, leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from a2d.cli import application
from a2d.cli.sweep import _command
from a2d.plan import planned_runs
from a2d.sweep import read

pytestmark = pytest.mark.slow

SWEEP = """
title: A tiny sweep
seeds: 2
final: {episodes: 20}
overrides: [env.count=8,rollout.steps=8, rollout.interactions=1024, evaluation.every=4,evaluation.episodes=9]
rows:
  - {label: Expert, presets: [frozen_lake], overrides: [method=rl_mdp]}
  - {label: Imitator, presets: [frozen_lake], overrides: [method=ail], seeds: 1, expert_from: Expert}
panels:
  - {kind: curves, file: returns, title: Return, presets: [frozen_lake], rows: [Expert, Imitator]}
"""
# a shell's background job, and so a suite that runs in one, hands down a SIGINT that is ignored
HEEDING_INTERRUPTS = """
import signal
from a2d.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
BROKEN = """  - label: Broken
    presets: [tiger_door]
    overrides: [env.id=lane_world:Lane-v0, env.vector=sync, env.options.fails_at=3]
    seeds: 1
"""


@pytest.fixture(autouse=True)
def lane_world(monkeypatch):
    """The runs' processes find the world that fails."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)


def a2d_sweep(folder, *arguments, text):
    (folder / "tiny.yaml").write_text(text)
    command = ["sweep", str(folder / "tiny.yaml"), "--out", str(folder / "out"), "--jobs", "1", *arguments]
    return CliRunner().invoke(application(["sweep"]), command)


def test_a_failure_is_told_the_others_go_on_and_a_second_time_nothing_is_repeated(tmp_path):
    out = tmp_path / "out"
    result = a2d_sweep(tmp_path, text=SWEEP.replace("panels:", BROKEN + "panels:"))
    assert result.exit_code == 1
    assert "tiger_door-broken-0 failed, see" in result.output
    log = (out / "runs/tiger_door-broken-0/log.txt").read_text()
    assert "Lane-v0: ZeroDivisionError: the simulator went away" in log
    assert result.stderr == (
        "error: 1 of 4 runs failed: tiger_door-broken-0; run the same command again to try them once more\n"
    )
    names = ["frozen_lake-expert-0", "frozen_lake-expert-1", "frozen_lake-imitator-0"]
    content = json.loads((out / "sweep.json").read_text())
    assert content["failed"] == ["tiger_door-broken-0"]
    found = [run for group in content["results"] for run in group["runs"]]
    assert [run["folder"] for run in found] == [f"runs/{name}" for name in names]
    for run in found:
        assert run["return"]["total"] == 20
        assert [at for at, _ in run["evaluations"]] == [256, 512, 768, 1024]
        assert run["cpu_seconds"] > 0
        assert run["peak_megabytes"] is None or run["peak_megabytes"] > 50
    assert "| Imitator | 1 |" in (out / "table.md").read_text()
    assert (out / "returns.png").stat().st_size > 5000

    kept = [
        out / "runs" / name / file for name in names for file in ("checkpoint.pt", "result.json", "log.txt")
    ]
    before = [path.stat().st_mtime_ns for path in kept]
    again = a2d_sweep(tmp_path, text=SWEEP)
    assert again.exit_code == 0, again.output
    assert "3 of 3 runs are there already" in again.output
    assert [path.stat().st_mtime_ns for path in kept] == before
    assert json.loads((out / "sweep.json").read_text())["failed"] == []

    more = a2d_sweep(tmp_path, "--seeds", "3", "--so-far", text=SWEEP)
    assert more.exit_code == 0, more.output
    assert "3 of 6 runs are finished" in more.output
    assert "| Expert | 2 |" in (out / "table.md").read_text()
    assert not (out / "runs" / "frozen_lake-expert-2").exists()

    changed = a2d_sweep(tmp_path, text=SWEEP.replace("steps=8", "steps=4"))
    assert changed.exit_code == 1
    assert "is a run with rollout.steps=8, not 4" in changed.stderr
    assert changed.stderr.count("\n") == 1


def test_a_world_that_does_not_exist_is_refused_before_anything_is_trained(tmp_path):
    broken = BROKEN.replace("lane_world:Lane-v0", "nowhere/No-v0").replace(", env.options.fails_at=3", "")
    result = a2d_sweep(tmp_path, text=SWEEP.replace("panels:", broken + "panels:"))
    assert result.exit_code == 1
    assert result.stderr.startswith("error: nowhere/No-v0: NamespaceNotFound")
    assert not (tmp_path / "out").exists()


def test_a_run_is_started_as_a_package_which_its_worker_processes_do_not_import():
    wanted = read("child_crossing")
    [first, *_] = planned_runs(wanted, Path("out"))
    python, flag, module, *_ = _command(first, wanted)
    assert (python, flag) == (sys.executable, "-m")
    assert find_spec(module).submodule_search_locations, "a module's name would not end in __main__"


def test_an_interrupt_leaves_no_process_and_the_same_command_goes_on(tmp_path):
    text = SWEEP.replace("interactions=1024", "interactions=8000").replace("every=4", "every=100")
    text = text.replace("seeds: 2", "seeds: 1").split("  - {label: Imitator")[0]
    (tmp_path / "tiny.yaml").write_text(text)
    command = [sys.executable, "-c", HEEDING_INTERRUPTS, "sweep", "tiny.yaml", "--out", "out", "--jobs", "1"]
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}  # as here, although it runs elsewhere
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **paths},
    )  # fmt: skip
    run = tmp_path / "out/runs/frozen_lake-expert-0"
    until = time.monotonic() + 60
    while not (run / "checkpoint.pt").exists() and time.monotonic() < until:
        time.sleep(0.02)
    [child] = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "what is finished is kept; run the same command again to go on" in errors
    assert "Traceback" not in errors
    assert not child.is_running()
    assert not (run / "result.json").exists()
    kept = (run / "metrics.jsonl").read_text().splitlines()[:10]
    assert len(kept) == 10

    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, **paths})
    assert again.returncode == 0, again.stderr
    lines = (run / "metrics.jsonl").read_text().splitlines()
    assert lines[:10] == kept  # they tell how long each round took, so they were not trained again
    assert [json.loads(line)["round"] for line in lines] == list(range(1, 126))
    [group] = json.loads((tmp_path / "out" / "sweep.json").read_text())["results"]
    assert group["runs"][0]["interactions"] == 8000
