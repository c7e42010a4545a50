"""A trainee that ships: packed whole or not at all, found by its name, and never written to."""

import json
import shutil

import pytest
import torch
from commands import a2d

from a2d import shipping
from a2d.errors import RunError
from a2d.run import Run, checkpoint_id
from a2d.shipping import find_run, pack, shipped

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "lake"
    a2d("train", "frozen_lake", f"run={folder}", "rollout.interactions=4096", "seed=3")
    a2d("evaluate", folder, "--episodes", 6)
    return folder


@pytest.fixture
def run(trained, tmp_path) -> Run:
    return Run.open(shutil.copytree(trained, tmp_path / "lake"))


@pytest.fixture
def package(run, tmp_path, monkeypatch):
    """A package with the trainee `pond`, and a folder to work in."""
    monkeypatch.setattr(shipping, "TRAINED", tmp_path / "trained")
    pack(run, tmp_path / "trained" / "pond")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "trained" / "pond"


def content_of(folder) -> dict:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def rewritten(run: Run, **changes) -> Run:
    run.save(run.checkpoint() | changes)
    return run


def test_what_is_packed_drives_as_the_run_does_and_holds_nothing_else(run, package):
    packed = find_run("pond").checkpoint()
    assert packed.keys() == {"shapes", "rounds", "interactions", "seconds", "finished", "best", "trainee"}
    one, other = run.load_trainee("cpu").state_dict(), find_run("pond").load_trainee("cpu").state_dict()
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)
    names = {path.relative_to(package).as_posix() for path in content_of(package)}
    assert names == {
        "config.yaml",
        "checkpoint.pt",
        "metrics.jsonl",
        "origin.json",
        "evaluation/heldout.json",
    }


def test_the_best_driver_ships_where_the_run_kept_it(run, tmp_path):
    best = {key: value + 1.0 for key, value in run.checkpoint()["trainee"].items()}
    rewritten(run, best=best)
    a2d("evaluate", run.folder, "--episodes", 2)
    pack(run, tmp_path / "best")
    weights = Run.open(tmp_path / "best").load_trainee("cpu").state_dict()
    assert all(torch.equal(weights[key], best[key]) for key in best)


def test_it_tells_seed_commit_and_results(run, package):
    origin = json.loads((package / "origin.json").read_text())
    assert (origin["seed"], origin["method"], origin["interactions"]) == (3, "a2d", 4096)
    assert origin["commits"] == run.commits
    assert origin["run_checkpoint"] == checkpoint_id(run)
    ours, theirs = (
        json.loads((folder / "evaluation" / "heldout.json").read_text()) for folder in (run.folder, package)
    )
    assert theirs.pop("checkpoint") == checkpoint_id(find_run("pond"))
    ours.pop("checkpoint")
    assert theirs == ours


def test_a_run_notes_each_commit_that_trained_it_once(run, monkeypatch):
    whole, begun = run.checkpoint(), run.commits
    for finished, noted in ((True, []), (False, ["b" * 40, "c" * 40])):
        run.save({**whole, "finished": finished})
        for commit in ("b" * 40, "b" * 40, None, "c" * 40):
            monkeypatch.setattr("a2d.run.code_commit", lambda commit=commit: commit)
            Run.create(run.folder, run.config)
        assert run.commits == [*begun, *noted]


def test_its_name_stands_where_a_run_does_and_nothing_is_written_beside_it(package, tmp_path):
    before = content_of(package)
    a2d("evaluate", "pond", "--episodes", 6)
    a2d("record", "pond", "--episodes", 1)
    a2d("compare", "pond", "--out", tmp_path / "report.html")
    assert content_of(package) == before
    ours = json.loads((tmp_path / "work" / "runs" / "pond" / "evaluation" / "heldout.json").read_text())
    theirs = json.loads((package / "evaluation" / "heldout.json").read_text())
    assert ours == theirs, "the shipped results come out again"
    assert "a2d record pond --suite heldout --seed 0" in (tmp_path / "report.html").read_text()


def test_an_unknown_name_is_one_line_that_lists_what_ships(package, monkeypatch, tmp_path):
    assert shipped() == ("pond",)
    assert "no trainee that ships with the package; those that ship: pond" in a2d(
        "evaluate", "lake", expect=1
    )
    for command in ("record", "compare"):
        assert "those that ship: pond" in a2d(command, "pnd", expect=1)
    monkeypatch.setattr(shipping, "TRAINED", tmp_path / "nothing")
    with pytest.raises(RunError, match="none with this version"):
        find_run("pond")


def test_a_folder_goes_before_a_name_and_a_path_is_no_name(package, run, tmp_path):
    shutil.copytree(run.folder, tmp_path / "work" / "pond")
    assert find_run("pond").name == ""
    with pytest.raises(RunError, match="is no run"):
        find_run("runs/pond")


def test_results_never_go_into_a_run_of_the_same_name(package, run, tmp_path):
    shutil.copytree(run.folder, tmp_path / "work" / "runs" / "pond")
    with pytest.raises(RunError, match="is a run of its own"):
        find_run("pond")
    assert find_run("runs/pond").name == ""


def test_what_ships_has_no_expert(package):
    pond = find_run("pond")
    with pytest.raises(RunError, match="pond ships without its expert"):
        pond.load_expert(pond.load_trainee("cpu").shapes, device="cpu")


def refused(run: Run, out, match: str, **options) -> None:
    with pytest.raises(RunError, match=match):
        pack(run, out, **options)
    assert not [path for path in out.parent.iterdir() if path.name.startswith(out.name)]


def test_what_cannot_ship_is_refused_and_leaves_nothing(run, tmp_path):
    out = tmp_path / "out"
    refused(run, out, r"at most; checkpoint.pt alone", limit=1000)
    refused(rewritten(run, finished=False), out, "is not finished")
    refused(rewritten(run, finished=True, rounds=-1), out, "no evaluation of its checkpoint; run: a2d eval")
    (run.folder / "checkpoint.pt").unlink()
    refused(run, out, "train it first")


def test_an_expert_is_no_trainee(tmp_path):
    a2d("train", "frozen_lake", "method=rl_mdp", f"run={tmp_path / 'mdp'}", "rollout.interactions=1024")
    refused(Run.open(tmp_path / "mdp"), tmp_path / "out", "gives an expert that reads the simulator's state")


def test_a_folder_that_is_there_is_left_alone(run, tmp_path):
    (tmp_path / "out").mkdir()
    assert "is there already" in a2d("ship", run.folder, "--out", tmp_path / "out", expect=1)
    assert list((tmp_path / "out").iterdir()) == []


def test_shipping_says_how_large_it_is(run, tmp_path):
    assert "5 files" in a2d("ship", run.folder, "--out", tmp_path / "out")
    assert "Example: a2d ship runs/" in a2d("ship", "--help")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["start_from=pond"], "start_from=pond has no 'expert': what ships has its trainee alone"),
        (["method=ail", "expert_from=pond"], "pond ships without its expert, with the trainee alone"),
    ],
)
def test_a_run_that_would_begin_with_what_ships_is_told_what_it_lacks(package, settings, message):
    assert message in a2d("train", "frozen_lake", "run=runs/new", *settings, expect=1)
