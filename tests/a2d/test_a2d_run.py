"""A run's folder holds whole files or none, and says plainly what is wrong with it."""

import json
import os
import signal
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from a2d.acting import Driver
from a2d.config import ExpertConfig, TraineeConfig, load
from a2d.distributions import ActionFamily
from a2d.errors import A2DError, DiskFull, RunError
from a2d.files import write_atomically
from a2d.learner import Learner
from a2d.policies import Shapes
from a2d.run import Run

SHAPES = Shapes(state=34, vectors=(("compact", 25),), image=None, family=ActionFamily("categorical", 4))


@pytest.fixture
def config(tmp_path):
    return load("frozen_lake", [f"run={tmp_path / 'run'}"])


@pytest.fixture
def run(config):
    made = Run.create(config.folder, config)
    made.save(Learner(config, SHAPES, device=torch.device("cpu")).checkpoint())
    return made


def test_a_run_opens_as_it_was_made(run):
    opened = Run.open(run.folder)
    assert opened.config == run.config
    assert not opened.finished
    assert opened.load_trainee("cpu").shapes == SHAPES


def test_a_folder_that_is_no_run_is_refused(tmp_path, config):
    with pytest.raises(RunError, match=r"is no run: it has no config.yaml"):
        Run.open(tmp_path)
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RunError, match="has files in it but is no run"):
        Run.create(tmp_path, config)


def test_another_config_is_refused_by_the_key_that_differs(run, config):
    changed = replace(config, expert=replace(config.expert, clip=0.3))
    with pytest.raises(RunError, match=r"is a run with expert.clip=0.5, not 0.3"):
        Run.create(run.folder, changed)


def test_where_a_run_happens_may_change(run, config):
    moved = replace(config, threads=2, env=replace(config.env, server="host:2000"))
    assert Run.create(run.folder, moved).config.threads == 2


def test_a_run_without_a_checkpoint_takes_new_settings(config):
    Run.create(config.folder, config)
    assert Run.create(config.folder, replace(config, seed=5)).config.seed == 5
    assert Run.open(config.folder).config.seed == 5


def test_no_checkpoint_yet_is_said(config):
    with pytest.raises(RunError, match=r"has no checkpoint.pt yet; train it first"):
        Run.create(config.folder, config).load_trainee("cpu")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_checkpoint_is_one_clear_line(run, share):
    data = run.checkpoint_path.read_bytes()
    run.checkpoint_path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(
        RunError, match="cannot be read, it is truncated or no checkpoint: restore a copy"
    ) as caught:
        run.load_trainee("cpu")
    assert "\n" not in str(caught.value)


def test_a_checkpoint_never_runs_code(run):
    torch.save({"shapes": print}, run.checkpoint_path)
    with pytest.raises(RunError, match="cannot be read"):
        run.checkpoint()


def test_a_file_of_something_else_is_no_checkpoint(run):
    torch.save([1, 2], run.checkpoint_path)
    with pytest.raises(RunError, match="is no checkpoint of a run"):
        run.checkpoint()


def test_a_checkpoint_of_another_shape_is_said(run, config):
    wider = Run(run.folder, replace(config, trainee=TraineeConfig(hidden=(7,))))
    with pytest.raises(RunError, match=r"is of another shape than config.yaml says: .*size mismatch"):
        wider.load_trainee("cpu")


def test_a_world_of_another_shape_is_said(run, config):
    other = Learner(config, replace(SHAPES, state=35), device=torch.device("cpu"))
    with pytest.raises(Exception, match=r"of another shape than the world: saved .*34.*35"):
        other.restore(run.checkpoint())
    with pytest.raises(RunError, match="reads 34 numbers and gives 4 categorical actions; this world has 35"):
        run.load_expert(replace(SHAPES, state=35), device="cpu")


def test_an_imitators_run_has_no_expert_to_imitate(run, config):
    imitator = Run(run.folder, replace(config, method="ail"))
    with pytest.raises(RunError, match="learned no expert; name an rl_mdp or a2d run"):
        imitator.load_expert(SHAPES, device="cpu")


def test_an_expert_alone_is_the_driver_of_its_run(run, config):
    alone = Run(run.folder, replace(config, method="rl_mdp", expert=ExpertConfig()))
    driver = Driver(alone.load_trainee("cpu"), deterministic=True, generator=None)
    assert driver({"state": torch.zeros(3, 34).numpy()}).shape == (3,)


def test_a_run_that_keeps_its_best_gives_the_driver_that_was_best_when_evaluated(config, run):
    keeping = replace(config, evaluation=replace(config.evaluation, keep_best=True))
    learner = Learner(keeping, SHAPES, device=torch.device("cpu"))
    for best_evaluated, bias in ((1.0, 0.1), (3.0, 0.3), (2.0, 0.2)):
        with torch.no_grad():
            learner.trainee.policy.bias.fill_(bias)
        learner.end_round()
        learner.keep_best(best_evaluated)
    run.save(learner.checkpoint())
    assert Run(run.folder, keeping).load_trainee("cpu").policy.bias.unique().item() == pytest.approx(0.3)
    resumed = Learner(keeping, SHAPES, device=torch.device("cpu"))
    resumed.restore(run.checkpoint())
    resumed.keep_best(2.5)
    assert resumed.best_return == 3.0


