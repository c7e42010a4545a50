"""`a2d train` as a user meets it: progress, resumption, one line and an exit code for whatever goes wrong."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest
from typer.testing import CliRunner

from a2d.cli import application

QUICK = [
    "env.count=8",
    "rollout.steps=8",
    "rollout.interactions=256",
    "evaluation.every=2",
    "evaluation.episodes=8",
    "checkpoint.every=1",
]

# a shell's background job, and so a suite that runs in one, hands down a SIGINT that is ignored
HEEDING_INTERRUPTS = """
import signal
from a2d.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


def a2d(*arguments):
    return CliRunner().invoke(application(["train"]), ["train", *arguments])


def test_training_reports_evaluations_and_says_what_to_do_next(tmp_path):
    result = a2d("frozen_lake", f"run={tmp_path / 'run'}", *QUICK)
    assert result.exit_code == 0, result.output
    assert "256 interactions" in result.output
    assert "return" in result.output
    assert f"Next: a2d evaluate {tmp_path / 'run'}" in result.output
    assert (tmp_path / "run" / "checkpoint.pt").exists()
    assert list((tmp_path / "run" / "tb").iterdir())
    last = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["round"] == 4
    assert last["interactions"] == 256
    assert {
        "seconds",
        "speed/steps_per_second",
        "speed/steps_per_cpu_second",
        "time/simulator",
        "time/inference",
        "time/updates",
        "time/looks",
        "time/saves",
        "eval/return",
        "eval/hit_rate",
        "eval/arrival_rate",
        "divergence",
        "beta",
    } <= last.keys()

    again = a2d("frozen_lake", f"run={tmp_path / 'run'}", *QUICK)
    assert again.exit_code == 0
    assert "is finished; nothing to do" in again.output


def test_a_run_that_keeps_its_best_driver_says_which(tmp_path):
    every = ["evaluation.every=1", "evaluation.keep_best=true"]
    said = a2d("frozen_lake", f"run={tmp_path / 'run'}", *QUICK, *every).output
    looks = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    best = max(looks, key=lambda look: look["eval/return"])
    assert f"kept: the driver of {best['interactions']:.0f} interactions" in said
    assert (f"the last one's is {looks[-1]['eval/return']:.2f}" in said) is (best is not looks[-1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["frozen"], "error: no preset 'frozen'; did you mean frozen_lake?"),
        (["frozen_lake", "sed=1"], "error: no setting sed; did you mean seed?"),
        (["frozen_lake", "env.id=nowhere/No-v0"], "error: nowhere/No-v0: NamespaceNotFound"),
        (["frozen_lake", "env.server=host:1"], "error: gridworlds/FrozenLake-v0: "),
        (
            ["frozen_lake", "method=ail", "env.id=lane_world:UnscriptedLane-v0", "env.vector=sync"],
            "error: lane_world:UnscriptedLane-v0 has no scripted expert to imitate",
        ),
        (["frozen_lake", "method=ail", "expert_from=nowhere"], "error: nowhere is no run"),
        (["frozen_lake", "expert_from=nowhere"], "error: expert_from is for method=ail"),
        (["frozen_lake", "start_from=nowhere"], "error: nowhere is no run"),
        (["frozen_lake", "method=ail", "start_from=nowhere"], "error: start_from is for method=a2d"),
    ],
)
def test_whatever_cannot_be_is_one_line_and_no_success(tmp_path, arguments, message):
    result = a2d(*arguments, f"run={tmp_path / 'run'}")
    assert result.exit_code == 1
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


def test_a_run_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    result = a2d("frozen_lake", f"run={tmp_path / 'file' / 'run'}")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: cannot write")


def test_a_changed_setting_is_refused_on_an_existing_run(tmp_path):
    a2d("frozen_lake", f"run={tmp_path / 'run'}", *QUICK)
    result = a2d("frozen_lake", f"run={tmp_path / 'run'}", *QUICK, "seed=3")
    assert result.exit_code == 1
    assert "is a run with seed=0, not 3" in result.stderr


def test_help_shows_an_example():
    result = a2d("--help")
    assert result.exit_code == 0
    assert "Example: a2d train frozen_lake" in " ".join(result.output.split())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_process_no_half_written_file_and_a_run_to_go_on_with(tmp_path, number):
    folder = tmp_path / "run"
    command = [
        sys.executable, "-c", HEEDING_INTERRUPTS, "train", "frozen_lake",
        f"run={folder}", "env.id=lane_world:Lane-v0", "env.vector=async", "env.count=2",
        "rollout.steps=8", "rollout.interactions=100000", "checkpoint.every=1",
        "evaluation.every=1", "evaluation.episodes=2",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    for line in process.stdout:
        if " interactions " in line and int(line.split()[0]) >= 48:
            break
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert f"{folder}: its last checkpoint is kept; run the same command again to go on" in errors
    psutil.wait_procs(children, timeout=10)
    assert not any(child.is_running() for child in children)
    found = {path.name for path in folder.iterdir()} - {"origin.json"}  # where there is a repository
    assert sorted(found) == [
        "checkpoint.pt",
        "config.yaml",
        "metrics.jsonl",
        "rows",
        "tb",
    ]
    assert {path.suffix for path in (folder / "rows").iterdir()} == {".rows"}
    assert "Traceback" not in errors
