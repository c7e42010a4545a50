"""`a2d evaluate`, `record`, `compare` on a little run: resumable, never a mixture of checkpoints."""

import json
import math
import shutil
from importlib import import_module

import av
import pytest
from commands import a2d
from typer.testing import CliRunner

from a2d.cli import application
from a2d.cli.driver import worlds_at_once
from a2d.cli.evaluate import passes
from a2d.cli.record import chosen
from a2d.evaluation import append_record
from a2d.shipping import find_run

evaluate_command = import_module("a2d.cli.evaluate")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "lake"
    a2d("train", "frozen_lake", f"run={folder}", "rollout.interactions=4096", "evaluation.every=0")
    return folder


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "lake")


def lines(run) -> list[dict]:
    return [json.loads(line) for line in (run / "evaluation" / "heldout.jsonl").read_text().splitlines()]


def test_an_evaluation_is_printed_and_kept(run, tmp_path):
    printed = a2d("evaluate", run, "--episodes", 12, "--json", tmp_path / "result.json")
    assert "Hits, all episodes" in printed
    kept = json.loads((run / "evaluation" / "heldout.json").read_text())
    assert kept["suite"] == "heldout"
    assert kept["seeds"] == [0, 11]
    assert kept["summary"]["episodes"] == 12
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["summary"] == kept["summary"]
    assert [record["seed"] for record in result["episodes"]] == list(range(12))
    assert {record["suite"] for record in lines(run)} == {"heldout"}


def test_an_interrupted_evaluation_goes_on_where_it_stopped(run):
    a2d("evaluate", run, "--episodes", 12)
    whole = sorted(lines(run), key=lambda record: record["seed"])
    path = run / "evaluation" / "heldout.jsonl"
    kept = path.read_text().splitlines(keepends=True)[:5]
    path.write_text("".join(kept) + '{"seed": 11, "ret')
    assert "7/7" in a2d("evaluate", run, "--episodes", 12)
    assert path.read_text().splitlines(keepends=True)[:5] == kept
    assert sorted(lines(run), key=lambda record: record["seed"]) == whole


def test_sampled_actions_are_judged_apart_and_the_same_each_time(run):
    a2d("evaluate", run, "--episodes", 12)
    path = run / "evaluation" / "heldout-sampled.jsonl"
    a2d("evaluate", run, "--episodes", 12, "--sampled")
    first = path.read_text()
    assert [json.loads(line)["return"] for line in first.splitlines()] != [r["return"] for r in lines(run)]
    path.unlink()
    a2d("evaluate", run, "--episodes", 12, "--sampled")
    assert path.read_text() == first
    assert json.loads((run / "evaluation" / "heldout-sampled.json").read_text())["summary"]["episodes"] == 12


def test_an_episode_that_the_simulator_broke_is_driven_again(run):
    a2d("evaluate", run, "--episodes", 3)
    broken = {**lines(run)[0], "outcome": "server_restarted"}
    append_record(run / "evaluation" / "heldout.jsonl", broken)
    assert "1/1" in a2d("evaluate", run, "--episodes", 3)
    assert json.loads((run / "evaluation" / "heldout.json").read_text())["summary"]["invalid"] == 0


def test_results_of_another_checkpoint_are_set_aside_not_mixed(run):
    a2d("evaluate", run, "--episodes", 4)
    earlier = lines(run)
    with (run / "checkpoint.pt").open("ab") as file:
        file.write(b"\0")
    a2d("evaluate", run, "--episodes", 2)
    assert len(lines(run)) == 2
    aside = run / "evaluation" / f"heldout-{earlier[0]['checkpoint']}.jsonl"
    assert [json.loads(line) for line in aside.read_text().splitlines()] == earlier


def test_a_mistake_costs_no_results_and_whoever_is_set_aside_keeps_a_name(run):
    a2d("evaluate", run, "--episodes", 4)
    earlier = (run / "evaluation" / "heldout.jsonl").read_text()
    a2d("evaluate", run, "--episodes", 4, "--server", "nowhere", expect=1)
    assert (run / "evaluation" / "heldout.jsonl").read_text() == earlier
    for _ in range(2):  # another checkpoint, then the first one again, each time with the same file set aside
        kept = (run / "checkpoint.pt").read_bytes()
        with (run / "checkpoint.pt").open("ab") as file:
            file.write(b"\0")
        a2d("evaluate", run, "--episodes", 2)
        (run / "checkpoint.pt").write_bytes(kept)
        a2d("evaluate", run, "--episodes", 4)
    assert (run / "evaluation" / "heldout.jsonl").read_text() == earlier
    assert len(list((run / "evaluation").glob("heldout-*.jsonl"))) == 4


def test_a_summary_is_of_all_episodes_that_are_kept(run):
    a2d("evaluate", run, "--episodes", 4)
    a2d("evaluate", run, "--seed", 2, "--episodes", 1)
    assert json.loads((run / "evaluation" / "heldout.json").read_text())["summary"]["episodes"] == 4


def test_films_outlive_a_mistake_and_a_folder_of_others_is_refused(run, tmp_path):
    a2d("record", run, "--episodes", 1)
    (film,) = (run / "videos" / "heldout").glob("*.mp4")
    a2d("record", run, "--episodes", 1, "--server", "nowhere", expect=1)
    assert film.exists()
    out = tmp_path / "films"
    a2d("record", run, "--episodes", 1, "--out", out)
    said = a2d("record", run, "--suite", "train", "--episodes", 1, "--out", out, expect=1)
    assert "has films of another driver, suite or server; choose another --out" in said
    assert (out / film.name).exists()
    with (run / "checkpoint.pt").open("ab") as file:
        file.write(b"\0")
    a2d("record", run, "--seed", 1)
    (left,) = (run / "videos" / "heldout").glob("*.mp4")
    assert left.name.startswith("seed-000001")