def test_the_expert_to_imitate_is_the_one_that_its_run_gives(config, run):
    alone = replace(config, method="rl_mdp", evaluation=replace(config.evaluation, keep_best=True))
    learner = Learner(alone, SHAPES, device=torch.device("cpu"))
    for evaluated, bias in ((2.0, 0.2), (1.0, 0.1)):  # the last is worse
        torch.nn.init.constant_(learner.expert.head.bias, bias)
        learner.keep_best(evaluated)
    run.save(learner.checkpoint())
    opened = Run(run.folder, alone)
    for given in (opened.load_trainee("cpu"), opened.load_expert(SHAPES, device="cpu")):
        assert given.head.bias.unique().item() == pytest.approx(0.2)


@pytest.mark.parametrize("keep_best", [False, True])
def test_a_run_that_averages_gives_the_average_of_its_rounds_trainees(config, run, keep_best):
    """Also one that keeps its best, before the first look."""
    averaging = replace(
        config,
        trainee=replace(config.trainee, averaging=0.75),
        evaluation=replace(config.evaluation, keep_best=keep_best),
    )
    learner = Learner(averaging, SHAPES, device=torch.device("cpu"))
    for value in (1.0, 5.0):
        torch.nn.init.constant_(learner.trainee.policy.bias, value)
        learner.end_round()
    run.save(learner.checkpoint())
    # the first round's is the average; of the next a quarter comes in: 0.75 + 1.25
    for given in (learner.driver, run.load_trainee("cpu")):
        torch.testing.assert_close(given.policy.bias, torch.full_like(given.policy.bias, 2.0))


def test_what_is_reused_are_the_newest_rounds_and_a_resumed_run_has_them(config):
    reusing = replace(config, expert=replace(config.expert, reuse=3))
    learner = Learner(reusing, SHAPES, device=torch.device("cpu"))
    rounds = [{"target": np.full(2, number, np.float32)} for number in range(4)]
    for found, expected in zip(rounds, ([0], [0, 1], [0, 1, 2], [1, 2, 3]), strict=True):
        assert learner.with_recent(found)["target"].tolist() == np.repeat(expected, 2).tolist()
    resumed = Learner(reusing, SHAPES, device=torch.device("cpu"))
    resumed.restore(learner.checkpoint())
    assert resumed.with_recent(rounds[0])["target"].tolist() == [2, 2, 3, 3, 0, 0]


def test_a_checkpoint_that_another_version_wrote_is_named_as_such(run, config):
    checkpoint = run.checkpoint()
    del checkpoint["hardness"]
    with pytest.raises(A2DError, match="has no 'hardness': another version of a2d wrote it"):
        Learner(config, SHAPES, device=torch.device("cpu")).restore(checkpoint)


def test_metrics_of_rounds_after_the_checkpoint_and_broken_lines_are_forgotten(run):
    for number in (1, 2, 3):
        run.append({"round": number, "interactions": 10 * number})
    with run.metrics_path.open("a") as file:
        file.write('{"round": 4, "inter')
    run.rewind(2)
    assert [json.loads(line)["round"] for line in run.metrics_path.read_text().splitlines()] == [1, 2]


def test_a_full_disk_leaves_the_last_checkpoint(run):
    before = run.checkpoint_path.read_bytes()
    files = sorted(run.folder.iterdir())
    run.checkpoint_path.with_name("checkpoint.pt.partial").symlink_to(
        "/dev/full"
    )  # every write: no space left
    with pytest.raises(
        DiskFull, match=r"no space left to write .*the last checkpoint is intact: free some space"
    ):
        run.save(run.checkpoint())
    assert run.checkpoint_path.read_bytes() == before
    assert sorted(run.folder.iterdir()) == files


def test_metrics_on_a_full_disk_say_so(run):
    run.metrics_path.symlink_to("/dev/full")
    with pytest.raises(DiskFull):
        run.append({"round": 1})


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process")
def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path):
    path = tmp_path / "file"
    size = 2**20
    for attempt in range(10):
        told, tells = os.pipe()
        child = os.fork()
        if child == 0:
            while True:
                for letter in b"abcdef":
                    write_atomically(path, bytes([letter]) * size)
                    os.write(tells, b".")
        assert os.read(told, 1)  # the first file is complete
        moment = time.perf_counter() + 0.0007 * attempt  # somewhere in the writing of another
        while time.perf_counter() < moment:
            pass
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(told)
        os.close(tells)
        data = path.read_bytes()
        assert len(data) == size
        assert len(set(data)) == 1