def test_a_run_whose_checkpoint_is_another_worlds_is_one_line(run, trained):
    config = run / "config.yaml"
    config.write_text(config.read_text().replace("FrozenLake-v0", "TigerDoor-v0"))
    for command in ("evaluate", "record"):
        said = a2d(command, run, "--episodes", 1, expect=1)
        assert "was trained on" in said
        assert "is its checkpoint another run's?" in said


@pytest.mark.parametrize(
    ("arguments", "expect", "message"),
    [
        (["evaluate", "--device", "banana"], 1, "no device 'banana'; choose one of: cpu, cuda"),
        (["record", "--device", "banana"], 1, "no device 'banana'"),
        (["evaluate", "--seed", 10**23], 2, "--seed"),
        (["evaluate", "--episodes", 10**9], 2, "--episodes"),
        (["evaluate", "--json", "."], 1, ". is a folder: name a file"),
        (["export", "--out", "."], 1, ". is a folder: name a file"),
        (["compare", "--out", "/"], 1, "/ is a folder: name a file"),
        (["compare", "--wall", "."], 1, ". is a folder: name a file"),
    ],
)
def test_what_cannot_be_is_told_before_any_work(run, arguments, expect, message):
    command, *options = arguments
    assert message in a2d(command, run, *options, expect=expect)


@pytest.mark.parametrize(
    ("server", "count"),
    [(None, 16), ("embedded", 16), ("docker", 1), ("docker@0,docker@1", 2), ("a:1", 1), ("a:1,b:2", 2)],
)
def test_each_server_that_is_named_has_one_world(server, count):
    assert worlds_at_once(find_run("child_crossing"), server=server) == count


def test_episodes_are_recorded_once_and_named_by_their_ends(run):
    a2d("record", run, "--episodes", 2)
    folder = run / "videos" / "heldout"
    index = json.loads((folder / "index.json").read_text())
    assert [entry["seed"] for entry in index["episodes"]] == [0, 1]
    for entry in index["episodes"]:
        assert entry["file"] == f"seed-{entry['seed']:06d}-{entry['outcome']}.mp4"
        with av.open(str(folder / entry["file"])) as video:
            pictures = sum(1 for _ in video.decode(video=0))
        assert pictures == entry["steps"] + round(2.0 * entry["fps"])
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.mp4")}
    a2d("record", run, "--episodes", 3)
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.mp4")}
    assert len(after) == 3
    assert before.items() <= after.items()


def test_a_recording_shows_the_evaluated_episode(run):
    a2d("evaluate", run, "--episodes", 2)
    a2d("record", run, "--episodes", 2)
    index = json.loads((run / "videos" / "heldout" / "index.json").read_text())
    evaluated = {
        record["seed"]: (record["outcome"], record["steps"], record["return"]) for record in lines(run)
    }
    recorded = {
        entry["seed"]: (entry["outcome"], entry["steps"], entry["return"]) for entry in index["episodes"]
    }
    assert recorded == evaluated


def test_one_command_after_the_other_ends_in_a_report(run, tmp_path):
    other = shutil.copytree(run, tmp_path / "other")
    for folder in (run, other):
        a2d("evaluate", folder, "--episodes", 5)
        a2d("record", folder, "--episodes", 1)
    printed = a2d("compare", run, other, "--out", tmp_path / "report.html")
    assert "a2d record" not in printed
    page = (tmp_path / "report.html").read_text()
    assert page.count("data:video/mp4") == 2
    assert "had a hit in" in page


@pytest.mark.parametrize("command", ["evaluate", "record"])
def test_an_unknown_suite_is_one_line_with_the_choices(run, command, capsys):
    a2d(command, run, "--suite", "nope", expect=1)
    result = CliRunner().invoke(application([command]), [command, str(run), "--suite", "nope"])
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert "unknown suite 'nope'; choose one of: train, heldout" in line


@pytest.mark.parametrize("command", ["evaluate", "record", "compare"])
def test_a_folder_without_a_run_is_one_line(tmp_path, command):
    assert "is no run" in a2d(command, tmp_path, expect=1)


@pytest.mark.parametrize("command", ["evaluate", "record"])
def test_an_untrained_run_says_what_to_do(run, command):
    (run / "checkpoint.pt").unlink()
    assert "train it first" in a2d(command, run, expect=1)


@pytest.mark.parametrize("command", ["evaluate", "record", "compare"])
def test_help_gives_an_example(command):
    assert f"Example: a2d {command} runs/" in a2d(command, "--help")


def test_a_seed_alone_is_one_film_and_a_standard_is_driven_once_over():
    assert chosen(17, None) == range(17, 18)
    assert chosen(None, None) == range(4)
    assert chosen(2, 3) == range(2, 5)
    assert passes("cpnco") == 18
    assert passes("heldout") == 200


def test_an_unknown_suite_of_a_gridworld_is_one_clear_line(run):
    assert "unknown suite 'cpnco'" in a2d("evaluate", run, "--suite", "cpnco", expect=1)


def test_what_is_written_of_episodes_just_driven_is_json_as_it_is_read_back(run, tmp_path, monkeypatch):
    real = evaluate_command.drive

    def drive(*arguments, progress, **options):
        real(*arguments, progress=lambda record: progress(record | {"pet": math.nan}), **options)

    monkeypatch.setattr(evaluate_command, "drive", drive)

    def refused(name):
        raise AssertionError(name)

    for _ in range(2):  # driven, and read
        a2d("evaluate", run, "--episodes", 2, "--json", tmp_path / "result.json")
        found = json.loads((tmp_path / "result.json").read_text(), parse_constant=refused)
        assert [episode["pet"] for episode in found["episodes"]] == [None, None]
